"""Random flows end as a second, much simpler interpreter says."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.engine.conftest import Keeper
from tests.engine.flows import block, touch, transform, when
from tests.engine.house import House
from tests.engine.reference import Reference
from workbench.base.errors import Unavailable
from workbench.base.probe import listen
from workbench.engine.records import RunRow
from workbench.flow.model import Block, Edge, Flow

PORTS = {
    "transform": ["out", "out", "error"],
    "condition": ["true", "false"],
    "loop": ["out", "error"],
    "parallel": ["out", "error"],
    "retry": ["out", "error"],
    "timeout": ["out", "error"],
    "error_handler": ["out", "caught"],
    "checkpoint": ["out"],
    "split": ["branch-1", "branch-2"],
    "merge": ["out"],
    "touch": ["out"],
    "set_variables": ["out"],
    "start": ["out"],
}
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def flows(draw: st.DrawFn, scopes: bool = False) -> Flow:
    """Flows with one start, joins, conditions, nested loops, variables, returns and error ports."""
    blocks: list[Block] = [block("start", "start")]
    edges: list[Edge] = []

    def wire(source: str, port: str, target: str) -> None:
        edges.append(Edge(id=f"e{len(edges)}", source=source, source_port=port, target=target))

    def fill(owner: Block, depth: int, most: int, outside: list[str], entry: str) -> None:
        here: list[Block] = []
        for _ in range(draw(st.integers(1, most))):
            name = f"b{len(blocks)}"
            seen = outside + [b.id for b in here]
            made = draw(st.sampled_from(kinds(depth) if not scopes else all_kinds(depth)))(draw, name, seen, depth)
            sources = draw(st.lists(st.sampled_from([owner, *here]), min_size=1, max_size=3, unique_by=lambda b: b.id))
            sources = [s for s in sources if s.type != "return"] or [owner]
            for source in sources:
                wire(source.id, entry if source is owner else draw(st.sampled_from(PORTS[source.type])), name)
            blocks.append(made)
            here.append(made)
            if made.type == "parallel":
                for branch in made.config["branches"]:
                    fill(made, depth + 1, 2, seen, f"branch-{branch['id']}")
            elif made.type in ("loop", "retry", "timeout", "error_handler"):
                fill(made, depth + 1, 3, seen, "body")

    fill(blocks[0], 0, 7, [], "out")
    return Flow(blocks=tuple(blocks), edges=tuple(edges), variables={"x": 0, "y": 0})


def all_kinds(depth: int) -> list[Any]:
    """Also the other scopes, splits, merges, checkpoints and effects."""

    def parallel(draw: Any, name: str, _s: list[str], _depth: int) -> Block:
        strategy = draw(st.sampled_from(["settled", "settled", "all", "any", "race"]))
        alone = strategy in ("any", "race")  # who wins of several is a matter of time
        branches = [{"id": "a"}, {"id": "b", "enabled": not alone and draw(st.booleans())}]
        return block("parallel", name, joinStrategy=strategy, branches=branches)

    def retrying(draw: Any, name: str, _s: list[str], _depth: int) -> Block:
        return block("retry", name, maxAttempts=draw(st.integers(1, 2)), initialDelayMs=100, jitter=draw(st.booleans()))

    def limited(_d: Any, name: str, _s: list[str], _depth: int) -> Block:
        return block("timeout", name, timeoutMs=3_600_000)

    def handling(draw: Any, name: str, _s: list[str], _depth: int) -> Block:
        strategy = draw(st.sampled_from(["catch", "retry", "fallback"]))
        return block("error_handler", name, strategy=strategy, maxRetries=1, retryDelayMs=0, fallbackValue="fallback")

    def point(_d: Any, name: str, _s: list[str], _depth: int) -> Block:
        return block("checkpoint", name)

    def parting(_d: Any, name: str, _s: list[str], _depth: int) -> Block:
        return block("split", name)

    def joining(draw: Any, name: str, _s: list[str], _depth: int) -> Block:
        return block("merge", name, mergeStrategy=draw(st.sampled_from(["all", "concat"])))

    def effect(_d: Any, name: str, _s: list[str], _depth: int) -> Block:
        return touch(name, name)

    deeper = [parallel, retrying, limited, handling, handling] if depth < 3 else []
    return [*kinds(depth), *deeper, point, parting, parting, joining, joining, effect, effect]


def kinds(depth: int) -> list[Any]:
    def constant(_d: Any, name: str, _s: list[str], _depth: int) -> Block:
        return transform(name, f"'{name}'")

    def passing(_d: Any, name: str, _s: list[str], _depth: int) -> Block:
        return transform(name, "input")

    def reading(_d: Any, name: str, _s: list[str], _depth: int) -> Block:
        return transform(name, "[vars.x, vars.y]")

    def looking(draw: Any, name: str, seen: list[str], _depth: int) -> Block:
        return transform(name, f"default({draw(st.sampled_from([*seen, 'b0']))}, 'none')")

    def failing(_d: Any, name: str, _s: list[str], _depth: int) -> Block:
        return transform(name, "1 / 0")

    def condition(draw: Any, name: str, _s: list[str], depth: int) -> Block:
        texts = ["True", "False", "vars.x == 1"] + (["index % 2 == 0"] if depth else [])
        return when(name, draw(st.sampled_from(texts)))

    def writing(draw: Any, name: str, _s: list[str], _depth: int) -> Block:
        return block("set_variables", name, values={draw(st.sampled_from("xy")): draw(st.integers(0, 2))})

    def loop(draw: Any, name: str, _s: list[str], _depth: int) -> Block:
        return block(
            "loop",
            name,
            loopType="times",
            iterations=draw(st.integers(0, 3)),
            concurrency=draw(st.sampled_from([1, 2])),
            errorPolicy=draw(st.sampled_from(["stop", "continue"])),
        )

    def returning(draw: Any, name: str, _s: list[str], _depth: int) -> Block:
        return block("return", name, value=f"returned {name}")

    often = [constant, passing, passing, reading, condition, condition, writing, writing, looking]
    return [*often, failing, returning, *([loop, loop] if depth < 2 else [])]


def plain(value: Any) -> Any:
    """Values with failures reduced to where they happened."""
    if isinstance(value, dict):
        if "path" in value and ("type" in value or set(value) <= {"path", "index"}):
            return {k: v for k, v in value.items() if k in ("path", "index")}
        return {k: plain(v) for k, v in value.items() if k not in ("operands", "durationMs")}
    return [plain(v) for v in value] if isinstance(value, list) else value


@QUICK
@given(flows())
def test_random_flows_end_as_the_reference_says(keeper: Keeper, made: Flow) -> None:
    house = keeper.house()
    reference = Reference(made)
    expected = reference.run()
    judge(reference, expected, house.run(made))


def judge(reference: Reference, expected: Any, row: RunRow) -> None:
    """Whether a run ended as it may."""
    if not reference.returns and not reference.failures:
        assert (row.status, plain(row.output)) == ("completed", plain(expected)), row.error
    elif reference.is_open:
        assert row.status in ("completed", "failed")
    elif row.status == "failed":
        assert row.error["path"] in reference.failures
    elif row.output not in reference.returns:
        assert reference.returns == []
        assert plain(row.output) == plain(expected)


def finish(house: House, row: RunRow) -> RunRow:
    """Let time pass until the run is over: backoffs are short, time limits long."""
    for _ in range(200):
        if house.do(house.engine.wait(row.id, 0.05)) is not None or house.engine.find(row.id) is None:
            break
        house.move(0.2)
    return house.finish(row)


def is_certain(reference: Reference) -> bool:
    """Whether nothing could have been cut short, so that each effect was done."""
    return not (reference.returns or reference.failures or reference.is_open)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(flows(scopes=True))
def test_all_scopes_and_joins_end_as_the_reference_says(keeper: Keeper, made: Flow) -> None:
    house = keeper.house()
    reference = Reference(made)
    expected = reference.run()
    row = finish(house, house.submit(made))
    judge(reference, expected, row)
    if is_certain(reference):
        assert Counter(c.path for c in house.world.calls) == Counter(reference.effects)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(flows(scopes=True), st.sampled_from(["engine.before_effect", "engine.after_effect"]), st.integers(1, 6))
def test_after_a_crash_at_any_effect_they_end_as_the_reference_says(
    keeper: Keeper, made: Flow, point: str, at: int
) -> None:
    reference = Reference(made)
    expected = reference.run()
    assume(len(reference.effects) >= at)
    house = keeper.house()
    left = at

    def hook(name: str) -> None:
        nonlocal left
        if name == point and threading.current_thread().name == "house":
            left -= 1
            if left == 0:
                house.store.close()

    listen(hook)
    row: RunRow | None = None
    try:
        row = house.submit(made)
        for _ in range(200):
            if left <= 0 or house.engine.find(row.id) is None:
                break
            house.do(house.engine.wait(row.id, 0.05))
            house.move(0.2)
    except Unavailable:
        assert left <= 0
    finally:
        listen(None)
    if left > 0:
        return  # a run that was cut short need not come so far
    again = house.crash().start()
    try:
        if row is None:
            return  # it was never acknowledged
        judge(reference, expected, finish(again, row))
        if is_certain(reference):
            found = Counter(c.path for c in again.world.calls)
            assert found.keys() == set(reference.effects)
            assert max(found.values()) <= 2
            assert len({(c.path, c.key) for c in again.world.calls}) == len(found)
    finally:
        again.close()

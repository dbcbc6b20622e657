"""Random races and time limits end as a second, much simpler account of them says."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.engine.conftest import Keeper
from tests.engine.flows import block, flow, parallel, touch, transform, when
from tests.engine.house import House
from workbench.engine.records import RunRow
from workbench.flow.model import Block

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
STEP_S = 0.5

ENDS = st.sampled_from(["ok", "fails", "never"])


@QUICK
@given(st.sampled_from(["any", "race", "all", "settled"]), st.lists(ENDS, min_size=1, max_size=5), st.integers(1, 5))
def test_branches_are_joined_as_they_end(keeper: Keeper, strategy: str, ends: list[str], at_once: int) -> None:
    house = keeper.house()
    names = [f"n{i}" for i in range(len(ends))]
    blocks: list[Block] = [parallel("p", *names, joinStrategy=strategy, maxConcurrency=at_once, timeoutMs=5000)]
    wires = ["start > p"]
    for name, end in zip(names, ends, strict=True):
        made = {"ok": transform(name, f"'{name}'"), "fails": transform(name, "1 / 0")}
        blocks.append(made.get(end) or block("delay", name, delayMs=3_600_000))
        wires.append(f"p.branch-{name} > {name}")
    row = finish(house, house.submit(flow(blocks, *wires)))
    bad = [end for end in ends if end != "ok"]
    first = ends[:at_once]  # the others begin once one of these has ended, which decides a race
    decided = {"any": "ok" in ends, "race": "ok" in first, "all": not bad, "settled": True}[strategy]
    statuses = [r["status"] for r in row.output["results"]] if row.status == "completed" else []
    if strategy == "race" and {"ok", "fails"} <= set(first):
        assert row.status in ("completed", "failed")  # who is first is a matter of time
    else:
        assert row.status == ("completed" if decided else "failed"), (row.error, row.output)
    if not statuses:
        return
    expected = {"ok": "completed", "fails": "failed", "never": "timed_out"}
    for status, end in zip(statuses, ends, strict=True):
        assert status in ({expected[end]} if strategy == "settled" else {expected[end], "cancelled"})
    if strategy in ("any", "race"):
        assert statuses.count("completed") == 1
    for result, name in zip(row.output["results"], names, strict=True):
        assert result["data"] == (name if result["status"] == "completed" else None)


@QUICK
@given(st.sampled_from(["first", "last", "race"]), st.lists(st.booleans(), min_size=2, max_size=5))
def test_a_merge_takes_one_of_the_live_wires(keeper: Keeper, strategy: str, live: list[bool]) -> None:
    house = keeper.house()
    blocks: list[Block] = [block("merge", "m", mergeStrategy=strategy), touch("z", "{{ m }}")]
    wires = ["m > z"]
    for i, is_live in enumerate(live):
        blocks += [when(f"c{i}", str(is_live)), transform(f"v{i}", f"{i}")]
        wires += [f"start > c{i}", f"c{i}.true > v{i}", f"v{i} > m"]
    row = finish(house, house.submit(flow(blocks, *wires)))
    assert row.status == "completed", row.error
    alive = {i for i, is_live in enumerate(live) if is_live}
    if not alive:
        assert house.checkpoints(row)["m"] == "skipped"
        return
    (branch,) = row.output["branches"]
    assert branch["data"] in alive
    assert branch["branchId"] == f"v{branch['data']}"
    if strategy == "last" or len(alive) == 1:
        assert branch["data"] == max(alive)
    assert house.world.count("z") == 1


Plan = Any
"""``seconds``, or ``(limit in seconds, onTimeout, [plans])``."""
PLANS = st.recursive(
    st.integers(1, 4),
    lambda inner: st.tuples(
        st.integers(1, 6), st.sampled_from(["error", "default", "skip"]), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


@QUICK
@given(st.lists(PLANS, min_size=1, max_size=3))
def test_limits_inside_limits_end_as_the_sums_say(keeper: Keeper, plans: list[Plan]) -> None:
    house = keeper.house()
    blocks: list[Block] = []
    wires: list[str] = []

    def build(plans: list[Plan], source: str) -> None:
        for plan in plans:
            name = f"b{len(blocks)}"
            wires.append(f"{source} > {name}")
            source = name
            if isinstance(plan, int):
                blocks.append(block("delay", name, delayMs=plan * 1000))
            else:
                limit, on_timeout, inner = plan
                config = {"timeoutMs": limit * 1000 + 500, "onTimeout": on_timeout, "defaultValue": "late"}
                blocks.append(block("timeout", name, **config))
                build(inner, f"{name}.body")
                if on_timeout == "skip":
                    wires.append(f"{name}.timeout > after{name}")
                    after.append(transform(f"after{name}", "'skipped'"))

    after: list[Block] = []
    build(plans, "start")
    began, (seconds, ended) = house.clock.now, took(plans)
    row = finish(house, house.submit(flow([*blocks, *after], *wires)))
    assert row.status == ("failed" if ended == "error" else "completed"), row.error
    if ended == "error":
        assert row.error is not None
        assert row.error["type"] == "TIMEOUT"
    assert row.finished_at is not None
    late_s = (row.finished_at - began) / 1e6 - seconds
    assert 0 <= late_s <= STEP_S


def took(plans: list[Plan]) -> tuple[float, str]:
    """How long the plans take one after another, and how that ends: `done`, `error`, or `stops` (a skip)."""
    total = 0.0
    for plan in plans:
        if isinstance(plan, int):
            total += plan
            continue
        limit, on_timeout, inner = plan
        inside, ended = took(inner)
        assume(inside != limit + 0.5)  # two limits that end in the same moment: either may be told first
        if inside > limit + 0.5:
            total += limit + 0.5
            ended = {"error": "error", "default": "done", "skip": "stops"}[on_timeout]
        elif ended == "stops":
            total, ended = total + inside, "done"
        else:
            total += inside
        if ended != "done":
            return total, ended
    return total, "done"


def finish(house: House, row: RunRow) -> RunRow:
    """Let time pass until the run is over, half a second at a time; only when nothing goes on by itself."""
    for _ in range(200):
        house.settle()
        if house.engine.find(row.id) is None:
            break
        house.move(STEP_S)
    return house.finish(row)

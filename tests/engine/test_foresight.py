"""What is told of a retry or a fork before it runs agrees with what then happens, in called functions too."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.engine.attempts import foretold_fork, foretold_retry, fork, retry
from tests.engine.conftest import Keeper
from tests.engine.flows import each, flow, touch, transform
from tests.engine.house import House
from tests.engine.test_against_reference import finish, flows
from tests.engine.test_forking import origins
from tests.engine.test_subflows import INNER, VERSIONS, call, submit
from tests.engine.world import World
from workbench.base.errors import BlockFailed
from workbench.engine.foresight import Foresight
from workbench.engine.records import RunRow
from workbench.engine.replay import scopes_of
from workbench.flow.model import Block, Flow

BROKEN = BlockFailed("broken", kind="HTTP")
CERTAIN = ("it comes after", "it is the block", "it was not finished", "it failed", "it was cancelled")
"""How reasons begin for which a block runs again whatever comes before it."""


def verdicts(found: Foresight) -> dict[str, tuple[str, str]]:
    """By path: what is told, and why."""
    listed = (("reused", found.reused), ("rerun", found.rerun), ("kept", found.kept))
    return {seen.path: (verdict, seen.reason) for verdict, places in listed for seen in places}


def happened(house: House, row: RunRow) -> dict[str, str | None]:
    """By path: how a fork came by what it has there; None where it ran. Skipped ones are left out."""
    found = house.do(
        house.store.read(
            lambda c: c.execute(
                "SELECT path, origin FROM checkpoints WHERE run_id = ?::UUID AND status <> 'skipped' ORDER BY seq",
                [row.id],
            ).fetchall()
        )
    )
    return dict(found)


def judge(told: dict[str, tuple[str, str]], was: dict[str, str | None]) -> None:
    """Whether a fork did as was told."""
    for path, how in was.items():
        verdict, reason = told.get(path, ("rerun", "new"))
        allowed = {"reused": {"reused"}, "kept": {"kept", "reused"}, "rerun": {None, "reused"}}[verdict]
        is_inside = any(was.get(scope) == "reused" for scope in scopes_of(path))  # of one that is reused after all
        if reason.startswith(CERTAIN) and not is_inside:
            allowed = {None}
        assert how in allowed, (path, how, verdict, reason)


LOOP = flow(
    [
        each("l", "{{ input.xs }}"),
        call(inputs={"n": "{{ item }}"}),
        transform("u", "c + 1"),
        touch("w", "{{ l.results }}"),
    ],
    "start > l > w",
    "l.body > c > u",
)
TWICE = flow([touch("a", "{{ start.n }}"), touch("b", "{{ a }}"), transform("d", "b * 2")], "start > a > b > d")


def test_a_retry_goes_on_inside_iterations_and_called_functions(house: House, world: World) -> None:
    world.failures["b"] = [None, BROKEN]
    row = house.finish(submit(house, LOOP, {INNER: TWICE}, {"xs": [1, 2, 3]}))
    assert row.status == "failed"
    told = verdicts(foretold_retry(house, row))
    assert {p for p, (verdict, _) in told.items() if verdict == "rerun"} == {"l", "l[1]/c", "l[1]/c[0]/b"}
    assert told["l[0]/c[0]/a"] == ("reused", "it is part of “c”, which is reused")
    assert told["l[1]/c[0]/b"] == ("rerun", "it failed: broken")
    retry(house, row)
    assert house.finish(row).output == [3, 5, 7]
    calls = Counter(c.path for c in world.calls)
    assert calls["l[1]/c[0]/b"] == 2
    assert set(calls.values()) == {1, 2}
    assert sum(calls.values()) == 8


def test_a_fork_takes_over_what_is_the_same_inside_called_functions(house: House, world: World) -> None:
    row = house.finish(submit(house, LOOP, {INNER: TWICE}, {"xs": [1, 2]}))
    told = foretold_fork(house, row, inputs={"xs": [1, 5]})
    new = house.finish(fork(house, row, inputs={"xs": [1, 5]}))
    judge(verdicts(told), happened(house, new))
    assert origins(house, new)["l[0]/c[0]/a"] == "reused"
    assert origins(house, new)["l[1]/c[0]/a"] == "kept"
    assert verdicts(told)["l[1]/c[0]/a"][0] == "kept"


def test_a_fork_on_another_version_of_a_called_function_runs_what_is_changed_in_it(house: House, world: World) -> None:
    row = house.finish(submit(house, LOOP, {INNER: TWICE}, {"xs": [1, 2]}))
    changed = flow([touch("a", "{{ start.n }}"), touch("b", "{{ a }}"), transform("d", "b * 3")], "start > a > b > d")
    pins = {INNER: next(VERSIONS)}
    house.flows[INNER, pins[INNER]] = changed
    told = verdicts(foretold_fork(house, row, pins=pins))
    assert told["l"] == ("rerun", "it is entered again: “c” calls another version of its function")
    assert told["l[0]/c[0]/b"][0] == "reused"
    assert told["l[0]/c[0]/d"] == ("rerun", "its config is another in this version")
    assert told["w"][0] == "kept"
    new = house.finish(fork(house, row, pins=pins))
    judge(told, happened(house, new))
    assert new.output == [3, 5]  # the effect that was done is kept
    assert len(world.calls) == 5


def test_names_of_a_called_function_are_not_taken_for_those_around_it(house: House, world: World) -> None:
    inner = flow([transform("x", "start.n"), touch("t", "{{ x }}")], "start > x > t")
    outer = flow([transform("x", "input.m"), call(inputs={"n": 1}), transform("z", "[c, x]")], "start > x > c > z")
    row = house.finish(submit(house, outer, {INNER: inner}, {"m": 1}))
    told = verdicts(foretold_fork(house, row, inputs={"m": 2}))
    assert told["c"][0] == "rerun"  # what flows in is another, though it reads nothing of it
    assert told["c[0]/start"][0] == "rerun"
    new = house.finish(fork(house, row, inputs={"m": 2}))
    judge(told, happened(house, new))
    assert new.output == [1, 2]
    assert len(world.calls) == 1


def _with_call(made: Flow, site: int) -> Flow:
    """The flow with one of its transforms made a call."""
    blocks = [b for b in made.blocks if b.type == "transform"]
    if not blocks:
        return made
    chosen = blocks[site % len(blocks)]
    asked = call(chosen.id, inputs={"n": "{{ input }}"}, inheritContext=bool(site % 2))
    return made.model_copy(update={"blocks": tuple(asked if b.id == chosen.id else b for b in made.blocks)})


def _edited(made: Flow, at: int) -> Flow:
    """The flow with one of its blocks changed."""
    candidates = [b for b in made.blocks if b.type in ("transform", "touch", "set_variables", "condition")]
    if not candidates:
        return made
    chosen = candidates[at % len(candidates)]
    configs: dict[str, dict[str, Any]] = {
        "transform": {"code": "'edited'"},
        "touch": {"value": "edited"},
        "set_variables": {"values": {"x": 7}},
        "condition": {"mode": "expression", "expression": "not (vars.x == 1)"},
    }
    edited = Block(id=chosen.id, type=chosen.type, name=chosen.name, config=configs[chosen.type])
    return made.model_copy(update={"blocks": tuple(edited if b.id == chosen.id else b for b in made.blocks)})


QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
SITES = st.integers(0, 30)


@QUICK
@given(flows(scopes=True), flows(), SITES, st.data())
def test_what_is_told_of_a_fork_is_what_happens(
    keeper: Keeper, outer: Flow, inner: Flow, site: int, data: st.DataObject
) -> None:
    house = keeper.house()
    outer = _with_call(outer, site)
    row = finish(house, submit(house, outer, {INNER: inner}, {"m": 1}))
    paths = [p for p, origin in happened(house, row).items() if origin is None]
    asked: dict[str, Any] = {}
    kind = data.draw(st.sampled_from(["inputs", "version", "inner", "first", "at", "all"]))
    if kind == "inputs":
        asked["inputs"] = {"m": 2}
    elif kind == "version":
        asked["flow"] = _edited(outer, data.draw(SITES))
    elif kind == "inner":
        asked["pins"] = {INNER: next(VERSIONS)}
        house.flows[INNER, asked["pins"][INNER]] = _edited(inner, data.draw(SITES))
    elif kind == "first":
        asked["first"] = data.draw(st.sampled_from([b.id for b in outer.blocks]))
    elif kind == "at":
        done = [p for p in paths if house.checkpoints(row).get(p) == "completed"]
        assume(done)
        asked["at"] = (data.draw(st.sampled_from(done)), 1)
    if kind != "at" and data.draw(st.booleans()):
        asked["effects"] = "repeat"
    told = verdicts(foretold_fork(house, row, **asked))
    before = Counter(c.path for c in house.world.calls)
    new = finish(house, fork(house, row, **asked))
    judge(told, happened(house, new))
    again = Counter(c.path for c in house.world.calls) - before
    for path in again:
        assert told.get(path, ("rerun", ""))[0] == "rerun", (path, told[path])


@QUICK
@given(flows(scopes=True), flows(scopes=True), SITES, st.integers(0, 5))
def test_what_is_told_of_a_retry_is_what_happens(
    keeper: Keeper, outer: Flow, inner: Flow, site: int, broken: int
) -> None:
    house = keeper.house()
    outer = _with_call(outer, site)
    for made in (outer, inner):
        for block in made.blocks:
            if block.type == "touch":
                house.world.failures[block.id] = [*[None] * (broken % 3), BROKEN]
    row = finish(house, submit(house, outer, {INNER: inner}, {"m": 1}))
    assume(row.status == "failed")
    told = verdicts(foretold_retry(house, row))
    before = Counter(c.path for c in house.world.calls)
    starts = dict(_attempts(house, row))
    retry(house, row)
    finish(house, row)
    for path in Counter(c.path for c in house.world.calls) - before:
        assert told.get(path, ("rerun", ""))[0] == "rerun", (path, told[path])
    for path, attempts in _attempts(house, row).items():
        verdict, reason = told.get(path, ("rerun", "new"))
        if verdict == "reused":
            assert attempts == starts[path], (path, reason)


def _attempts(house: House, row: RunRow) -> dict[str, int]:
    sql = "SELECT path, max(attempt) FROM checkpoints WHERE run_id = ?::UUID AND status <> 'skipped' GROUP BY path"
    return dict(house.do(house.store.read(lambda c: c.execute(sql, [row.id]).fetchall())))


def test_a_name_that_is_not_in_sight_makes_no_difference(house: House, world: World) -> None:
    made = flow(
        [touch("a", 1), each("l", "{{ [1] }}"), transform("i", "item"), transform("b", "default(l, 'none')")],
        "start > a > l",
        "a > b",
        "l.body > i",
    )
    row = house.run(made, {"m": 1})
    told = verdicts(foretold_fork(house, row, inputs={"m": 2}))
    assert told["b"][0] == "reused"
    new = house.finish(fork(house, row, inputs={"m": 2}))
    judge(told, happened(house, new))

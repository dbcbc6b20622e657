"""Steps back in debug runs: through everything to the beginning, on from there in a fork, and restarts meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.debugging import CHAIN, begin, go, state
from tests.engine.flows import block, each, flow, touch, transform, when
from tests.engine.house import House
from tests.engine.world import World
from workbench.base.errors import InvalidState
from workbench.engine.records import Breakpoint, RunRow


def back(house: House, row: RunRow) -> dict[str, Any]:
    return house.do(house.debugger.back(row.id))


SIDE = flow(
    [
        touch("a", 1),
        each("l", [1, 2]),
        touch("x", "{{ item }}"),
        transform("y", "x + vars.n"),
        transform("z", "l.results"),
    ],
    "start > a > l > z",
    "l.body > x > y",
    n=10,
)


def test_back_goes_through_everything_to_the_beginning(house: House, world: World) -> None:
    row = begin(house, SIDE, Breakpoint("z"))
    assert (state(house, row)["canStepBack"], state(house, row)["isPast"]) == (True, False)
    seen = [back(house, row) for _ in range(7)]
    assert [s["path"] for s in seen] == ["l[1]/y", "l[1]/x", "l[0]/y", "l[0]/x", "l", "a", "start"]
    assert [s["canStepBack"] for s in seen] == [True] * 6 + [False]
    assert {s["isPast"] for s in seen} == {True}
    assert (seen[1]["names"], seen[1]["blockOutputs"], seen[0]["blockOutputs"]["x"]) == (
        {"item": 2, "index": 1},
        {"a": 1, "start": {}},
        2,
    )
    with pytest.raises(InvalidState, match="beginning"):
        back(house, row)
    assert world.count("x") == 2
    house.do(house.engine.cancel(row.id, None))
    house.finish(row)


def test_a_step_in_the_past_goes_on_in_a_fork_and_the_old_run_is_superseded(house: House, world: World) -> None:
    row = begin(house, SIDE, Breakpoint("z"))
    for _ in range(2):
        back(house, row)
    assert house.call(lambda: house.debugger.evaluate(row.id, "item * 100")) == 200
    told = house.do(house.debugger.set_variables(row.id, {"n": 1000}))
    assert (told["isPast"], told["variables"]["n"]) == (True, 1000)
    stepped = go(house, row, "over")
    assert (stepped["path"], stepped["isPast"], stepped["blockOutputs"]["x"]) == ("l[1]/y", False, 2)
    assert stepped["runId"] != row.id
    old = house.row(row.id)
    assert (old.status, old.error["message"]) == ("cancelled", "superseded")
    fork = house.engine.find(stepped["runId"])
    assert fork.forked_from["runId"] == row.id
    assert go(house, fork)["path"] == "z"
    go(house, fork)
    assert house.finish(fork).output == [11, 1002]
    assert [c.path for c in world.calls] == ["a", "l[0]/x", "l[1]/x", "l[1]/x"]


def test_continue_from_the_start_runs_it_all_again(house: House, world: World) -> None:
    row = begin(house, CHAIN, Breakpoint("c"))
    for _ in range(3):
        told = back(house, row)
    assert told["path"] == "start"
    told = go(house, row, "run", {"n": 20})
    assert told["path"] == "c"
    fork = house.engine.find(told["runId"])
    go(house, fork)
    assert house.finish(fork).output == 42


def test_back_works_in_a_fork_again_and_again(house: House, world: World) -> None:
    row = begin(house, SIDE, Breakpoint("z"))
    for turn in range(3):
        assert back(house, row)["path"] == "l[1]/y"
        assert back(house, row)["path"] == "l[1]/x"
        told = go(house, row, "run")
        assert told["path"] == "z"
        row = house.engine.find(told["runId"])
        assert world.count("x") == 3 + turn
    assert [back(house, row)["path"] for _ in range(7)] == ["l[1]/y", "l[1]/x", "l[0]/y", "l[0]/x", "l", "a", "start"]
    house.do(house.engine.cancel(row.id, None))
    house.finish(row)


def test_side_by_side_branches_are_as_they_were_in_the_past(house: House, world: World) -> None:
    blocks = [
        touch("a1", 1),
        touch("a2", 2, door="a"),
        touch("b1", 3),
        touch("b2", 4, door="b"),
        transform("end", "[a2, b2]"),
    ]
    made = flow(blocks, "start > a1 > a2 > end", "start > b1 > b2 > end")
    row = house.submit(made, debug=True, breakpoints=(Breakpoint("end"),))
    world.until(world.began, "a2")
    world.until(world.began, "b2")
    house.do(world.open("a"))
    house.do(world.open("b"))
    house.until_status(row, "paused")
    order = [back(house, row)["path"] for _ in range(2)]
    assert set(order) == {"a2", "b2"}
    calls = len(world.calls)
    stepped = go(house, row, "run")
    assert (stepped["path"], len(world.calls)) == ("end", calls + 2)
    house.do(house.engine.cancel(stepped["runId"], None))
    house.finish(house.engine.find(stepped["runId"]) or house.row(stepped["runId"]))


def test_after_a_failure_one_steps_back_repairs_and_goes_on(house: House, world: World) -> None:
    made = flow([touch("a", 1), transform("d", "a / vars.n"), touch("z", "{{ d }}")], "start > a > d > z", n=0)
    row = begin(house, made, Breakpoint("nowhere"))
    assert (state(house, row)["when"], state(house, row)["path"]) == ("error", "d")
    assert back(house, row)["path"] == "d"
    told = go(house, row, "run", {"n": 2})
    house.finish(house.engine.find(told["runId"]) or house.row(told["runId"]))
    assert house.row(told["runId"]).output == 0.5
    assert world.count("a") == 1


def test_a_crash_while_looking_back_leaves_the_run_where_it_stood(house: House, world: World) -> None:
    row = begin(house, SIDE, Breakpoint("z"))
    back(house, row)
    again = house.crash().start()
    again.until_status(row, "paused")
    assert (state(again, row)["path"], state(again, row)["isPast"]) == ("z", False)
    assert back(again, row)["path"] == "l[1]/y"
    again.do(again.engine.cancel(row.id, None))
    again.finish(row)


NAMED = flow(
    [
        block("set_variables", "s", values={"r": "{{ run.id }}"}),
        when("c", "vars.r == vars.first"),
        transform("a", "1"),
        transform("b", "2"),
        transform("z", "3"),
    ],
    "start > s > c",
    "c.true > a > b",
    "c.false > z",
    first="",
    r="",
)


def test_back_comes_to_its_place_past_blocks_that_run_again_in_the_fork(house: House) -> None:
    blocks = [block("set_variables", "s", values={"r": "{{ run.id }}"}), transform("a", "1"), transform("b", "2")]
    row = begin(house, flow(blocks, "start > s > a > b", r=""), Breakpoint("b"))
    assert back(house, row)["path"] == "a"
    assert go(house, row, "over")["path"] == "b"


def test_a_fork_that_cannot_come_to_its_place_stops_at_what_is_next(house: House) -> None:
    row = begin(house, NAMED)
    told = go(house, row, "over", {"first": row.id})
    while told["path"] != "b":
        told = go(house, row, "over")
    assert back(house, row)["path"] == "a"
    told = go(house, row, "over")  # from where it stops: before `z`
    fork = house.row(told["runId"])
    assert (fork.status, fork.output) == ("completed", 3)

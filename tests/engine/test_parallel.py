"""`parallel` in the engine: the four joins, limits, what is stopped, and that a replay says the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.flows import block, each, flow, parallel, times, touch, transform
from tests.engine.house import House
from tests.engine.world import World
from workbench.engine.facts import BranchEnded
from workbench.engine.records import Breakpoint
from workbench.flow.model import Flow


def results(row: Any, *fields: str) -> list[Any]:
    return [tuple(r[f] for f in fields or ("branchId", "status", "data")) for r in row.output["results"]]


def two(strategy: str, *more: Any, **config: Any) -> Flow:
    """Two effects behind doors, in a branch each, and `end` behind them."""
    blocks = [
        parallel("p", "a", "b", joinStrategy=strategy, **config),
        touch("t", 1, door="t"),
        touch("u", 2, door="u"),
    ]
    return flow([*blocks, *more], "start > p", "p.branch-a > t", "p.branch-b > u")


def test_branches_run_side_by_side_and_settled_answers_them_in_their_order(house: House, world: World) -> None:
    blocks = [parallel("p", "a", "b", "c"), touch("t", 1, door="d"), touch("u", 2, door="d"), transform("bad", "1 / 0")]
    row = house.submit(flow(blocks, "start > p", "p.branch-a > t", "p.branch-b > u", "p.branch-c > bad"))
    world.until(world.began, "t")
    world.until(world.began, "u")
    house.move(2)
    house.do(world.open("d"))
    row = house.finish(row)
    assert results(row) == [("a", "completed", 1), ("b", "completed", 2), ("c", "failed", None)]
    assert row.output["results"][2]["error"]["path"] == "p[0]/bad"
    assert results(row, "durationMs") == [(2000,), (2000,), (0,)]


def test_all_stops_the_rest_at_the_first_failure_and_lets_effects_finish(house: House, world: World) -> None:
    blocks = [
        parallel("p", "a", "b", "c", joinStrategy="all"), touch("t", door="t"), touch("after"),
        block("hold", "h", door="never"), touch("bad", door="bad", fail="broken"),
    ]  # fmt: skip
    made = flow(blocks, "start > p", "p.branch-a > t > after", "p.branch-b > h", "p.branch-c > bad")
    row = house.submit(made)
    for name in ("t", "h", "bad"):
        world.until(world.began, name)
    house.do(world.open("bad"))
    world.until(world.broken_off, "h")
    house.settle()
    assert house.engine.find(row.id) is not None
    house.do(world.open("t"))
    row = house.finish(row)
    assert (row.status, row.error["message"], world.count("after")) == ("failed", "broken", 0)
    found = house.checkpoints(row)
    assert (found["p[0]/t"], found["p[0]/h"], found["p"]) == ("completed", "cancelled", "failed")


def test_any_takes_the_first_success_whatever_failed_before(house: House, world: World) -> None:
    row = house.submit(
        flow(
            [
                parallel("p", "a", "b", "c", joinStrategy="any"), transform("bad", "1 / 0"), touch("t", 1, door="t"),
                block("delay", "d", delayMs=60_000),
            ],
            "start > p", "p.branch-a > bad", "p.branch-b > t", "p.branch-c > d",
        )
    )  # fmt: skip
    world.until(world.began, "t")
    house.do(world.open("t"))
    assert results(house.finish(row)) == [("a", "failed", None), ("b", "completed", 1), ("c", "cancelled", None)]


def test_any_fails_when_all_did(house: House) -> None:
    blocks = [parallel("p", "a", "b", joinStrategy="any"), transform("x", "1 / 0"), transform("y", "1 / 0")]
    row = house.run(flow(blocks, "start > p", "p.branch-a > x", "p.branch-b > y"))
    assert (row.status, row.error["blockId"]) == ("failed", "y")


@pytest.mark.parametrize(("first", "status"), [("u", "completed"), ("bad", "failed")])
def test_race_is_decided_by_whoever_ends_first(house: House, world: World, first: str, status: str) -> None:
    blocks = [
        parallel("p", "a", "b", joinStrategy="race"),
        touch("bad", door="bad", fail="no"),
        touch("u", 2, door="u"),
    ]
    row = house.submit(flow(blocks, "start > p", "p.branch-a > bad", "p.branch-b > u"))
    world.until(world.began, "bad")
    world.until(world.began, "u")
    house.do(world.open(first))
    house.until(lambda f: getattr(f, "block", None) == first and getattr(f, "status", None) in (3, 4))
    house.settle()
    house.do(world.open("bad"))
    house.do(world.open("u"))
    row = house.finish(row)
    assert row.status == status
    if status == "completed":
        assert results(row) == [("a", "cancelled", None), ("b", "completed", 2)]


def test_at_most_so_many_branches_at_once(house: House, world: World) -> None:
    row = house.submit(two("settled", maxConcurrency=1))
    world.until(world.began, "t")
    house.settle()
    assert world.count("u") == 0
    house.do(world.open("t"))
    house.do(world.open("u"))
    assert results(house.finish(row), "status") == [("completed",), ("completed",)]


def test_a_branch_that_takes_too_long_is_cut_off_by_itself(house: House, world: World) -> None:
    row = house.submit(two("settled", timeoutMs=5000))
    world.until(world.began, "t")
    world.until(world.began, "u")
    house.move(4)
    house.do(world.open("t"))
    house.until(lambda f: isinstance(f, BranchEnded) and f.port == "branch-a")
    house.move(1.1)
    row = house.finish(row)
    assert results(row, "branchId", "status", "durationMs") == [("a", "completed", 4000), ("b", "timed_out", 5100)]
    assert row.output["results"][1]["error"]["type"] == "TIMEOUT"
    assert row.output["results"][1]["error"]["unknown"] is True
    assert house.checkpoints(row)["p[0]/u"] == "unknown"


def test_branches_that_are_off_or_empty(house: House) -> None:
    made = block("parallel", "p", branches=[{"id": "a"}, {"id": "b", "enabled": False}, {"id": "c"}])
    blocks = [made, transform("x", "1"), transform("y", "2")]
    row = house.run(flow(blocks, "start > p", "p.branch-a > x", "p.branch-b > y"))
    assert results(row) == [("a", "completed", 1), ("c", "completed", None)]
    assert "p[0]/y" not in house.checkpoints(row)


def test_variables_stay_in_their_branch(house: House) -> None:
    blocks = [
        parallel("p", "a", "b"), block("set_variables", "s", values={"n": 1}), transform("x", "vars.n"),
        transform("y", "vars.n"), transform("z", "[vars.n, p.results[0].data, p.results[1].data]"),
    ]  # fmt: skip
    made = flow(blocks, "start > p > z", "p.branch-a > s > x", "p.branch-b > y", n=0)
    assert house.run(made).output == [0, 1, 0]


def test_return_in_a_branch_ends_the_function(house: House, world: World) -> None:
    blocks = [parallel("p", "a", "b"), block("return", "r", value=5), touch("t", door="t"), touch("after")]
    row = house.submit(flow(blocks, "start > p > after", "p.branch-a > r", "p.branch-b > t"))
    house.until(lambda f: getattr(f, "block", None) == "r")
    house.do(world.open("t"))
    row = house.finish(row)
    assert (row.status, row.output, world.count("after")) == ("completed", 5, 0)


def test_branches_in_branches_and_loops(house: House) -> None:
    blocks = [
        each("l", [1, 2], concurrency=2), parallel("p", "a", "b"), parallel("q", "c", "d", joinStrategy="any"),
        transform("x", "item"), transform("y", "item * 10"), transform("z", "item * 100"),
    ]  # fmt: skip
    made = flow(
        blocks, "start > l", "l.body > p", "p.branch-a > x", "p.branch-b > q", "q.branch-c > y", "q.branch-d > z"
    )
    row = house.run(made)
    data = [[b["data"] for b in r["results"]] for r in row.output["results"]]
    assert [d[0] for d in data] == [1, 2]
    assert [d[1]["results"][0]["data"] for d in data] == [10, 20]


def test_a_crash_changes_neither_durations_nor_who_won(house: House) -> None:
    made = two("settled", transform("end", "p.results"))
    made = Flow(blocks=made.blocks, edges=(*made.edges, *flow([made.blocks[1]], "p > end").edges))
    made = flow(list(made.blocks), "start > p > end", "p.branch-a > t", "p.branch-b > u")
    row = house.submit(made)
    house.world.until(house.world.began, "t")
    house.world.until(house.world.began, "u")
    house.move(3)
    house.do(house.world.open("u"))
    house.until(lambda f: isinstance(f, BranchEnded))
    house.move(10)
    again = house.crash().start()
    again.world.until(again.world.began, "t", 2)
    again.do(again.world.open("t"))
    row = again.finish(row)
    assert [(r["branchId"], r["status"]) for r in row.output] == [("a", "completed"), ("b", "completed")]
    assert row.output[1]["durationMs"] == 3000
    assert again.world.count("u") == 1


@pytest.mark.parametrize("strategy", ["race", "any"])
def test_what_won_before_a_crash_wins_again_though_the_other_is_ready_too(house: House, strategy: str) -> None:
    row = house.submit(two(strategy))
    house.world.until(house.world.began, "t")
    house.world.until(house.world.began, "u")
    house.do(house.world.open("u"))
    house.until(lambda f: isinstance(f, BranchEnded) and f.port == "branch-b")
    again = house.crash().start()
    row = again.finish(row)
    assert results(row) == [("a", "cancelled", None), ("b", "completed", 2)]
    assert again.world.count("t") == 1


def test_a_cancel_reaches_all_branches(house: House, world: World) -> None:
    row = house.submit(two("race"))
    world.until(world.began, "t")
    world.until(world.began, "u")
    house.do(house.engine.cancel(row.id, None))
    assert house.finish(row).status == "cancelled"
    assert (world.broken_off["t"], world.broken_off["u"]) == (1, 1)


def test_stepping_goes_through_the_branches(house: House) -> None:
    blocks = [parallel("p", "a", "b"), transform("x", "1"), transform("y", "2"), transform("z", "3")]
    made = flow(blocks, "start > p > z", "p.branch-a > x", "p.branch-b > y")
    house.breakpoints = (Breakpoint("p"),)
    row = house.submit(made, debug=True)
    house.until_status(row, "paused")
    paths = [house.do(house.debugger.go(row.id, "into", None, 20))["path"] for _ in range(3)]
    assert paths == ["p[0]/x", "p[0]/y", "z"]
    house.do(house.debugger.go(row.id, "run", None, 20))
    assert house.finish(row).status == "completed"


def test_a_run_whose_branches_all_wait_holds_no_slot(house: House) -> None:
    blocks = [
        parallel("p", "a", "b", timeoutMs=300_000),
        block("delay", "d", delayMs=1000),
        block("delay", "e", delayMs=2000),
    ]
    row = house.submit(flow(blocks, "start > p", "p.branch-a > d", "p.branch-b > e"))
    house.until_status(row, "waiting")
    house.move(2.1)
    assert house.finish(row).status == "completed"


def test_many_iterations_of_quick_branches_write_little_besides_their_checkpoints(house: House) -> None:
    blocks = [times("l", 200), parallel("p", "a", "b"), transform("x", "index"), transform("y", "index")]
    made = flow(blocks, "start > l", "l.body > p", "p.branch-a > x", "p.branch-b > y")
    assert house.run(made).status == "completed"
    assert sum(isinstance(f, BranchEnded) for f in house.facts) < 40, "only where a slice ended between two branches"

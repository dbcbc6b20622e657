"""`split` and `merge` in the engine: shares, joining rules, races, and that a replay lets the same branch win."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.flows import block, each, flow, times, touch, transform, when
from tests.engine.house import House
from tests.engine.world import World
from workbench.base.errors import BlockFailed
from workbench.flow.model import Block


def split(id: str = "s", **more: Any) -> Block:
    return block("split", id, **more)


def merge(strategy: str, id: str = "m", **more: Any) -> Block:
    return block("merge", id, mergeStrategy=strategy, **more)


def branches(output: Any) -> list[tuple[str, Any]]:
    return [(b["branchId"], b["data"]) for b in output["branches"]]


def test_each_branch_of_a_split_gets_its_share_and_all_fire(house: House) -> None:
    blocks = [
        split(strategy="chunk", source="{{ [1, 2, 3] }}"), transform("a", "input"), transform("b", "input"),
        merge("all"),
    ]  # fmt: skip
    row = house.run(flow(blocks, "start > s", "s.branch-1 > a > m", "s.branch-2 > b > m"))
    assert branches(row.output) == [("a", [1]), ("b", [2, 3])]


def test_wires_from_one_split_straight_into_a_merge_are_branches_by_port(house: House) -> None:
    blocks = [split(strategy="chunk", source="{{ [1, 2, 3] }}"), merge("all"), merge("concat", "c")]
    made = flow(blocks, "start > s", "s.branch-1 > m", "s.branch-2 > m", "s.branch-2 > c", "s.branch-1 > c")
    output = house.run(made).output
    assert branches(output["m"]) == [("s.branch-1", [1]), ("s.branch-2", [2, 3])]
    assert output["c"] == [2, 3, 1]


def test_two_shares_for_one_plain_block_are_an_object_by_port(house: House) -> None:
    blocks = [
        split(strategy="chunk", source="{{ [1, 2] }}"),
        transform("a", "[input, s]"),
        transform("b", "[input, s]"),
    ]
    made = flow(blocks, "start > s", "s.branch-1 > a", "s.branch-2 > a", "s.branch-2 > b", "start > b")
    shares = {"branch-1": [1], "branch-2": [2]}
    assert house.run(made, {"x": 1}).output == {"a": [shares, shares], "b": [{"start": {"x": 1}, "s": [2]}, shares]}


def test_a_split_that_fails_fires_only_its_error_port(house: House) -> None:
    route = split(strategy="route", source="{{ [5] }}", routes=[{"name": "a", "condition": "item > 9"}])
    blocks = [route, transform("a", "1"), transform("e", "input.message")]
    row = house.run(flow(blocks, "start > s", "s.branch-1 > a", "s.error > e"))
    assert row.output == "No route takes item 0 (5)."
    assert house.checkpoints(row)["a"] == "skipped"


def test_a_skipped_split_skips_its_branches(house: House) -> None:
    blocks = [when("w", "False"), split(), transform("a", "1"), transform("b", "2"), merge("all")]
    row = house.run(flow(blocks, "start > w", "w.true > s", "s.branch-1 > a > m", "s.branch-2 > b > m"))
    assert row.output is None or row.status == "completed"
    assert {house.checkpoints(row)[name] for name in "sabm"} == {"skipped"}


def test_a_merge_waits_for_the_branches_that_run_and_not_for_dead_ones(house: House) -> None:
    blocks = [when("w", "True"), transform("a", "1"), transform("b", "2"), transform("c", "3"), merge("all")]
    row = house.run(flow(blocks, "start > w", "w.true > a > m", "w.false > b > m", "start > c > m"))
    assert branches(row.output) == [("a", 1), ("c", 3)]


def test_completion_order_is_who_came_first(house: House, world: World) -> None:
    blocks = [touch("t", 1, door="t"), touch("u", 2, door="u"), merge("concat", order="completion")]
    row = house.submit(flow(blocks, "start > t > m", "start > u > m"))
    world.until(world.began, "t")
    world.until(world.began, "u")
    house.do(world.open("u"))
    house.until(lambda f: getattr(f, "block", None) == "u" and getattr(f, "status", None) == 3)
    house.settle()
    house.do(world.open("t"))
    assert house.finish(row).output == [2, 1]


def race(strategy: str = "first", *more: Block, **config: Any) -> tuple[list[Block], list[str]]:
    blocks = [
        touch("t", 1, door="t"), touch("u", 2, door="u"), merge(strategy, **config),
        touch("after", "{{ m.branches[0].data }}"),
        *more,
    ]  # fmt: skip
    return blocks, ["start > t > m", "start > u > m > after"]


@pytest.mark.parametrize("strategy", ["first", "race"])
def test_the_first_live_wire_goes_on_and_nothing_is_cancelled(house: House, world: World, strategy: str) -> None:
    blocks, wires = race(strategy)
    row = house.submit(flow(blocks, *wires))
    world.until(world.began, "t")
    world.until(world.began, "u")
    house.do(world.open("u"))
    world.until(world.began, "after")
    assert world.broken_off == {}
    house.do(world.open("t"))
    row = house.finish(row)
    assert (row.output, house.checkpoints(row)["t"]) == (2, "completed")
    assert [c.value for c in world.calls if c.block == "after"] == [2]


def test_a_merge_at_first_whose_wires_are_all_dead_is_skipped(house: House) -> None:
    blocks = [when("w", "False"), transform("a", "1"), transform("b", "2"), merge("first"), transform("c", "3")]
    row = house.run(flow(blocks, "start > w", "w.true > a > m > c", "w.true > b > m"))
    assert house.checkpoints(row)["m"] == house.checkpoints(row)["c"] == "skipped"


def test_first_of_pure_branches_takes_one_once(house: House, world: World) -> None:
    blocks = [split(branchCount=3), merge("first"), touch("after")]
    made = flow(blocks, "start > s", "s.branch-1 > m", "s.branch-2 > m", "s.branch-3 > m", "m > after")
    house.run(made)
    assert world.count("after") == 1


def test_last_takes_the_last_to_come(house: House, world: World) -> None:
    blocks, wires = race("last")
    row = house.submit(flow(blocks, *wires))
    world.until(world.began, "t")
    world.until(world.began, "u")
    house.do(world.open("u"))
    house.until(lambda f: getattr(f, "block", None) == "u" and getattr(f, "status", None) == 3)
    house.settle()
    assert world.count("after") == 0
    house.do(world.open("t"))
    assert house.finish(row).output == 1


def test_what_won_before_a_crash_wins_again_whoever_comes_first_now(house: House) -> None:
    blocks, _ = race("first", block("set_variables", "v", values={"n": "{{ input }}"}), transform("r", "vars.n"))
    made = flow(blocks, "start > t > m", "start > u > v > m > after > r", n=0)
    row = house.submit(made)
    house.world.until(house.world.began, "t")
    house.world.until(house.world.began, "u")
    house.do(house.world.open("u"))
    house.until(lambda f: getattr(f, "block", None) == "after" and getattr(f, "status", None) == 3)
    house.do(house.world.open("t"))
    again = house.crash().start()
    again.do(again.world.open("t"))
    row = again.finish(row)
    assert (row.status, row.output, again.world.count("after")) == ("completed", 2, 1)


def test_a_merge_at_first_of_a_branch_that_was_done_before_a_crash_waits_for_the_one_that_had_won(house: House) -> None:
    """`t`, which the walk meets first, is journaled too; the merge had gone on with `u`."""
    blocks, wires = race("first", touch("end", door="end"))
    row = house.submit(flow([*blocks], *wires, "after > end"))
    house.world.until(house.world.began, "t")
    house.world.until(house.world.began, "u")
    house.do(house.world.open("u"))
    house.world.until(house.world.began, "end")
    house.do(house.world.open("t"))
    house.until(lambda f: getattr(f, "block", None) == "t" and getattr(f, "status", None) == 3)
    again = house.crash().start()
    again.world.until(again.world.began, "end", 2)
    again.do(again.world.open("end"))
    again.finish(row)
    assert [c.value for c in again.world.calls if c.block == "after"] == [2]


def test_completion_order_survives_a_crash_before_the_merge(house: House) -> None:
    blocks = [
        touch("t", 1, door="t"),
        touch("u", 2, door="u"),
        touch("w", 3, door="w"),
        merge("concat", order="completion"),
    ]
    row = house.submit(flow(blocks, "start > t > m", "start > u > m", "start > w > m"))
    for name in "tuw":
        house.world.until(house.world.began, name)
    for name in "wt":
        house.do(house.world.open(name))
        house.until(lambda f, name=name: getattr(f, "block", None) == name and getattr(f, "status", None) == 3)
        house.settle()
    again = house.crash().start()
    again.do(again.world.open("u"))
    assert again.finish(row).output == [3, 1, 2]


def test_a_race_that_nobody_reaches_in_time_fails(house: House, world: World) -> None:
    blocks, wires = race("race", transform("e", "error.type"), raceTimeoutMs=5000)
    row = house.submit(flow(blocks, *wires, "m.error > e"))
    world.until(world.began, "t")
    house.move(4.9)
    house.settle()
    assert "m" not in house.checkpoints(row)
    house.move(0.2)
    house.until(lambda f: getattr(f, "block", None) == "e")
    house.do(world.open("t"))
    house.do(world.open("u"))
    row = house.finish(row)
    assert (row.status, row.output) == ("completed", "TIMEOUT")
    assert house.checkpoints(row)["t"] == "completed"
    assert world.count("after") == 0


def test_a_race_in_time_goes_on_and_its_time_counts_from_where_the_branches_parted(house: House, world: World) -> None:
    blocks, _ = race("race", raceTimeoutMs=5000)
    blocks = [touch("before", door="before"), split(), *blocks]
    made = flow(blocks, "start > before > s", "s.branch-1 > t > m", "s.branch-2 > u > m > after")
    row = house.submit(made)
    world.until(world.began, "before")
    house.move(60)
    house.do(world.open("before"))
    world.until(world.began, "t")
    house.move(4.9)
    house.do(world.open("t"))
    world.until(world.began, "after")
    house.do(world.open("u"))
    assert house.finish(row).output == 1


def test_a_race_whose_wires_all_died_is_skipped_and_one_whose_branches_wait_holds_no_slot(house: House) -> None:
    blocks = [
        block("delay", "d", delayMs=1000), when("w", "False"), transform("a", "1"), merge("race", raceTimeoutMs=60_000),
    ]  # fmt: skip
    row = house.submit(flow(blocks, "start > d > w", "w.true > a > m", "w.true > m"))
    house.until_status(row, "waiting")
    house.move(1.1)
    row = house.finish(row)
    assert (row.status, house.checkpoints(row)["m"]) == ("completed", "skipped")


def test_a_restart_does_not_move_a_races_limit_and_what_it_came_to_stays(house: House) -> None:
    blocks, wires = race("race", transform("e", "error.type"), touch("x", door="x"), raceTimeoutMs=5000)
    row = house.submit(flow(blocks, *wires, "m.error > e > x"))
    house.world.until(house.world.began, "t")
    house.world.until(house.world.began, "u")
    house.move(3)
    house = house.crash().start()
    house.world.until(house.world.began, "t", 2)
    house.move(2.1)
    house.world.until(house.world.began, "x")
    again = house.crash().start()
    again.do(again.world.open("t"))
    again.do(again.world.open("u"))
    again.do(again.world.open("x"))
    row = again.finish(row)
    assert (row.status, again.checkpoints(row)["m"], again.world.count("after")) == ("completed", "failed", 0)


def test_a_failure_elsewhere_ends_a_race_that_waits(house: House, world: World) -> None:
    blocks, wires = race("race", touch("bad", door="bad", fail="broken"), raceTimeoutMs=5000)
    row = house.submit(flow(blocks, *wires, "start > bad"))
    for name in ("t", "u", "bad"):
        world.until(world.began, name)
    house.do(world.open("bad"))
    house.do(world.open("t"))
    house.do(world.open("u"))
    row = house.finish(row)
    assert (row.status, row.error["message"]) == ("failed", "broken")


def test_a_merge_that_begins_a_region_joins_what_the_scope_gives(house: House) -> None:
    blocks = [each("l", [1, 2]), transform("a", "item * 10"), merge("all"), merge("first", "f")]
    made = flow(blocks, "start > l", "l.body > m", "l.body > a > m", "l.body > f", "a > f")
    output = house.run(made).output["results"]
    assert [branches(r["m"]) for r in output] == [[("l", 1), ("a", 10)], [("l", 2), ("a", 20)]]
    assert [branches(r["f"]) for r in output] == [[("l", 1)], [("l", 2)]]


def test_splits_and_merges_inside_a_concurrent_loop(house: House) -> None:
    blocks = [
        times("l", 5, concurrency=3), split(strategy="chunk", source="{{ [index, index + 1, index + 2] }}"),
        touch("t", "{{ input }}"), transform("b", "input"), merge("concat"),
    ]  # fmt: skip
    made = flow(blocks, "start > l", "l.body > s", "s.branch-1 > t > m", "s.branch-2 > b > m")
    assert house.run(made).output["results"] == [[i, i + 1, i + 2] for i in range(5)]


def test_variables_of_branches_meet_at_a_merge_by_the_usual_rule(house: House) -> None:
    blocks = [
        split(), block("set_variables", "v", values={"x": 1}), transform("b", "1"), merge("all"),
        transform("r", "vars.x"),
        block("set_variables", "w", values={"x": 2}),
    ]  # fmt: skip
    made = flow(blocks[:-1], "start > s", "s.branch-1 > v > m", "s.branch-2 > b > m > r", x=0)
    assert house.run(made).output == 1
    made = flow(blocks, "start > s", "s.branch-1 > v > m", "s.branch-2 > b > w > m > r", x=0)
    assert house.run(made).error["type"] == "VARIABLE_RACE"


def test_the_variables_behind_a_merge_at_first_are_the_winners(house: House, world: World) -> None:
    blocks, _ = race(
        "first", block("set_variables", "v", values={"x": 1}), block("set_variables", "w", values={"x": 2})
    )
    made = flow([*blocks, transform("r", "vars.x")], "start > t > v > m", "start > u > w > m > after > r", x=0)
    row = house.submit(made)
    world.until(world.began, "t")
    world.until(world.began, "u")
    house.do(world.open("u"))
    world.until(world.began, "after")
    house.do(world.open("t"))
    assert house.finish(row).output == 2


def test_failed_branches_that_flow_on_by_error_wires_are_branches_too(house: House, world: World) -> None:
    world.failures["t"] = [BlockFailed("no", kind="HTTP")]
    blocks = [touch("t"), transform("b", "1"), merge("all")]
    row = house.run(flow(blocks, "start > t", "t.error > m", "start > b > m"))
    assert [name for name, _ in branches(row.output)] == ["t", "b"]
    assert row.output["branches"][0]["data"]["type"] == "HTTP"

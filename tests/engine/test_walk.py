"""The interpreter: readiness, dead paths, joins, regions, ends."""

from __future__ import annotations

import pytest

from tests.engine.flows import block, each, flow, times, touch, transform, when
from tests.engine.house import House
from tests.engine.world import World
from workbench.base.errors import BlockFailed


def test_a_chain_gives_its_last_blocks_value(house: House) -> None:
    row = house.run(flow([transform("a", "input.x + 1"), transform("b", "a * 2")], "start > a > b"), {"x": 4})
    assert (row.status, row.output, row.steps) == ("completed", 10, 3)


def test_the_branch_not_taken_dies_with_all_behind_it(house: House) -> None:
    blocks = [when("c", "input.x > 1"), transform("y", "'yes'"), transform("n", "'no'"), transform("after", "n")]
    row = house.run(flow(blocks, "start > c", "c.true > y", "c.false > n > after"), {"x": 2})
    assert row.output == "yes"
    assert house.checkpoints(row) == {
        "start": "completed",
        "c": "completed",
        "y": "completed",
        "n": "skipped",
        "after": "skipped",
    }


def test_a_join_waits_for_its_live_wires_and_passes_a_single_value_as_it_is(house: House) -> None:
    blocks = [when("c", "input.x > 1"), transform("y", "'yes'"), transform("n", "'no'"), transform("j", "input")]
    made = flow(blocks, "start > c", "c.true > y > j", "c.false > n > j")
    assert house.run(made, {"x": 2}).output == "yes"
    assert house.run(made, {"x": 0}).output == "no"


def test_several_live_wires_join_as_an_object_by_handle_in_the_wires_order(house: House) -> None:
    blocks = [touch("slow", 1, door="d"), transform("quick", "2"), transform("j", "input")]
    row = house.submit(flow(blocks, "start > slow > j", "start > quick > j"))
    house.world.until(house.world.began, "slow")
    house.do(house.world.open("d"))
    row = house.finish(row)
    assert list(row.output.items()) == [("slow", 1), ("quick", 2)]


def test_two_wires_from_one_block_count_as_one_value(house: House) -> None:
    made = flow([transform("a", "7"), transform("j", "input")], "start > a > j", "a > j", "a.error > j")
    assert house.run(made).output == 7


def test_the_result_without_return_is_null_one_value_or_an_object(house: House) -> None:
    assert house.run(flow([when("c", "False"), transform("y", "1")], "start > c", "c.true > y")).output is None
    both = flow([transform("a", "1"), transform("b", "2")], "start > a", "start > b")
    assert house.run(both).output == {"a": 1, "b": 2}


def test_a_disabled_block_is_skipped(house: House) -> None:
    made = flow([transform("a", "1"), transform("b", "2")], "start > a > b")
    off = made.model_copy(update={"blocks": tuple(b.model_copy(update={"disabled": b.id == "a"}) for b in made.blocks)})
    row = house.run(off)
    assert row.output is None
    assert house.checkpoints(row)["b"] == "skipped"


def test_only_the_chosen_trigger_fires(house: House) -> None:
    blocks = [block("start", "one"), block("start", "two"), transform("a", "'a'"), transform("b", "'b'")]
    made = flow(blocks, "one > a", "two > b")
    assert house.run(made, start_block="two").output == "b"


def test_an_unhandled_failure_fails_the_run_and_names_the_block(house: House) -> None:
    row = house.run(flow([transform("a", "1 / 0"), transform("b", "2")], "start > a > b"))
    assert (row.status, row.error["type"], row.error["blockId"]) == ("failed", "EXPRESSION", "a")
    assert "b" not in house.checkpoints(row)


def test_a_failure_flows_on_behind_a_wired_error_port(house: House) -> None:
    blocks = [transform("a", "1 / 0"), transform("ok", "1"), transform("h", "error.blockId + ':' + input.type")]
    row = house.run(flow(blocks, "start > a > ok", "a.error > h"))
    assert (row.status, row.output) == ("completed", "a:EXPRESSION")
    assert house.checkpoints(row)["ok"] == "skipped"


def test_error_is_the_nearest_failure_upstream_also_around_a_region(house: House) -> None:
    blocks = [
        transform("a", "1 / 0"),
        transform("b", "[1, 2]"),
        transform("c", "nope.x", name="c"),
        times("l", 1),
        transform("in_loop", "error.blockId"),
        transform("d", "error.blockId"),
    ]
    made = flow(blocks, "start > a", "a.error > b > c", "c.error > d", "b > l", "l.body > in_loop")
    assert house.run(made).output == {
        "d": "c",
        "l": {"results": ["a"], "iterations": 1, "errors": [], "exitReason": "completed"},
    }


def test_error_is_unknown_where_nothing_failed(house: House) -> None:
    row = house.run(flow([transform("a", "error.message")], "start > a"))
    assert row.error["type"] == "EXPRESSION"
    assert "There is no `error` here" in row.error["message"]


def test_a_policy_that_continues_lets_a_failure_pass_as_null(house: House) -> None:
    blocks = [touch("a", fail="no", policy={"onError": "continue"}), transform("b", "[input, a]")]
    row = house.run(flow(blocks, "start > a > b"))
    assert (row.status, row.output) == ("completed", [None, None])
    assert house.checkpoints(row)["a"] == "failed"


def test_a_failed_blocks_name_has_no_value_behind_its_error_port(house: House) -> None:
    blocks = [transform("a", "1 / 0"), transform("h", "default(a, 'none')"), transform("g", "a.x")]
    row = house.run(flow(blocks, "start > a", "a.error > h > g"))
    assert "`a` (“a”) failed, so it has no value." in row.error["message"]
    assert row.error["blockId"] == "g"


def test_a_skipped_blocks_name_says_so(house: House) -> None:
    blocks = [when("c", "False"), transform("y", "1"), transform("n", "2"), transform("j", "y")]
    row = house.run(flow(blocks, "start > c", "c.true > y > j", "c.false > n > j"))
    assert "`y` (“y”) was skipped" in row.error["message"]


def test_a_name_inside_another_region_names_the_scope_by_its_name(house: House) -> None:
    blocks = [times("l1", 2, name="All days"), transform("inner", "1"), transform("after", "inner")]
    row = house.run(flow(blocks, "start > l1 > after", "l1.body > inner"))
    assert "runs inside “All days”" in row.error["message"]


def test_return_ends_the_function_from_inside_a_loop(house: House, world: World) -> None:
    blocks = [
        each("l", "{{ [1, 2, 3] }}"),
        touch("t", "{{ item }}"),
        when("c", "item == 2"),
        block("return", "r", value="{{ item * 10 }}"),
        transform("after", "99"),
    ]
    row = house.run(flow(blocks, "start > l > after", "l.body > t > c", "c.true > r"))
    assert (row.status, row.output) == ("completed", 20)
    assert world.count("t") == 2
    assert house.checkpoints(row)["l"] == "cancelled"


def test_return_lets_a_running_effect_finish_and_cancels_pure_work_and_waits(house: House, world: World) -> None:
    blocks = [
        touch("e", 1, door="e"),
        block("hold", "p", door="never"),
        block("delay", "w", delayMs=10_000_000),
        touch("first", 1),
        block("return", "r", value=5),
    ]
    row = house.submit(flow(blocks, "start > e", "start > p", "start > w", "start > first > r"))
    house.world.until(world.broken_off, "p")
    house.do(world.open("e"))
    row = house.finish(row)
    assert (row.status, row.output) == ("completed", 5)
    assert house.checkpoints(row) == {
        "start": "completed",
        "e": "completed",
        "p": "cancelled",
        "w": "cancelled",
        "first": "completed",
        "r": "completed",
    }


def test_a_failure_stops_its_region_while_effects_finish(house: House, world: World) -> None:
    blocks = [touch("e", 1, door="e"), transform("next", "e"), touch("bad", fail="broken")]
    row = house.submit(flow(blocks, "start > e > next", "start > bad"))
    house.until(lambda f: getattr(f, "block", None) == "bad" and getattr(f, "status", None) == 4)
    house.do(world.open("e"))
    row = house.finish(row)
    assert (row.status, row.error["message"]) == ("failed", "broken")
    assert house.checkpoints(row)["e"] == "completed"
    assert "next" not in house.checkpoints(row)


def test_what_cannot_be_stored_fails_its_block(house: House) -> None:
    row = house.run(flow([block("weird", "w"), transform("b", "1")], "start > w > b"))
    assert (row.status, row.error["blockId"]) == ("failed", "w")
    assert "cannot be stored" in row.error["message"]


@pytest.mark.parametrize("what", ["key", "cancel", "timeout"])
def test_an_effect_that_raises_what_no_block_should_has_an_unknown_outcome(house: House, what: str) -> None:
    row = house.run(flow([block("rogue", "x", value=what)], "start > x"))
    assert (row.status, row.error["type"]) == ("failed", "INTERNAL")
    assert house.checkpoints(row)["x"] == "unknown"


def test_a_flow_that_cannot_be_compiled_fails_its_run(house: House) -> None:
    row = house.run(flow([block("nonsense", "x")], "start > x"))
    assert row.status == "failed"
    assert "no block type `nonsense`" in row.error["message"]
    assert house.run(flow([transform("a", "1 +")], "start > a")).status == "failed"


def test_lone_surrogates_in_an_error_do_not_stop_the_journal(house: House, world: World) -> None:
    world.failures["t"] = [BlockFailed("bad \ud800 text", kind="CODE", hint="\udfff")]
    row = house.run(flow([touch("t")], "start > t"))
    assert (row.status, row.error["message"]) == ("failed", "bad ? text")

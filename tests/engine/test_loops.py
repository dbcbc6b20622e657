"""Scopes: all kinds of loops, nesting, concurrency, errors inside, names and progress."""

from __future__ import annotations

import gc

import polars as pl
import pytest

from tests.engine.flows import block, each, flow, times, touch, transform, when
from tests.engine.house import House
from tests.engine.world import World
from workbench.base.errors import BlockFailed
from workbench.engine.facts import ScopeProgressed
from workbench.engine.region import RegionRun


def body(row_output: dict[str, object]) -> object:
    return row_output["results"]


@pytest.mark.parametrize("kind", ["forEach", "map"])
def test_each_item_runs_the_body_and_results_keep_their_order(house: House, kind: str) -> None:
    made = flow(
        [block("loop", "l", loopType=kind, items="{{ input.xs }}"), transform("a", "item * 2 + index")],
        "start > l",
        "l.body > a",
    )
    row = house.run(made, {"xs": [1, 2, 3]})
    assert row.output == {"results": [2, 5, 8], "iterations": 3, "errors": [], "exitReason": "completed"}
    assert {"l[0]/a", "l[1]/a", "l[2]/a"} < house.checkpoints(row).keys()


def test_a_table_is_gone_through_as_row_objects(house: House) -> None:
    blocks = [transform("t", "input.rows"), each("l", "{{ t }}", itemVariable="day"), transform("a", "day.n + item.n")]
    table = pl.DataFrame({"n": [1, 2]})
    assert body(house.run(flow(blocks, "start > t > l", "l.body > a"), {"rows": table}).output) == [2, 4]


def test_while_sees_last_vars_and_index(house: House) -> None:
    blocks = [
        block("loop", "l", loopType="while", condition="index < vars.limit and (last or 0) < 4"),
        transform("a", "(last or 0) + 2"),
    ]
    assert house.run(flow(blocks, "start > l", "l.body > a", limit=5)).output["results"] == [2, 4]


def test_do_while_runs_once_before_it_asks(house: House) -> None:
    blocks = [block("loop", "l", loopType="doWhile", condition="last < 0"), transform("a", "index")]
    assert house.run(flow(blocks, "start > l", "l.body > a")).output["iterations"] == 1


def test_a_while_ends_at_its_most_iterations(house: House) -> None:
    blocks = [block("loop", "l", loopType="while", condition="True", maxIterations=7), transform("a", "1")]
    assert house.run(flow(blocks, "start > l", "l.body > a")).output["exitReason"] == "maxIterations"


def test_reduce_gives_its_last_value(house: House) -> None:
    blocks = [
        block("loop", "l", loopType="reduce", items=[1, 2, 3], accumulator=10),
        transform("a", "accumulator + item"),
    ]
    assert house.run(flow(blocks, "start > l", "l.body > a")).output["results"] == 16


def test_a_region_of_several_last_blocks_gives_an_object(house: House) -> None:
    made = flow([times("l", 1), transform("a", "1"), transform("b", "2")], "start > l", "l.body > a", "l.body > b")
    assert body(house.run(made).output) == [{"a": 1, "b": 2}]


def test_the_body_wire_joins_others_under_the_scopes_handle(house: House) -> None:
    blocks = [each("l", [5]), transform("a", "1"), transform("b", "input")]
    assert body(house.run(flow(blocks, "start > l", "l.body > a > b", "l.body > b")).output) == [{"l": 5, "a": 1}]


def test_the_scopes_names_are_nearer_than_blocks_of_that_name(house: House) -> None:
    blocks = [transform("day", "'block'"), each("l", [1], itemVariable="day"), transform("a", "day")]
    assert body(house.run(flow(blocks, "start > day > l", "l.body > a")).output) == [1]


def test_inner_loops_see_the_nearest_names_and_blocks_around(house: House) -> None:
    blocks = [
        each("o", ["a", "b"]),
        transform("x", "item + item"),
        each("i", [1, 2], itemVariable="n"),
        transform("y", "[x, n, item, index]"),
    ]
    made = flow(blocks, "start > o", "o.body > x > i", "i.body > y")
    got = house.run(made).output["results"]
    assert [r["results"] for r in got] == [[["aa", 1, 1, 0], ["aa", 2, 2, 1]], [["bb", 1, 1, 0], ["bb", 2, 2, 1]]]


@pytest.mark.parametrize("at_once", [1, 3])
def test_errors_continue_keeps_positions(house: House, at_once: int) -> None:
    blocks = [each("l", [1, 0, 2], concurrency=at_once, errorPolicy="continue"), transform("a", "10 // item")]
    row = house.run(flow(blocks, "start > l", "l.body > a"))
    assert body(row.output) == [10, None, 5]
    assert [e["index"] for e in row.output["errors"]] == [1]
    assert row.output["errors"][0]["path"] == "l[1]/a"


def test_an_error_stops_a_sequential_loop(house: House, world: World) -> None:
    blocks = [each("l", [1, 0, 2]), touch("t", "{{ 10 // item }}")]
    row = house.run(flow(blocks, "start > l", "l.body > t"))
    assert (row.status, row.error["path"], world.count("t")) == ("failed", "l[1]/t", 1)


def test_an_error_in_one_lane_stops_the_others_and_lets_their_effects_finish(house: House, world: World) -> None:
    blocks = [
        each("l", [0, 1, 2, 3], concurrency=2),
        when("c", "item == 0"),
        transform("bad", "1 / 0"),
        touch("t", "{{ item }}", door="d"),
        touch("u", "{{ item }}"),
    ]
    made = flow(
        [*blocks[:2], touch("wait", 1, door="w"), *blocks[2:]],
        "start > l",
        "l.body > c",
        "c.true > wait > bad",
        "c.false > t > u",
    )
    row = house.submit(made)
    world.until(world.began, "t")
    house.do(world.open("w"))
    house.until(lambda f: getattr(f, "block", None) == "bad" and getattr(f, "status", None) == 4)
    house.do(world.open("d"))
    row = house.finish(row)
    assert (row.status, row.error["blockId"]) == ("failed", "bad")
    assert [c.path for c in world.calls] == ["l[0]/wait", "l[1]/t"] or [c.path for c in world.calls] == [
        "l[1]/t",
        "l[0]/wait",
    ]
    assert house.checkpoints(row)["l[1]/t"] == "completed"


def test_a_failing_scope_fires_its_error_port(house: House) -> None:
    blocks = [times("l", 2), transform("a", "1 / 0"), transform("h", "input.path"), transform("ok", "1")]
    assert house.run(flow(blocks, "start > l > ok", "l.body > a", "l.error > h")).output == "l[0]/a"


def test_return_in_one_lane_ends_the_function_and_starts_no_other(house: House, world: World) -> None:
    blocks = [
        each("l", list(range(50)), concurrency=4),
        when("c", "item == 1"),
        block("return", "r", value="{{ item }}"),
        touch("t", "{{ item }}", door="d"),
    ]
    made = flow(blocks, "start > l", "l.body > c", "c.true > r", "c.false > t")
    row = house.submit(made)
    house.until(lambda f: getattr(f, "block", None) == "r")
    house.do(world.open("d"))
    row = house.finish(row)
    assert (row.status, row.output) == ("completed", 1)
    assert world.count("t") <= 3


def test_a_crash_in_one_lane_fails_the_run_at_once(house: House, world: World) -> None:
    world.failures["t"] = [SystemError("bug")]
    blocks = [each("l", list(range(100)), concurrency=3), touch("t", "{{ item }}")]
    row = house.run(flow(blocks, "start > l", "l.body > t"))
    assert (row.status, row.error["type"]) == ("failed", "INTERNAL")
    assert world.count("t") < 10


def test_concurrent_iterations_run_at_most_so_many_at_once(house: House, world: World) -> None:
    row = house.submit(
        flow([times("l", 7, concurrency=3), touch("t", "{{ item }}", door="d")], "start > l", "l.body > t")
    )
    world.until(world.began, "t", 3)
    house.settle()
    assert world.count("t") == 3
    house.do(world.open("d"))
    assert house.finish(row).output["results"] == list(range(7))


def test_more_items_than_allowed_fail_before_the_first(house: House, world: World) -> None:
    row = house.run(
        flow([times("l", 11), touch("t")], "start > l", "l.body > t").model_copy(
            update={
                "blocks": (
                    block("start", "start"),
                    block("loop", "l", loopType="times", iterations=11, maxIterations=10),
                    touch("t"),
                )
            }
        )
    )
    assert row.error["type"] == "LIMIT"
    assert world.calls == []


def test_an_empty_loop_gives_an_empty_list(house: House) -> None:
    assert body(house.run(flow([each("l", []), transform("a", "1")], "start > l", "l.body > a")).output) == []


def test_finished_iterations_are_let_go(house: House) -> None:
    made = flow([times("l", 10_000), transform("a", "item"), transform("b", "a + 1")], "start > l", "l.body > a > b")
    gc.collect()
    before = sum(1 for o in gc.get_objects() if type(o) is RegionRun)
    row = house.run(made)
    assert row.output["results"][-1] == 10_000
    gc.collect()
    assert sum(1 for o in gc.get_objects() if type(o) is RegionRun) < before + 10
    assert house.engine.live == {}


def test_progress_is_told_now_and_then_and_at_the_end(house: House) -> None:
    blocks = [times("o", 300), times("i", 2), transform("a", "1")]
    house.run(flow(blocks, "start > o", "o.body > i", "i.body > a"))
    told = [f for f in house.facts if isinstance(f, ScopeProgressed)]
    assert [(f.done, f.total) for f in told if f.path == "o"][-1] == (300, 300)
    assert len(told) < 100


def test_an_effects_key_is_the_same_for_each_retry_after_an_unknown_outcome_only(house: House, world: World) -> None:
    unknown = [BlockFailed("cut", kind="HTTP", unknown=True), BlockFailed("500", kind="HTTP")]
    world.failures["t"] = list(unknown)
    row = house.run(flow([block("again", "g"), touch("before"), touch("t")], "start > g", "g.body > before > t"))
    assert row.status == "completed"
    first, second, third = [c.key for c in world.calls if c.block == "t"]
    assert first == second != third
    assert len({c.key for c in world.calls if c.block == "before"}) == 1
    assert [c.path for c in world.calls if c.block == "t"] == ["g[0]/t", "g[1]/t", "g[2]/t"]


def test_iterations_of_a_loop_have_keys_of_their_own(house: House, world: World) -> None:
    house.run(flow([times("l", 3), touch("t")], "start > l", "l.body > t"))
    assert len({c.key for c in world.calls}) == 3

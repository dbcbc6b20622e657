"""Variables flow along wires; unordered writers race; scopes pass them out."""

from __future__ import annotations

from tests.engine.flows import block, each, flow, times, touch, transform, when
from tests.engine.house import House
from workbench.flow.model import Block


def put(id: str, **values: object) -> Block:
    return block("set_variables", id, values=values)


def test_a_block_sees_the_nearest_writer_upstream(house: House) -> None:
    blocks = [put("a", x=1), put("b", x="{{ vars.x + 1 }}"), transform("r", "[vars.x, vars.y]")]
    assert house.run(flow(blocks, "start > a > b > r", x=0, y=9)).output == [2, 9]


def test_a_writer_beside_is_not_seen(house: House) -> None:
    blocks = [put("a", x=1), transform("r", "vars.x")]
    assert house.run(flow(blocks, "start > a", "start > r", x=0)).output == {"a": {"x": 1}, "r": 0}


def test_two_unordered_writers_fail_the_reader_and_no_one_else(house: House) -> None:
    blocks = [put("a", x=1), put("b", x=2), transform("j", "1"), transform("r", "vars.x")]
    made = flow(blocks, "start > a > j", "start > b > j", "j > r")
    row = house.run(made, {})
    assert (row.status, row.error["type"], row.error["blockId"]) == ("failed", "VARIABLE_RACE", "r")
    assert "“a” and “b”" in row.error["message"]
    assert house.checkpoints(row)["j"] == "completed"


def test_a_race_stays_one_where_one_of_the_writers_comes_along_another_wire(house: House) -> None:
    for second in ("a", "b"):
        blocks = [put("a", x=1), put("b", x=2), transform("j", "1"), transform("k", "vars.x")]
        row = house.run(flow(blocks, "start > a > j > k", "start > b > j", f"{second} > k"))
        assert row.error["type"] == "VARIABLE_RACE", second


def test_a_writer_after_one_of_two_does_not_settle_their_race(house: House) -> None:
    blocks = [put("a", x=1), put("b", x=2), transform("j", "1"), put("c", x=3), transform("r", "vars.x")]
    row = house.run(flow(blocks, "start > a > j > r", "start > b > j", "b > c > r"))
    assert row.error["type"] == "VARIABLE_RACE"


def test_a_writer_after_both_settles_it(house: House) -> None:
    blocks = [put("a", x=1), put("b", x=2), put("c", x=3), transform("r", "vars.x")]
    assert house.run(flow(blocks, "start > a > c > r", "start > b > c", "a > r")).output == 3


def test_a_skipped_writer_races_with_nobody(house: House) -> None:
    blocks = [when("w", "False"), put("a", x=1), put("b", x=2), transform("r", "vars.x")]
    assert house.run(flow(blocks, "start > w", "w.true > a > r", "w.false > b > r")).output == 2


def test_a_sequential_loop_carries_variables_on_and_out(house: House) -> None:
    blocks = [each("l", [5, 6, 7]), put("s", n="{{ vars.n + item }}"), transform("r", "vars.n")]
    assert house.run(flow(blocks, "start > l > r", "l.body > s", n=0)).output == 18


def test_what_an_early_iteration_set_comes_out_though_the_last_sets_nothing(house: House) -> None:
    blocks = [each("l", [1, 2, 3]), when("w", "item == 1"), put("s", n="{{ item }}"), transform("r", "vars.n")]
    assert house.run(flow(blocks, "start > l > r", "l.body > w", "w.true > s", n=0)).output == 1


def test_a_new_value_in_an_iteration_is_no_race_with_what_was_carried_on(house: House) -> None:
    blocks = [
        each("l", [1, 2]),
        put("s", n="{{ vars.n + 1 }}"),
        transform("b", "1"),
        transform("j", "vars.n"),
        transform("r", "vars.n"),
    ]
    made = flow(blocks, "start > l > r", "l.body > s > j", "l.body > b > j", n=0)
    assert house.run(made).output == 2


def test_concurrent_iterations_keep_theirs_inside(house: House) -> None:
    blocks = [
        each("l", [1, 2, 3], concurrency=3),
        put("s", n="{{ item }}"),
        transform("a", "vars.n"),
        transform("r", "[vars.n, l.results]"),
    ]
    assert house.run(flow(blocks, "start > l > r", "l.body > s > a", n=0)).output == [0, [1, 2, 3]]


def test_a_race_that_would_leave_its_region_fails_the_scope(house: House) -> None:
    blocks = [times("l", 1), put("a", x=1), put("b", x=2), transform("r", "1")]
    row = house.run(flow(blocks, "start > l > r", "l.body > a", "l.body > b"))
    assert (row.status, row.error["type"]) == ("failed", "VARIABLE_RACE")


def test_a_scope_that_tries_again_passes_out_what_its_last_attempt_set(house: House) -> None:
    blocks = [block("again", "g"), put("s", n="{{ vars.n + 1 }}"), touch("t"), transform("r", "vars.n")]
    from workbench.base.errors import BlockFailed

    house.world.failures["t"] = [BlockFailed("no", kind="HTTP")]
    assert house.run(flow(blocks, "start > g > r", "g.body > s > t", n=0)).output == 1


def test_a_while_condition_sees_flow_variables_and_those_of_the_body(house: House) -> None:
    blocks = [
        block("loop", "l", loopType="while", condition="vars.n < vars.most"),
        put("s", n="{{ vars.n + 1 }}"),
        transform("r", "vars.n"),
    ]
    assert house.run(flow(blocks, "start > l > r", "l.body > s", n=0, most=4)).output == 4


def test_variables_survive_a_crash_with_their_writers(house: House) -> None:
    blocks = [
        put("a", x=1),
        each("l", [1, 2]),
        put("s", x="{{ vars.x + item }}"),
        touch("t", "{{ vars.x }}"),
        touch("d", door="d"),
        transform("r", "vars.x"),
    ]
    row = house.submit(flow(blocks, "start > a > l > d > r", "l.body > s > t"))
    house.world.until(house.world.began, "d")
    again = house.crash().start()
    again.do(again.world.open("d"))
    assert again.finish(row).output == 4
    assert [c.value for c in again.world.calls if c.block == "t"] == [2, 4]


def test_a_large_variable_is_computed_again_after_a_crash(house: House) -> None:
    blocks = [put("a", big="{{ ['x' * 1000] * 100 }}"), touch("d", door="d"), transform("r", "len(vars.big)")]
    row = house.submit(flow(blocks, "start > a > d > r"))
    house.world.until(house.world.began, "d")
    again = house.crash().start()
    again.do(again.world.open("d"))
    assert again.finish(row).output == 100

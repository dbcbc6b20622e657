"""Debug runs: where they stop, how they go on, what a person may change meanwhile, and restarts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.debugging import CHAIN, begin, go, state
from tests.engine.flows import block, each, flow, times, touch, transform
from tests.engine.house import House
from tests.engine.world import World
from workbench.base.errors import InvalidState, NotFound
from workbench.engine.facts import DebugPaused, DebugResumed
from workbench.engine.pen import Pen
from workbench.engine.records import Breakpoint
from workbench.flow.expressions import ExpressionError

LOOP = flow(
    [each("l", [1, 2]), transform("x", "item"), transform("y", "x"), transform("z", "1")],
    "start > l > z",
    "l.body > x > y",
)


def test_without_a_breakpoint_it_stops_before_its_first_block(house: House) -> None:
    row = begin(house, CHAIN)
    assert (state(house, row)["blockId"], state(house, row)["when"], state(house, row)["status"]) == (
        "start",
        "before",
        "paused",
    )
    assert house.engine.slots.taken(row.workspace_id) == 0
    assert go(house, row)["status"] in ("completed", "running")
    assert house.finish(row).output == 22


def test_steps_go_block_by_block(house: House) -> None:
    row = begin(house, CHAIN)
    assert [go(house, row, "over")["blockId"] for _ in range(3)] == ["a", "b", "c"]
    go(house, row, "over")
    assert house.finish(row).output == 22


def test_over_passes_a_scope_into_enters_it_and_out_leaves_it(house: House) -> None:
    row = begin(house, LOOP, Breakpoint("l"))
    assert state(house, row)["blockId"] == "l"
    assert go(house, row, "into")["path"] == "l[0]/x"
    assert go(house, row, "over")["path"] == "l[0]/y"
    assert go(house, row, "over")["path"] == "l[1]/x"
    assert go(house, row, "out")["path"] == "z"
    go(house, row)
    house.finish(row)
    row = begin(house, LOOP, Breakpoint("l"))
    assert go(house, row, "over")["path"] == "z"
    go(house, row)
    house.finish(row)


def test_a_stop_shows_the_stack_the_names_and_what_is_on_the_wires(house: House) -> None:
    row = begin(house, LOOP, Breakpoint("y"))
    shown = state(house, row)
    assert [f["path"] for f in shown["callStack"]] == ["l[0]/y", "l"]
    assert shown["names"]["item"] == 1
    assert shown["blockOutputs"]["x"] == 1
    assert shown["inputs"] == 1
    house.do(house.engine.cancel(row.id, None))
    house.finish(row)


def test_a_condition_and_a_hit_count_choose_when_to_stop(house: House) -> None:
    made = flow([times("l", 10), transform("x", "item")], "start > l", "l.body > x")
    row = begin(house, made, Breakpoint("x", condition="item % 2 == 1", hit_count=3))
    assert state(house, row)["path"] == "l[5]/x"
    go(house, row)
    assert state(house, row)["path"] == "l[7]/x"
    house.do(house.engine.cancel(row.id, None))
    house.finish(row)


def test_an_after_breakpoint_sees_what_its_block_gave(house: House) -> None:
    row = begin(house, CHAIN, Breakpoint("b", "after", condition="b == 11"))
    assert (state(house, row)["when"], state(house, row)["blockOutputs"]["b"]) == ("after", 11)
    assert house.call(lambda: house.debugger.evaluate(row.id, "b + 1")) == 12
    go(house, row)
    house.finish(row)


def test_a_log_breakpoint_writes_and_does_not_stop(house: House) -> None:
    house.breakpoints = (Breakpoint("b", log_message="a is {{ a }}"), Breakpoint("c", enabled=False))
    row = house.submit(CHAIN, debug=True)
    house.do(house.engine.live[row.id].gate.news(20))
    go(house, row)
    row = house.finish(row)
    assert "a is 1" in house.logs(row)


def test_a_condition_that_fails_stops_and_says_why(house: House) -> None:
    row = begin(house, CHAIN, Breakpoint("b", condition="nope > 1"))
    assert "There is no `nope`" in state(house, row)["breakpoints"][0]["problem"]
    go(house, row)
    house.finish(row)


def test_an_unhandled_failure_stops_once_where_it_happened(house: House) -> None:
    made = flow([times("o", 1), times("l", 1), transform("x", "1 / 0")], "start > o", "o.body > l", "l.body > x")
    row = begin(house, made, Breakpoint("z"))
    shown = state(house, row)
    assert (shown["when"], shown["path"], shown["error"]["type"]) == ("error", "o[0]/l[0]/x", "EXPRESSION")
    go(house, row)
    assert house.finish(row).status == "failed"


def test_variables_set_while_it_stands_overlay_what_starts_later(house: House) -> None:
    row = begin(house, CHAIN, Breakpoint("b"))
    house.do(house.debugger.set_variables(row.id, {"n": 100}))
    assert state(house, row)["variables"]["n"] == 100
    assert house.call(lambda: house.debugger.evaluate(row.id, "vars.n")) == 100
    go(house, row)
    assert house.finish(row).output == 202


def test_what_is_no_wire_value_cannot_be_set(house: House) -> None:
    row = begin(house, CHAIN, Breakpoint("b"))
    with pytest.raises(Exception, match="cannot be stored"):
        house.do(house.debugger.set_variables(row.id, {"n": {1}}))
    go(house, row, "run", {"n": 20})
    assert house.finish(row).output == 42


def test_only_a_run_that_stands_still_can_go_on_or_be_asked(house: House, world: World) -> None:
    row = house.submit(flow([touch("t", door="d")], "start > t"), debug=True, breakpoints=(Breakpoint("z"),))
    world.until(world.began, "t")
    with pytest.raises(InvalidState):
        go(house, row)
    house.do(world.open("d"))
    house.finish(row)
    with pytest.raises(NotFound):
        go(house, row)


def test_an_expression_that_fails_leaves_it_standing(house: House) -> None:
    row = begin(house, CHAIN, Breakpoint("b"))
    for text in ("1 +", "nope", "a.x.y"):
        with pytest.raises(ExpressionError):
            house.call(lambda text=text: house.debugger.evaluate(row.id, text))
    go(house, row)
    house.finish(row)


def test_of_several_branches_one_stands_and_the_others_wait_at_their_next_block(house: House, world: World) -> None:
    blocks = [touch("a", 1), touch("b", 2), transform("c", "a"), transform("d", "b")]
    row = begin(house, flow(blocks, "start > a > c", "start > b > d"), Breakpoint("c"), Breakpoint("d"))
    first = state(house, row)["blockId"]
    assert first in ("c", "d")
    second = go(house, row)["blockId"]
    assert {first, second} == {"c", "d"}
    go(house, row)
    assert house.finish(row).output == {"c": 1, "d": 2}


def test_lanes_that_meet_at_the_gate_stop_one_after_the_other(house: House) -> None:
    made = flow(
        [each("l", [1, 2, 3], concurrency=3), touch("t", "{{ item }}"), transform("x", "item")],
        "start > l",
        "l.body > t > x",
    )
    row = begin(house, made, Breakpoint("x"))
    paths = {state(house, row)["path"]} | {go(house, row)["path"] for _ in range(2)}
    assert paths == {"l[0]/x", "l[1]/x", "l[2]/x"}
    go(house, row)
    assert house.finish(row).output["results"] == [1, 2, 3]


def test_breakpoints_set_while_it_works_count_at_once(house: House, world: World) -> None:
    row = house.submit(
        flow([touch("t", 1, door="d"), transform("a", "t")], "start > t > a"),
        debug=True,
        breakpoints=(Breakpoint("z"),),
    )
    world.until(world.began, "t")
    house.call(lambda: house.engine.set_breakpoints(row.function_id, (Breakpoint("a"),)))
    house.do(world.open("d"))
    house.until_status(row, "paused")
    go(house, row)
    assert house.finish(row).output == 1


def test_a_paused_run_can_be_cancelled(house: House) -> None:
    row = begin(house, CHAIN, Breakpoint("b"))
    house.do(house.engine.cancel(row.id, "enough"))
    row = house.finish(row)
    assert row.status == "cancelled"


def test_who_waits_for_news_hears_of_a_cancel(house: House, world: World) -> None:
    row = begin(house, flow([touch("t", door="never")], "start > t"), Breakpoint("t"))

    async def both() -> dict[str, Any]:
        import asyncio

        going = asyncio.ensure_future(house.debugger.go(row.id, "run", None, 20))
        while not world.count("t"):
            await house.turn()
        await house.engine.cancel(row.id, None)
        return await going

    assert house.do(both())["status"] == "cancelled"


def test_a_pause_stops_the_clocks_of_run_and_block(house: House, world: World) -> None:
    loop = times("l", 1).model_copy(update={"policy": touch("p", policy={"timeoutMs": 5000}).policy})
    row = begin(
        house,
        flow([loop, transform("x", "1"), touch("t", door="never")], "start > l", "l.body > x > t"),
        Breakpoint("x"),
        timeout_ms=10_000,
    )
    house.move(100)
    house.settle()
    assert state(house, row)["status"] == "paused"
    house.call(lambda: house.engine.live[row.id].gate.go("run"))
    world.until(world.began, "t")
    house.move(4.9)
    assert house.engine.find(row.id) is not None
    house.facts.clear()
    house.move(0.2)
    house.until_status(row, "paused")
    assert state(house, row)["error"]["type"] == "TIMEOUT"
    go(house, row)
    row = house.finish(row)
    assert (row.status, row.wait_us) == ("failed", 100_000_000)


@pytest.mark.parametrize("lead", range(-8, 9))
def test_a_limit_that_is_up_as_a_step_in_it_comes_to_stand_leaves_no_pause_half_made(
    house: House, world: World, lead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def settle(_pen: Pen) -> None:
        """As where all is durable already: not a turn of the loop."""

    monkeypatch.setattr(Pen, "settle", settle)
    limited = block("timeout", "o", timeoutMs=5000)
    made = flow([limited, touch("t", door="d"), transform("x", "1")], "start > o", "o.body > t > x")
    house.breakpoints = (Breakpoint("x"),)
    row = house.submit(made, debug=True)
    world.until(world.began, "t")

    async def both() -> None:
        house.clock.now += 5_000_000
        if lead < 0:
            await world.open("d")
        else:
            house.engine.timers.look()
        for _ in range(abs(lead)):
            await house.turn()
        if lead < 0:
            house.engine.timers.look()
        else:
            await world.open("d")

    house.do(both())
    house.until_status(row, "paused")
    house.settle()
    while house.engine.find(row.id) is not None:
        go(house, row)
    assert house.engine.slots.refused is None
    turns = [type(fact) for fact in house.facts if isinstance(fact, DebugPaused | DebugResumed)]
    assert turns == [DebugPaused, DebugResumed] * (len(turns) // 2)
    assert house.row(row.id).error is None or house.row(row.id).error["type"] == "TIMEOUT"


def test_a_branch_that_wakes_while_another_stands_leaves_the_run_paused(house: House) -> None:
    blocks = [touch("t", 1), transform("x", "1"), block("delay", "d", delayMs=1000), transform("y", "1")]
    row = begin(house, flow(blocks, "start > d > y", "start > t > x"), Breakpoint("x"))
    house.move(2)
    house.settle()
    assert house.engine.find(row.id).status == "paused"
    go(house, row)
    assert house.finish(row).status == "completed"


def test_a_failure_elsewhere_frees_a_branch_that_stands(house: House, world: World) -> None:
    blocks = [times("l", 1), transform("x", "1"), touch("t", door="d"), transform("bad", "1 / 0")]
    row = house.submit(
        flow(blocks, "start > l", "l.body > x", "start > t > bad"), debug=True, breakpoints=(Breakpoint("x"),)
    )
    house.until_status(row, "paused")
    house.do(world.open("d"))
    house.settle()
    assert state(house, row)["path"] == "l[0]/x"
    assert go(house, row)["when"] == "error"
    go(house, row)
    assert house.finish(row).error["blockId"] == "bad"


@pytest.mark.parametrize(("point", "when"), [(Breakpoint("y"), "before"), (Breakpoint("x", "after"), "after")])
def test_after_a_crash_a_paused_run_stands_at_the_same_place(house: House, point: Breakpoint, when: str) -> None:
    row = begin(house, LOOP, point)
    go(house, row)
    before = state(house, row)
    house.do(house.debugger.set_variables(row.id, {"n": 5}))
    again = house.crash().start()
    again.until_status(row, "paused")
    after = state(again, row)
    assert (after["path"], after["when"]) == (before["path"], when)
    assert after["path"].startswith("l[1]/")
    assert after["variables"] == {"n": 5}
    assert {k: v for k, v in after.items() if k != "variables"} == {k: v for k, v in before.items() if k != "variables"}
    go(again, row)
    assert again.finish(row).output == 1


def test_a_stepping_run_stands_still_again_even_after_two_crashes(house: House) -> None:
    row = begin(house, CHAIN)
    go(house, row, "over")
    assert go(house, row, "over")["path"] == "b"
    again = house.crash().start().crash().start()
    again.until_status(row, "paused")
    assert state(again, row)["path"] == "b"
    assert go(again, row, "over")["path"] in ("c", None)
    again.do(again.engine.cancel(row.id, None))
    again.finish(row)


def test_a_debug_run_that_ran_goes_on_running_after_a_crash(house: House) -> None:
    made = flow([touch("t", 1, door="d"), transform("a", "t")], "start > t > a")
    row = begin(house, made)
    house.call(lambda: house.engine.live[row.id].gate.go("run"))
    house.world.until(house.world.began, "t")
    again = house.crash().start()
    again.world.until(again.world.began, "t", 2)
    again.do(again.world.open("d"))
    assert again.finish(row).output == 1


def test_a_run_that_works_is_paused_at_its_next_block(house: House, world: World) -> None:
    row = house.submit(
        flow([touch("t", 1, door="d"), transform("a", "t")], "start > t > a"),
        debug=True,
        breakpoints=(Breakpoint("z"),),
    )
    world.until(world.began, "t")

    async def both() -> dict[str, Any]:
        import asyncio

        pausing = asyncio.ensure_future(house.debugger.pause(row.id, 20))
        await house.turn()
        await world.open("d")
        return await pausing

    assert house.do(both())["path"] == "a"
    assert house.do(house.debugger.pause(row.id, 20))["path"] == "a"
    go(house, row)
    assert house.finish(row).output == 1

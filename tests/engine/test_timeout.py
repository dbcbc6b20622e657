"""`timeout` in the engine: a deadline that a row keeps, what is cut off, and what flows on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.flows import block, flow, retry, times, touch, transform
from tests.engine.house import House
from tests.engine.world import World
from workbench.engine.facts import TimerSet
from workbench.engine.records import Breakpoint
from workbench.flow.model import Block


def limited(id: str = "o", ms: int = 5000, **more: Any) -> Block:
    return block("timeout", id, timeoutMs=ms, **more)


def test_in_time_the_result_flows_on(house: House) -> None:
    made = flow([limited(), transform("a", "1"), transform("b", "o")], "start > o > b", "o.body > a")
    assert house.run(made).output == {"result": 1, "timedOut": False}


@pytest.mark.parametrize(
    ("config", "output"),
    [
        ({}, ["error", "TIMEOUT"]),
        ({"onTimeout": "default", "defaultValue": 9}, ["out", {"result": 9, "timedOut": True}]),
        ({"onTimeout": "skip"}, ["timeout", {"result": None, "timedOut": True}]),
    ],
)
def test_when_the_time_is_up_one_port_fires(house: House, world: World, config: Any, output: Any) -> None:
    blocks = [
        limited(**config), touch("t", door="never"),
        transform("e", "['error', input.type]"), transform("u", "['out', input]"), transform("k", "['timeout', input]"),
    ]  # fmt: skip
    row = house.submit(flow(blocks, "start > o > u", "o.body > t", "o.error > e", "o.timeout > k"))
    world.until(world.began, "t")
    house.move(4.9)
    house.settle()
    assert house.engine.find(row.id) is not None
    house.move(0.2)
    row = house.finish(row)
    assert (row.status, row.output) == ("completed", output)
    assert house.checkpoints(row)["o[0]/t"] == "unknown"
    assert world.broken_off["t"] == 1


def test_an_unhandled_timeout_fails_the_run_and_says_that_something_may_have_happened(house: House) -> None:
    row = house.submit(flow([limited(), touch("t", door="never")], "start > o", "o.body > t"))
    house.world.until(house.world.began, "t")
    house.move(5.1)
    row = house.finish(row)
    assert (row.status, row.error["type"], row.error["path"], row.error["unknown"]) == ("failed", "TIMEOUT", "o", True)


def test_a_retry_around_repeats_a_timeout_of_pure_work_but_not_of_an_effect_in_flight(house: House) -> None:
    for kind, calls in (("hold", 2), ("touch", 1)):
        house.world.reset()
        made = flow([retry("r", 2), limited(), block(kind, "t", door="never")], "start > r", "r.body > o", "o.body > t")
        row = house.submit(made)
        for call in range(1, calls + 1):
            house.world.until(house.world.began, "t", call)
            house.move(5.1)
            if call < calls:
                house.until_status(row, "waiting")
                house.move(1.1)
        assert house.finish(row).error["type"] == "TIMEOUT"
        assert house.world.began["t"] == calls


def test_waits_inside_are_cut_off_and_the_run_gets_its_slot_back(house: House) -> None:
    blocks = [limited(onTimeout="skip"), block("delay", "d", delayMs=60_000), transform("k", "1")]
    row = house.submit(flow(blocks, "start > o", "o.body > d", "o.timeout > k"))
    house.until_status(row, "waiting")
    house.move(5.1)
    row = house.finish(row)
    assert (row.output, house.checkpoints(row)["o[0]/d"]) == (1, "cancelled")


def test_what_was_done_before_the_time_was_up_stays_and_its_variables_pass_out(house: House, world: World) -> None:
    blocks = [
        limited(onTimeout="skip"), touch("t", 1), block("set_variables", "s", values={"n": 1}),
        touch("u", door="never"), transform("k", "vars.n"),
    ]  # fmt: skip
    row = house.submit(flow(blocks, "start > o", "o.body > t > s > u", "o.timeout > k", n=0))
    world.until(world.began, "u")
    house.move(5.1)
    row = house.finish(row)
    assert (row.output, house.checkpoints(row)["o[0]/t"]) == (1, "completed")


def test_a_restart_does_not_move_the_deadline(house: House) -> None:
    row = house.submit(flow([limited(), touch("t", door="never")], "start > o", "o.body > t"))
    house.world.until(house.world.began, "t")
    house.move(3)
    again = house.crash().start()
    again.world.until(again.world.began, "t", 2)
    again.move(1.9)
    again.settle()
    assert again.engine.find(row.id) is not None
    again.move(0.2)
    assert again.finish(row).error["type"] == "TIMEOUT"


def test_a_deadline_that_passed_while_nothing_ran_begins_no_effect_anew(house: House) -> None:
    blocks = [limited(onTimeout="skip"), touch("a", 1), touch("t", door="never"), transform("k", "1")]
    row = house.submit(flow(blocks, "start > o", "o.body > a > t", "o.timeout > k"))
    house.world.until(house.world.began, "t")
    house.move(100)
    again = house.crash().start()
    row = again.finish(row)
    assert (row.output, again.world.count("a"), again.world.count("t")) == (1, 1, 1)


def test_a_pause_stops_the_deadline_also_over_a_restart(house: House) -> None:
    house.breakpoints = (Breakpoint("x"),)
    blocks = [limited(), transform("x", "1"), touch("t", door="never")]
    row = house.submit(flow(blocks, "start > o", "o.body > x > t"), debug=True)
    house.until_status(row, "paused")
    house.move(60)
    again = house.crash().start()
    again.until_status(row, "paused")
    again.move(60)
    again.call(lambda: again.engine.live[row.id].gate.go("run"))
    again.world.until(again.world.began, "t")
    again.move(4.9)
    again.settle()
    assert again.engine.find(row.id).status == "running"
    again.facts.clear()
    again.move(0.2)
    again.until_status(row, "paused")
    again.call(lambda: again.engine.live[row.id].gate.go("run"))
    assert again.finish(row).error["type"] == "TIMEOUT"


def test_each_iteration_and_each_attempt_has_a_deadline_of_its_own(house: House, world: World) -> None:
    made = flow([times("l", 3), limited(), touch("t", door="d{{ index }}")], "start > l", "l.body > o", "o.body > t")
    row = house.submit(made)
    for number in range(3):
        world.until(world.began, "t", number + 1)
        house.move(3)
        house.do(world.open(f"d{number}"))
    assert house.finish(row).status == "completed"
    assert len({f.path for f in house.facts if isinstance(f, TimerSet)}) == 3


def test_the_inner_of_two_deadlines_ends_first(house: House) -> None:
    blocks = [limited("o", 9000), limited("i", 2000, onTimeout="default", defaultValue=1), touch("t", door="never")]
    row = house.submit(flow([*blocks, transform("a", "o")], "start > o > a", "o.body > i", "i.body > t"))
    house.world.until(house.world.began, "t")
    house.move(2.1)
    assert house.finish(row).output == {"result": {"result": 1, "timedOut": True}, "timedOut": False}


def test_return_inside_ends_the_function_before_the_time_is_up(house: House) -> None:
    made = flow([limited(), block("return", "r", value=3)], "start > o", "o.body > r")
    assert house.run(made).output == 3


def test_a_policy_that_tries_a_timeout_again_gives_it_the_whole_time(house: House) -> None:
    made = limited().model_copy(update={"policy": touch("p", policy={"retries": 1, "retryDelayMs": 0}).policy})
    row = house.submit(flow([made, block("hold", "t", door="never")], "start > o", "o.body > t"))
    house.world.until(house.world.began, "t")
    house.move(5.1)
    house.world.until(house.world.began, "t", 2)
    again = house.crash().start()
    again.world.until(again.world.began, "t", 3)
    again.move(4.9)
    again.settle()
    assert again.engine.find(row.id) is not None
    again.move(0.2)
    assert again.finish(row).error["type"] == "TIMEOUT"

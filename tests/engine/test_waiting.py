"""Slots, the queue, durable waits, cancelling."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.flows import block, each, flow, times, touch, transform
from tests.engine.house import WORKSPACE, House
from tests.engine.world import World
from workbench.base.errors import InvalidState, Unavailable
from workbench.engine.facts import TimerSet
from workbench.engine.timers import SWEEP_AT

HELD = flow([touch("t", "{{ input.n }}", door="d")], "start > t")


def test_a_run_that_only_waits_holds_no_slot(houses: Callable[..., House]) -> None:
    house = houses(slots=1).start()
    waiting = house.submit(flow([block("delay", "d", delayMs=60_000), transform("a", "d.delayedMs")], "start > d > a"))
    house.until_status(waiting, "waiting")
    assert house.run(flow([transform("a", "1")], "start > a")).output == 1
    house.move(61)
    row = house.finish(waiting)
    assert (row.output, row.wait_us) == (60_000, 61_000_000)


def test_a_run_keeps_its_slot_while_one_branch_works(houses: Callable[..., House]) -> None:
    house = houses(slots=1).start()
    row = house.submit(flow([block("delay", "d", delayMs=60_000), touch("t", door="t")], "start > d", "start > t"))
    house.world.until(house.world.began, "t")
    other = house.submit(HELD, {"n": 1})
    house.settle()
    assert house.engine.find(row.id).status == "running"
    assert house.engine.find(other.id).status == "queued"
    house.do(house.world.open("t"))
    house.until_status(row, "waiting")
    house.world.until(house.world.began, "t", 2)
    house.do(house.world.open("d"))
    house.finish(other)
    house.move(61)
    assert house.finish(row).status == "completed"


def test_branches_that_wake_together_share_the_one_slot(houses: Callable[..., House]) -> None:
    house = houses(slots=1).start()
    blocks = [block("delay", "d", delayMs=1000), block("delay", "e", delayMs=1000), transform("j", "1")]
    row = house.submit(flow(blocks, "start > d > j", "start > e > j"))
    house.until_status(row, "waiting")
    busy = house.submit(HELD, {"n": 1})
    house.world.until(house.world.began, "t")
    house.move(2)
    house.settle()
    assert house.engine.find(row.id).status == "waiting"
    house.do(house.world.open("d"))
    house.finish(busy)
    assert house.finish(row).status == "completed"
    assert house.engine.slots.taken(WORKSPACE) == 0


def test_a_scope_that_waits_between_attempts_gives_its_slot_up(house: House) -> None:
    house.world.failures["t"] = [KeyError("x")] * 2
    blocks = [block("again", "g", delayMs=1000), touch("t"), transform("a", "g.attempts")]
    row = house.submit(flow(blocks, "start > g > a", "g.body > t"))
    house.until_status(row, "waiting")
    house.move(1.1)
    house.until(lambda _: sum(isinstance(f, TimerSet) for f in house.facts) == 2)
    house.move(2.1)
    assert house.finish(row).output == 3


def test_a_scopes_waits_are_told_apart_after_a_crash(house: House) -> None:
    house.world.failures["t"] = [KeyError("x")] * 2
    blocks = [block("again", "g", delayMs=10_000), touch("t"), transform("a", "g.attempts")]
    row = house.submit(flow(blocks, "start > g > a", "g.body > t"))
    house.until_status(row, "waiting")
    house.move(10.1)
    house.until(lambda _: sum(isinstance(f, TimerSet) for f in house.facts) == 2)
    house.move(5)
    again = house.crash().start()
    again.until_status(row, "waiting")
    again.move(5.1)
    assert again.finish(row).output == 3
    assert again.world.count("t") == 3


def test_a_delay_is_not_begun_again_after_a_crash(house: House) -> None:
    row = house.submit(flow([block("delay", "d", delayMs=60_000)], "start > d"))
    house.until_status(row, "waiting")
    house.move(50)
    again = house.crash().start()
    again.until_status(row, "waiting")
    again.move(10.1)
    assert again.finish(row).status == "completed"


def test_waiting_through_many_crashes_is_no_reason_to_give_a_run_up(house: House) -> None:
    row = house.submit(flow([block("delay", "d", delayMs=60_000)], "start > d"))
    house.until_status(row, "waiting")
    for _ in range(6):
        house = house.crash().start()
        house.until_status(row, "waiting")
    house.move(61)
    assert house.finish(row).status == "completed"


def test_higher_priority_goes_first_then_the_order_of_arrival(houses: Callable[..., House]) -> None:
    house = houses(slots=1).start()
    first = house.submit(HELD, {"n": 0})
    house.world.until(house.world.began, "t")
    rows = [house.submit(HELD, {"n": n}, priority=p) for n, p in ((1, 0), (2, 5), (3, 0), (4, 5))]
    house.do(house.world.open("d"))
    for row in [first, *rows]:
        house.finish(row)
    assert [c.value for c in house.world.calls] == [0, 2, 4, 1, 3]


def test_recovered_runs_go_before_new_ones(houses: Callable[..., House]) -> None:
    house = houses(slots=1).start()
    old = house.submit(HELD, {"n": "old"})
    house.world.until(house.world.began, "t")
    queued = house.submit(HELD, {"n": "queued"}, priority=9)
    again = house.restart().start()
    again.world.until(again.world.began, "t", 2)
    assert [c.value for c in again.world.calls] == ["old", "old"]
    assert len({c.key for c in again.world.calls}) == 1
    again.do(again.world.open("d"))
    assert [again.finish(r).status for r in (old, queued)] == ["completed"] * 2


def test_a_queue_that_is_full_refuses(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.engine.intake.MOST_QUEUED", 0)
    with pytest.raises(Unavailable, match="wait already"):
        house.submit(HELD)


def test_a_cancelled_run_breaks_its_effect_off_and_says_that_the_outcome_is_unknown(house: House, world: World) -> None:
    row = house.submit(flow([each("l", [1, 2], concurrency=2), touch("t", door="never")], "start > l", "l.body > t"))
    world.until(world.began, "t", 2)
    assert house.do(house.engine.cancel(row.id, "enough")) == "running"
    row = house.finish(row)
    assert (row.status, row.error["message"]) == ("cancelled", "enough")
    assert house.checkpoints(row) == {
        "start": "completed", "l": "cancelled", "l[0]/t": "unknown", "l[1]/t": "unknown"
    }  # fmt: skip
    with pytest.raises(InvalidState):
        house.do(house.engine.cancel(row.id, None))


def test_a_waiting_run_can_be_cancelled(house: House) -> None:
    row = house.submit(flow([block("delay", "d", delayMs=60_000)], "start > d"))
    house.until_status(row, "waiting")
    house.move(5)
    house.do(house.engine.cancel(row.id, None))
    row = house.finish(row)
    assert (row.status, row.wait_us) == ("cancelled", 5_000_000)


def test_a_queued_run_can_be_cancelled_and_never_starts(houses: Callable[..., House]) -> None:
    house = houses(slots=1).start()
    first = house.submit(HELD, {"n": 0})
    second = house.submit(HELD, {"n": 1})
    house.do(house.engine.cancel(second.id, None))
    house.do(house.world.open("d"))
    house.finish(first)
    assert house.row(second.id).status == "cancelled"
    assert [c.value for c in house.world.calls] == [0]


def test_a_cancel_while_a_stopped_region_drains_ends_the_effects_too(house: House, world: World) -> None:
    row = house.submit(flow([touch("t", door="never"), touch("bad", fail="x")], "start > t", "start > bad"))
    house.until(lambda f: getattr(f, "block", None) == "bad" and getattr(f, "status", None) == 4)
    house.do(house.engine.cancel(row.id, None))
    assert house.finish(row).status == "cancelled"
    assert world.broken_off["t"] == 1


def test_a_cancel_that_comes_while_the_end_is_written_is_refused(house: House) -> None:
    row = house.submit(flow([touch("t", door="d")], "start > t"))
    house.world.until(house.world.began, "t")
    refused: list[bool] = []

    async def race() -> None:
        await house.world.open("d")
        live = house.engine.live[row.id]
        while not live.is_ending:
            await house.turn()
        try:
            await house.engine.cancel(row.id, None)
        except InvalidState:
            refused.append(True)

    house.do(race())
    assert house.finish(row).status == "completed"
    assert refused == [True]


def test_withdrawn_timers_are_swept_out(house: House) -> None:
    timers = house.engine.timers

    def fill() -> None:
        for _ in range(5 * SWEEP_AT):
            timers.at(house.clock.now + 10**12).cancel()

    house.call(fill)
    assert len(timers) <= SWEEP_AT
    house.call(timers.look)


def test_many_failing_runs_in_the_queue_are_all_told(houses: Callable[..., House]) -> None:
    house = houses(slots=1).start()
    bad = flow([block("nonsense", "x")], "start > x")
    rows = [house.submit(bad) for _ in range(50)]
    assert {house.finish(row).status for row in rows} == {"failed"}


def test_a_timed_out_waiter_leaves_nothing_behind(house: House) -> None:
    row = house.submit(HELD, {"n": 1})
    assert house.do(house.engine.wait(row.id, 0.01)) is None
    assert len(house.engine.lives.ends.waiters) == 0
    house.do(house.world.open("d"))
    assert house.finish(row).status == "completed"


def test_a_loop_whose_items_wait_side_by_side_waits_once(house: House) -> None:
    blocks = [times("l", 5, concurrency=5), block("delay", "d", delayMs=1000)]
    row = house.submit(flow(blocks, "start > l", "l.body > d"))
    house.until_status(row, "waiting")
    house.move(1.1)
    assert house.finish(row).status == "completed"


def test_a_run_that_nothing_will_ever_wake_is_seen(house: House) -> None:
    row = house.submit(HELD, {"n": 1})
    house.world.until(house.world.began, "t")

    def lose_the_slot() -> list[str]:
        live = house.engine.live[row.id]
        live.slot.held, live.walk.busy = False, 0
        found = house.engine.broken()
        live.slot.held, live.walk.busy = True, 1
        return found

    assert "runs without a slot" in house.call(lose_the_slot)[0]
    house.do(house.world.open("d"))
    assert house.finish(row).status == "completed"

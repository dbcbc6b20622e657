"""Waits for signals, conditions and decisions: durable, and ended by exactly one thing."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.flows import block, flow, touch, transform
from tests.engine.house import House
from workbench.base.errors import InvalidInput, InvalidState, Unavailable
from workbench.base.probe import listen
from workbench.engine.facts import SignalReceived, SignalTaken, TimerSet
from workbench.engine.records import RunRow
from workbench.engine.signals import MOST_KEPT, SignalDesk
from workbench.flow.model import Flow

YEARS = 3 * 365 * 24 * 3600


def event(id: str = "w", type: str = "paid", **more: Any) -> Any:
    """A wait for a signal."""
    return block("wait", id, waitType="event", eventType=type, **more)


ONE: Flow = flow([event(), transform("a", "w.payload")], "start > w > a")
EITHER: Flow = flow(
    [event(), transform("a", "w.payload"), transform("late", "w.waitedMs")], "start > w > a", "w.timeout > late"
)


def waits(house: House, row: RunRow) -> RunRow:
    """The run waits."""
    house.until_status(row, "waiting")
    return row


def last_moves(house: House) -> int:
    """How many waits have begun."""
    return sum(isinstance(f, TimerSet) for f in house.facts)


def test_a_signal_wakes_the_wait_that_it_is_for(houses: Callable[..., House]) -> None:
    house = houses(slots=1).start()
    row = waits(house, house.submit(ONE))
    assert house.run(flow([transform("a", "1")], "start > a")).output == 1  # it holds no slot
    assert not house.signal(row, "other", 0)
    house.clock.now += 2_500_000
    assert house.signal(row, "paid", {"n": 7})
    done = house.finish(row)
    assert (done.output, done.wait_us) == ({"n": 7}, 2_500_000)


def test_a_wait_over_which_the_clock_is_set_back_took_no_negative_time(houses: Callable[..., House]) -> None:
    house = houses().start()
    row = waits(house, house.submit(ONE))
    house.clock.now -= 3_600_000_000
    assert house.signal(row, "paid", {"n": 7})
    done = house.finish(row)
    assert (done.status, done.queue_us >= 0, done.wait_us) == ("completed", True, 0)


def test_a_signal_that_came_before_is_kept_and_each_is_taken_once_in_order(house: House) -> None:
    row = house.submit(flow([touch("t", door="d"), event(), event("v"), transform("a", "[w.payload, v.payload]")],
                            "start > t > w > v > a"))  # fmt: skip
    house.world.until(house.world.began, "t")
    assert not house.signal(row, "paid", 1)
    assert not house.signal(row, "paid", 2)
    house.do(house.world.open("d"))
    assert house.finish(row).output == [1, 2]


def test_a_signal_that_no_wait_took_goes_by_unseen(house: House) -> None:
    row = house.submit(flow([touch("t", door="d"), transform("a", "1")], "start > t > a"))
    house.world.until(house.world.began, "t")
    assert not house.signal(row, "paid", 1)
    house.do(house.world.open("d"))
    assert house.finish(row).output == 1


def test_a_signal_for_a_run_that_still_queues_is_kept(houses: Callable[..., House]) -> None:
    house = houses(slots=1).start()
    first = house.submit(flow([touch("t", door="d")], "start > t"))
    row = house.submit(ONE)
    assert house.engine.find(row.id).status == "queued"
    assert not house.signal(row, "paid", "early")
    again = house.crash().start()
    again.do(again.world.open("d"))
    assert again.finish(row).output == "early"
    again.finish(first)


def test_only_what_the_filter_lets_through_is_taken(house: House) -> None:
    row = waits(house, house.submit(flow([event(eventFilter="payload.n > start.low"), transform("a", "w.payload.n")],
                                         "start > w > a"), {"low": 5}))  # fmt: skip
    assert not house.signal(row, "paid", {"n": 3})
    assert not house.signal(row, "paid", "no n at all")
    assert house.signal(row, "paid", {"n": 8})
    assert house.finish(row).output == 8
    assert any("filter failed" in text for text in house.logs(row))


def test_when_nothing_comes_the_timeout_port_fires_or_the_block_fails(house: House) -> None:
    row = waits(house, house.submit(EITHER))
    house.move(59.9)
    assert house.engine.find(row.id).status == "waiting"
    house.move(0.1)
    assert house.finish(row).output == 60_000
    row = waits(house, house.submit(ONE))
    house.move(61)
    done = house.finish(row)
    assert (done.status, done.error["type"], done.error["path"]) == ("failed", "TIMEOUT", "w")


def test_at_the_due_time_exactly_one_of_signal_and_timeout_wins(house: House) -> None:
    for late_us, expected in ((0, "in time"), (1, 60_000)):
        row = waits(house, house.submit(EITHER))
        house.facts.clear()

        async def both(row: RunRow = row, late_us: int = late_us) -> bool:
            house.clock.now += 60_000_000 + late_us
            sending = SignalDesk(house.engine).send(row.id, "paid", "in time", None)
            house.engine.timers.look()
            return (await sending)[1]

        assert house.do(both()) is (late_us == 0)
        assert house.finish(row).output == expected
        assert sum(isinstance(f, SignalTaken) for f in house.facts) == (late_us == 0)


def test_waits_go_on_after_a_crash_with_the_due_time_that_they_had(houses: Callable[..., House]) -> None:
    house = houses().start()
    row, other = waits(house, house.submit(EITHER)), waits(house, house.submit(EITHER))
    house.clock.now += 50_000_000
    house = house.crash().start()
    house.settle()
    assert house.engine.find(row.id).status == "waiting"
    house.move(5)
    assert house.signal(other, "paid", "there")
    house.move(5)
    assert house.finish(row).output == 60_000
    assert house.finish(other).output == "there"


def test_a_restart_years_later_finds_what_is_due_over_at_once(houses: Callable[..., House]) -> None:
    house = houses().start()
    timer = block("wait", "w", waitType="timer", timerMs=60_000)
    row = waits(house, house.submit(flow([timer, transform("a", "w.waitedMs")], "start > w > a")))
    late = waits(house, house.submit(EITHER))
    house.close()
    house.clock.now += YEARS * 1_000_000
    again = house.restart().start()
    assert again.finish(row).output == 60_000
    assert again.finish(late).output == 60_000


@pytest.mark.parametrize("point", ["engine.signal_taken", "engine.woken"])
def test_a_signal_taken_before_a_crash_is_given_to_the_same_wait_again(
    houses: Callable[..., House], point: str
) -> None:
    house = houses().start()
    blocks = [touch("t", door="d"), event(), transform("a", "w.payload"), event("v", timeoutMs=5000)]
    row = house.submit(flow([*blocks, transform("z", "[a, v.waitedMs]")], "start > t > w > a > v", "v.timeout > z"))
    house.world.until(house.world.began, "t")
    if point == "engine.signal_taken":
        house.signal(row, "paid", "one")

    def hook(name: str) -> None:
        if name == point and threading.current_thread().name == "house":
            house.engine.live[row.id].pen.flush()
            house.store.close()
            gone.set()

    gone = threading.Event()
    listen(hook)
    house.do(house.world.open("d"))
    if point == "engine.woken":
        house.until(lambda f: isinstance(f, TimerSet) and f.path == "w")
        house.settle()
        with contextlib.suppress(Unavailable):  # it is durable, but the log is closed before that can be told
            house.signal(row, "paid", "one")
    assert gone.wait(20)
    listen(None)
    again = house.crash().start()
    again.until(lambda f: isinstance(f, TimerSet) and f.path == "v")
    again.settle()
    again.move(6)
    assert again.finish(row).output == ["one", 5000]
    taken = again.do(again.store.read(lambda c: c.execute("SELECT path FROM signals").fetchall()))
    assert taken == [("w",)]


def test_a_signal_is_not_given_twice_where_its_taker_is_tried_again(houses: Callable[..., House]) -> None:
    house = houses().start()
    loop = block("loop", "l", {"retries": 1, "retryDelayMs": 0}, loopType="times", iterations=1)
    blocks = [loop, event(), touch("t", fail="no")]
    row = waits(house, house.submit(flow(blocks, "start > l", "l.body > w > t")))
    house.signal(row, "paid", 1)
    house.until(lambda _: last_moves(house) == 2)
    house.until_status(row, "waiting")
    house = house.crash().start()
    house.settle()
    assert house.engine.find(row.id).status == "waiting"
    assert house.signal(row, "paid", 2)
    assert house.finish(row).status == "failed"
    assert house.world.count("t") == 2


def test_a_condition_is_looked_at_from_time_to_time(house: House) -> None:
    wait = block("wait", "w", waitType="condition", expression="waitedMs >= 3000", pollMs=1000)
    row = waits(house, house.submit(flow([wait, transform("a", "w.waitedMs")], "start > w > a")))
    for _ in range(2):
        house.move(1)
        house.settle()
        assert house.engine.find(row.id).status == "waiting"
    house.move(1)
    assert house.finish(row).output == 3000
    assert last_moves(house) == 1  # one row, whatever the number of looks


def test_a_condition_goes_on_after_a_crash_counting_from_its_first_look(houses: Callable[..., House]) -> None:
    house = houses().start()
    wait = block("wait", "w", waitType="condition", expression="waitedMs >= 10000", pollMs=1000)
    row = waits(house, house.submit(flow([wait, transform("a", "w.waitedMs")], "start > w > a")))
    house.clock.now += 9_500_000
    house = house.crash().start()
    house.settle()
    house.move(0.5)
    assert house.finish(row).output == 10_000


def test_a_condition_that_cannot_be_evaluated_fails_its_block(house: House) -> None:
    wait = block("wait", "w", waitType="condition", expression="start.nothing > 1")
    done = house.run(flow([wait], "start > w"), {"a": 1})
    assert (done.status, done.error["type"]) == ("failed", "EXPRESSION")


def test_decisions_reach_the_approval_that_they_name(house: House) -> None:
    def approval(id: str) -> Any:
        return block("wait", id, waitType="approval", title=f"{id}?")

    blocks = [approval("x"), approval("y"), transform("a", "[x.decision, y.decision, y.comment, y.by]")]
    row = house.submit(flow(blocks, "start > x > a", "start > y > a"))
    house.until(lambda _: last_moves(house) == 2)
    house.settle()
    assert house.signal(row, "approval", {"decision": "reject", "path": "y", "comment": "no"})
    assert house.signal(row, "approval", {"decision": "approve"})
    assert house.finish(row).output == ["approve", "reject", "no", "somebody"]


def test_a_cancelled_wait_takes_nothing(house: House) -> None:
    row = waits(house, house.submit(ONE))
    house.do(house.engine.cancel(row.id, None))
    with pytest.raises(InvalidState):
        house.signal(row, "paid", 1)
    assert house.finish(row).status == "cancelled"


def test_signals_to_runs_that_are_over_or_unknown_or_of_no_value_are_refused(house: House) -> None:
    done = house.run(flow([transform("a", "1")], "start > a"))
    with pytest.raises(InvalidState, match="is over"):
        house.signal(done, "paid", 1)
    row = waits(house, house.submit(ONE))
    with pytest.raises(InvalidInput):
        house.signal(row, "paid", {"a": {1, 2}})
    house.signal(row, "paid", 1)
    house.finish(row)


def test_a_run_keeps_only_so_many_signals(house: House) -> None:
    row = waits(house, house.submit(ONE))

    async def fill() -> None:
        desk = SignalDesk(house.engine)
        for _ in range(MOST_KEPT):
            live = house.engine.live[row.id]
            assert live.walk.attempts.mailbox is not None
            live.walk.attempts.mailbox.kept.append(None)  # type: ignore[arg-type]
        with pytest.raises(InvalidState, match="keeps 10,000"):
            await desk.send(row.id, "other", 1, None)
        live.walk.attempts.mailbox.kept.clear()

    house.do(fill())
    house.signal(row, "paid", 1)
    house.finish(row)


def test_timers_written_by_the_first_version_are_read(house: House) -> None:
    import msgspec

    old = msgspec.msgpack.encode([4801, b"r" * 16, "w", 5])
    assert msgspec.msgpack.decode(old, type=TimerSet) == TimerSet(b"r" * 16, "w", 5, None, "timer", None)
    assert SignalReceived.name == "signal.received"


def test_a_waiting_block_whose_policy_repeats_it_waits_anew(house: House) -> None:
    blocks = [
        block("wait", "w", {"retries": 1, "retryDelayMs": 0}, waitType="event", eventType="paid"),
        transform("a", "w.payload"),
    ]
    row = waits(house, house.submit(flow(blocks, "start > w > a")))
    house.move(61)
    house.until(lambda _: last_moves(house) == 2)
    house.settle()
    house.move(30)
    assert house.signal(row, "paid", "second try")
    assert house.finish(row).output == "second try"

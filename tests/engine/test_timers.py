"""Waits are lengths of real time: whoever sets the wall clock makes none of them shorter or longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.engine.flows import block, flow
from tests.engine.house import House
from workbench.base.clock import SystemClock
from workbench.engine.timers import LONGEST_SLEEP_S, Timers

DELAY = flow([block("delay", "d", delayMs=5000)], "start > d")
HOUR = 3600


class TwoClocks:
    """A wall clock that can be set, beside one that cannot."""

    def __init__(self) -> None:
        self.wall = 1_800_000_000_000_000
        self.seconds = 100.0

    def now_us(self) -> int:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    def run(self, seconds: float) -> None:
        self.wall += int(seconds * 1e6)
        self.seconds += seconds


@pytest.mark.parametrize("jump_s", [HOUR, -HOUR, 10 * 365 * 24 * HOUR])
def test_a_clock_that_is_set_changes_no_wait(jump_s: int) -> None:
    async def waited() -> tuple[bool, bool]:
        clock = TwoClocks()
        timers = Timers(asyncio.get_running_loop(), clock)
        future = timers.at(clock.now_us() + 5_000_000)
        clock.wall += jump_s * 1_000_000
        clock.run(4.9)
        timers.look()
        early = future.done()
        clock.run(0.1)
        timers.look()
        timers.close()
        return early, future.done() and not future.cancelled()

    assert asyncio.run(waited()) == (False, True)


def test_after_a_restart_the_wall_clock_counts_even_years_later(houses: Callable[..., House]) -> None:
    house = houses().start()
    row = house.submit(DELAY)
    house.until_status(row, "waiting")
    house = house.crash()
    house.clock.now += 3 * 365 * 24 * HOUR * 1_000_000
    house.start()
    assert house.finish(row).status == "completed"


def test_a_due_time_is_met_within_twenty_milliseconds() -> None:
    async def late_ms() -> float:
        clock = SystemClock()
        timers = Timers(asyncio.get_running_loop(), clock)
        lateness: list[float] = []
        for _ in range(9):
            due = clock.now_us() + 30_000
            await timers.until(due)
            lateness.append((clock.now_us() - due) / 1000)
        timers.close()
        assert min(lateness) > -1
        return sorted(lateness)[4]

    assert asyncio.run(late_ms()) < 20


def test_nothing_sleeps_longer_than_thirty_seconds() -> None:
    async def wake_up_s() -> float:
        loop = asyncio.get_running_loop()
        timers = Timers(loop, TwoClocks())
        timers.at(TwoClocks().now_us() + 10 * HOUR * 1_000_000)
        handle = timers._handle
        assert handle is not None
        left = handle.when() - loop.time()
        timers.close()
        return left

    assert asyncio.run(wake_up_s()) <= LONGEST_SLEEP_S


def test_a_fault_while_timers_are_looked_at_is_seen_and_waits_go_on_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> tuple[str | None, int, str | None]:
        clock = SystemClock()
        timers = Timers(asyncio.get_running_loop(), clock)
        look, faults = timers.look, 1

        def broken() -> None:
            nonlocal faults
            if faults:
                faults -= 1
                raise KeyError("a fault")
            look()

        monkeypatch.setattr(timers, "look", broken)
        first = timers.at(clock.now_us() + 1000)
        while timers.failure is None:
            await asyncio.wait([first], timeout=0.01)
        seen = timers.failure
        await first
        timers.close()
        return seen, timers.restarts, timers.failure

    assert asyncio.run(story()) == ("KeyError('a fault')", 1, None)

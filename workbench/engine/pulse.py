"""Says now and then that the engine is at work, so that the time it was down counts towards no run's limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from workbench.base.clock import Clock
from workbench.base.errors import WorkbenchError
from workbench.base.logs import get_logger
from workbench.engine.facts_forks import EngineSeen
from workbench.engine.timers import Timers
from workbench.storage.store import Store

log = get_logger("workbench.engine")

SHORTEST_US = 1_000_000
LONGEST_US = 600_000_000
SHARE = 20
"""Beats in the time of the shortest limit: so large a part of it may be given again after the engine was killed."""


class Pulse:
    """Beats only while somebody needs it: `shortest` tells the shortest limit of the runs under way, None for none."""

    __slots__ = ("_clock", "_due_us", "_future", "_shortest", "_store", "_timers")

    def __init__(self, store: Store, timers: Timers, clock: Clock, shortest: Callable[[], int | None]) -> None:
        self._store = store
        self._timers = timers
        self._clock = clock
        self._shortest = shortest
        self._future: asyncio.Future[None] | None = None
        self._due_us = 0

    def start(self, limit_us: int) -> None:
        """A run with a limit of so many microseconds has begun."""
        due_us = self._clock.now_us() + _interval(limit_us)
        if self._future is None or due_us < self._due_us:
            self._arm(due_us)

    def _arm(self, due_us: int) -> None:
        if self._future is not None:
            self._future.cancel()
        self._due_us = due_us
        self._future = self._timers.at(due_us)
        self._future.add_done_callback(self._rang)

    def _rang(self, future: asyncio.Future[None]) -> None:
        if future.cancelled() or future is not self._future:
            return
        self._future = None
        limit_us = self._shortest()
        if limit_us is not None:
            self.beat()
            self._arm(self._clock.now_us() + _interval(limit_us))

    def beat(self) -> None:
        """Write that the engine is at work now."""
        try:
            self._store.append([EngineSeen(self._clock.now_us())], None)
        except WorkbenchError as error:
            log.warning("engine.pulse_not_written", reason=error.message)

    def close(self) -> None:
        """The engine stops in an orderly way: this is the moment that counts."""
        if self._future is not None:
            self._future.cancel()
            self.beat()


def _interval(limit_us: int) -> int:
    return min(max(limit_us // SHARE, SHORTEST_US), LONGEST_US)

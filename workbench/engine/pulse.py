"""Says each second that the engine is at work, so that the time it was down counts towards no run's limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from workbench.base.clock import Clock
from workbench.base.errors import WorkbenchError
from workbench.engine.facts_forks import EngineSeen
from workbench.engine.timers import Timers
from workbench.storage.store import Store

log = structlog.get_logger("workbench.engine")

EVERY_US = 1_000_000


class Pulse:
    """Beats only while somebody needs it: `is_needed` tells whether a run with a limit is under way."""

    __slots__ = ("_clock", "_future", "_is_needed", "_store", "_timers")

    def __init__(self, store: Store, timers: Timers, clock: Clock, is_needed: Callable[[], bool]) -> None:
        self._store = store
        self._timers = timers
        self._clock = clock
        self._is_needed = is_needed
        self._future: asyncio.Future[None] | None = None

    def start(self) -> None:
        """A run with a limit has begun."""
        if self._future is None:
            self._arm()

    def _arm(self) -> None:
        self._future = self._timers.at(self._clock.now_us() + EVERY_US)
        self._future.add_done_callback(self._rang)

    def _rang(self, future: asyncio.Future[None]) -> None:
        self._future = None
        if not future.cancelled() and self._is_needed():
            self.beat()
            self._arm()

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

"""Waiting until a due time: a heap, and never a sleep longer than 30 s.

Due times come in and go out as wall-clock times. Inside, a wait is a length of real time, fixed when it begins: a wall
clock that somebody sets forward or back makes no wait shorter or longer. After a restart the wall clock counts.
"""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

from workbench.base.clock import Clock
from workbench.base.logs import get_logger

log = get_logger("workbench.engine")

LONGEST_SLEEP_S = 30.0
"""Monotonic clocks stop while a laptop sleeps; the wall clock is looked at again at least this often."""
AGAIN_S = 0.1
"""After a fault they are looked at again so soon."""
EARLY_S = 1e-6
"""What a sum of seconds may have lost in rounding; no wait ends earlier by more."""
SWEEP_AT = 1024
"""From so many entries on, those that nobody waits for any more are swept out once they are the larger part."""


class Timers:
    """Futures that are done when their due time has come. One handle on the loop for all of them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self._loop = loop
        self._clock = clock
        self._heap: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()
        self._handle: asyncio.TimerHandle | None = None
        self._sweep_at = SWEEP_AT
        self.failure: str | None = None
        """What went wrong when they were last looked at; None when all is well."""
        self.restarts = 0

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, due_us: int) -> asyncio.Future[None]:
        """A future that is done at `due_us` (microseconds since 1970) by the clock as of now. Cancel it to withdraw."""
        future = self._loop.create_future()
        left_us = due_us - self._clock.now_us()
        if left_us <= 0:
            future.set_result(None)
            return future
        heapq.heappush(self._heap, (self._clock.monotonic() + left_us / 1e6, next(self._order), future))
        if len(self._heap) >= self._sweep_at:
            self._heap = [entry for entry in self._heap if not entry[2].done()]
            heapq.heapify(self._heap)
            self._sweep_at = max(SWEEP_AT, 2 * len(self._heap))
        if self._heap[0][2] is future:
            self._set_handle()
        return future

    async def until(self, due_us: int) -> None:
        """Wait until the wall clock says `due_us`; at once if it is past."""
        if due_us > self._clock.now_us():
            await self.at(due_us)

    def _wake(self) -> None:
        """The loop's call: whatever goes wrong in it, waits go on ending."""
        try:
            self.look()
        except Exception as error:  # noqa: BLE001 - a fault here would leave every wait of every run asleep
            self.failure = repr(error)
            self.restarts += 1
            log.error("timers.died", error=self.failure, again_in_s=AGAIN_S)
            self._handle = self._loop.call_later(AGAIN_S, self._wake)
        else:
            self.failure = None

    def look(self) -> None:
        """Fire what is due and set the next wake-up; called by tests after they moved the clock."""
        now = self._clock.monotonic() + EARLY_S
        while self._heap and (self._heap[0][0] <= now or self._heap[0][2].done()):
            future = heapq.heappop(self._heap)[2]
            if not future.done():
                future.set_result(None)
        self._set_handle()

    def _set_handle(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self._heap:
            delay = min(max(0.0, self._heap[0][0] - self._clock.monotonic()), LONGEST_SLEEP_S)
            self._handle = self._loop.call_later(delay, self._wake)

    def close(self) -> None:
        """Forget every waiter."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        for _, _, future in self._heap:
            future.cancel()
        self._heap.clear()

"""Fair turns on one loop: walks work in slices of at most 4 ms, one walk an iteration of the loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter

SLICE_S = 0.004


class Turns:
    """Hands out the loop. A walk looks at `slice_end` between steps and awaits `turn()` once it has passed."""

    __slots__ = ("_granting", "_loop", "_waiting", "slice_end")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[asyncio.Future[None] | Callable[[], None]] = deque()
        self._granting = False
        self.slice_end = 0.0

    async def turn(self) -> None:
        """Wait for the next free slice."""
        future = self._loop.create_future()
        self._waiting.append(future)
        if not self._granting:
            self._granting = True
            self._loop.call_soon(self._grant)
        await future
        self.slice_end = perf_counter() + SLICE_S

    def call(self, work: Callable[[], None]) -> None:
        """Call `work` in the next free slice; it looks at `slice_end` itself."""
        self._waiting.append(work)
        if not self._granting:
            self._granting = True
            self._loop.call_soon(self._grant)

    @property
    def is_over(self) -> bool:
        """Whether the slice has ended."""
        return perf_counter() > self.slice_end

    def resumed(self) -> None:
        """Tell that a walk comes back from an effect: it goes first unless others already wait for a slice."""
        if not self._waiting:
            now = perf_counter()
            if now > self.slice_end:
                self.slice_end = now + SLICE_S

    def _grant(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if callable(waiter):
                self.slice_end = perf_counter() + SLICE_S
                waiter()
                break
            if not waiter.done():
                waiter.set_result(None)
                break
        if self._waiting:
            self._loop.call_soon(self._grant)
        else:
            self._granting = False

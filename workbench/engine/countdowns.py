"""Time limits that a pause stops: of a run, of a block's attempt, of a scope's region.

A limit with a path is durable: a row says when it ends, which a restart does not move.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from workbench.base.clock import Clock
from workbench.engine.timers import Timers


class Countdown:
    """One limit; calls `on_end` when its time is up."""

    __slots__ = ("_ends", "_future", "_on_end", "_owner", "due_us", "left_us", "path")

    def __init__(self, owner: Countdowns, left_us: int, on_end: Callable[[], None], path: str | None) -> None:
        self._owner = owner
        self._on_end = on_end
        self.path = path
        self._future: asyncio.Future[None] | None = None
        self.left_us = left_us
        self.due_us = 0
        """When it ends by the wall clock, as long as nothing stops it."""
        self._ends = 0.0

    def run(self) -> None:
        """Let the time run, again."""
        self.due_us = self._owner.clock.now_us() + self.left_us
        if self.path is not None:
            self._owner.write(self.path, self.due_us)
        self._ends = self._owner.clock.monotonic() + self.left_us / 1e6
        self._future = self._owner.timers.at(self.due_us)
        self._future.add_done_callback(self._rang)

    def hold(self) -> None:
        """Stop the time."""
        if self._future is not None:
            self.left_us = max(0, round((self._ends - self._owner.clock.monotonic()) * 1e6))
            self._future.cancel()
            self._future = None

    def close(self) -> None:
        """The limit is not needed any more."""
        if self._future is not None:
            self._future.cancel()
            self._future = None
        self._owner.running.discard(self)

    def _rang(self, future: asyncio.Future[None]) -> None:
        if not future.cancelled() and future is self._future:
            self.close()
            self._on_end()


class Countdowns:
    """The limits of one run."""

    __slots__ = ("_cutting", "_is_held", "_none_cuts", "clock", "running", "stood_since", "timers", "write")

    def __init__(self, timers: Timers, clock: Clock, write: Callable[[str, int], None]) -> None:
        self.timers = timers
        self.clock = clock
        self.write = write
        """Makes a due row: ``write(path, due_us)``."""
        self.running: set[Countdown] = set()
        self.stood_since: int | None = None
        """Since when the run stood still, where it did before a restart: its limits have not run since."""
        self._is_held = False
        self._cutting = 0
        self._none_cuts: asyncio.Event | None = None

    def left_us(self, due_us: int | None, full_us: int) -> int:
        """What is left of a limit of `full_us`, where the journal has a row for it."""
        if not due_us:
            return full_us
        now = self.stood_since if self.stood_since is not None else self.clock.now_us()
        return min(full_us, max(0, due_us - now))

    def start(self, left_us: int, on_end: Callable[[], None], path: str | None = None) -> Countdown:
        """A new limit; its time runs unless the run stands still."""
        countdown = Countdown(self, left_us, on_end, path)
        self.running.add(countdown)
        if not self._is_held:
            countdown.run()
        return countdown

    def hold(self) -> None:
        """The run stands still."""
        if not self._is_held:
            self._is_held = True
            for countdown in self.running:
                countdown.hold()

    def go(self) -> None:
        """The run goes on."""
        if self._is_held:
            self._is_held = False
            for countdown in self.running:
                countdown.run()

    def cuts(self, change: int) -> None:
        """A limit that is up begins (1) to cut off its body, or has done so (-1)."""
        self._cutting += change
        if not self._cutting and self._none_cuts is not None:
            self._none_cuts.set()
            self._none_cuts = None

    async def none_cuts(self) -> None:
        """Wait until every body whose time is up has been cut off; who is in one is cut off here."""
        while self._cutting:
            self._none_cuts = self._none_cuts or asyncio.Event()
            await self._none_cuts.wait()

    def close(self) -> None:
        """The run is over."""
        for countdown in list(self.running):
            countdown.close()


class Limit:
    """``async with Limit(countdowns, left_us):`` raises TimeoutError when the body takes longer, pauses not counted."""

    __slots__ = ("_countdown", "_countdowns", "_is_up", "_left_us", "_path", "_timeout")

    def __init__(self, countdowns: Countdowns, left_us: int, path: str | None = None) -> None:
        self._countdowns = countdowns
        self._left_us = left_us
        self._path = path
        self._timeout = asyncio.timeout(None)
        self._is_up = False
        self._countdown: Countdown | None = None

    @property
    def expired(self) -> bool:
        """Whether the time was up, so that the body was cut off."""
        return self._timeout.expired()

    async def __aenter__(self) -> Limit:
        await self._timeout.__aenter__()
        self._countdown = self._countdowns.start(self._left_us, self._end, self._path)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._countdown is not None:
            self._countdown.close()
        if self._is_up:
            self._countdowns.cuts(-1)
        await self._timeout.__aexit__(kind, error, trace)

    def _end(self) -> None:
        self._is_up = True
        self._countdowns.cuts(1)
        self._timeout.reschedule(asyncio.get_running_loop().time())

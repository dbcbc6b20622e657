"""Who may work: at most so many runs at once per workspace; runs that only wait or are paused hold no slot."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Literal

from workbench.base.clock import Clock
from workbench.engine.pen import Pen
from workbench.engine.records import RunRow
from workbench.engine.states import Actor, RunStatus, may_move


class Slots:
    """The slots of every workspace. Runs that come back from waiting go before new ones."""

    def __init__(self, limit: int, on_free: Callable[[str], None]) -> None:
        self.limit = limit
        self._on_free = on_free
        self._taken: dict[str, int] = {}
        self._returning: dict[str, deque[asyncio.Future[None]]] = {}

    def take(self, workspace: str) -> bool:
        """Take a slot if one is free."""
        taken = self._taken.get(workspace, 0)
        if taken >= self.limit:
            return False
        self._taken[workspace] = taken + 1
        return True

    def free(self, workspace: str) -> None:
        """Give a slot back: to a run that returns, else to the queue."""
        queue = self._returning.get(workspace)
        while queue:
            future = queue.popleft()
            if not future.done():
                future.set_result(None)
                return
        self._taken[workspace] -= 1
        self._on_free(workspace)

    def free_unused(self, workspace: str) -> None:
        """Give back a slot that nobody worked in: nothing is waiting for it."""
        self._taken[workspace] -= 1

    async def take_back(self, workspace: str) -> None:
        """Wait for a slot, before any new run."""
        if self.take(workspace):
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._returning.setdefault(workspace, deque()).append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.free(workspace)
            raise

    def taken(self, workspace: str) -> int:
        """How many runs of the workspace work now."""
        return self._taken.get(workspace, 0)


class Slot:
    """One run's slot."""

    __slots__ = ("_clock", "_coming", "_pen", "_resuming", "_row", "_slots", "held")

    def __init__(self, slots: Slots, row: RunRow, pen: Pen, clock: Clock) -> None:
        self._slots = slots
        self._row = row
        self._pen = pen
        self._clock = clock
        self._row.resting_since = 0
        self._coming: asyncio.Task[None] | None = None
        self._resuming = False
        self.held = True

    def rest(self, status: Literal[RunStatus.WAITING, RunStatus.PAUSED] = RunStatus.WAITING) -> None:
        """Stop working: the run waits or is paused."""
        if not self.held:
            if status is RunStatus.PAUSED:
                self._move(status, "gate")
            return
        self.held = False
        self._row.resting_since = self._clock.now_us()
        self._move(status, "gate" if status is RunStatus.PAUSED else "walk")
        self._slots.free(self._row.workspace_id)

    async def work(self, *, after_pause: bool = False) -> None:
        """Work again, as soon as a slot is free. A paused run takes none until the debugger lets it go on."""
        if after_pause:
            self._resuming = True
        while not self.held and (self._resuming or self._row.status is not RunStatus.PAUSED):
            if self._coming is None:
                self._coming = asyncio.ensure_future(self._come_back())
            await asyncio.shield(self._coming)
        if after_pause:
            self._resuming = False

    async def _come_back(self) -> None:
        try:
            await self._slots.take_back(self._row.workspace_id)
        finally:
            self._coming = None
        status = self._row.status
        if status is RunStatus.PAUSED and not self._resuming:
            self._slots.free(self._row.workspace_id)
            return
        self.held = True
        self._row.wait_us += self._clock.now_us() - self._row.resting_since
        self._row.resting_since = 0
        if status in (RunStatus.WAITING, RunStatus.PAUSED):
            self._move(RunStatus.RUNNING, "gate" if status is RunStatus.PAUSED else "walk")

    def _move(self, status: RunStatus, actor: Actor) -> None:
        if may_move(self._row.status, status, actor):
            self._row.status = status
            self._pen.moved(status)

    @property
    def is_coming(self) -> bool:
        """Whether the run waits for a slot in which to go on."""
        return self._coming is not None

    def close(self) -> None:
        """The run is over."""
        if self._coming is not None:
            self._coming.cancel()
        if self.held:
            self.held = False
            self._slots.free(self._row.workspace_id)
        elif self._row.resting_since:
            self._row.wait_us += self._clock.now_us() - self._row.resting_since
        self._row.resting_since = 0

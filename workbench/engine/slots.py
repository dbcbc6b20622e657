"""Who may work: at most so many runs at once per workspace; runs that only wait or are paused hold no slot."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from workbench.base.clock import Clock
from workbench.engine.pen import Pen
from workbench.engine.records import RunRow
from workbench.engine.states import RunStatus


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

    __slots__ = ("_clock", "_held", "_pen", "_row", "_since", "_slots")

    def __init__(self, slots: Slots, row: RunRow, pen: Pen, clock: Clock) -> None:
        self._slots = slots
        self._row = row
        self._pen = pen
        self._clock = clock
        self._held = True
        self._since = 0

    def rest(self, status: RunStatus = RunStatus.WAITING) -> None:
        """Stop working: the run waits or is paused."""
        if not self._held:
            return
        self._held = False
        self._since = self._clock.now_us()
        if self._row.status is RunStatus.RUNNING:
            self._row.status = status
            self._pen.moved(status)
        self._slots.free(self._row.workspace_id)

    async def work(self) -> None:
        """Work again, as soon as a slot is free."""
        if self._held:
            return
        await self._slots.take_back(self._row.workspace_id)
        if self._held:  # another branch of the run came back meanwhile
            self._slots.free(self._row.workspace_id)
            return
        self._held = True
        self._row.wait_us += self._clock.now_us() - self._since
        if self._row.status in (RunStatus.WAITING, RunStatus.PAUSED):
            self._row.status = RunStatus.RUNNING
            self._pen.moved(RunStatus.RUNNING)

    def close(self) -> None:
        """The run is over."""
        if self._held:
            self._held = False
            self._slots.free(self._row.workspace_id)

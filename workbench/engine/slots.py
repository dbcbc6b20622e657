"""Who may work: at most so many runs at once per workspace; runs that only wait or are paused hold no slot."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal

from workbench.base.clock import Clock
from workbench.base.logs import get_logger
from workbench.engine.pen import Pen
from workbench.engine.records import RunRow
from workbench.engine.states import Actor, RunStatus, may_move

log = get_logger("workbench.engine")


class Slots:
    """The slots of every workspace. Runs that come back from waiting go before new ones.

    At most `limit` are taken in a workspace, and `total` in all of them. `on_free(workspace, was_full)` hears of a slot
    that nobody came back to; where all `total` were taken, any workspace may have been in want of it.
    """

    def __init__(self, limit: int, on_free: Callable[[str, bool], None], total: int = 1_000_000) -> None:
        self.limit = limit
        self.total = total
        self.all = 0
        """How many are taken."""
        self.refused: str | None = None
        """The last move of a run that the table did not allow; None when all is well."""
        self._on_free = on_free
        self._taken: dict[str, int] = {}
        self._returning: dict[str, deque[asyncio.Future[None]]] = {}
        self._served: dict[str, int] = {}
        self._turn = 0

    def take(self, workspace: str) -> bool:
        """Take a slot if one is free."""
        taken = self._taken.get(workspace, 0)
        if taken >= self.limit or self.all >= self.total:
            return False
        self._taken[workspace] = taken + 1
        self.all += 1
        return True

    def free(self, workspace: str) -> None:
        """Give a slot back: to a run that returns, else to the queue."""
        was_full = self.all >= self.total
        self._taken[workspace] -= 1
        self.all -= 1
        if was_full or not self.returns(workspace):
            self._on_free(workspace, was_full)

    def free_unused(self, workspace: str) -> None:
        """Give back a slot that nobody worked in: nothing is waiting for it."""
        self._taken[workspace] -= 1
        self.all -= 1

    def returns(self, workspace: str) -> bool:
        """Let a run of the workspace that comes back have a free slot; False where none does."""
        queue = self._returning.get(workspace)
        while queue:
            future = queue.popleft()
            if not future.done():
                self._taken[workspace] = self._taken.get(workspace, 0) + 1
                self.all += 1
                future.set_result(None)
                return True
        if queue is not None:
            del self._returning[workspace]
        return False

    def fairest(self, ready: Iterable[str]) -> str | None:
        """Of the workspaces in want of a slot, that with the fewest taken; among equals the one served longest ago."""
        if self.all >= self.total:
            return None
        wanting = [w for w in {*ready, *self._returning} if self._taken.get(w, 0) < self.limit]
        if not wanting:
            return None
        chosen = min(wanting, key=lambda w: (self._taken.get(w, 0), self._served.get(w, 0), w))
        self._turn += 1
        self._served[chosen] = self._turn
        return chosen

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
        self._pen.rest()
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
        self._row.wait_us += max(0, self._clock.now_us() - self._row.resting_since)  # the clock may have been set back
        self._row.resting_since = 0
        if status in (RunStatus.WAITING, RunStatus.PAUSED):
            self._move(RunStatus.RUNNING, "gate" if status is RunStatus.PAUSED else "walk")

    def _move(self, status: RunStatus, actor: Actor) -> None:
        before = self._row.status
        if may_move(before, status, actor):
            self._row.status = status
            self._pen.moved(status)
        elif before is not RunStatus.CANCELLING:  # what is being cut off may still come to a wait or a gate
            log.error("run.illegal_move", run=self._row.id, before=before, after=status, actor=actor)
            self._slots.refused = f"Run {self._row.id} could not be {status.value}: it was {before.value}."

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
            self._row.wait_us += max(0, self._clock.now_us() - self._row.resting_since)
        self._row.resting_since = 0

"""What keeps a store small and safe while it runs: CHECKPOINTs, verified copies, dropping what lies behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from workbench.base.errors import Unavailable
from workbench.base.logs import get_logger
from workbench.storage.apply import Applier
from workbench.storage.copies import KEPT, Copies, Copy
from workbench.storage.copying import FILE
from workbench.storage.disk import Disk
from workbench.storage.log import Log
from workbench.storage.running import Runner
from workbench.storage.space import Space

_logger = get_logger("workbench.storage")


class Upkeep:
    """Decides when DuckDB may CHECKPOINT, when a copy is made, and what may go after it."""

    def __init__(self, home: Path, disk: Disk, runner: Runner, log: Log, applier: Applier, space: Space) -> None:
        self._home = home
        self._disk = disk
        self._log = log
        self._applier = applier
        self._space = space
        self.copies = Copies(home, runner, log.drop_behind, space.has_room)
        self.copies_by_itself = True
        """Whether a copy is made whenever one is due."""
        self._copied_at = -log.bytes_after(self.copies.kept[-1].seq if self.copies.kept else 0)
        applier.may_checkpoint = self._may_checkpoint
        applier.on_checkpoint = self._after_checkpoint

    def _may_checkpoint(self) -> bool:
        if self.copies.is_running:
            return False
        wal = self._home / (FILE + ".wal")
        size = self._disk.size(wal) if self._disk.exists(wal) else 0
        return self._space.has_room(2 * size)

    def _after_checkpoint(self, seq: int) -> None:
        if self.copies_by_itself and seq and self.copies.is_due(self._log.bytes_written - self._copied_at):
            self._start(seq)

    def _start(self, seq: int, done: Callable[[str | None], None] = lambda _error: None, keep: int = KEPT) -> None:
        before, self._copied_at = self._copied_at, self._log.bytes_written

        def ended(error: str | None) -> None:
            if error is not None:
                self._copied_at = before  # it is still due: the next CHECKPOINT tries again
            done(error)

        self.copies.start(seq, ended, keep=keep)

    async def copy(self) -> Copy:
        """Make a verified copy of the tables as they are now. Raises Unavailable when it cannot be made."""
        return await self._make(rotate=False, keep=KEPT)

    async def idle(self) -> None:
        """Wait until no copy is being made; on any loop."""
        await asyncio.to_thread(self.copies.idle.wait)

    async def compact(self) -> Copy:
        """Make a verified copy and drop every other one and all the log before it, now: what was deleted is gone."""
        return await self._make(rotate=True, keep=1)

    async def _make(self, *, rotate: bool, keep: int) -> Copy:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str | None] = loop.create_future()

        def settle(error: str | None) -> None:
            loop.call_soon_threadsafe(lambda: answer.done() or answer.set_result(error))

        def errand() -> None:
            try:
                if rotate:
                    with self._log.held():
                        self._log.write_waiting()
                        self._log.rotate()
                    self._applier.run(begin)
                else:
                    begin()
            except Unavailable as error:
                settle(error.message)

        def begin() -> None:
            if self.copies.is_running:
                settle("a copy is being made already")
            elif not self._space.has_room(self._disk.size(self._home / FILE)):
                settle("there is not enough free space for a copy")
            else:
                by_itself, self.copies_by_itself = self.copies_by_itself, False
                is_done = self._applier.checkpoint()
                self.copies_by_itself = by_itself
                if is_done:
                    self._start(self._applier.progress.applied, settle, keep)
                else:
                    settle(self._applier.failure or "DuckDB could not CHECKPOINT")

        self._applier.run(errand)
        error = await answer
        if error is not None:
            raise Unavailable(f"No copy could be made: {error}.", hint="Look at /health, then try again.")
        return self.copies.kept[-1]

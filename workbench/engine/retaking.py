"""Runs that lost the log go on in this process as they would after a restart, once the log takes facts again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from workbench.base.errors import Unavailable
from workbench.base.logs import get_logger

if TYPE_CHECKING:
    from workbench.engine.intake import Intake
    from workbench.engine.queue import Entry
    from workbench.engine.records import RunRow
    from workbench.storage.store import Store

log = get_logger("workbench.engine")


class Retaking:
    """Lives on the engine's loop. `recover` finds the open runs that nobody here knows.

    A lost run keeps its place under its function's limit until it is taken up or was found to be over: `gone` frees it.
    """

    def __init__(
        self, store: Store, intake: Intake, recover: Callable[[], Awaitable[list[Entry]]], gone: Callable[[str], None]
    ) -> None:
        self._store = store
        self._intake = intake
        self._recover = recover
        self._gone = gone
        self.lost_runs: dict[str, RunRow] = {}
        """By id: runs that could not write, were let go, and are not taken up yet."""
        self._task: asyncio.Task[None] | None = None
        store.on_writable = self._soon

    def lost(self, row: RunRow) -> None:
        """A run could not write and was let go."""
        self.lost_runs[row.id] = row
        self._soon()

    def close(self) -> None:
        """Take up nothing more."""
        self._intake.is_closed = True
        if self._task is not None:
            self._task.cancel()

    def _soon(self) -> None:
        if self.lost_runs and self._task is None and self._store.is_writable and not self._intake.is_closed:
            self._task = asyncio.ensure_future(self._take_up())
            self._task.add_done_callback(self._done)

    async def _take_up(self) -> None:
        lost = dict(self.lost_runs)
        try:
            entries = await self._recover()
            self._intake.take_up(entries)
        except Unavailable as error:
            log.warning("runs.not_taken_up", error=error.message)
            return
        for workspace in {entry.row.workspace_id for entry in entries}:
            self._intake.dispatch(workspace)
        taken_up = {entry.row.id for entry in entries}
        for run_id, row in lost.items():
            if self.lost_runs[run_id] is not row:  # its end was lost anew
                continue
            del self.lost_runs[run_id]
            if run_id not in taken_up:
                self._gone(run_id)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and task.exception() is not None:
            log.error("runs.not_taken_up", error=repr(task.exception()))
        elif not task.cancelled():
            self._soon()

"""Runs that lost the log go on in this process as they would after a restart, once the log takes facts again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from workbench.base.errors import Unavailable

if TYPE_CHECKING:
    from workbench.engine.intake import Intake
    from workbench.engine.queue import Entry
    from workbench.storage.store import Store

log = structlog.get_logger("workbench.engine")


class Retaking:
    """Lives on the engine's loop. `recover` finds the open runs that nobody here knows."""

    def __init__(self, store: Store, intake: Intake, recover: Callable[[], Awaitable[list[Entry]]]) -> None:
        self._store = store
        self._intake = intake
        self._recover = recover
        self._has_lost = False
        self._task: asyncio.Task[None] | None = None
        store.on_writable = self._soon

    def lost(self, run_id: str) -> None:
        """A run could not write and was let go."""
        self._has_lost = True
        self._soon()

    def close(self) -> None:
        """Take up nothing more."""
        self._intake.is_closed = True
        if self._task is not None:
            self._task.cancel()

    def _soon(self) -> None:
        if self._has_lost and self._task is None and self._store.is_writable and not self._intake.is_closed:
            self._has_lost = False
            self._task = asyncio.ensure_future(self._take_up())
            self._task.add_done_callback(self._done)

    async def _take_up(self) -> None:
        try:
            entries = await self._recover()
            self._intake.take_up(entries)
        except Unavailable as error:
            self._has_lost = True
            log.warning("runs.not_taken_up", error=error.message)
            return
        for workspace in {entry.row.workspace_id for entry in entries}:
            self._intake.dispatch(workspace)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and task.exception() is not None:
            self._has_lost = True
            log.error("runs.not_taken_up", error=repr(task.exception()))
        elif not task.cancelled():
            self._soon()

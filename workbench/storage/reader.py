"""Reads: a few cursors, each used by one query at a time, that see what was acknowledged before the query came."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import duckdb

from workbench.base.errors import Unavailable
from workbench.storage.apply import Applier
from workbench.storage.log import Log
from workbench.storage.opening import is_corruption
from workbench.storage.running import Runner

T = TypeVar("T")
READERS = 3
BARRIER_S = 30.0


class Reader:
    """The cursors. A query runs in one read-only transaction, so that all its statements see the same state."""

    def __init__(self, connection: Any, log: Log, applier: Applier, runner: Runner) -> None:
        self._log = log
        self._applier = applier
        self._runner = runner
        self.corruption: str | None = None
        """What a query has found broken in the database; None when all is well."""
        self.on_corruption: Callable[[], None] = lambda: None
        self._all = [connection.cursor() for _ in range(READERS)]
        self._cursors: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for cursor in self._all:
            self._cursors.put(cursor)

    async def read(self, query: Callable[[Any], T]) -> T:
        """Run `query(cursor)` in a reader thread. Raises Unavailable when DuckDB cannot follow the log."""
        seq = self._log.durable.seq
        progress = self._applier.progress
        if progress.applied < seq:
            self._applier.hurry()
            try:
                async with asyncio.timeout(BARRIER_S):
                    await progress.reached(seq)
            except TimeoutError:
                raise Unavailable(
                    f"The database is behind the log by {seq - progress.applied} facts.",
                    hint="Look at /health; try again in a moment.",
                ) from None
        try:
            return await self._runner.read(lambda: self._run(query))
        except RuntimeError as error:
            if "shutdown" not in str(error):
                raise
            raise Unavailable("The store is closed.", hint="Open it again.") from error

    def _run(self, query: Callable[[Any], T]) -> T:
        cursor = self._cursors.get()
        try:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            try:
                return query(cursor)
            except duckdb.Error as error:
                if is_corruption(error):
                    self.corruption = str(error)
                    self.on_corruption()
                    raise Unavailable(
                        f"The database is damaged: {error}",
                        hint="Restart the server: it replaces the database by a verified copy and the log.",
                    ) from error
                raise
            finally:
                _end(cursor)
        except duckdb.FatalException as error:
            raise Unavailable(
                f"The database has ended: {error}",
                hint="See that the disk is not full, then restart the server. The log has everything.",
            ) from error
        finally:
            self._cursors.put(cursor)

    def close(self) -> None:
        """Stop running queries, then their threads."""
        self._runner.close(self._interrupt)
        for cursor in self._all:
            cursor.close()

    def _interrupt(self) -> None:
        for cursor in self._all:
            cursor.interrupt()


def _end(cursor: Any) -> None:
    with suppress(duckdb.Error):  # a failed statement has ended it, or the instance is dead
        cursor.execute("ROLLBACK")

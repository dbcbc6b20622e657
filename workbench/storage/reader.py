"""Reads: a few threads, each with its own cursor, that wait until what was acknowledged before is applied."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import duckdb

from workbench.base.errors import Unavailable
from workbench.storage.apply import Applier
from workbench.storage.log import Log

T = TypeVar("T")
READERS = 3
BARRIER_S = 30.0


class Reader:
    """The pool. A query runs in one read-only transaction, so that all its statements see the same state."""

    def __init__(self, connection: Any, log: Log, applier: Applier) -> None:
        self._log = log
        self._applier = applier
        self._all = [connection.cursor() for _ in range(READERS)]
        self._cursors: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for cursor in self._all:
            self._cursors.put(cursor)
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="workbench-read")

    async def read(self, query: Callable[[Any], T]) -> T:
        """Run `query(cursor)` in a reader thread. Raises Unavailable when DuckDB cannot follow the log."""
        seq = self._log.durable.seq
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, seq, query)
        except RuntimeError as error:
            if "shutdown" not in str(error):
                raise
            raise Unavailable("The store is closed.", hint="Open it again.") from error

    def _run(self, seq: int, query: Callable[[Any], T]) -> T:
        if self._applier.progress.applied < seq:
            self._applier.hurry()
            self._applier.progress.wait(seq, BARRIER_S)
        cursor = self._cursors.get()
        try:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            try:
                return query(cursor)
            finally:
                _end(cursor)
        finally:
            self._cursors.put(cursor)

    def close(self) -> None:
        """Stop running queries, then the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for cursor in self._all:
            cursor.interrupt()
        self._pool.shutdown(wait=True)
        for cursor in self._all:
            cursor.close()


def _end(cursor: Any) -> None:
    with suppress(duckdb.TransactionException):  # a failed statement has ended it
        cursor.execute("ROLLBACK")

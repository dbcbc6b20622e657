"""How far DuckDB has followed the log, and those who wait for it."""

from __future__ import annotations

import asyncio
import threading

from workbench.base.errors import Unavailable


class Progress:
    """The applied sequence. One thread moves it; threads and the loop wait for it."""

    def __init__(self, applied: int) -> None:
        self.applied = applied
        self.loop: asyncio.AbstractEventLoop | None = None
        self._changed = threading.Condition()
        self._waiting_threads = 0
        self._futures: list[tuple[int, asyncio.Future[None]]] = []
        self._failure: str | None = None
        self._stalled: str | None = None

    def reach(self, seq: int) -> None:
        """DuckDB has committed all up to `seq`."""
        self.applied = seq
        self._stalled = None
        if self._waiting_threads:
            with self._changed:
                self._changed.notify_all()
        if self._futures:
            self._call_loop()

    def stall(self, why: str) -> None:
        """DuckDB cannot be written for now: those who wait in threads are told, the loop's waiters stay."""
        self._stalled = why
        with self._changed:
            self._changed.notify_all()

    def fail(self, why: str) -> None:
        """Nothing more will be applied."""
        self._failure = why
        with self._changed:
            self._changed.notify_all()
        if self._futures:
            self._call_loop()

    def wait(self, seq: int, timeout: float) -> None:
        """Wait in a thread. Raises Unavailable when it takes longer than `timeout` seconds or will never come."""
        if self.applied >= seq:
            return
        with self._changed:
            self._waiting_threads += 1
            try:
                self._changed.wait_for(lambda: self.applied >= seq or self._failure or self._stalled, timeout)
            finally:
                self._waiting_threads -= 1
        if self.applied < seq:
            raise Unavailable(
                self._failure or self._stalled or f"The database is behind the log by {seq - self.applied} facts.",
                hint="Look at /health; try again in a moment.",
            )

    async def reached(self, seq: int) -> None:
        """Wait on the attached loop until `seq` is applied. Raises Unavailable when that will never come."""
        if self.applied >= seq:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._futures.append((seq, future))
        if self.applied >= seq or self._failure is not None:
            self._settle()
        await future

    def _call_loop(self) -> None:
        try:
            if self.loop is not None:
                self.loop.call_soon_threadsafe(self._settle)
        except RuntimeError:  # the loop is closed: nobody waits there any more
            self._futures.clear()

    def _settle(self) -> None:
        waiting, self._futures = self._futures, []
        for seq, future in waiting:
            if future.done():
                continue
            if self.applied >= seq:
                future.set_result(None)
            elif self._failure is not None:
                future.set_exception(Unavailable(self._failure, hint="Look at /health; restart the server."))
            else:
                self._futures.append((seq, future))

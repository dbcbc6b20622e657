"""How far DuckDB has followed the log, and those who wait for it."""

from __future__ import annotations

import asyncio

from workbench.base.errors import Unavailable


class Progress:
    """The applied sequence. One thread moves it; coroutines of the attached loop wait for it."""

    def __init__(self, applied: int) -> None:
        self.applied = applied
        self.loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[tuple[int, bool, asyncio.Future[None]]] = []
        self._failure: str | None = None
        self._stalled: str | None = None

    def reach(self, seq: int) -> None:
        """DuckDB has committed all up to `seq`."""
        self.applied = seq
        self._stalled = None
        if self._waiting:
            self._call_loop()

    def stall(self, why: str) -> None:
        """DuckDB cannot be written for now: those who are not patient are told."""
        self._stalled = why
        if self._waiting:
            self._call_loop()

    def fail(self, why: str) -> None:
        """Nothing more will be applied."""
        self._failure = why
        if self._waiting:
            self._call_loop()

    async def reached(self, seq: int, *, patient: bool = False) -> None:
        """Wait on the attached loop until `seq` is applied.

        Raises Unavailable when that will never come, and when DuckDB cannot be written for now unless `patient`.
        """
        if self.applied >= seq:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((seq, patient, future))
        # Registered first, looked at again second; the apply thread does it the other way round.
        if self.applied >= seq or self._failure is not None or self._stalled is not None:
            self._settle()
        await future

    def _call_loop(self) -> None:
        try:
            if self.loop is not None:
                self.loop.call_soon_threadsafe(self._settle)
        except RuntimeError:  # the loop is closed: nobody waits there any more
            self._waiting.clear()

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, []
        for seq, patient, future in waiting:
            why = self._failure or (None if patient else self._stalled)
            if future.done():
                continue
            if self.applied >= seq:
                future.set_result(None)
            elif why is not None:
                future.set_exception(Unavailable(why, hint="Look at /health; try again in a moment."))
            else:
                self._waiting.append((seq, patient, future))

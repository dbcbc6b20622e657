"""Large values that pure blocks gave, stored off the run's path: once the run has ended, or has nothing to do.

Until then they stay in memory, where a reader finds them. A crash loses them, and their blocks run again. Writing them
at once would take the processors and the disk from the very blocks that the run waits for. What an effect of a relaxed
run gave is stored as soon as it can be, behind the run.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

import polars as pl

from workbench.storage.value_files import Stored

MOST_S = 5.0
"""A run that goes on working has its values stored all the same after so long: so much work a crash may repeat."""
ROOM_BYTES = 1024**3
"""Of runs that are over so much may wait in memory; past it blocks that give tables wait."""

Tell = Callable[[Stored | Exception], None]


@dataclass(slots=True, eq=False)
class Late:
    """One value that waits to be stored."""

    run: bytes
    path: str
    attempt: int
    value: Any
    tell: Tell
    """Hears, on the loop, how it is stored, or why it cannot be."""
    size: int = 0
    """Bytes in memory, about."""


class LateValues:
    """The values of all runs that wait to be stored; one at a time is. Lives on the engine's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: Executor, put: Callable[[Any], Stored]) -> None:
        self._loop = loop
        self._threads = threads
        self._put = put
        self._by_run: dict[bytes, list[Late]] = {}
        """Of runs that have better to do; in memory they are anyway, since later blocks may ask for them."""
        self._due: deque[Late] = deque()
        self._due_bytes = 0
        self._storing: Late | None = None
        self._settling: list[tuple[bytes | None, asyncio.Future[None]]] = []
        self._roomless: list[asyncio.Future[None]] = []

    def add(self, late: Late) -> None:
        """Store a value when there is time for it."""
        late.size = size_of(late.value)
        waiting = self._by_run.get(late.run)
        if waiting is None:
            waiting = self._by_run[late.run] = []
            self._loop.call_later(MOST_S, self._grow_old, late.run, waiting)
        waiting.append(late)

    def find(self, run: bytes, path: str, attempt: int) -> Any:
        """The value that a block gave, where it is not stored yet; None else."""
        for late in self._left(run):
            if late.path == path and late.attempt == attempt:
                return late.value
        return None

    def hurry(self, run: bytes) -> None:
        """The run rests, or is over: its values may be stored now."""
        for late in self._by_run.pop(run, ()):
            self._due.append(late)
            self._due_bytes += late.size
        self._go_on()

    async def settle(self, run: bytes | None = None) -> None:
        """Store what there is of a run (None: of every one) now, and wait for that."""
        for waiting in (run,) if run is not None else tuple(self._by_run):
            self.hurry(waiting)
        if any(self._left(run)):
            future: asyncio.Future[None] = self._loop.create_future()
            self._settling.append((run, future))
            await future

    async def room(self) -> None:
        """Wait while runs make values faster than the disk takes them."""
        while self._due_bytes > ROOM_BYTES:
            future: asyncio.Future[None] = self._loop.create_future()
            self._roomless.append(future)
            await future

    def drop(self, run: bytes) -> None:
        """Store no more of this run; what is being stored, and what it waits for, goes on."""
        self._by_run.pop(run, None)
        for late in [late for late in self._due if late.run == run]:
            self._due.remove(late)
            self._due_bytes -= late.size
        self._tell()

    def _left(self, run: bytes | None) -> Iterator[Late]:
        lists = self._by_run.values() if run is None else (self._by_run.get(run, ()),)
        storing = (self._storing,) if self._storing is not None else ()
        return (late for late in chain(storing, self._due, *lists) if run is None or late.run == run)

    def _grow_old(self, run: bytes, waiting: list[Late]) -> None:
        """The first of these has waited long enough; the others go with it."""
        if self._by_run.get(run) is waiting:
            self.hurry(run)

    def _go_on(self) -> None:
        if self._storing is not None or not self._due:
            return
        late = self._storing = self._due.popleft()
        try:
            future = self._loop.run_in_executor(self._threads, self._put, late.value)
        except RuntimeError as error:  # the process ends: its threads take no more work
            self._storing = None
            late.tell(error)
        else:
            future.add_done_callback(lambda done: self._has_stored(late, done))

    def _has_stored(self, late: Late, done: asyncio.Future[Stored]) -> None:
        self._storing = None
        self._due_bytes -= late.size
        if not done.cancelled():
            error = done.exception()
            if error is None:
                late.tell(done.result())
            elif isinstance(error, Exception):  # the value is computed again, and the run goes on
                late.tell(error)
            else:
                raise error
        self._go_on()
        self._tell()

    def _tell(self) -> None:
        """Wake those whose time has come."""
        settling, self._settling = self._settling, []
        for run, future in settling:
            if any(self._left(run)):
                self._settling.append((run, future))
            elif not future.done():
                future.set_result(None)
        if self._due_bytes <= ROOM_BYTES:
            roomless, self._roomless = self._roomless, []
            for future in roomless:
                if not future.done():
                    future.set_result(None)


def size_of(value: Any) -> int:
    """Bytes of the tables in a value, two levels deep; other values are not counted."""
    if isinstance(value, pl.DataFrame):
        return int(value.estimated_size())
    inner: Any = ()
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value).values()
    elif isinstance(value, list) and len(cast("list[Any]", value)) <= 1000:
        inner = cast("list[Any]", value)
    return sum(int(part.estimated_size()) for part in inner if isinstance(part, pl.DataFrame))

"""Who runs the store's work: threads in production; a simulation calls the steps itself, in an order of its choice."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, Protocol, TypeVar

T = TypeVar("T")
ENDED: Final = -1.0
AT_ONCE: Final = 0.0
Step = Callable[[], float | None]
"""Do what there is to do and return; never waits. Answers in how many seconds it wants to be called again when nobody
wakes it before: `AT_ONCE`, None for not before it is woken, `ENDED` for never again. It must not raise."""


class Work(Protocol):
    """One step that is called again and again."""

    def wake(self) -> None:
        """Let the step be called soon; from any thread. A wake during a step leads to one more step."""
        ...

    def finish(self) -> None:
        """Wait until the step has answered `ENDED`; whoever calls has seen to it that it will."""
        ...

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        ...


class Runner(Protocol):
    """Starts the store's work and its reads."""

    def start(self, name: str, step: Step) -> Work:
        """Call `step` soon, and then as it answers."""
        ...

    def now(self) -> float:
        """Seconds that never go back, in which steps answer."""
        ...

    async def read(self, query: Callable[[], T]) -> T:
        """Run a query off the loop. Raises RuntimeError after `close`."""
        ...

    def close(self, interrupt: Callable[[], None]) -> None:
        """Drop the queries that wait, call `interrupt` to stop those that run, and wait for them."""
        ...


class Threads:
    """The `Runner` of production: a thread for each step, a few for the queries."""

    def __init__(self, readers: int) -> None:
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="workbench-read")

    def start(self, name: str, step: Step) -> Work:
        return _Thread(name, step)

    def now(self) -> float:
        return time.monotonic()

    async def read(self, query: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, query)

    def close(self, interrupt: Callable[[], None]) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        interrupt()
        self._pool.shutdown(wait=True)


class _Thread:
    """A thread that calls one step. Its signal is a bare lock, the cheapest there is: released means woken."""

    def __init__(self, name: str, step: Step) -> None:
        self._step = step
        self._signal = threading.Lock()
        self._signal.acquire()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        with suppress(RuntimeError):  # it is woken already
            self._signal.release()

    def finish(self) -> None:
        self._thread.join()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while (delay := self._step()) != ENDED:
            if delay != AT_ONCE:
                self._signal.acquire(timeout=-1 if delay is None else delay)

"""Threads for long work that the process's end does not wait for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
Job = tuple["Future[Any]", Callable[[], Any]]

PATIENCE_S = 1.0


class DaemonThreads(ThreadPoolExecutor):
    """An executor of at most `most` daemon threads: the interpreter ends though one of them is still at work.

    `shutdown(wait=True)` waits for what runs, but not longer than `patience_s`. It is a `ThreadPoolExecutor` because
    an event loop takes no other as its own.
    """

    def __init__(self, most: int, name: str, patience_s: float = PATIENCE_S) -> None:
        super().__init__(most, name)
        self._most = most
        self._name = name
        self._patience_s = patience_s
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._free = threading.Semaphore(0)
        self._guard = threading.Lock()
        self._started: list[threading.Thread] = []
        self._is_closed = False

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run ``fn(*args, **kwargs)`` in a thread. Raises RuntimeError after `shutdown`."""
        future: Future[T] = Future()
        with self._guard:
            if self._is_closed:
                raise RuntimeError(f"the threads “{self._name}” take no more work")
            self._jobs.put((future, lambda: fn(*args, **kwargs)))
            if not self._free.acquire(blocking=False) and len(self._started) < self._most:
                name = f"{self._name}-{len(self._started)}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._started.append(thread)
                thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work; what waits is dropped with `cancel_futures`."""
        with self._guard:
            self._is_closed = True
            while cancel_futures:
                try:
                    job = self._jobs.get_nowait()
                except Empty:
                    break
                if job is not None:
                    job[0].cancel()
            self._jobs.put(None)
        ends = time.monotonic() + self._patience_s
        for thread in self._started if wait else ():
            thread.join(max(0.0, ends - time.monotonic()))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            _run(*job)
            del job  # what it holds is not to live until the next one
            self._free.release()
        self._jobs.put(None)  # the others end too


def _run(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - it is told to who waits for the future
        future.set_exception(error)
    else:
        future.set_result(result)

"""An event loop without sockets and threads: virtual time, and a seeded order where asyncio promises none."""

from __future__ import annotations

import asyncio
import heapq
from asyncio import Handle, Task, TimerHandle, tasks
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any


class Crashed(BaseException):
    """The simulated process has ended at this instant."""


class Stuck(Exception):
    """Nothing is ready and nothing is due, though somebody waits."""


class SimLoop(asyncio.BaseEventLoop):
    """Time stands still while callbacks run and jumps to the next timer when none is left.

    Callbacks keep the order in which they were called for. Timers due at the same instant, the steps of different
    tasks in one turn (`shuffles`), and whatever another thread would do come in an order that the seed gives.
    """

    def __init__(self, rng: Random, now: float, *, shuffles: bool) -> None:
        super().__init__()
        self._rng = rng
        self.now = now
        self.shuffles = shuffles
        self.is_dead = False
        self.turns = 0
        self.complaints: list[str] = []
        """What asyncio's exception handler was told while the process lived."""
        self.set_exception_handler(self._heard)

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        self.turns += 1
        ready: Any = self._ready  # type: ignore[attr-defined]
        scheduled: list[TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        while scheduled and scheduled[0].cancelled():
            heapq.heappop(scheduled)._scheduled = False  # type: ignore[attr-defined]
        if not ready and not self._stopping:  # type: ignore[attr-defined]
            if not scheduled:
                raise Stuck
            self.now = max(self.now, scheduled[0].when())
        due: list[Handle] = []
        while scheduled and scheduled[0].when() <= self.now:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False  # type: ignore[attr-defined]
            if not handle.cancelled():
                due.append(handle)
        if len(due) > 1:
            self._rng.shuffle(due)
        ready.extend(due)
        batch = [ready.popleft() for _ in range(len(ready))]
        if self.shuffles and len(batch) > 1:
            self._shuffle_tasks(batch)
        for at, handle in enumerate(batch):
            if not handle.cancelled():
                handle._run()  # type: ignore[attr-defined]
                if self.is_dead:
                    raise Crashed
                if self._stopping:  # type: ignore[attr-defined]
                    ready.extendleft(reversed(batch[at + 1 :]))
                    return
        self.now += 1e-6

    def _shuffle_tasks(self, batch: list[Handle]) -> None:
        """Steps of different tasks change places; everything else stays where it is."""
        places = [at for at, handle in enumerate(batch) if _task_of(handle) is not None]
        if len({id(_task_of(batch[at])) for at in places}) == len(places) > 1:
            steps = [batch[at] for at in places]
            self._rng.shuffle(steps)
            for at, handle in zip(places, steps, strict=True):
                batch[at] = handle

    def soon(self, act: Callable[[], object], longest_s: float = 0.002) -> TimerHandle:
        """Have another thread of the simulated machine do `act` a random moment from now."""
        return self.call_later(self._rng.random() * longest_s, act)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """Run inline, a random moment later; threads of pools are simulated so."""
        del executor
        future = self.create_future()

        def work() -> None:
            if future.cancelled():
                return
            try:
                value = func(*args)
            except Exception as error:  # noqa: BLE001 - it is the caller's
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(value)

        self.soon(work)
        return future

    def die(self) -> None:
        """The process ends: nothing after the callback that runs now."""
        self.is_dead = True

    def bury(self) -> None:
        """Let go of what ran here, without a sound."""
        self.is_dead = True
        for task in tasks.all_tasks(self):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coroutine: Any = task.get_coro()
            with suppress(BaseException):
                coroutine.close()
        self.close()

    def _heard(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        del loop
        if not self.is_dead:
            error = context.get("exception")
            self.complaints.append(f"{context.get('message')}: {error!r}")

    def _write_to_self(self) -> None:
        pass

    def _process_events(self, event_list: Any) -> None:
        del event_list


async def virtual(seconds: float) -> None:
    """Let virtual time pass."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    handle = loop.call_later(seconds, lambda: future.done() or future.set_result(None))
    try:
        await future
    finally:
        handle.cancel()


def _task_of(handle: Handle) -> Task[Any] | None:
    owner = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]
    return owner if isinstance(owner, Task) else None

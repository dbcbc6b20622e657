"""The store's threads, simulated: their steps and reads come when the seed says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from tests.simulation.loop import SimLoop

T = TypeVar("T")
ENDED = -1.0


class SimRunner:
    """Calls each step a random moment after it was woken, with virtual time passing as for a real disk."""

    def __init__(self, loop: SimLoop) -> None:
        self._loop = loop
        self._is_open = True
        self._works: list[SimWork] = []

    def start(self, name: str, step: Callable[[], float | None]) -> SimWork:
        work = SimWork(self._loop, name, step)
        self._works.append(work)
        work.wake()
        return work

    def now(self) -> float:
        return self._loop.now

    async def read(self, query: Callable[[], T]) -> T:
        if not self._is_open:
            raise RuntimeError("cannot schedule new futures after shutdown")
        return await self._loop.run_in_executor(None, query)

    def close(self, interrupt: Callable[[], None]) -> None:
        self._is_open = False
        interrupt()


class SimWork:
    """One simulated thread."""

    def __init__(self, loop: SimLoop, name: str, step: Callable[[], float | None]) -> None:
        self._loop = loop
        self.name = name
        self._step = step
        self._handle: asyncio.TimerHandle | None = None
        self._is_coming = False
        self._has_ended = False

    def wake(self) -> None:
        if not self._is_coming and not self._has_ended:
            self._is_coming = True
            if self._handle is not None:
                self._handle.cancel()
            self._handle = self._loop.soon(self._run)

    def finish(self) -> None:
        """Nobody else runs while we wait, so the steps are taken here."""
        while not self._has_ended and not self._loop.is_dead:
            self._run()

    @property
    def is_alive(self) -> bool:
        return not self._has_ended

    def _run(self) -> None:
        if self._has_ended or self._loop.is_dead:
            return
        if self._handle is not None:
            self._handle.cancel()
        self._is_coming = False
        delay: Any = self._step()
        if delay == ENDED:
            self._has_ended = True
        elif delay is not None and not self._is_coming:
            self._handle = self._loop.call_later(delay, self._run) if delay else self._loop.soon(self._run)

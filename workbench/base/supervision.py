"""Background loops under one eye: one that dies is started again, and health is red until it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from workbench.base.logs import get_logger

log = get_logger("workbench.supervision")

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
"""A loop that has run so long before it died is started again as quickly as the first time."""


@dataclass(slots=True)
class Supervised:
    """One loop: how it is begun, whether it runs, how often it was started again, and why."""

    begin: Callable[[], Coroutine[Any, Any, None]]
    task: asyncio.Task[None] | None = None
    handle: asyncio.TimerHandle | None = None
    restarts: int = 0
    pause_s: float = FIRST_PAUSE_S
    began_at: float = 0.0
    failure: str | None = None


@dataclass(slots=True)
class Supervisor:
    """Lives on one event loop. A supervised coroutine runs for ever; one that returns has died too."""

    loops: dict[str, Supervised] = field(default_factory=dict)
    watched: dict[str, tuple[Callable[[], str | None], Callable[[], int]]] = field(default_factory=dict)
    """Parts that keep themselves running: each says why it does not run, or None, and how often it began again."""
    is_closed: bool = False

    def keep(self, name: str, begin: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a loop, and again whenever it dies."""
        self.loops[name] = one = Supervised(begin)
        self._begin(name, one)

    def watch(self, name: str, why_not: Callable[[], str | None], restarts: Callable[[], int] = lambda: 0) -> None:
        """Show a part that keeps itself running; `why_not` says what is wrong with it, or None."""
        self.watched[name] = why_not, restarts

    def _begin(self, name: str, one: Supervised) -> None:
        if self.is_closed:
            return
        loop = asyncio.get_running_loop()
        one.handle, one.failure, one.began_at = None, None, loop.time()
        one.task = asyncio.ensure_future(one.begin())
        one.task.add_done_callback(lambda task: self._died(name, one, task))

    def _died(self, name: str, one: Supervised, task: asyncio.Task[None]) -> None:
        if self.is_closed or one.task is not task:
            return
        error = "it was cancelled" if task.cancelled() else repr(task.exception() or "it ended")
        loop = asyncio.get_running_loop()
        if loop.time() - one.began_at > STEADY_S:
            one.pause_s = FIRST_PAUSE_S
        one.failure = error
        one.restarts += 1
        log.error("loop.died", loop=name, error=error, restarts=one.restarts, again_in_s=one.pause_s)
        one.handle = loop.call_later(one.pause_s, self._begin, name, one)
        one.pause_s = min(one.pause_s * 2, LONGEST_PAUSE_S)

    def health(self) -> dict[str, Any]:
        """``ok``, why not, and of each loop whether it runs and how often it was started again."""
        reasons = [
            f"The loop “{name}” died and is started again: {o.failure}." for name, o in self.loops.items() if o.failure
        ]
        parts = {name: {"running": o.failure is None, "restarts": o.restarts} for name, o in self.loops.items()}
        for name, (why_not, restarts) in self.watched.items():
            why = why_not()
            parts[name] = {"running": why is None, "restarts": restarts()}
            reasons += [f"“{name}” does not run: {why}"] if why is not None else []
        return {"ok": not reasons, "reasons": reasons, "loops": parts}

    async def close(self) -> None:
        """End every loop."""
        self.is_closed = True
        tasks = [one.task for one in self.loops.values() if one.task is not None]
        for one in self.loops.values():
            if one.handle is not None:
                one.handle.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

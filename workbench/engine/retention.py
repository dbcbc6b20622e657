"""Lets go of finished runs: older, or more, than their function (or the server) keeps; before that of large values
between blocks that could be computed again. Small batches.
"""

from __future__ import annotations

from workbench.base.clock import Clock
from workbench.base.logs import get_logger
from workbench.engine.facts_queue import RunsRemoved, ValuesReleased
from workbench.engine.journal_queue import functions_with_runs, outlived, with_values
from workbench.engine.policies import Policies
from workbench.engine.timers import Timers
from workbench.storage.store import Store

log = get_logger("workbench.engine")

EVERY_S = 600
BATCH = 500
DAY_US = 86_400_000_000


class Retention:
    """Looks each ten minutes; runs in the dead letter, and those that are not over, stay."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        policies: Policies,
        days: float = 0,
        runs: int = 0,
        runs_with_values: int | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._policies = policies
        self._days = days or None
        self._runs = runs or None
        self._runs_with_values = runs_with_values
        """Of so many of a function's last runs the large values between blocks stay, and of failed and debug runs."""
        self.removed = 0
        """How many it has let go of."""

    async def run(self, timers: Timers) -> None:
        """Sweep for ever."""
        while True:
            await timers.until(self._clock.now_us() + EVERY_S * 1_000_000)
            if self._store.is_writable:
                await self.sweep()
                await self.release()

    async def release(self) -> int:
        """Let go of what only pure blocks gave, in completed runs that are not among the last; of how many runs."""
        gone = 0
        keep = self._runs_with_values
        while keep is not None:
            found = await self._store.read(lambda c, k=keep: with_values(c, k, BATCH))
            if not found:
                break
            await self._store.append([ValuesReleased(tuple(found), self._clock.now_us())])
            gone += len(found)
        return gone

    async def sweep(self) -> int:
        """Let go of what has outlived its retention; how many runs."""
        own = {function: (days, runs) for function, days, runs in self._policies.retentions()}
        functions = list(own)
        if self._days is not None or self._runs is not None:
            functions = await self._store.read(functions_with_runs)
        gone = 0
        for function in functions:
            days, runs = own.get(function, (None, None))
            days = days if days is not None else self._days
            runs = runs if runs is not None else self._runs
            gone += await self._sweep_function(function, days, runs)
        if gone:
            log.info("runs.removed", count=gone)
        self.removed += gone
        return gone

    async def _sweep_function(self, function: str, days: float | None, keep: int | None) -> int:
        gone = 0
        while days is not None or keep is not None:
            before = self._clock.now_us() - int(days * DAY_US) if days is not None else None
            found = await self._store.read(lambda c, b=before: outlived(c, function, b, keep, BATCH))
            if not found:
                break
            await self._store.append([RunsRemoved(tuple(found), self._clock.now_us())])
            await self._store.lag_free()
            gone += len(found)
        return gone

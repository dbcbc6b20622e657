"""The ends of runs: written, and told once they are durable to whoever waits for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from workbench.base.clock import Clock
from workbench.base.errors import WorkbenchError
from workbench.base.logs import get_logger
from workbench.base.probe import probe
from workbench.blocks.context import RegionResult
from workbench.engine.facts import RunFinished
from workbench.engine.failures import describe_any, told
from workbench.engine.handling import Handling
from workbench.engine.keeping import small
from workbench.engine.live import Live
from workbench.engine.meters import Meters
from workbench.engine.pen import Pen
from workbench.engine.records import RunRequest, RunRow
from workbench.engine.states import Actor, RunStatus, may_move
from workbench.engine.waiters import Waiters
from workbench.storage.store import Store
from workbench.storage.value_files import Stored

log = get_logger("workbench.engine")

FAILED = frozenset({RunStatus.FAILED, RunStatus.TIMED_OUT, RunStatus.DEAD_LETTER})


class Endings:
    """Lives on the engine's loop. `by_id` are the runs under way; each leaves it here."""

    def __init__(self, store: Store, clock: Clock, by_id: dict[str, Live]) -> None:
        self._store = store
        self._clock = clock
        self._by_id = by_id
        self.waiters = Waiters()
        self.meters = Meters()
        self.crashed: str | None = None
        """What broke at the end of a run; None when all is well."""
        self.on_lost: Callable[[RunRow], None] = lambda _row: None
        """Hears of every run that is let go because the log did not take its facts; its place stays taken."""
        self.handlers: Handling | None = None
        """Takes the handlers of runs in that end failed, timed out or in the dead letter."""
        self.on_gone: Callable[[str], None] = lambda _run_id: None
        """Hears of every run that is over, or does not live here any more for another reason than a lost log."""

    async def end(
        self,
        row: RunRow,
        pen: Pen,
        status: RunStatus,
        output: Any,
        error: dict[str, Any] | None,
        actor: Actor = "walk",
    ) -> None:
        """Write a run's end and tell it once it is durable; without a log nobody is left waiting either."""
        stored: Stored | None = None
        try:
            stored = await pen.keep(output)
        except Exception as failure:  # noqa: BLE001 - whatever kept the output from being stored, the run must end
            output, status = None, RunStatus.FAILED
            error = told("OUTPUT", f"The output could not be stored: {describe_any(failure)['message']}")
        handler = None
        if status in FAILED and self.handlers is not None and may_move(row.status, status, actor):
            handler = await self.handlers.ready(row, pen, status, error)
        now = self._write_end(row, pen, status, stored, error, actor, handler)
        if now is None:
            return
        lasts = await pen.lasts()
        self._tell_end(row, status, output, error, now, None if lasts else pen.failure)

    def at_once(self, live: Live, result: RegionResult) -> bool:
        """Write the end of a run that nothing cut off, and go on; False where its output takes longer to store."""
        row, pen, stored = live.row, live.pen, None
        if result.value is not None:
            try:
                stored = small(self._store.values, result.value)
            except WorkbenchError:
                stored = None
            if stored is None:
                return False
        status = RunStatus.FAILED if result.error is not None else RunStatus.COMPLETED
        if status is RunStatus.FAILED and self.handlers is not None and self.handlers.of(row) is not None:
            return False
        now = self._write_end(row, pen, status, stored, result.error, "walk")
        if now is None:
            return True
        pen.then(lambda failure: self._tell_end(row, status, result.value, result.error, now, failure))
        return True

    def _write_end(
        self,
        row: RunRow,
        pen: Pen,
        status: RunStatus,
        stored: Stored | None,
        error: dict[str, Any] | None,
        actor: Actor,
        handler: RunRequest | None = None,
    ) -> int | None:
        """Give the log a run's end; when that was, or None where the run may not end so."""
        if not may_move(row.status, status, actor):
            log.error("run.illegal_move", run=row.id, before=row.status, after=status, actor=actor)
            self.crashed = f"Run {row.id} could not end {status.value}: it was {row.status.value}."
            self.forget(row, None)
            return None
        now = self._clock.now_us()
        run_us = max(0, now - (row.started_at or now) - row.wait_us)
        end = RunFinished(
            pen.run,
            status.value,
            now,
            row.started_at,
            row.queue_us,
            stored,
            msgspec.json.encode(error).decode() if error else None,
            run_us,
            row.wait_us,
            row.steps,
        )
        if handler is not None and self.handlers is not None:
            self.handlers.take_in(handler, row, pen, end)
        else:
            pen.add(end)
        probe("run.before_finished")
        return now

    def _tell_end(
        self,
        row: RunRow,
        status: RunStatus,
        output: Any,
        error: dict[str, Any] | None,
        now: int,
        failure: Exception | None,
    ) -> None:
        """A run's end lasts (or, with `failure`, nobody can tell): whoever waits for it hears so."""
        if failure is not None:
            log.error("run.end_not_durable", run=row.id, error=str(failure))
            live = self._by_id.get(row.id)
            self.forget(row, None, is_lost=True)
            if live is None or live.task is None:  # else its task's end says so
                self.on_lost(row)
            return
        probe("run.finished")
        row.finished_at = now
        row.output, row.error = output, error
        row.status = status
        self.forget(row, row)

    def forget(self, row: RunRow, ended: RunRow | None, *, is_lost: bool = False) -> None:
        """The run does not live here any more: it has `ended`, or (None) it is left to recovery.

        One that `is_lost` is taken up again in this process, and keeps its place until then.
        """
        live = self._by_id.pop(row.id, None)
        if live is not None and live.gate is not None:
            live.gate.told()
            if live.past is not None:
                live.past.close()
        if live is not None:
            live.pen.rest()
        if ended is not None:
            self.meters.over(ended)
        self.waiters.tell(row.id, ended)
        if not is_lost:
            self.on_gone(row.id)

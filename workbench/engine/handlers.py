"""Takes a run's failure handler in with the run's end: one append, so that no crash loses it or starts it twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec

from workbench.base.errors import WorkbenchError
from workbench.base.ids import Ids
from workbench.base.logs import get_logger
from workbench.engine.admission import GO
from workbench.engine.facts import RunFinished
from workbench.engine.failures import told
from workbench.engine.intake import Intake
from workbench.engine.interfaces import Services
from workbench.engine.lives import Lives
from workbench.engine.pen import Pen
from workbench.engine.queue import Entry
from workbench.engine.records import RunRequest, RunRow
from workbench.engine.requests import created, new_row
from workbench.engine.states import RunStatus
from workbench.storage.facts import Fact

log = get_logger("workbench.engine")

TRIGGER = "failure"
"""The type of trigger of a handler's run; its own failure is handled by nobody."""

Find: TypeAlias = Callable[[RunRow, str, RunStatus, dict[str, Any] | None], Awaitable[RunRequest]]
"""``find(row, handler's id, status, error)``: what to run. Raises a WorkbenchError where it cannot be run."""


class Handlers:
    """Lives on the engine's loop, beside the intake. `find` is given by the feature that knows functions."""

    def __init__(self, intake: Intake, lives: Lives, services: Services, ids: Ids) -> None:
        self._intake = intake
        self._lives = lives
        self._services = services
        self._ids = ids
        self.find: Find | None = None

    def of(self, row: RunRow) -> str | None:
        """The id of the function that handles a run's failure; None where none does."""
        policy = self._intake.holds.policies.of(row.function_id)
        if policy is None or self.find is None or row.trigger.get("type") == TRIGGER:
            return None
        return policy.on_failure

    async def ready(self, row: RunRow, pen: Pen, status: RunStatus, error: dict[str, Any] | None) -> RunRequest | None:
        """What is to be run when `row` has ended so. Where that cannot be, the run's log says why."""
        handler = self.of(row)
        if handler is None or self.find is None:
            return None
        try:
            return await self.find(row, handler, status, error)
        except Exception as reason:  # noqa: BLE001 - whatever is wrong with the handler, the run must end
            self._not_started(row, pen, reason)
            return None

    def take_in(self, request: RunRequest, row: RunRow, pen: Pen, end: RunFinished) -> None:
        """Write the end of `row` and the handler's run in one append, and queue that."""
        new = new_row(request, self._ids.new(), end.at)
        holds = self._intake.holds
        try:
            verdict, moves = (GO, ()) if holds.is_open(new.function_id) else holds.judge(new)
            new.timeout_ms = new.timeout_ms or holds.timeout_of(new.function_id)
            creation = created(new, request.start_block)
        except Exception as reason:  # noqa: BLE001 - a key without a value, inputs that cannot be written
            self._not_started(row, pen, reason)
            pen.add(end)
            return
        if verdict.is_skipped:
            why = msgspec.json.encode(told("SKIPPED", verdict.reason or "")).decode()
            skipped = RunFinished(creation.run, "cancelled", end.at, None, 0, None, why, 0, 0, 0)
            pen.add_together([end, creation, skipped])
            return
        self._intake.on_row(new)
        entry = Entry(new, request.flow, start_block=request.start_block, called=request.called)
        holds.admit(entry, verdict)
        facts: list[Fact] = [end, creation, *moves]
        entry.sheet = pen.add_together(facts)
        pen.then(lambda failure: self._let_go(new, failure) if failure is not None else None)

    def _let_go(self, row: RunRow, failure: Exception) -> None:
        """The end did not last, so its handler is not to run: the run goes on from its journal, and ends once more."""
        if self._intake.withdraw(row.id) is None:
            self._lives.abandon(row.id, failure)

    def _not_started(self, row: RunRow, pen: Pen, reason: Exception) -> None:
        why = reason.message if isinstance(reason, WorkbenchError) else f"{type(reason).__name__}: {reason}"
        log.error("run.handler_not_started", run=row.id, error=why)
        pen.log(None, None, "error", f"The function's failure handler was not started: {why}", {})

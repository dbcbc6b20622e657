"""Runs the function that another names as its failure handler, with the failure as its input."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from workbench.base.errors import WorkbenchError
from workbench.engine.engine import Engine
from workbench.engine.records import RunRow
from workbench.rest.caller import Caller
from workbench.runs.models import NewRun
from workbench.runs.service import Runs
from workbench.storage.values import to_json

log = structlog.get_logger("workbench.runs")

TRIGGER = "failure"


class FailureHandlers:
    """Hears of runs that failed; lives on the engine's loop. A handler's own failure is handled by nobody."""

    def __init__(self, engine: Engine, runs: Runs) -> None:
        self._engine = engine
        self._runs = runs
        self._starting: set[asyncio.Task[None]] = set()
        engine.lives.on_failed = self.failed

    def failed(self, row: RunRow) -> None:
        """Start the handler of a run that has failed, where its function names one."""
        policy = self._engine.holds.policies.of(row.function_id)
        if policy is None or policy.on_failure is None or row.trigger.get("type") == TRIGGER:
            return
        task = asyncio.ensure_future(self._start(row, policy.on_failure))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _start(self, row: RunRow, handler: str) -> None:
        told: dict[str, Any] = {
            "runId": row.id,
            "functionId": row.function_id,
            "functionName": row.function_name,
            "version": row.version,
            "status": row.status.value,
            "error": row.error,
            "inputs": to_json(row.inputs),
        }
        caller = Caller(row.workspace_id, f"failure of “{row.function_name}”", frozenset({"execute"}), origin="system")
        trigger = {"type": TRIGGER, "runId": row.id, "functionId": row.function_id}
        try:
            await self._runs.create(caller, NewRun(function_id=handler, inputs=told), trigger)
        except WorkbenchError as error:
            log.error("run.handler_not_started", run=row.id, handler=handler, error=str(error))

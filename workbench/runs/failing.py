"""What is run when a run fails: the function that its own names as its failure handler, with the failure as input."""

from __future__ import annotations

from typing import Any

from workbench.engine.engine import Engine
from workbench.engine.handlers import TRIGGER
from workbench.engine.records import RunRequest, RunRow
from workbench.engine.states import RunStatus
from workbench.rest.caller import Caller
from workbench.runs.models import NewRun
from workbench.runs.service import Runs
from workbench.storage.values import to_json


class FailureHandlers:
    """Tells the engine what to run."""

    def __init__(self, engine: Engine, runs: Runs) -> None:
        self._runs = runs
        engine.handlers.find = self.find

    async def find(self, row: RunRow, handler: str, status: RunStatus, error: dict[str, Any] | None) -> RunRequest:
        """The handler's run. Raises NotFound, InvalidState, FlowInvalid where it cannot be run."""
        told: dict[str, Any] = {
            "runId": row.id,
            "functionId": row.function_id,
            "functionName": row.function_name,
            "version": row.version,
            "attempt": row.attempt,
            "status": status.value,
            "error": error,
            "inputs": to_json(row.inputs),
        }
        caller = Caller(row.workspace_id, f"failure of “{row.function_name}”", frozenset({"execute"}), origin="system")
        trigger = {"type": TRIGGER, "runId": row.id, "functionId": row.function_id}
        return await self._runs.request(caller, NewRun(function_id=handler, inputs=told), trigger, parent_run_id=row.id)

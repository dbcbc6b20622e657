"""HTTP of the queue: pausing and resuming."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from workbench.rest.answers import ok
from workbench.rest.dependencies import CallerDep
from workbench.rest.operation import Operations
from workbench.runs.queue import PauseQueue, Queueing, QueueState

FunctionId = Annotated[str, Path(alias="functionId")]


def queue_routes(api: Operations, queueing: Queueing) -> None:
    """Declare the operations."""

    @api.post("/queue/pause", "pauseQueue", scope="execute", for_operator=True, answers=QueueState)
    async def pause_queue(caller: CallerDep, body: PauseQueue | None = None) -> Response:
        """Start no run of the whole server until it is resumed; those under way go on."""
        return ok(await queueing.pause(caller, None, body or PauseQueue()))

    @api.post("/queue/resume", "resumeQueue", scope="execute", for_operator=True, answers=QueueState)
    async def resume_queue(caller: CallerDep) -> Response:
        """Start runs again."""
        return ok(await queueing.resume(caller, None))

    path = "/functions/{functionId}/queue"

    @api.post(f"{path}/pause", "pauseFunctionQueue", scope="execute", answers=QueueState, exists=queueing.exists)
    async def pause_function(caller: CallerDep, function_id: FunctionId, body: PauseQueue | None = None) -> Response:
        """Start no run of the function until it is resumed; those under way go on."""
        return ok(await queueing.pause(caller, function_id, body or PauseQueue()))

    @api.post(f"{path}/resume", "resumeFunctionQueue", scope="execute", answers=QueueState, exists=queueing.exists)
    async def resume_function(caller: CallerDep, function_id: FunctionId) -> Response:
        """Start the function's runs again."""
        return ok(await queueing.resume(caller, function_id))

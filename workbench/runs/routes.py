"""Runs, the queue, the debugger and frames over HTTP."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response

from workbench.base.times import Time
from workbench.engine.states import RunStatus, StepStatus
from workbench.rest.answers import ok
from workbench.rest.caller import Caller
from workbench.rest.dependencies import CallerDep, PageDep
from workbench.rest.operation import Operations
from workbench.runs.debugging import Debugging
from workbench.runs.feature import RunsFeature
from workbench.runs.frames import FrameName, Frames, arrow_bytes, as_rows
from workbench.runs.models import (
    Cancelled,
    CancelRun,
    Checkpoint,
    ContinueDebug,
    DebugState,
    ForcedVariables,
    NewRun,
    NewSignal,
    PauseDebug,
    QueueStats,
    Run,
    RunInDetail,
    RunLogs,
    Signal,
    Sql,
    StepDebug,
    Watch,
    Watched,
)
from workbench.runs.routes_again import again_routes, dead_letter_routes
from workbench.runs.routes_queue import queue_routes
from workbench.runs.service import Runs
from workbench.runs.signals import Signalling
from workbench.runs.store import CheckpointFilter, RunFilter
from workbench.runs.values import ARROW, CSV, JSON, PARQUET, Cut, Values, as_file, as_page, media_of
from workbench.storage.values import to_json

RunId = Annotated[str, Path(alias="runId")]
CheckpointId = Annotated[str, Path(alias="checkpointId")]
FunctionFilter = Annotated[str | None, Query(alias="functionId")]
BlockFilter = Annotated[str | None, Query(alias="blockId")]
Part = Annotated[
    str | None, Query(max_length=2000, description="A JSON pointer (RFC 6901) to a part of the value, such as /data.")
]
Accept = Annotated[str | None, Header()]
FILES: dict[str, Any] = {ARROW: {}, PARQUET: {}, CSV: {}}


def routes(feature: RunsFeature) -> APIRouter:
    """The feature's operations."""
    runs, again = feature.runs, feature.again

    async def exists(caller: Caller, path: Mapping[str, str]) -> None:
        await runs.exists(caller, path["runId"])

    router = APIRouter()
    for tag, declare in (
        ("Runs", lambda api: (_run_routes(api, runs, exists), _value_routes(api, feature.values, exists))),
        ("Runs", lambda api: _signal_routes(api, feature.signalling, exists)),
        ("Runs", lambda api: again_routes(api, again, exists)),
        ("Dead letter", lambda api: dead_letter_routes(api, feature.dead_letters, again, exists)),
        ("Queue", lambda api: queue_routes(api, runs.queueing)),
        ("Debug", lambda api: _debug_routes(api, feature.debugging, exists)),
        ("Frames", lambda api: _frame_routes(api, feature.frames)),
    ):
        api = Operations(tag)
        declare(api)
        router.include_router(api.router)
    return router


def _run_routes(api: Operations, runs: Runs, exists: Any) -> None:
    @api.post("/runs", "createWorkflowRun", scope="execute", answers=Run, status=202)
    async def create_run(caller: CallerDep, body: NewRun) -> Response:
        """Start a run; `async: false` waits for its end."""
        return ok(await runs.create(caller, body))

    @api.get("/runs", "listWorkflowRuns", answers=list[Run])
    async def list_runs(
        caller: CallerDep,
        page: PageDep,
        function_id: FunctionFilter = None,
        status: RunStatus | None = None,
        trigger: str | None = None,
        since: Time | None = None,
        until: Time | None = None,
    ) -> Response:
        """Runs, newest first."""
        return ok(await runs.list(caller, page, RunFilter(function_id, status, trigger, since, until)))

    @api.get("/runs/{runId}", "getWorkflowRun", answers=RunInDetail)
    async def get_run(caller: CallerDep, run_id: RunId) -> Response:
        """A run with its first 200 checkpoints and where each block is."""
        return ok(await runs.detail(caller, run_id))

    @api.post("/runs/{runId}/cancel", "cancelRun", scope="execute", answers=Cancelled, exists=exists)
    async def cancel_run(caller: CallerDep, run_id: RunId, body: CancelRun | None = None) -> Response:
        """Cancel a run that is not over; 409 when it is."""
        return ok(await runs.cancel(caller, run_id, body or CancelRun()))

    @api.get("/runs/{runId}/checkpoints", "listRunCheckpoints", answers=list[Checkpoint], exists=exists)
    async def list_checkpoints(
        caller: CallerDep,
        run_id: RunId,
        page: PageDep,
        block_id: BlockFilter = None,
        path: str | None = None,
        prefix: str | None = None,
        status: StepStatus | None = None,
    ) -> Response:
        """What each block execution made, in order."""
        return ok(await runs.checkpoints(caller, run_id, page, CheckpointFilter(block_id, path, prefix, status)))

    @api.get("/runs/{runId}/logs", "getRunLogs", answers=RunLogs, exists=exists)
    async def get_logs(
        caller: CallerDep,
        run_id: RunId,
        level: Literal["debug", "info", "warning", "error"] | None = None,
        block_id: BlockFilter = None,
    ) -> Response:
        """A run's log and how long each block execution queued, ran and waited."""
        return ok(await runs.logs(caller, run_id, level, block_id))

    @api.get("/queue/stats", "getQueueStats", answers=QueueStats)
    async def queue_stats(caller: CallerDep) -> Response:
        """What waits, works and ended lately."""
        return ok(await runs.queue_stats(caller))


def _signal_routes(api: Operations, signalling: Signalling, exists: Any) -> None:
    @api.post("/runs/{runId}/signals", "sendSignal", scope="execute", answers=Signal, exists=exists)
    async def send_signal(caller: CallerDep, run_id: RunId, body: NewSignal) -> Response:
        """Wake a waiting block, or be kept for the first later one that it fits; approvals too. 409 when it is over."""
        return ok(await signalling.send(caller, run_id, body))


def _value_routes(api: Operations, values: Values, exists: Any) -> None:
    async def answer(value: Any, accept: str | None, cut: Cut) -> Response:
        # In a thread: statistics over millions of rows must not hold the loop.
        media = media_of(accept)
        if media == JSON:
            return ok(*await to_thread(as_page, value, cut))
        return Response(await to_thread(as_file, value, media, cut), media_type=media)

    @api.get("/runs/{runId}/value", "getRunValue", media=FILES, exists=exists)
    async def run_value(
        caller: CallerDep,
        run_id: RunId,
        accept: Accept = None,
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
        at: Part = None,
    ) -> Response:
        """A run's whole output, or a part of it."""
        return await answer(await values.of_run(caller, run_id), accept, Cut(offset, limit, at=at))

    @api.get("/runs/{runId}/checkpoints/{checkpointId}/value", "getCheckpointValue", media=FILES, exists=exists)
    async def checkpoint_value(
        caller: CallerDep,
        run_id: RunId,
        checkpoint_id: CheckpointId,
        accept: Accept = None,
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
        sort: str | None = None,
        descending: bool = False,
        filter: Annotated[str | None, Query(max_length=2000)] = None,
        at: Part = None,
    ) -> Response:
        """The whole output of one block execution, or a part of it."""
        value = await values.of_checkpoint(caller, run_id, checkpoint_id)
        return await answer(value, accept, Cut(offset, limit, sort, descending, filter, at))


def _debug_routes(api: Operations, debugging: Debugging, exists: Any) -> None:
    path = "/runs/{runId}/debug"

    @api.get(path, "getDebugState", answers=DebugState, conflict="INVALID_STATE: not a debug run")
    async def debug_state(caller: CallerDep, run_id: RunId) -> Response:
        """Where a debug run stands: call stack, variables, the values on the wires."""
        return ok(await debugging.state(caller, run_id))

    @api.post(f"{path}/continue", "continueDebug", scope="execute", answers=DebugState, exists=exists)
    async def continue_debug(caller: CallerDep, run_id: RunId, body: ContinueDebug | None = None) -> Response:
        """Go on to the next breakpoint or the end."""
        asked = body or ContinueDebug()
        return ok(await debugging.go(caller, run_id, "run", asked.variables, asked.wait_ms))

    @api.post(f"{path}/step", "stepDebug", scope="execute", answers=DebugState, exists=exists)
    async def step_debug(caller: CallerDep, run_id: RunId, body: StepDebug | None = None) -> Response:
        """Run one block, then pause again; `back` looks at the place before. Go on with the answer's `runId`."""
        asked = body or StepDebug()
        if asked.mode == "back":
            return ok(await debugging.back(caller, run_id, asked.variables))
        return ok(await debugging.go(caller, run_id, asked.mode, asked.variables, asked.wait_ms))

    @api.post(f"{path}/pause", "pauseDebug", scope="execute", answers=DebugState, exists=exists)
    async def pause_debug(caller: CallerDep, run_id: RunId, body: PauseDebug | None = None) -> Response:
        """Pause a debug run that works, before its next block."""
        return ok(await debugging.pause(caller, run_id, (body or PauseDebug()).wait_ms))

    @api.put(f"{path}/variables", "setDebugVariables", scope="execute", answers=DebugState, exists=exists)
    async def set_variables(caller: CallerDep, run_id: RunId, body: ForcedVariables) -> Response:
        """Overlay variables for the blocks that start later."""
        return ok(await debugging.set_variables(caller, run_id, body.variables))

    @api.post(f"{path}/evaluate", "evaluateDebug", scope="execute", answers=Watched, exists=exists)
    async def evaluate(caller: CallerDep, run_id: RunId, body: Watch) -> Response:
        """The value of an expression where the run stands."""
        return ok(await debugging.evaluate(caller, run_id, body.expression))


def _frame_routes(api: Operations, frames: Frames) -> None:
    @api.post("/frames/sql", "queryFrames", scope="read", media={ARROW: {}})
    async def query_frames(caller: CallerDep, body: Sql, accept: Accept = None) -> Response:
        """One SELECT over the tables runs, checkpoints, logs and queue of this workspace."""
        table = await frames.sql(caller, body)
        return await to_thread(_frame_answer, table, table.height, accept)

    @api.get("/frames/{name}", "getFrame", media={ARROW: {}})
    async def get_frame(
        caller: CallerDep,
        name: FrameName,
        accept: Accept = None,
        function_id: FunctionFilter = None,
        run_id: Annotated[str | None, Query(alias="runId")] = None,
        since: Time | None = None,
        limit: Annotated[int, Query(ge=1, le=1_000_000)] = 100_000,
    ) -> Response:
        """One table of the workspace's history."""
        table = await frames.read(caller, name, function_id=function_id, run_id=run_id, since=since, limit=limit)
        return await to_thread(_frame_answer, table, table.num_rows, accept)


def _frame_answer(table: Any, rows: int, accept: str | None) -> Response:
    if media_of(accept) == ARROW:
        return Response(arrow_bytes(table), media_type=ARROW)
    return ok(to_json(as_rows(table)), {"total": rows})

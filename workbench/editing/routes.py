"""Canvases and functions over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from workbench.base.times import Time
from workbench.blocks.registry import BlockRegistry
from workbench.editing.bundle_routes import bundle_routes
from workbench.editing.canvases import Canvases
from workbench.editing.copies import Copies
from workbench.editing.functions import Functions
from workbench.editing.history_routes import command_routes, version_routes
from workbench.editing.models import (
    Breakpoint,
    BreakpointsChange,
    Canvas,
    CanvasChange,
    CanvasCopy,
    CanvasOrder,
    CanvasStats,
    CanvasWithFunctions,
    Function,
    FunctionChange,
    FunctionClone,
    FunctionCopy,
    FunctionWithFlow,
    NewCanvas,
    NewFunction,
    Status,
    ToValidate,
)
from workbench.editing.service import Editing
from workbench.editing.settings_routes import settings_routes
from workbench.editing.snapshot_routes import snapshot_routes
from workbench.editing.store import FunctionFilter
from workbench.flow.expressions import FUNCTIONS
from workbench.flow.validation import Validation
from workbench.rest.answers import ok
from workbench.rest.caller import Caller
from workbench.rest.deleted import Deleted
from workbench.rest.dependencies import CallerDep, PageDep
from workbench.rest.operation import Operations

CanvasId = Annotated[str, Path(alias="canvasId")]
FunctionId = Annotated[str, Path(alias="functionId")]
Force = Annotated[bool, Query(description="Cancel runs that are not over first.")]
Search = Annotated[str | None, Query(max_length=200, description="Only names that contain this.")]


def routes(editing: Editing, registry: BlockRegistry) -> APIRouter:
    """The feature's operations."""
    router = APIRouter()
    for tag, declare in (
        ("Canvases", lambda api: _canvas_routes(api, editing.canvases, editing.copies)),
        ("Functions", lambda api: _function_routes(api, editing.functions, editing.copies)),
        ("Functions", lambda api: settings_routes(api, editing.settings, _function_exists(editing.functions))),
        ("Versions", lambda api: version_routes(api, editing.history, _function_exists(editing.functions))),
        ("Snapshots", lambda api: snapshot_routes(api, editing.snapshots, _function_exists(editing.functions))),
        ("Import and export", lambda api: bundle_routes(api, editing.bundles, _function_exists(editing.functions))),
        ("Commands", lambda api: command_routes(api, editing.history)),
        ("Debug", lambda api: _breakpoint_routes(api, editing.functions)),
        ("Blocks", lambda api: _block_routes(api, registry)),
    ):
        api = Operations(tag)
        declare(api)
        router.include_router(api.router)
    return router


def _block_routes(api: Operations, registry: BlockRegistry) -> None:
    @api.get("/blocks", "listBlocks", answers=list[dict[str, Any]])
    async def list_blocks(caller: CallerDep) -> Response:
        """Every block type with its ports, effect class, config schema and an example; `meta.functions` are those of
        the expression language.
        """
        del caller
        return ok(registry.entries(), {"functions": [dict(f) for f in FUNCTIONS]})

    @api.get("/blocks/disabled", "listDisabledBlocks", answers=list[dict[str, str]])
    async def list_disabled_blocks(caller: CallerDep) -> Response:
        """Types that cannot be used here, and why."""
        del caller
        return ok([{"type": name, "reason": reason} for name, reason in registry.disabled().items()])


def _canvas_routes(api: Operations, canvases: Canvases, copies: Copies) -> None:
    async def exists(caller: Caller, path: Mapping[str, str]) -> None:
        await canvases.get(caller, path["canvasId"])

    @api.get("/canvases", "listWorkflowCanvases", answers=list[Canvas])
    async def list_canvases(caller: CallerDep, page: PageDep, q: Search = None) -> Response:
        """Canvases in display order."""
        return ok(await canvases.list(caller, page, q))

    @api.post("/canvases", "createWorkflowCanvas", answers=Canvas, status=201)
    async def create_canvas(caller: CallerDep, body: NewCanvas) -> Response:
        """Make a canvas, behind the last one."""
        return ok(await canvases.create(caller, body))

    @api.put("/canvases/reorder", "reorderCanvases", answers=list[Canvas])
    async def reorder_canvases(caller: CallerDep, body: CanvasOrder) -> Response:
        """Put all canvases in an order."""
        return ok(await canvases.reorder(caller, body))

    @api.get("/canvases/{canvasId}", "getWorkflowCanvas", answers=CanvasWithFunctions)
    async def get_canvas(caller: CallerDep, canvas_id: CanvasId) -> Response:
        """A canvas and its functions."""
        return ok(await canvases.get(caller, canvas_id))

    @api.put("/canvases/{canvasId}", "updateWorkflowCanvas", answers=Canvas, exists=exists)
    async def update_canvas(caller: CallerDep, canvas_id: CanvasId, body: CanvasChange) -> Response:
        """Change name or description."""
        return ok(await canvases.update(caller, canvas_id, body))

    @api.delete("/canvases/{canvasId}", "deleteWorkflowCanvas", answers=Deleted, exists=exists)
    async def delete_canvas(caller: CallerDep, canvas_id: CanvasId, force: Force = False) -> Response:
        """Delete a canvas with its functions and their runs; 409 while one runs, unless `?force=true`."""
        return ok(await canvases.delete(caller, canvas_id, force=force))

    @api.post("/canvases/{canvasId}/duplicate", "duplicateCanvas", answers=Canvas, status=201, exists=exists)
    async def duplicate_canvas(caller: CallerDep, canvas_id: CanvasId, body: CanvasCopy | None = None) -> Response:
        """A copy with copies of all functions, as drafts; subflow references among them are re-pointed."""
        return ok(await copies.duplicate_canvas(caller, canvas_id, body or CanvasCopy()))

    @api.get("/canvases/{canvasId}/stats", "getCanvasStats", answers=CanvasStats, exists=exists)
    async def canvas_stats(caller: CallerDep, canvas_id: CanvasId, since: Time | None = None) -> Response:
        """Run counts by status, success rate and quantiles of run and queue time."""
        return ok(await canvases.stats(caller, canvas_id, since))


def _function_routes(api: Operations, functions: Functions, copies: Copies) -> None:
    exists = _function_exists(functions)

    @api.get("/functions", "listWorkflowFunctions", answers=list[Function])
    async def list_functions(
        caller: CallerDep,
        page: PageDep,
        canvas_id: Annotated[str | None, Query(alias="canvasId")] = None,
        status: Status | None = None,
        q: Search = None,
    ) -> Response:
        """Functions, newest first."""
        return ok(await functions.list(caller, page, FunctionFilter(canvas_id, status, q)))

    @api.post("/functions", "createWorkflowFunction", answers=FunctionWithFlow, status=201)
    async def create_function(caller: CallerDep, body: NewFunction) -> Response:
        """Make a function, in the workspace's default canvas unless told otherwise."""
        return ok(await functions.create(caller, body))

    @api.get("/functions/{functionId}", "getWorkflowFunction", answers=FunctionWithFlow, exists=exists)
    async def get_function(
        caller: CallerDep, function_id: FunctionId, version: Annotated[int | None, Query(ge=1)] = None
    ) -> Response:
        """A function with its flow; `?version=` for an old one."""
        return ok(await functions.get(caller, function_id, version))

    @api.put("/functions/{functionId}", "updateWorkflowFunction", answers=FunctionWithFlow, exists=exists)
    async def update_function(caller: CallerDep, function_id: FunctionId, body: FunctionChange) -> Response:
        """Change what is sent; any change makes a new version."""
        return ok(await functions.update(caller, function_id, body))

    @api.delete("/functions/{functionId}", "deleteWorkflowFunction", answers=Deleted, exists=exists)
    async def delete_function(caller: CallerDep, function_id: FunctionId, force: Force = False) -> Response:
        """Delete a function with its versions and runs; 409 while it runs, unless `?force=true`."""
        return ok(await functions.delete(caller, function_id, force=force))

    @api.post(
        "/functions/{functionId}/duplicate", "duplicateFunction", answers=FunctionWithFlow, status=201, exists=exists
    )
    async def duplicate_function(
        caller: CallerDep, function_id: FunctionId, body: FunctionCopy | None = None
    ) -> Response:
        """A copy on the same canvas, as a draft."""
        return ok(await copies.duplicate(caller, function_id, body or FunctionCopy()))

    @api.post("/functions/{functionId}/clone", "cloneWorkflow", answers=FunctionWithFlow, status=201, exists=exists)
    async def clone_function(caller: CallerDep, function_id: FunctionId, body: FunctionClone) -> Response:
        """A copy on another canvas with fresh block and edge ids; every expression still resolves."""
        return ok(await copies.clone(caller, function_id, body))

    @api.post("/validate", "validateWorkflow", scope="read", answers=Validation)
    async def validate_flow(caller: CallerDep, body: ToValidate) -> Response:
        """All that is wrong with a flow or a function, with fixes where they are certain."""
        return ok(await functions.validate(caller, body))


def _breakpoint_routes(api: Operations, functions: Functions) -> None:
    exists = _function_exists(functions)
    path = "/functions/{functionId}/breakpoints"

    @api.get(path, "getBreakpoints", answers=list[Breakpoint])
    async def get_breakpoints(caller: CallerDep, function_id: FunctionId) -> Response:
        """Where debug runs of the function stop."""
        return ok(functions.head(caller, function_id).breakpoints)

    @api.put(path, "setBreakpoints", answers=list[Breakpoint], exists=exists)
    async def set_breakpoints(caller: CallerDep, function_id: FunctionId, body: BreakpointsChange) -> Response:
        """Replace the breakpoints."""
        return ok((await functions.set_breakpoints(caller, function_id, body)).breakpoints)

    @api.delete(path, "clearBreakpoints", answers=list[Breakpoint])
    async def clear_breakpoints(caller: CallerDep, function_id: FunctionId) -> Response:
        """Remove all breakpoints."""
        return ok((await functions.clear_breakpoints(caller, function_id)).breakpoints)


def _function_exists(functions: Functions):  # noqa: ANN202
    async def exists(caller: Caller, path: Mapping[str, str]) -> None:
        functions.head(caller, path["functionId"])

    return exists

"""Commands, their history, and versions over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from starlette.responses import Response

from workbench.editing.history import History
from workbench.editing.models import (
    Batch,
    BatchResult,
    CommandEntry,
    FunctionWithFlow,
    RestoreVersion,
    TakeBack,
    TakeBackTo,
    Version,
)
from workbench.flow.diff import Diff
from workbench.rest.answers import ok
from workbench.rest.dependencies import CallerDep, PageDep
from workbench.rest.operation import Operations

FunctionId = Annotated[str, Path(alias="functionId")]
Number = Annotated[int, Path(alias="number", ge=1)]


def command_routes(api: Operations, history: History) -> None:
    """The event store behind every edit."""

    @api.post("/commands/batch", "batchCommands", answers=BatchResult)
    async def batch_commands(caller: CallerDep, body: Batch) -> Response:
        """Carry out up to 1,000 commands, all or none; one undo takes them all back."""
        return ok(await history.batch(caller, body))

    @api.get("/commands/history", "getCommandHistory", answers=list[CommandEntry])
    async def get_history(
        caller: CallerDep, page: PageDep, function_id: Annotated[str | None, Query(alias="functionId")] = None
    ) -> Response:
        """Every command, newest first; `meta` says what can be undone and redone, and what each is called."""
        found, meta = await history.entries(caller, function_id, page)
        return ok(found.items, {**found.meta(), **meta})

    @api.post("/commands/undo", "undo", answers=BatchResult)
    async def undo(caller: CallerDep, body: TakeBackTo | None = None) -> Response:
        """Take back the last change of a function, or a named one, or all from a named one on; 409 when there is
        nothing or something stands in the way.
        """
        return ok(await history.undo(caller, body or TakeBackTo()))

    @api.post("/commands/redo", "redo", answers=BatchResult)
    async def redo(caller: CallerDep, body: TakeBack | None = None) -> Response:
        """Make again what was undone last."""
        return ok(await history.redo(caller, body or TakeBack()))


def version_routes(api: Operations, history: History, exists: Any) -> None:
    """Versions of a function."""
    path = "/functions/{functionId}/versions"

    @api.get(path, "getWorkflowFunctionVersions", answers=list[Version], exists=exists)
    async def list_versions(caller: CallerDep, function_id: FunctionId, page: PageDep) -> Response:
        """Versions, newest first: who made each, when, by what."""
        return ok(await history.versions(caller, function_id, page))

    @api.get(f"{path}/diff", "diffWorkflowVersions", answers=Diff, exists=exists)
    async def diff_versions(
        caller: CallerDep,
        function_id: FunctionId,
        before: Annotated[int, Query(alias="from", ge=1)],
        after: Annotated[int, Query(alias="to", ge=1)],
    ) -> Response:
        """What differs between two versions: blocks that were only moved are kept apart from those that changed."""
        return ok(await history.diff(caller, function_id, before, after))

    @api.post(f"{path}/{{number}}/restore", "restoreVersion", answers=FunctionWithFlow, exists=exists)
    async def restore_version(
        caller: CallerDep, function_id: FunctionId, number: Number, body: RestoreVersion | None = None
    ) -> Response:
        """Make an old version's flow the newest; undoable."""
        return ok(await history.restore(caller, function_id, number, body or RestoreVersion()))

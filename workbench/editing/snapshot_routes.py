"""Snapshots over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query
from starlette.responses import Response

from workbench.editing.models import (
    FunctionWithFlow,
    NewSnapshot,
    RestoreVersion,
    Snapshot,
    SnapshotFavorite,
    SnapshotTags,
    SnapshotWithFlow,
)
from workbench.editing.snapshots import Snapshots
from workbench.rest.answers import ok
from workbench.rest.caller import Caller
from workbench.rest.deleted import Deleted
from workbench.rest.dependencies import CallerDep, PageDep
from workbench.rest.operation import Operations

FunctionId = Annotated[str, Path(alias="functionId")]
SnapshotId = Annotated[str, Path(alias="snapshotId")]


def snapshot_routes(api: Operations, snapshots: Snapshots, function_exists: Any) -> None:
    """Kept states of functions."""

    async def exists(caller: Caller, path: Mapping[str, str]) -> None:
        await snapshots.get(caller, path["snapshotId"])

    of_function, one = "/functions/{functionId}/snapshots", "/snapshots/{snapshotId}"

    @api.post(of_function, "createWorkflowSnapshot", answers=Snapshot, status=201, exists=function_exists)
    async def create_snapshot(caller: CallerDep, function_id: FunctionId, body: NewSnapshot) -> Response:
        """Keep the function's newest version under a name."""
        return ok(await snapshots.create(caller, function_id, body))

    @api.get(of_function, "listWorkflowSnapshots", answers=list[Snapshot], exists=function_exists)
    async def list_snapshots(
        caller: CallerDep,
        function_id: FunctionId,
        page: PageDep,
        favorite: bool | None = None,
        tag: Annotated[str | None, Query(max_length=50)] = None,
    ) -> Response:
        """Snapshots, newest first."""
        return ok(await snapshots.list(caller, function_id, page, favorite=favorite, tag=tag))

    @api.get(one, "getWorkflowSnapshot", answers=SnapshotWithFlow)
    async def get_snapshot(caller: CallerDep, snapshot_id: SnapshotId) -> Response:
        """A snapshot with its flow."""
        return ok(await snapshots.get(caller, snapshot_id))

    @api.delete(one, "deleteWorkflowSnapshot", answers=Deleted)
    async def delete_snapshot(caller: CallerDep, snapshot_id: SnapshotId) -> Response:
        """Delete a snapshot; the function stays as it is."""
        return ok(await snapshots.delete(caller, snapshot_id))

    @api.post(f"{one}/restore", "restoreSnapshot", answers=FunctionWithFlow, exists=exists)
    async def restore_snapshot(
        caller: CallerDep, snapshot_id: SnapshotId, body: RestoreVersion | None = None
    ) -> Response:
        """Make its flow the function's newest version; undoable."""
        return ok(await snapshots.restore(caller, snapshot_id, body or RestoreVersion()))

    @api.post(f"{one}/favorite", "toggleSnapshotFavorite", answers=Snapshot, exists=exists)
    async def toggle_favorite(
        caller: CallerDep, snapshot_id: SnapshotId, body: SnapshotFavorite | None = None
    ) -> Response:
        """Mark or unmark it as a favourite."""
        return ok(await snapshots.set_favorite(caller, snapshot_id, body.is_favorite if body else None))

    @api.put(f"{one}/tags", "updateSnapshotTags", answers=Snapshot, exists=exists)
    async def set_tags(caller: CallerDep, snapshot_id: SnapshotId, body: SnapshotTags) -> Response:
        """Replace its tags."""
        return ok(await snapshots.set_tags(caller, snapshot_id, body.tags))

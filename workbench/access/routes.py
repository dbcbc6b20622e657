"""Workspaces and API keys over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from workbench.access.models import AuditAction, AuditEntry, Key, NewKey, NewlyMadeKey, NewWorkspace, Workspace
from workbench.access.service import Access
from workbench.rest.answers import ok
from workbench.rest.deleted import Deleted
from workbench.rest.dependencies import CallerDep, PageDep
from workbench.rest.operation import Operations

KeyId = Annotated[str, Path(alias="keyId")]


def routes(access: Access) -> APIRouter:
    """The feature's operations."""
    api = Operations("Access")

    @api.post("/workspaces", "createWorkspace", scope="admin", answers=Workspace, status=201)
    async def create_workspace(caller: CallerDep, body: NewWorkspace) -> Response:
        """Make a workspace: a tenant of its own, with keys of its own."""
        return ok(await access.create_workspace(caller, body))

    @api.get("/workspaces", "listWorkspaces", answers=list[Workspace])
    async def list_workspaces(caller: CallerDep, page: PageDep) -> Response:
        """The workspaces that the caller may see."""
        return ok(await access.list_workspaces(caller, page))

    @api.post("/api-keys", "createApiKey", scope="admin", answers=NewlyMadeKey, status=201, has_secret=True)
    async def create_key(caller: CallerDep, body: NewKey) -> Response:
        """Make a key; the answer is the only place where it is shown."""
        return ok(await access.create_key(caller, body))

    @api.get("/api-keys", "listApiKeys", scope="admin", answers=list[Key])
    async def list_keys(caller: CallerDep, page: PageDep) -> Response:
        """The workspace's keys, without their secrets."""
        return ok(await access.list_keys(caller, page))

    @api.delete("/api-keys/{keyId}", "revokeApiKey", scope="admin", answers=Deleted)
    async def revoke_key(caller: CallerDep, key_id: KeyId) -> Response:
        """Revoke a key: it stops working at once."""
        await access.revoke_key(caller, key_id)
        return ok(Deleted(id=key_id))

    @api.get("/audit", "listAuditEntries", scope="admin", answers=list[AuditEntry])
    async def list_audit(
        caller: CallerDep, page: PageDep, action: Annotated[AuditAction | None, Query()] = None
    ) -> Response:
        """Changes to keys, workspaces and secrets, and calls that were refused, newest first."""
        return ok(await access.audit.list(caller, page, action))

    return api.router

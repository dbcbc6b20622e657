"""Wire shapes of workspaces and API keys."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from workbench.base.times import GivenTime, Time
from workbench.base.wire import Wire
from workbench.flow.model import Name
from workbench.rest.caller import Scope


class NewWorkspace(Wire):
    """Body of POST /workspaces."""

    name: Name


class Workspace(Wire):
    """A tenant."""

    id: str
    name: str
    created_at: Time


class NewKey(Wire):
    """Body of POST /api-keys. Without `workspaceId` the key is for the caller's workspace."""

    name: Name
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)] = ("read", "write", "execute")
    expires_at: GivenTime | None = None
    workspace_id: str | None = None


class Key(Wire):
    """An API key without its secret."""

    id: str
    name: str
    prefix: str
    workspace_id: str
    scopes: tuple[Scope, ...]
    expires_at: Time | None
    last_used_at: Time | None
    created_at: Time


class NewlyMadeKey(Key):
    """The answer of a key's creation, the only place where the key itself is shown."""

    key: str


AuditAction: TypeAlias = Literal[
    "key.created",
    "key.revoked",
    "workspace.created",
    "secret.created",
    "secret.changed",
    "secret.deleted",
    "secrets.rotated",
    "call.refused",
]


class AuditEntry(Wire):
    """One entry of the audit log. `subject` is the key, the workspace, the secret or the call; `times` that it was."""

    id: str
    at: Time
    action: AuditAction
    actor: str
    subject: str
    detail: str | None
    times: int

"""Who calls, in which workspace, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from workbench.base.errors import NotAllowed, NotFound
from workbench.base.ids import is_uuid, to_bytes

Scope: TypeAlias = Literal["read", "write", "execute", "admin"]
ALL_SCOPES: frozenset[Scope] = frozenset(get_args(Scope))
KEY_IN_SCOPE = "workbench.caller"
"""Where the auth layer puts the caller in the ASGI scope."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One authenticated caller. Services take it first and put its workspace in every query."""

    workspace_id: str
    author: str
    """Who is named in histories: a Jupyter user or ``key:<name>``."""
    scopes: frozenset[Scope]
    origin: str = "api"
    """Which door was used: ``api``, ``jupyter``, ``kernel`` or ``system``."""
    key_id: str | None = None
    is_limited: bool = False
    """Whether rate limits apply (API keys only)."""
    is_operator: bool = False
    """Whether this caller speaks for the whole server: Jupyter's login, a kernel of the server, or an admin key of the
    default workspace. Others act in their own workspace only."""

    @property
    def workspace(self) -> bytes:
        """The workspace's 16 bytes, as facts and queries want them."""
        return to_bytes(self.workspace_id)

    def require(self, scope: Scope) -> None:
        """Raise `NotAllowed` unless the caller has `scope`."""
        if scope not in self.scopes:
            raise NotAllowed(
                f"This needs the scope '{scope}'; the key has {', '.join(sorted(self.scopes)) or 'none'}.",
                hint=f"Make a key with the scope '{scope}' (POST /api-keys).",
            )

    def require_operator(self) -> None:
        """Raise `NotAllowed` unless the caller speaks for the whole server."""
        if not self.is_operator:
            raise NotAllowed(
                "This concerns the whole server, for which a key of one workspace does not speak.",
                hint="Use an admin key of the default workspace, a kernel of this server, or Jupyter's own login.",
            )


def id_bytes(kind: str, text: str) -> bytes:
    """A resource id's 16 bytes; an id that is no UUID names nothing, so it raises `NotFound` (not 400)."""
    if not is_uuid(text):
        raise missing(kind, text)
    return to_bytes(text)


def missing(kind: str, text: str) -> NotFound:
    """The one error for a resource that is not in this workspace."""
    where = "" if kind == "workspace" else " in this workspace"
    return NotFound(f"There is no {kind} '{text[:80]}'{where}.")

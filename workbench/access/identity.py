"""From a request's headers to its caller: keys, the bridge's identity, and the workspace rule."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.access.models import Key, Workspace
from workbench.access.store import KeyRow
from workbench.base.errors import InvalidInput, Issue, NotAllowed, NotAuthenticated
from workbench.base.ids import is_uuid
from workbench.rest.caller import ALL_SCOPES, Caller, Scope, missing

DEFAULT_WORKSPACE = "00000000-0000-7000-8000-000000000001"
"""The workspace that exists from the first start, and that callers without one of their own work in."""
PREFIX_LENGTH = 13
_ALPHABET = string.ascii_lowercase + string.digits


def new_key() -> str:
    """A new key: ``wb_``, ten characters to find it by, ``_``, 256 random bits."""
    return "wb_" + "".join(secrets.choice(_ALPHABET) for _ in range(10)) + "_" + secrets.token_urlsafe(32)


def prefix_of(key: str) -> str:
    """The findable part of a key, which is no secret."""
    return key[:PREFIX_LENGTH]


def is_like_a_key(text: str) -> bool:
    """Whether a text has the form of a key, so that its beginning is no secret of something else."""
    return re.fullmatch(r"wb_[a-z0-9]{10}_.{20,}", text) is not None


def hash_of(key: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).digest()


@dataclass(slots=True)
class Directory:
    """Workspaces and living keys in memory, so that authentication reads no database."""

    workspaces: dict[str, Workspace] = field(default_factory=dict)
    rows: dict[str, KeyRow] = field(default_factory=dict)
    by_prefix: dict[str, list[KeyRow]] = field(default_factory=dict)
    kernel_keys: dict[bytes, Caller] = field(default_factory=dict)

    def add_key(self, row: KeyRow) -> None:
        """Let a key in; a key that is known already stays once."""
        self.drop_key(row.key.id)
        self.rows[row.key.id] = row
        self.by_prefix.setdefault(row.key.prefix, []).append(row)

    def drop_key(self, key_id: str) -> None:
        """Let a key in no more."""
        row = self.rows.pop(key_id, None)
        if row is not None:
            rest = [r for r in self.by_prefix[row.key.prefix] if r.key.id != key_id]
            if rest:
                self.by_prefix[row.key.prefix] = rest
            else:
                del self.by_prefix[row.key.prefix]

    def find(self, key: str) -> KeyRow | Caller | None:
        """The row of a stored key, or the caller of a kernel key; compared in constant time."""
        hashed = hash_of(key)
        found: KeyRow | Caller | None = None
        for row in self.by_prefix.get(prefix_of(key), ()):
            if hmac.compare_digest(row.hash, hashed):
                found = row
        for known, caller in self.kernel_keys.items():
            if hmac.compare_digest(known, hashed):
                found = caller
        return found


def resolve(
    directory: Directory,
    headers: Mapping[str, str],
    identity: Mapping[str, Any] | None,
    now_us: int,
    used: Callable[[Key], None],
) -> Caller:
    """The caller of a request.

    A key decides alone: a wrong one never falls back to `identity`, which only the in-process bridge can set. `used`
    hears of each stored key that was let in. Raises NotAuthenticated, NotAllowed, InvalidInput, NotFound.
    """
    key = headers.get("x-api-key")
    asked = headers.get("x-workspace-id")
    if key is not None:
        return _by_key(directory, key, asked, now_us, used)
    if identity is None:
        raise NotAuthenticated(
            "This needs an API key or a Jupyter login.", hint="Send the header 'X-API-Key: <your key>'."
        )
    workspace = _check_workspace_id(asked) or DEFAULT_WORKSPACE
    if workspace not in directory.workspaces:
        raise missing("workspace", workspace)
    scopes: frozenset[Scope] = frozenset(identity.get("scopes") or ()) & ALL_SCOPES
    return Caller(workspace, str(identity["user"]), scopes, origin="jupyter", is_operator="admin" in scopes)


def _by_key(directory: Directory, key: str, asked: str | None, now_us: int, used: Callable[[Key], None]) -> Caller:
    found = directory.find(key)
    if isinstance(found, KeyRow) and found.key.expires_at is not None and found.key.expires_at <= now_us:
        raise NotAuthenticated("The API key has expired.", hint="Make a new key (POST /api-keys).")
    if found is None:
        raise NotAuthenticated(
            "The API key is not known here, or was revoked.", hint="Check the header X-API-Key, or make a new key."
        )
    workspace = found.key.workspace_id if isinstance(found, KeyRow) else found.workspace_id
    if (_check_workspace_id(asked) or workspace) != workspace:
        raise NotAllowed(
            "The API key belongs to another workspace.", hint="Leave X-Workspace-Id out: the key knows its workspace."
        )
    if isinstance(found, Caller):
        return found
    used(found.key)
    scopes = frozenset(found.key.scopes)
    return Caller(
        workspace,
        f"key:{found.key.name}",
        scopes,
        key_id=found.key.id,
        is_limited=True,
        is_operator=workspace == DEFAULT_WORKSPACE and "admin" in scopes,
    )


def _check_workspace_id(text: str | None) -> str | None:
    if text is None:
        return None
    if not is_uuid(text):
        issue = Issue("X-Workspace-Id", "must be a UUID")
        raise InvalidInput("The header X-Workspace-Id must be a UUID.", details=[issue])
    return text.lower()

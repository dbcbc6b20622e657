"""The SQL that reads workspaces, keys and first answers. Their writing stands in `facts.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.access.models import Key, Workspace
from workbench.rest.once import FirstAnswer


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as it is kept: what is shown of it, and its hash."""

    key: Key
    hash: bytes


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A first answer without its body."""

    workspace_id: str
    operation: str
    key: str
    fingerprint: bytes
    at: int


def all_workspaces(cursor: Any) -> list[Workspace]:
    """Every workspace, for the memory that authentication reads."""
    rows = cursor.execute("SELECT id::VARCHAR, name, created_at FROM workspaces").fetchall()
    return [Workspace(id=i, name=n, created_at=at) for i, n, at in rows]


def list_workspaces(
    cursor: Any, only: str | None, after: tuple[int, str] | None, limit: int
) -> tuple[list[Workspace], int]:
    """A page of workspaces, newest first, and how many there are; `only` bounds the list to one."""
    total = cursor.execute(
        "SELECT count(*) FROM workspaces WHERE $only IS NULL OR id = $only::UUID", {"only": only}
    ).fetchone()[0]
    rows = cursor.execute(
        """
        SELECT id::VARCHAR, name, created_at
        FROM workspaces
        WHERE ($only IS NULL OR id = $only::UUID)
          AND ($at IS NULL OR (created_at, id) < ($at, $id::UUID))
        ORDER BY created_at DESC, id DESC
        LIMIT $limit
        """,
        {"only": only, "at": after[0] if after else None, "id": after[1] if after else None, "limit": limit},
    ).fetchall()
    return [Workspace(id=i, name=n, created_at=at) for i, n, at in rows], total


def _key_row(row: tuple[Any, ...]) -> KeyRow:
    key = Key(
        id=row[0],
        name=row[1],
        prefix=row[2],
        workspace_id=row[3],
        scopes=tuple(row[4].split()),
        expires_at=row[5],
        last_used_at=row[6],
        created_at=row[7],
    )
    return KeyRow(key, bytes(row[8]))


def living_keys(cursor: Any) -> list[KeyRow]:
    """Every key of every workspace that is not revoked, for the memory that authentication reads."""
    rows = cursor.execute(
        """
        SELECT id::VARCHAR, name, prefix, workspace_id::VARCHAR, scopes, expires_at, last_used_at, created_at, hash
        FROM api_keys
        WHERE revoked_at IS NULL
        """
    ).fetchall()
    return [_key_row(row) for row in rows]


def list_keys(cursor: Any, workspace_id: str, after: tuple[int, str] | None, limit: int) -> tuple[list[Key], int]:
    """A page of a workspace's keys that are not revoked, newest first, and how many there are."""
    total = cursor.execute(
        "SELECT count(*) FROM api_keys WHERE workspace_id = ? AND revoked_at IS NULL", [workspace_id]
    ).fetchone()[0]
    rows = cursor.execute(
        """
        SELECT id::VARCHAR, name, prefix, workspace_id::VARCHAR, scopes, expires_at, last_used_at, created_at, hash
        FROM api_keys
        WHERE workspace_id = $workspace AND revoked_at IS NULL
          AND ($at IS NULL OR (created_at, id) < ($at, $id::UUID))
        ORDER BY created_at DESC, id DESC
        LIMIT $limit
        """,
        {
            "workspace": workspace_id,
            "at": after[0] if after else None,
            "id": after[1] if after else None,
            "limit": limit,
        },
    ).fetchall()
    return [_key_row(row).key for row in rows], total


def kept_answers(cursor: Any, since: int) -> list[KeptAnswer]:
    """All first answers of all workspaces that are younger than `since`, oldest first, without bodies."""
    rows = cursor.execute(
        """
        SELECT workspace_id::VARCHAR, operation, key, body_hash, "at"
        FROM idempotency
        WHERE "at" >= ?
        ORDER BY "at"
        """,
        [since],
    ).fetchall()
    return [KeptAnswer(w, o, k, bytes(h), at) for w, o, k, h, at in rows]


def kept_body(cursor: Any, workspace_id: str, operation: str, key: str) -> FirstAnswer | None:
    """One first answer with its body."""
    row = cursor.execute(
        "SELECT status, body FROM idempotency WHERE workspace_id = ? AND operation = ? AND key = ?",
        [workspace_id, operation, key],
    ).fetchone()
    return FirstAnswer(row[0], bytes(row[1])) if row else None

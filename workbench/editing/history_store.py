"""The SQL that reads the history of edits and the versions. Their writing stands in `facts.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from workbench.editing.models import CommandEntry, Version
from workbench.flow.changes import Change, from_text

UNDOABLE = "kind NOT IN ('undo', 'redo')"


@dataclass(frozen=True, slots=True)
class Edit:
    """One command of the history, as undo needs it."""

    function_id: str
    version: int
    type: str
    changes: list[Change]
    label: str
    author: str
    created_at: int
    undone: bool
    kind: str
    group_id: str
    origin: str


_EDIT = (
    "function_id::VARCHAR, version, type, changes, label, author, created_at, undone, kind, group_id::VARCHAR, origin"
)


def _edit(row: tuple[Any, ...]) -> Edit:
    return Edit(row[0], row[1], row[2], from_text(row[3]), *row[4:])


def group(cursor: Any, workspace: str, group_id: str) -> list[Edit]:
    """All commands of a group, in order."""
    rows = cursor.execute(
        f"""
        SELECT {_EDIT} FROM commands WHERE workspace_id = ? AND group_id = ?::UUID
        ORDER BY function_id, version, position
        """,
        [workspace, group_id],
    ).fetchall()
    return [_edit(row) for row in rows]


def latest(cursor: Any, workspace: str, function_id: str, version: int) -> list[Edit]:
    """The commands that made a version."""
    rows = cursor.execute(
        f"""
        SELECT {_EDIT} FROM commands WHERE workspace_id = ? AND function_id = ?::UUID AND version = ?
        ORDER BY position
        """,
        [workspace, function_id, version],
    ).fetchall()
    return [_edit(row) for row in rows]


def since(cursor: Any, workspace: str, function_id: str, version: int, *, every: bool = False) -> list[Edit]:
    """The commands after a version, latest first: those that stand, or `every` one."""
    rows = cursor.execute(
        f"""
        SELECT {_EDIT} FROM commands
        WHERE workspace_id = ? AND function_id = ?::UUID AND version > ? AND (? OR NOT undone)
        ORDER BY version DESC, position DESC
        """,
        [workspace, function_id, version, every],
    ).fetchall()
    return [_edit(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Step:
    """A group that may be taken back, or made again."""

    group_id: str
    label: str
    author: str
    function_id: str


def to_undo(cursor: Any, workspace: str, function_id: str | None, author: str | None) -> Step | None:
    """The last group that stands, of a function, or of an author in the whole workspace."""
    row = cursor.execute(
        f"""
        SELECT group_id::VARCHAR, label, author, function_id::VARCHAR FROM commands
        WHERE workspace_id = $workspace AND {UNDOABLE} AND NOT undone
          AND ($function IS NULL OR function_id = $function::UUID) AND ($author IS NULL OR author = $author)
        ORDER BY created_at DESC, version DESC, position DESC LIMIT 1
        """,
        {"workspace": workspace, "function": function_id, "author": author},
    ).fetchone()
    return Step(*row) if row else None


def to_redo(cursor: Any, workspace: str, function_id: str | None, author: str | None) -> Step | None:
    """The group that was taken back last, unless something new was done to its function since."""
    row = cursor.execute(
        f"""
        SELECT u.of_group::VARCHAR, u.label, u.author, u.function_id::VARCHAR FROM commands u
        WHERE u.workspace_id = $workspace AND u.kind = 'undo' AND NOT u.undone
          AND ($function IS NULL OR u.function_id = $function::UUID) AND ($author IS NULL OR u.author = $author)
          AND u.version > (
              SELECT coalesce(max(c.version), 0) FROM commands c
              WHERE c.workspace_id = $workspace AND c.function_id = u.function_id AND c.{UNDOABLE}
          )
        ORDER BY u.created_at DESC, u.version DESC LIMIT 1
        """,
        {"workspace": workspace, "function": function_id, "author": author},
    ).fetchone()
    return Step(*row) if row else None


def entries(
    cursor: Any, workspace: str, function_id: str | None, after: tuple[int, int, str] | None, limit: int
) -> tuple[list[CommandEntry], int]:
    """A page of the history, newest first, and how many commands there are."""
    wanted = {"workspace": workspace, "function": function_id}
    matching = "workspace_id = $workspace AND ($function IS NULL OR function_id = $function::UUID)"
    total = cursor.execute(f"SELECT count(*) FROM commands WHERE {matching}", wanted).fetchone()[0]
    rows = cursor.execute(
        f"""
        SELECT id::VARCHAR, function_id::VARCHAR, type, payload, author, origin, version, position, group_id::VARCHAR,
            label, kind, of_group::VARCHAR, undone, created_at
        FROM commands
        WHERE {matching}
          AND ($at IS NULL OR (created_at, position, id) < ($at, $position, $id::UUID))
        ORDER BY created_at DESC, position DESC, id DESC
        LIMIT $limit
        """,
        {
            **wanted,
            "at": after[0] if after else None,
            "position": after[1] if after else None,
            "id": after[2] if after else None,
            "limit": limit,
        },
    ).fetchall()
    found = [
        CommandEntry(
            id=r[0],
            function_id=r[1],
            type=r[2],
            payload=msgspec.json.decode(r[3]),
            author=r[4],
            origin=r[5],
            version=r[6],
            position=r[7],
            group_id=r[8],
            label=r[9],
            kind=r[10],
            of_group=r[11],
            undone=r[12],
            created_at=r[13],
        )
        for r in rows
    ]
    return found, total


def versions(cursor: Any, workspace: str, function_id: str, after: int | None, limit: int) -> tuple[list[Version], int]:
    """A page of a function's versions, newest first, and how many there are."""
    given = {"workspace": workspace, "function": function_id}
    matching = """
        v.function_id = $function::UUID
        AND EXISTS (SELECT 1 FROM functions f WHERE f.workspace_id = $workspace AND f.id = v.function_id)
    """
    total = cursor.execute(f"SELECT count(*) FROM function_versions v WHERE {matching}", given).fetchone()[0]
    rows = cursor.execute(
        f"""
        SELECT v.number, v.author, v.source, coalesce(v.message, c.label), v.created_at
        FROM function_versions v
        LEFT JOIN (
            SELECT version, any_value(label) AS label FROM commands WHERE function_id = $function::UUID GROUP BY version
        ) c ON c.version = v.number
        WHERE {matching} AND ($after IS NULL OR v.number < $after)
        ORDER BY v.number DESC LIMIT $limit
        """,
        {**given, "after": after, "limit": limit},
    ).fetchall()
    return [Version(number=r[0], author=r[1], source=r[2], message=r[3], created_at=r[4]) for r in rows], total

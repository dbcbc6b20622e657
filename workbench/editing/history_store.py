"""The SQL that reads the history of edits and the versions. Their writing stands in `facts.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from workbench.editing.models import CommandEntry, Version
from workbench.flow.changes import Change, from_text
from workbench.storage.columns import execute

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
    of_group: str | None

    @property
    def about(self) -> str:
        """The group that an undo or a redo is about, else its own."""
        return self.of_group or self.group_id


_EDIT = """
    function_id::VARCHAR, version, type, changes, label, author, created_at, undone, kind, group_id::VARCHAR, origin,
    of_group::VARCHAR
"""
_STANDING = f"""
    SELECT c.group_id, max(greatest(c.version, coalesce(r.version, 0))) AS version
    FROM commands c LEFT JOIN (
        SELECT of_group, max(version) AS version FROM commands
        WHERE workspace_id = $1::UUID AND function_id = $2::UUID AND kind = 'redo' GROUP BY of_group
    ) r ON r.of_group = c.group_id
    WHERE c.workspace_id = $1::UUID AND c.function_id = $2::UUID AND c.{UNDOABLE} AND NOT c.undone
    GROUP BY c.group_id
"""
"""The groups of a function that stand, each with the version that it stands since: what was made again is newer."""


def _edit(row: tuple[Any, ...]) -> Edit:
    return Edit(row[0], row[1], row[2], from_text(row[3]), *row[4:])


def group(cursor: Any, workspace: str, group_id: str) -> list[Edit]:
    """All commands of a group, in order."""
    rows = execute(
        cursor,
        f"""
        SELECT {_EDIT} FROM commands WHERE workspace_id = $1::UUID AND group_id = $2::UUID
        ORDER BY function_id, version, position
        """,
        workspace,
        group_id,
    ).fetchall()
    return [_edit(row) for row in rows]


def latest(cursor: Any, workspace: str, function_id: str, version: int) -> list[Edit]:
    """The commands that made a version."""
    rows = execute(
        cursor,
        f"""
        SELECT {_EDIT} FROM commands WHERE workspace_id = $1::UUID AND function_id = $2::UUID AND version = $3::BIGINT
        ORDER BY position
        """,
        workspace,
        function_id,
        version,
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


def redone_at(cursor: Any, workspace: str, function_id: str, group_id: str) -> int:
    """The version in which a group was made again last; 0 where it never was."""
    row = execute(
        cursor,
        """
        SELECT coalesce(max(version), 0) FROM commands
        WHERE workspace_id = $1::UUID AND function_id = $2::UUID AND of_group = $3::UUID AND kind = 'redo'
        """,
        workspace,
        function_id,
        group_id,
    ).fetchone()
    return row[0]


def standing_from(cursor: Any, workspace: str, function_id: str, group_id: str, limit: int) -> list[str]:
    """The groups of a function that stand, newest first, down to this one; none where it is not one of them."""
    rows = execute(
        cursor,
        f"""
        WITH standing AS ({_STANDING})
        SELECT group_id::VARCHAR FROM standing
        WHERE version >= (SELECT version FROM standing WHERE group_id = $3::UUID)
        ORDER BY version DESC LIMIT $4::BIGINT
        """,
        workspace,
        function_id,
        group_id,
        limit,
    ).fetchall()
    return [row[0] for row in rows]


@dataclass(frozen=True, slots=True)
class Step:
    """A group that may be taken back, or made again."""

    group_id: str
    label: str
    author: str
    function_id: str


_STEP = "group_id::VARCHAR, label, author, function_id::VARCHAR"


def to_undo(cursor: Any, workspace: str, function_id: str | None, author: str) -> Step | None:
    """The last group that stands: of a function, or (without one) of an author in the whole workspace.

    Found by its version or time first: sorting whole rows costs several times as much.
    """
    if function_id is not None:
        return _tops(cursor, workspace, function_id).undo(cursor, workspace, function_id)
    row = execute(
        cursor,
        f"""
        SELECT {_STEP} FROM commands
        WHERE workspace_id = $1::UUID AND {UNDOABLE} AND NOT undone AND author = $2 AND created_at = (
            SELECT max(created_at) FROM commands
            WHERE workspace_id = $1::UUID AND {UNDOABLE} AND NOT undone AND author = $2
        )
        ORDER BY version DESC, position DESC LIMIT 1
        """,
        workspace,
        author,
    ).fetchone()
    return Step(*row) if row else None


def to_redo(cursor: Any, workspace: str, function_id: str | None, author: str) -> Step | None:
    """The group that was taken back last, unless its function was edited since; whose as in `to_undo`."""
    if function_id is not None:
        return _tops(cursor, workspace, function_id).redo(cursor, workspace, function_id)
    row = execute(
        cursor,
        f"""
        SELECT u.of_group::VARCHAR, u.label, u.author, u.function_id::VARCHAR FROM commands u
        WHERE u.workspace_id = $1::UUID AND u.kind = 'undo' AND NOT u.undone AND u.author = $2 AND u.version > (
            SELECT coalesce(max(c.version), 0) FROM commands c
            WHERE c.workspace_id = $1::UUID AND c.function_id = u.function_id AND c.{UNDOABLE}
        )
        ORDER BY u.created_at DESC, u.version DESC LIMIT 1
        """,
        workspace,
        author,
    ).fetchone()
    return Step(*row) if row else None


@dataclass(frozen=True, slots=True)
class _Tops:
    """How many commands a function's history has, and which versions are its ends; 0 for none."""

    total: int
    standing: int
    """The last that can be undone."""
    undone_by: int
    """The last undo that has not been made again."""
    newest: int
    """The last that is neither undo nor redo."""
    redone: int
    """The last redo."""

    def undo(self, cursor: Any, workspace: str, function_id: str) -> Step | None:
        """What an undo would take back: what was made, or made again, last."""
        if self.redone > self.standing > 0:
            row = execute(
                cursor,
                f"""
                WITH standing AS ({_STANDING})
                SELECT {_STEP} FROM commands
                WHERE workspace_id = $1::UUID AND function_id = $2::UUID
                  AND group_id = (SELECT arg_max(group_id, version) FROM standing)
                LIMIT 1
                """,
                workspace,
                function_id,
            ).fetchone()
            return Step(*row) if row else None
        return _step(cursor, _STEP, workspace, function_id, self.standing) if self.standing else None

    def redo(self, cursor: Any, workspace: str, function_id: str) -> Step | None:
        """What a redo would make again."""
        if self.undone_by <= self.newest:
            return None
        return _step(cursor, _STEP.replace("group_id", "of_group", 1), workspace, function_id, self.undone_by)


def _tops(cursor: Any, workspace: str, function_id: str) -> _Tops:
    row = execute(
        cursor,
        f"""
        SELECT count(*), coalesce(max(version) FILTER ({UNDOABLE} AND NOT undone), 0),
            coalesce(max(version) FILTER (kind = 'undo' AND NOT undone), 0),
            coalesce(max(version) FILTER ({UNDOABLE}), 0), coalesce(max(version) FILTER (kind = 'redo'), 0)
        FROM commands WHERE workspace_id = $1::UUID AND function_id = $2::UUID
        """,
        workspace,
        function_id,
    ).fetchone()
    return _Tops(*row)


def _step(cursor: Any, columns: str, workspace: str, function_id: str, version: int) -> Step | None:
    row = execute(
        cursor,
        f"""
        SELECT {columns} FROM commands
        WHERE workspace_id = $1::UUID AND function_id = $2::UUID AND version = $3::BIGINT LIMIT 1
        """,
        workspace,
        function_id,
        version,
    ).fetchone()
    return Step(*row) if row else None


_ENTRY = """
    id::VARCHAR, function_id::VARCHAR, type, payload, author, origin, version, position, group_id::VARCHAR, label, kind,
    of_group::VARCHAR, undone, created_at
"""
After: TypeAlias = tuple[int, int, str]
"""Where a page of the history ended: time, position, id."""
_NEWEST: After = (2**62, 2**31 - 1, "ffffffff-ffff-ffff-ffff-ffffffffffff")


def history(
    cursor: Any, workspace: str, function_id: str, after: After | None, limit: int
) -> tuple[list[CommandEntry], int, Step | None, Step | None]:
    """A page of a function's history, newest first; how many commands there are; what can be undone, what redone."""
    tops = _tops(cursor, workspace, function_id)
    rows = execute(
        cursor,
        f"""
        WITH page AS (
            SELECT rowid FROM commands
            WHERE workspace_id = $1::UUID AND function_id = $2::UUID
              AND (created_at, position, id) < ($3::BIGINT, $4::INTEGER, $5::UUID)
            ORDER BY created_at DESC, position DESC, id DESC LIMIT $6::BIGINT
        )
        SELECT {_ENTRY} FROM commands WHERE rowid IN (SELECT rowid FROM page)
        ORDER BY created_at DESC, position DESC, id DESC
        """,
        workspace,
        function_id,
        *(after or _NEWEST),
        limit,
    ).fetchall()
    undo, redo = tops.undo(cursor, workspace, function_id), tops.redo(cursor, workspace, function_id)
    return [_entry(row) for row in rows], tops.total, undo, redo


def workspace_history(
    cursor: Any, workspace: str, author: str, after: After | None, limit: int
) -> tuple[list[CommandEntry], int, Step | None, Step | None]:
    """A page of a whole workspace's history likewise; what this author can undo and redo."""
    total = execute(cursor, "SELECT count(*) FROM commands WHERE workspace_id = $1::UUID", workspace).fetchone()[0]
    rows = execute(
        cursor,
        f"""
        WITH page AS (
            SELECT rowid FROM commands
            WHERE workspace_id = $1::UUID AND (created_at, position, id) < ($2::BIGINT, $3::INTEGER, $4::UUID)
            ORDER BY created_at DESC, position DESC, id DESC LIMIT $5::BIGINT
        )
        SELECT {_ENTRY} FROM commands WHERE rowid IN (SELECT rowid FROM page)
        ORDER BY created_at DESC, position DESC, id DESC
        """,
        workspace,
        *(after or _NEWEST),
        limit,
    ).fetchall()
    undo, redo = to_undo(cursor, workspace, None, author), to_redo(cursor, workspace, None, author)
    return [_entry(row) for row in rows], total, undo, redo


def _entry(row: tuple[Any, ...]) -> CommandEntry:
    return CommandEntry(
        id=row[0],
        function_id=row[1],
        type=row[2],
        payload=msgspec.json.decode(row[3]),
        author=row[4],
        origin=row[5],
        version=row[6],
        position=row[7],
        group_id=row[8],
        label=row[9],
        kind=row[10],
        of_group=row[11],
        undone=row[12],
        created_at=row[13],
    )


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

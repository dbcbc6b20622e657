"""The SQL that reads snapshots. Their writing stands in `snapshot_facts.py`."""

from __future__ import annotations

from typing import Any

import msgspec

from workbench.base.ids import to_text
from workbench.editing.models import Snapshot, SnapshotWithFlow
from workbench.editing.snapshot_facts import SnapshotCreated
from workbench.flow.model import Flow

_COLUMNS = """
    s.id::VARCHAR, s.function_id::VARCHAR, s.name, s.description, s.tags, s.is_favorite, s.version, s.author,
    s.created_at
"""


def _snapshot(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "id": row[0],
        "function_id": row[1],
        "name": row[2],
        "description": row[3],
        "tags": tuple(msgspec.json.decode(row[4])),
        "is_favorite": row[5],
        "version": row[6],
        "author": row[7],
        "created_at": row[8],
    }


def created(fact: SnapshotCreated) -> Snapshot:
    """The snapshot that a fact makes."""
    return Snapshot(
        id=to_text(fact.id),
        function_id=to_text(fact.function),
        name=fact.title,
        description=fact.description,
        tags=tuple(msgspec.json.decode(fact.tags)),
        is_favorite=False,
        version=fact.version,
        author=fact.author,
        created_at=fact.at,
    )


def find_snapshot(cursor: Any, workspace: str, snapshot_id: str) -> SnapshotWithFlow | None:
    """One snapshot with its flow."""
    row = cursor.execute(
        f"SELECT {_COLUMNS}, s.flow FROM snapshots s WHERE s.workspace_id = ? AND s.id = ?::UUID",
        [workspace, snapshot_id],
    ).fetchone()
    return SnapshotWithFlow(**_snapshot(row), flow=Flow.model_validate_json(row[9])) if row else None


def snapshots_of(
    cursor: Any,
    workspace: str,
    function_id: str,
    favorite: bool | None,
    tag: str | None,
    after: tuple[int, str] | None,
    limit: int,
) -> tuple[list[Snapshot], int]:
    """A page of a function's snapshots, newest first, and how many there are."""
    given = {"workspace": workspace, "function": function_id, "favorite": favorite, "tag": tag}
    matching = """
        s.workspace_id = $workspace AND s.function_id = $function::UUID
        AND ($favorite IS NULL OR s.is_favorite = $favorite)
        AND ($tag IS NULL OR list_contains(from_json(s.tags, '["VARCHAR"]'), $tag))
    """
    total = cursor.execute(f"SELECT count(*) FROM snapshots s WHERE {matching}", given).fetchone()[0]
    rows = cursor.execute(
        f"""
        SELECT {_COLUMNS} FROM snapshots s
        WHERE {matching} AND ($at IS NULL OR (s.created_at, s.id) < ($at, $id::UUID))
        ORDER BY s.created_at DESC, s.id DESC LIMIT $limit
        """,
        {**given, "at": after[0] if after else None, "id": after[1] if after else None, "limit": limit},
    ).fetchall()
    return [Snapshot(**_snapshot(row)) for row in rows], total

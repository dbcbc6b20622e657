"""The SQL that reads canvases, functions and versions. Their writing stands in `facts.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from workbench.editing.models import Breakpoint, Canvas, CanvasStats, Function, Quantiles
from workbench.storage.columns import execute

CANVAS_COLUMNS = """
    c.id::VARCHAR, c.name, c.description, c."order",
    (SELECT count(*) FROM functions f WHERE f.canvas_id = c.id), c.version, c.created_at, c.updated_at
"""
FUNCTION_COLUMNS = """
    f.id::VARCHAR, f.canvas_id::VARCHAR, f.name, f.description, f.status, f.version, f.breakpoints, f.created_at,
    f.updated_at, f.updated_by
"""


@dataclass(frozen=True, slots=True)
class FunctionFilter:
    """Which functions a list shows."""

    canvas_id: str | None = None
    status: str | None = None
    q: str | None = None


def _canvas(row: tuple[Any, ...]) -> Canvas:
    return Canvas(
        id=row[0],
        name=row[1],
        description=row[2],
        order=row[3],
        function_count=row[4],
        version=row[5],
        created_at=row[6],
        updated_at=row[7],
    )


def read_breakpoints(text: str | None) -> tuple[Breakpoint, ...]:
    """A function's breakpoints as its row holds them."""
    return tuple(Breakpoint.model_validate(b) for b in msgspec.json.decode(text)) if text else ()


def _function(row: tuple[Any, ...]) -> Function:
    return Function(
        id=row[0],
        canvas_id=row[1],
        name=row[2],
        description=row[3],
        status=row[4],
        version=row[5],
        breakpoints=read_breakpoints(row[6]),
        created_at=row[7],
        updated_at=row[8],
        updated_by=row[9],
    )


def find_canvas(cursor: Any, workspace: str, canvas_id: str) -> Canvas | None:
    """One canvas."""
    row = cursor.execute(
        f"SELECT {CANVAS_COLUMNS} FROM canvases c WHERE c.workspace_id = ? AND c.id = ?::UUID", [workspace, canvas_id]
    ).fetchone()
    return _canvas(row) if row else None


def list_canvases(
    cursor: Any, workspace: str, q: str | None, after: tuple[int, str] | None, limit: int
) -> tuple[list[Canvas], int]:
    """A page of canvases in display order, and how many there are."""
    wanted = {"workspace": workspace, "q": q}
    matching = "c.workspace_id = $workspace AND ($q IS NULL OR contains(lower(c.name), lower($q)))"
    total = cursor.execute(f"SELECT count(*) FROM canvases c WHERE {matching}", wanted).fetchone()[0]
    rows = cursor.execute(
        f"""
        SELECT {CANVAS_COLUMNS} FROM canvases c
        WHERE {matching}
          AND ($order IS NULL OR (c."order", c.id) > ($order, $id::UUID))
        ORDER BY c."order", c.id
        LIMIT $limit
        """,
        {**wanted, "order": after[0] if after else None, "id": after[1] if after else None, "limit": limit},
    ).fetchall()
    return [_canvas(row) for row in rows], total


def canvas_ids(cursor: Any, workspace: str) -> list[str]:
    """Every canvas of a workspace, in display order."""
    rows = cursor.execute(
        """SELECT id::VARCHAR FROM canvases WHERE workspace_id = ? ORDER BY "order", id""", [workspace]
    ).fetchall()
    return [row[0] for row in rows]


def canvas_stats(cursor: Any, workspace: str, canvas: Canvas, since: int | None) -> CanvasStats:
    """How the functions of a canvas fare: runs that were created since then."""
    mine = """
        FROM runs r JOIN functions f ON f.id = r.function_id
        WHERE r.workspace_id = $workspace AND f.canvas_id = $canvas::UUID
          AND ($since IS NULL OR r.created_at >= $since)
    """
    given = {"workspace": workspace, "canvas": canvas.id, "since": since}
    counts = dict(cursor.execute(f"SELECT r.status, count(*) {mine} GROUP BY r.status", given).fetchall())
    finished, completed, duration, queue = cursor.execute(
        f"""
        SELECT count(r.finished_at), count(*) FILTER (r.status = 'completed'),
            quantile_cont(r.run_us / 1000, [0.5, 0.9, 0.95, 0.99]) FILTER (r.finished_at IS NOT NULL),
            quantile_cont(r.queue_us / 1000, [0.5, 0.9, 0.95, 0.99]) FILTER (r.started_at IS NOT NULL)
        {mine}
        """,
        given,
    ).fetchone()
    return CanvasStats(
        function_count=canvas.function_count,
        run_counts=counts,
        success_rate=completed / finished if finished else None,
        duration_ms=_quantiles(duration),
        queue_ms=_quantiles(queue),
    )


def _quantiles(found: list[float] | None) -> Quantiles:
    p50, p90, p95, p99 = (round(q, 3) for q in found) if found else (None,) * 4
    return Quantiles(p50=p50, p90=p90, p95=p95, p99=p99)


def next_order(cursor: Any, workspace: str) -> int:
    """The place behind the last canvas."""
    row = cursor.execute(
        """SELECT coalesce(max("order"), -1) + 1 FROM canvases WHERE workspace_id = ?""", [workspace]
    ).fetchone()
    return row[0]


def first_canvas(cursor: Any, workspace: str) -> str | None:
    """The id of the workspace's default canvas: the first made."""
    row = cursor.execute(
        "SELECT id::VARCHAR FROM canvases WHERE workspace_id = ? ORDER BY created_at, id LIMIT 1", [workspace]
    ).fetchone()
    return row[0] if row else None


def find_function(cursor: Any, workspace: str, function_id: str) -> Function | None:
    """One function without its flow."""
    row = execute(
        cursor,
        f"SELECT {FUNCTION_COLUMNS} FROM functions f WHERE f.workspace_id = $1::UUID AND f.id = $2::UUID",
        workspace,
        function_id,
    ).fetchone()
    return _function(row) if row else None


def find_functions(cursor: Any, workspace: str, function_ids: Sequence[str]) -> dict[str, Function]:
    """Those of these functions that are there, by id, without their flows."""
    rows = cursor.execute(
        f"SELECT {FUNCTION_COLUMNS} FROM functions f WHERE f.workspace_id = ? AND list_contains(?::UUID[], f.id)",
        [workspace, list(function_ids)],
    ).fetchall()
    return {row[0]: _function(row) for row in rows}


def list_functions(
    cursor: Any, workspace: str, wanted: FunctionFilter, after: tuple[int, str] | None, limit: int
) -> tuple[list[Function], int]:
    """A page of functions, newest first, and how many there are."""
    matching = """
        f.workspace_id = $workspace
        AND ($canvas IS NULL OR f.canvas_id = $canvas::UUID)
        AND ($status IS NULL OR f.status = $status)
        AND ($q IS NULL OR contains(lower(f.name), lower($q)))
    """
    given = {"workspace": workspace, "canvas": wanted.canvas_id, "status": wanted.status, "q": wanted.q}
    total = cursor.execute(f"SELECT count(*) FROM functions f WHERE {matching}", given).fetchone()[0]
    rows = cursor.execute(
        f"""
        SELECT {FUNCTION_COLUMNS} FROM functions f
        WHERE {matching} AND ($at IS NULL OR (f.created_at, f.id) < ($at, $id::UUID))
        ORDER BY f.created_at DESC, f.id DESC
        LIMIT $limit
        """,
        {**given, "at": after[0] if after else None, "id": after[1] if after else None, "limit": limit},
    ).fetchall()
    return [_function(row) for row in rows], total


def functions_of(cursor: Any, workspace: str, canvas_id: str) -> list[Function]:
    """All functions of a canvas, oldest first."""
    rows = cursor.execute(
        f"""
        SELECT {FUNCTION_COLUMNS} FROM functions f
        WHERE f.workspace_id = ? AND f.canvas_id = ?::UUID ORDER BY f.created_at, f.id
        """,
        [workspace, canvas_id],
    ).fetchall()
    return [_function(row) for row in rows]


def function_heads(cursor: Any, workspace: str) -> list[tuple[Function, str | None]]:
    """Every function of a workspace with its settings as JSON, oldest first."""
    rows = cursor.execute(
        f"""
        SELECT {FUNCTION_COLUMNS}, f.settings FROM functions f
        WHERE f.workspace_id = ? ORDER BY f.created_at, f.id
        """,
        [workspace],
    ).fetchall()
    return [(_function(row), row[-1]) for row in rows]


def all_functions(cursor: Any) -> list[tuple[str, Function]]:
    """Every function of every workspace with its workspace, for the memory that runs start from."""
    rows = cursor.execute(f"SELECT {FUNCTION_COLUMNS}, f.workspace_id::VARCHAR FROM functions f").fetchall()
    return [(row[-1], _function(row)) for row in rows]


def counts_of(cursor: Any, workspace: str, function_ids: list[str]) -> dict[str, int]:
    """How many runs and snapshots these functions have."""
    row = cursor.execute(
        """
        SELECT
            (SELECT count(*) FROM runs WHERE workspace_id = $w AND list_contains($ids::UUID[], function_id)),
            (SELECT count(*) FROM snapshots WHERE workspace_id = $w AND list_contains($ids::UUID[], function_id))
        """,
        {"w": workspace, "ids": function_ids},
    ).fetchone()
    return {"runs": row[0], "snapshots": row[1]}


def all_settings(cursor: Any) -> list[tuple[str, str]]:
    """Function id and settings as JSON of every function that has some, in whatever workspace."""
    return cursor.execute("SELECT id::VARCHAR, settings FROM functions WHERE settings IS NOT NULL").fetchall()

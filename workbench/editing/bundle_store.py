"""The SQL that exports and imports read. Their writing stands in `facts.py`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.editing.models import Function
from workbench.editing.store import first_canvas, flow_after, function_heads
from workbench.flow.model import Flow


@dataclass(frozen=True, slots=True)
class CanvasHead:
    """A canvas that is there."""

    id: str
    name: str
    description: str | None
    version: int


@dataclass(frozen=True, slots=True)
class FunctionHead:
    """A function that is there, with its settings as JSON."""

    function: Function
    settings: str | None


@dataclass(frozen=True, slots=True)
class Present:
    """What a workspace holds when a bundle is compared with it."""

    canvases: tuple[CanvasHead, ...]
    functions: tuple[FunctionHead, ...]
    default_canvas: str | None
    taken: frozenset[str]
    """Those of the bundle's ids that something has already, in whatever workspace: no id is given twice."""


def present(cursor: Any, workspace: str, ids: Sequence[str]) -> Present:
    """What there is; `ids` are those that the bundle would like to keep."""
    rows = cursor.execute(
        """
        SELECT id::VARCHAR, name, description, version FROM canvases WHERE workspace_id = ? ORDER BY "order", id
        """,
        [workspace],
    ).fetchall()
    functions = tuple(FunctionHead(f, settings) for f, settings in function_heads(cursor, workspace))
    default = first_canvas(cursor, workspace)
    return Present(tuple(CanvasHead(*row) for row in rows), functions, default, frozenset(_taken(cursor, ids)))


def _taken(cursor: Any, ids: Sequence[str]) -> list[str]:
    rows = cursor.execute(
        """
        SELECT id::VARCHAR FROM canvases WHERE list_contains($ids::UUID[], id)
        UNION ALL
        SELECT id::VARCHAR FROM functions WHERE list_contains($ids::UUID[], id)
        """,
        {"ids": list(ids)},
    ).fetchall()
    return [row[0] for row in rows]


def latest_flows(cursor: Any, workspace: str, function_ids: Iterable[str]) -> dict[str, Flow]:
    """The newest flow of each of these functions that the workspace has, with two queries for all of them."""
    wanted = {"workspace": workspace, "ids": list(function_ids)}
    kept = """
        SELECT v.function_id AS id, max(v.number) AS number, arg_max(v.flow, v.number) AS flow
        FROM function_versions v JOIN functions f ON f.id = v.function_id
        WHERE f.workspace_id = $workspace AND list_contains($ids::UUID[], f.id) AND v.flow IS NOT NULL
        GROUP BY v.function_id
    """
    rows = cursor.execute(f"SELECT id::VARCHAR, flow FROM ({kept})", wanted).fetchall()
    since = cursor.execute(
        f"""
        SELECT c.function_id::VARCHAR, c.changes FROM commands c JOIN ({kept}) k ON k.id = c.function_id
        WHERE c.workspace_id = $workspace AND c.version > k.number
        ORDER BY c.function_id, c.version, c.position
        """,
        wanted,
    ).fetchall()
    changes: dict[str, list[str]] = {}
    for function_id, text in since:
        changes.setdefault(function_id, []).append(text)
    return {i: flow_after(Flow.model_validate_json(text), changes.get(i, ())) for i, text in rows}

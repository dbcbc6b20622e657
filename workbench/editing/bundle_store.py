"""The SQL that exports and imports read. Their writing stands in `facts.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.editing.models import Function
from workbench.editing.store import first_canvas, function_heads


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

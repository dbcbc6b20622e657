"""What happens to canvases, and how it is written to DuckDB. Codes 20 to 22, and 32."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.storage.facts import Batch, Fact, FactType


class CanvasCreated(Fact, tag=2001, frozen=True):
    """A canvas came to be."""

    name: ClassVar[str] = "canvas.created"
    id: bytes
    workspace: bytes
    title: str
    description: str | None
    order: int
    at: int


class CanvasChanged(Fact, tag=2101, frozen=True):
    """A canvas has these fields now."""

    name: ClassVar[str] = "canvas.changed"
    id: bytes
    workspace: bytes
    title: str
    description: str | None
    version: int
    at: int


class CanvasDeleted(Fact, tag=2201, frozen=True):
    """A canvas is gone; its functions' own facts come in the same group."""

    name: ClassVar[str] = "canvas.deleted"
    id: bytes
    workspace: bytes
    at: int


class CanvasesReordered(Fact, tag=3201, frozen=True):
    """All canvases of a workspace stand in this order; each has a version more."""

    name: ClassVar[str] = "canvases.reordered"
    workspace: bytes
    ids: list[bytes]
    at: int


def _create_canvases(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute(
            """
            INSERT OR REPLACE INTO canvases
                (id, workspace_id, name, description, "order", version, created_at, updated_at)
            VALUES (?, ?, ?, ?, ?, 1, ?, ?)
            """,
            [f.id.hex(), f.workspace.hex(), f.title, f.description, f.order, f.at, f.at],
        )


def _change_canvases(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute(
            """
            UPDATE canvases SET name = ?, description = ?, version = ?, updated_at = ?
            WHERE workspace_id = ? AND id = ?
            """,
            [f.title, f.description, f.version, f.at, f.workspace.hex(), f.id.hex()],
        )


def _delete_canvases(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute("DELETE FROM canvases WHERE workspace_id = ? AND id = ?", [f.workspace.hex(), f.id.hex()])


def _reorder_canvases(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute(
            """
            UPDATE canvases SET "order" = list_position($ids::UUID[], id) - 1, version = version + 1, updated_at = $at
            WHERE workspace_id = $workspace AND list_contains($ids::UUID[], id)
            """,
            {"ids": [i.hex() for i in f.ids], "at": f.at, "workspace": f.workspace.hex()},
        )


FACT_TYPES = (
    FactType(CanvasCreated, _create_canvases, keeps_place=True, in_a_row=True),
    FactType(CanvasChanged, _change_canvases, keeps_place=True),
    FactType(CanvasesReordered, _reorder_canvases, keeps_place=True),
    FactType(CanvasDeleted, _delete_canvases, keeps_place=True),
)
"""Edits are few and their order matters, so none is moved past another."""

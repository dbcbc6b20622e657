"""What happens to canvases and functions, and how it is written to DuckDB. Codes 20 to 39."""

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


class FunctionCreated(Fact, tag=2301, frozen=True):
    """A function came to be, with version 1."""

    name: ClassVar[str] = "function.created"
    id: bytes
    workspace: bytes
    canvas: bytes
    title: str
    description: str | None
    status: str
    flow: str
    author: str
    source: str
    at: int


class FunctionChanged(Fact, tag=2401, frozen=True):
    """A function has a new version; `flow` is None where only other fields changed."""

    name: ClassVar[str] = "function.changed"
    id: bytes
    workspace: bytes
    canvas: bytes
    title: str
    description: str | None
    status: str
    version: int
    flow: str | None
    author: str
    source: str
    message: str | None
    at: int


class FunctionDeleted(Fact, tag=2501, frozen=True):
    """A function is gone, with its versions."""

    name: ClassVar[str] = "function.deleted"
    id: bytes
    workspace: bytes
    canvas: bytes
    at: int


class BreakpointsSet(Fact, tag=2601, frozen=True):
    """A function's breakpoints, as JSON; outside its versions."""

    name: ClassVar[str] = "breakpoints.set"
    id: bytes
    workspace: bytes
    breakpoints: str


def _create_canvases(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute(
            """
            INSERT OR REPLACE INTO canvases
                (id, workspace_id, name, description, "order", version, created_at, updated_at)
            VALUES (?, ?, ?, ?, ?, 1, ?, ?)
            """,
            [_uuid(f.id), _uuid(f.workspace), f.title, f.description, f.order, f.at, f.at],
        )


def _change_canvases(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute(
            """
            UPDATE canvases SET name = ?, description = ?, version = ?, updated_at = ?
            WHERE workspace_id = ? AND id = ?
            """,
            [f.title, f.description, f.version, f.at, _uuid(f.workspace), _uuid(f.id)],
        )


def _delete_canvases(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute("DELETE FROM canvases WHERE workspace_id = ? AND id = ?", [_uuid(f.workspace), _uuid(f.id)])


def _create_functions(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute(
            """
            INSERT OR REPLACE INTO functions
                (id, workspace_id, canvas_id, name, description, status, version, created_at, updated_at, updated_by)
            VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?)
            """,
            [
                _uuid(f.id),
                _uuid(f.workspace),
                _uuid(f.canvas),
                f.title,
                f.description,
                f.status,
                f.at,
                f.at,
                f.author,
            ],
        )
        cursor.execute(
            """
            INSERT OR REPLACE INTO function_versions (function_id, number, flow, author, source, created_at)
            VALUES (?, 1, ?, ?, ?, ?)
            """,
            [_uuid(f.id), f.flow, f.author, f.source, f.at],
        )


def _change_functions(cursor: Any, facts: Batch) -> None:
    for f in facts:
        function = _uuid(f.id)
        cursor.execute(
            """
            INSERT OR REPLACE INTO function_versions (function_id, number, flow, author, source, message, created_at)
            SELECT id, $version, coalesce($flow, (
                SELECT v.flow FROM function_versions v WHERE v.function_id = $id AND v.number = $version - 1
            )), $author, $source, $message, $at
            FROM functions WHERE workspace_id = $workspace AND id = $id
            """,
            {
                "id": function,
                "workspace": _uuid(f.workspace),
                "version": f.version,
                "flow": f.flow,
                "author": f.author,
                "source": f.source,
                "message": f.message,
                "at": f.at,
            },
        )
        cursor.execute(
            """
            UPDATE functions SET canvas_id = ?, name = ?, description = ?, status = ?, version = ?, updated_at = ?,
                updated_by = ?
            WHERE workspace_id = ? AND id = ?
            """,
            [
                _uuid(f.canvas),
                f.title,
                f.description,
                f.status,
                f.version,
                f.at,
                f.author,
                _uuid(f.workspace),
                function,
            ],
        )


def _delete_functions(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute("DELETE FROM functions WHERE workspace_id = ? AND id = ?", [_uuid(f.workspace), _uuid(f.id)])
        cursor.execute("DELETE FROM function_versions WHERE function_id = ?", [_uuid(f.id)])


def _set_breakpoints(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute(
            "UPDATE functions SET breakpoints = ? WHERE workspace_id = ? AND id = ?",
            [f.breakpoints, _uuid(f.workspace), _uuid(f.id)],
        )


def _uuid(raw: bytes) -> str:
    return raw.hex()


FACT_TYPES = (
    FactType(CanvasCreated, _create_canvases, keeps_place=True),
    FactType(CanvasChanged, _change_canvases, keeps_place=True),
    FactType(CanvasDeleted, _delete_canvases, keeps_place=True),
    FactType(FunctionCreated, _create_functions, keeps_place=True),
    FactType(FunctionChanged, _change_functions, keeps_place=True),
    FactType(FunctionDeleted, _delete_functions, keeps_place=True),
    FactType(BreakpointsSet, _set_breakpoints, keeps_place=True),
)
"""Edits are few and their order matters, so none is moved past another."""

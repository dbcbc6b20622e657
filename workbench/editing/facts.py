"""What happens to functions, and how it is written to DuckDB. Codes 23 to 29."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from workbench.storage.columns import BIGINT, TEXT, UUID, Given, Table, delete, execute, insert, last_by_key, rows
from workbench.storage.facts import Batch, Fact, FactType

COMMANDS = Table(
    "commands",
    {
        "id": UUID,
        "workspace_id": UUID,
        "function_id": UUID,
        "version": BIGINT,
        "position": BIGINT,
        "group_id": UUID,
        "kind": TEXT,
        "of_group": UUID,
        "type": TEXT,
        "payload": TEXT,
        "changes": TEXT,
        "label": TEXT,
        "author": TEXT,
        "origin": TEXT,
        "created_at": BIGINT,
    },
)

FUNCTIONS = Table(
    "functions",
    {
        "id": UUID,
        "workspace_id": UUID,
        "canvas_id": UUID,
        "name": TEXT,
        "description": TEXT,
        "status": TEXT,
        "version": BIGINT,
        "created_at": BIGINT,
        "updated_at": BIGINT,
        "updated_by": TEXT,
    },
)
VERSIONS = Table(
    "function_versions",
    {
        "function_id": UUID,
        "number": BIGINT,
        "flow": TEXT,
        "author": TEXT,
        "source": TEXT,
        "message": TEXT,
        "created_at": BIGINT,
    },
    key=("function_id", "number"),
)

EDITED = {
    **FUNCTIONS.columns,
    "number": BIGINT,
    "flow": TEXT,
    "author": TEXT,
    "source": TEXT,
    "message": TEXT,
    "at": BIGINT,
    "kind": TEXT,
    "of_group": UUID,
}
_EDITED = Given("edited", EDITED)
"""Edits of functions, as statements read them."""
_OF_EDITED = {
    "function_id": "id",
    "number": "number",
    "flow": "flow",
    "author": "author",
    "source": "source",
    "message": "message",
    "created_at": "at",
}
_UPDATE = """
    UPDATE functions SET canvas_id = e.canvas_id, name = e.name, description = e.description,
        status = e.status, version = e.number, updated_at = e."at", updated_by = e.author
    FROM {edited} e WHERE functions.workspace_id = e.workspace_id AND functions.id = e.id {only}
"""
_UPSERT_VERSIONS = """
    INSERT OR REPLACE INTO function_versions (function_id, number, flow, author, source, message, created_at)
    SELECT e.id, e.number, e.flow, e.author, e.source, e.message, e."at"
    FROM {edited} e JOIN functions f ON f.id = e.id AND f.workspace_id = e.workspace_id
"""


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


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One command as the history keeps it; payload and changes (see `workbench.flow.changes`) are JSON."""

    id: bytes
    type: str
    payload: str
    changes: str


class FunctionEdited(Fact, tag=2801, frozen=True):
    """A function has a new version, made by commands. `flow` is said where the version is to be read without replay.

    `kind` is command, undo, redo, restore or import; `of` is the group that an undo or a redo is about.
    """

    name: ClassVar[str] = "function.edited"
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
    origin: str
    message: str | None
    at: int
    group: bytes
    kind: str
    of: bytes | None
    label: str
    entries: list[Entry]


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


class FunctionSettingsSet(Fact, tag=2901, frozen=True):
    """A function's settings, as JSON; outside its versions."""

    name: ClassVar[str] = "function.settings"
    id: bytes
    workspace: bytes
    settings: str


def _create_functions(cursor: Any, facts: Batch) -> None:
    last = last_by_key(facts, "id")
    columns = {
        "id": [f.id for f in last],
        "workspace_id": [f.workspace for f in last],
        "canvas_id": [f.canvas for f in last],
        "name": [f.title for f in last],
        "description": [f.description for f in last],
        "status": [f.status for f in last],
        "version": [1] * len(last),
        "created_at": [f.at for f in last],
        "updated_at": [f.at for f in last],
        "updated_by": [f.author for f in last],
    }
    insert(cursor, FUNCTIONS, columns, "replace")
    first = {
        "function_id": [f.id for f in last],
        "number": [1] * len(last),
        "flow": [f.flow for f in last],
        "author": [f.author for f in last],
        "source": [f.source for f in last],
        "created_at": [f.at for f in last],
    }
    insert(cursor, VERSIONS, first, "replace")


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


def _edit_functions(cursor: Any, facts: Batch) -> None:
    """In pieces in which no function comes twice: what is undone must be there before it is marked."""
    piece: dict[bytes, FunctionEdited] = {}
    for f in facts:
        if f.id in piece:
            _edit_each(cursor, list(piece.values()))
            piece = {}
        piece[f.id] = f
    _edit_each(cursor, list(piece.values()))


def _edit_each(cursor: Any, facts: list[FunctionEdited]) -> None:
    columns = {
        "id": [f.id for f in facts],
        "workspace_id": [f.workspace for f in facts],
        "canvas_id": [f.canvas for f in facts],
        "name": [f.title for f in facts],
        "description": [f.description for f in facts],
        "status": [f.status for f in facts],
        "number": [f.version for f in facts],
        "flow": [f.flow for f in facts],
        "author": [f.author for f in facts],
        "source": [f.source for f in facts],
        "message": [f.message for f in facts],
        "at": [f.at for f in facts],
        "kind": [f.kind for f in facts],
        "of_group": [f.of for f in facts],
    }
    with rows(cursor, _EDITED, columns) as edited:
        (known,) = execute(cursor, _UPDATE.format(edited=edited, only="AND functions.version < e.number")).fetchone()
        if known == len(facts):  # each is there, and this is its newest version: nothing is in the way
            insert(cursor, VERSIONS, {name: columns[of] for name, of in _OF_EDITED.items()})
        else:
            execute(cursor, _UPDATE.format(edited=edited, only=""))
            execute(cursor, _UPSERT_VERSIONS.format(edited=edited))
        if any(f.of is not None for f in facts):
            _mark_undone(cursor, edited)
        if any(f.of is not None and f.kind != "undo" for f in facts):
            _mark_undos_undone(cursor, edited)
    _insert_commands(cursor, facts)


def _mark_undone(cursor: Any, edited: str) -> None:
    """What an undo takes back is undone; what a redo makes again is not."""
    execute(
        cursor,
        f"""
        UPDATE commands SET undone = (e.kind = 'undo') FROM {edited} e
        WHERE commands.workspace_id = e.workspace_id AND commands.function_id = e.id AND commands.group_id = e.of_group
        """,
    )


def _mark_undos_undone(cursor: Any, edited: str) -> None:
    """The undo that a redo makes again is undone itself."""
    execute(
        cursor,
        f"""
        UPDATE commands SET undone = true FROM {edited} e
        WHERE e.kind <> 'undo' AND commands.workspace_id = e.workspace_id AND commands.function_id = e.id
          AND commands.of_group = e.of_group AND commands.kind = 'undo'
        """,
    )


def _insert_commands(cursor: Any, facts: list[FunctionEdited]) -> None:
    edits = [(f, at, entry) for f in facts for at, entry in enumerate(f.entries)]
    columns = {
        "id": [e.id for _, _, e in edits],
        "workspace_id": [f.workspace for f, _, _ in edits],
        "function_id": [f.id for f, _, _ in edits],
        "version": [f.version for f, _, _ in edits],
        "position": [at for _, at, _ in edits],
        "group_id": [f.group for f, _, _ in edits],
        "kind": [f.kind for f, _, _ in edits],
        "of_group": [f.of for f, _, _ in edits],
        "type": [e.type for _, _, e in edits],
        "payload": [e.payload for _, _, e in edits],
        "changes": [e.changes for _, _, e in edits],
        "label": [f.label for f, _, _ in edits],
        "author": [f.author for f, _, _ in edits],
        "origin": [f.origin for f, _, _ in edits],
        "created_at": [f.at for f, _, _ in edits],
    }
    insert(cursor, COMMANDS, columns)


def _delete_functions(cursor: Any, facts: Batch) -> None:
    ids, workspaces = [f.id for f in facts], [f.workspace for f in facts]
    delete(cursor, FUNCTIONS, {"workspace_id": workspaces, "id": ids})
    delete(cursor, VERSIONS, {"function_id": ids})
    delete(cursor, COMMANDS, {"workspace_id": workspaces, "function_id": ids})


def _set_breakpoints(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute(
            "UPDATE functions SET breakpoints = ? WHERE workspace_id = ? AND id = ?",
            [f.breakpoints, _uuid(f.workspace), _uuid(f.id)],
        )


def _set_settings(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute(
            "UPDATE functions SET settings = ? WHERE workspace_id = ? AND id = ?",
            [f.settings, _uuid(f.workspace), _uuid(f.id)],
        )


def _uuid(raw: bytes) -> str:
    return raw.hex()


FACT_TYPES = (
    FactType(FunctionCreated, _create_functions, keeps_place=True, in_a_row=True),
    FactType(FunctionChanged, _change_functions, keeps_place=True),
    FactType(FunctionEdited, _edit_functions, keeps_place=True, in_a_row=True),
    FactType(FunctionDeleted, _delete_functions, keeps_place=True, in_a_row=True),
    FactType(BreakpointsSet, _set_breakpoints, keeps_place=True),
    FactType(FunctionSettingsSet, _set_settings, keeps_place=True, in_a_row=True),
)
"""Edits are few and their order matters, so none is moved past another."""

"""What happens to snapshots, and how it is written to DuckDB. Codes 30, 31 and 33."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from workbench.editing.facts import FunctionDeleted
from workbench.storage.columns import BIGINT, BOOLEAN, TEXT, UUID, Table, delete, insert, last_by_key, update
from workbench.storage.facts import Batch, Fact, FactRegistry, FactType

SNAPSHOTS = Table(
    "snapshots",
    {
        "id": UUID,
        "workspace_id": UUID,
        "function_id": UUID,
        "name": TEXT,
        "description": TEXT,
        "tags": TEXT,
        "is_favorite": BOOLEAN,
        "version": BIGINT,
        "flow": TEXT,
        "author": TEXT,
        "created_at": BIGINT,
    },
)


class SnapshotCreated(Fact, tag=3301, frozen=True):
    """A version's flow was kept under a name; `tags` is a JSON list."""

    name: ClassVar[str] = "snapshot.created"
    id: bytes
    workspace: bytes
    function: bytes
    title: str
    description: str | None
    tags: str
    version: int
    flow: str
    author: str
    at: int


class SnapshotMarked(Fact, tag=3001, frozen=True):
    """A snapshot has these tags (a JSON list) now, and is a favourite or not."""

    name: ClassVar[str] = "snapshot.marked"
    id: bytes
    workspace: bytes
    function: bytes
    tags: str
    is_favorite: bool


class SnapshotsDeleted(Fact, tag=3101, frozen=True):
    """A snapshot is gone, or (without an id) all of a function."""

    name: ClassVar[str] = "snapshots.deleted"
    id: bytes | None
    workspace: bytes
    function: bytes


def _create(cursor: Any, facts: Batch) -> None:
    columns = {
        "id": [f.id for f in facts],
        "workspace_id": [f.workspace for f in facts],
        "function_id": [f.function for f in facts],
        "name": [f.title for f in facts],
        "description": [f.description for f in facts],
        "tags": [f.tags for f in facts],
        "is_favorite": [False] * len(facts),
        "version": [f.version for f in facts],
        "flow": [f.flow for f in facts],
        "author": [f.author for f in facts],
        "created_at": [f.at for f in facts],
    }
    insert(cursor, SNAPSHOTS, columns, "replace")


def _mark(cursor: Any, facts: Batch) -> None:
    last = last_by_key(facts, "id")
    columns = {
        "id": [f.id for f in last],
        "tags": [f.tags for f in last],
        "is_favorite": [f.is_favorite for f in last],
    }
    update(cursor, SNAPSHOTS, columns)


def _delete(cursor: Any, facts: Batch) -> None:
    one = [f for f in facts if f.id is not None]
    every = [f for f in facts if f.id is None]
    if one:
        delete(cursor, SNAPSHOTS, {"id": [f.id for f in one]})
    if every:
        delete(cursor, SNAPSHOTS, {"function_id": [f.function for f in every]})


def _go_with_function(facts: Sequence[FunctionDeleted], cursor: Any) -> Iterable[Fact]:
    del cursor
    return [SnapshotsDeleted(None, fact.workspace, fact.id) for fact in facts]


def register(registry: FactRegistry) -> None:
    """Let snapshots go with their function."""
    registry.react_together(FunctionDeleted, _go_with_function)


FACT_TYPES = (
    FactType(SnapshotCreated, _create, keeps_place=True),
    FactType(SnapshotMarked, _mark, keeps_place=True),
    FactType(SnapshotsDeleted, _delete, keeps_place=True, in_a_row=True),
)

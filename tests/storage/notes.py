"""A small feature with facts of its own, for trying the store: notes in one table."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from workbench.base.clock import SystemClock
from workbench.storage.columns import BIGINT, TEXT, UUID, Table, delete, insert, last_by_key
from workbench.storage.facts import Batch, Fact, FactRegistry, FactType
from workbench.storage.migrations.runner import Migration, load_migrations
from workbench.storage.store import Store

NOTES = Table("notes", {"id": UUID, "text": TEXT, "seq": BIGINT})
LINES = Table("lines", {"text": TEXT, "seq": BIGINT}, key=())
MIGRATIONS = (
    *load_migrations(),
    Migration(9000, "notes", "CREATE TABLE notes (id UUID PRIMARY KEY, text VARCHAR NOT NULL, seq BIGINT)"),
    Migration(9001, "lines", "CREATE TABLE lines (text VARCHAR, seq BIGINT)"),
)


class NoteWritten(Fact, tag=900101):
    """A note is there, or has a new text."""

    name: ClassVar[str] = "note.written"
    id: bytes
    text: str


class NoteDropped(Fact, tag=900001):
    """A note is gone. Its tag sorts before the writing's."""

    name: ClassVar[str] = "note.dropped"
    id: bytes


class LineAdded(Fact, tag=900201):
    """One more line; append-only."""

    name: ClassVar[str] = "line.added"
    text: str


class Poison(Fact, tag=900301):
    """A fact that no table takes."""

    name: ClassVar[str] = "poison"
    text: str


def write(cursor: Any, facts: Batch) -> None:
    seqs = dict(zip((f.id for f in facts), facts.seqs, strict=True))
    last = last_by_key(facts, "id")
    columns = {"id": [f.id for f in last], "text": [f.text for f in last], "seq": [seqs[f.id] for f in last]}
    insert(cursor, NOTES, columns, "replace")


def drop(cursor: Any, facts: Batch) -> None:
    delete(cursor, NOTES, {"id": [f.id for f in facts]})


def add_lines(cursor: Any, facts: Batch) -> None:
    insert(cursor, LINES, {"text": [f.text for f in facts], "seq": facts.seqs})


def refuse(cursor: Any, facts: Batch) -> None:
    cursor.execute(f"SELECT CAST('{facts[0].text}' AS INTEGER)").fetchall()


def registry(*more: FactType) -> FactRegistry:
    """The feature's fact types."""
    made = FactRegistry()
    made.add(
        FactType(NoteWritten, write),
        FactType(NoteDropped, drop, keeps_place=True),
        FactType(LineAdded, add_lines),
        FactType(Poison, refuse),
        *more,
    )
    return made


def open_store(home: Path, facts: FactRegistry | None = None, **settings: Any) -> Store:
    """A store with small segments."""
    settings = {"segment_bytes": 256 * 1024, **settings}
    return Store.open(home, facts or registry(), MIGRATIONS, SystemClock(), **settings)


def note(text: str) -> NoteWritten:
    """A new note."""
    return NoteWritten(os.urandom(16), text)


def select(sql: str) -> Callable[[Any], list[Any]]:
    """A query that gives the one column's values."""
    return lambda cursor: [row[0] for row in cursor.execute(sql).fetchall()]


LINE_TEXTS = select("SELECT text FROM lines ORDER BY seq")
NOTE_TEXTS = select("SELECT text FROM notes ORDER BY text")


def run(store: Store, main: Any) -> Any:
    """Run a coroutine function on a loop of its own, attached to the store."""

    async def attached() -> Any:
        store.attach_loop(asyncio.get_running_loop())
        return await main(store)

    return asyncio.run(attached())

"""The DuckDB of a simulated machine: in memory, it survives crashes with what it had committed, or is lost."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from workbench.storage.database import SETTINGS
from workbench.storage.migrations.runner import load_migrations, migrate

USES = 64
"""Machines that share one DuckDB, one after the other: making one takes longer than a whole simulation."""


class _Connection:
    """A process's connection."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def execute(self, sql: str, *parameters: Any) -> Any:
        if sql == "CHECKPOINT":
            return self
        return self._cursor.execute(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


class Databases:
    """Gives each machine an empty, migrated DuckDB."""

    def __init__(self) -> None:
        self._root: Any = None
        self._left = 0
        self._fresh: dict[str, list[Any]] = {}

    def new(self) -> Database:
        """The database of a new machine."""
        if not self._left:
            self.close()
            self._root = duckdb.connect(":memory:", config={**SETTINGS, "threads": "1"})
            migrate(self._root, load_migrations())
            found = self._root.execute("SELECT table_name FROM information_schema.tables").fetchall()
            self._fresh = {name: self._root.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in found}
            self._left = USES
        self._left -= 1
        return Database(self._root, self._fresh)

    def close(self) -> None:
        """Let go of it."""
        if self._root is not None:
            self._root.close()
            self._root = None
        self._left = 0


class Database:
    """One machine's database file. A CHECKPOINT does nothing: what is in memory only has no file to write."""

    def __init__(self, root: Any, fresh: dict[str, list[Any]]) -> None:
        self._root = root
        self._fresh = fresh
        self._open: Any = None
        self.lose()

    def lose(self) -> None:
        """Somebody deletes the file."""
        sizes = self._root.execute("SELECT table_name, estimated_size FROM duckdb_tables()").fetchall()
        for name, size in sizes:
            rows = self._fresh[name]
            if size or rows:
                self._root.execute(f'DELETE FROM "{name}"')
            for row in rows:
                marks = ", ".join("?" * len(row))
                self._root.execute(f'INSERT INTO "{name}" VALUES ({marks})', list(row))

    def connect(self, path: Path) -> Any:
        """What a process opens."""
        del path
        self._open = _Connection(self._root.cursor())
        return self._open

    def crash(self) -> None:
        """The process that had it open is gone; what was not committed is too."""
        if self._open is not None:
            with suppress(duckdb.Error):
                self._open.execute("ROLLBACK")
            with suppress(duckdb.Error):
                self._open.close()
            self._open = None

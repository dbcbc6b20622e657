"""Brings a database to the newest schema: numbered SQL files, each in one transaction with its number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from workbench.base.errors import StoreTooNew

_NAME = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema. Never changed once released."""

    version: int
    name: str
    sql: str


def load_migrations() -> tuple[Migration, ...]:
    """Every migration of this workbench, in order."""
    found = [
        Migration(int(named[1]), named[2], file.read_text(encoding="utf-8"))
        for file in files("workbench.storage.migrations").iterdir()
        if (named := _NAME.match(file.name)) is not None
    ]
    found.sort(key=lambda m: m.version)
    if [m.version for m in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations are not numbered one after the other: {[m.version for m in found]}")
    return tuple(found)


def schema_version(connection: Any) -> int:
    """The last migration that this database has seen; 0 for a fresh one."""
    known = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'meta'").fetchone()
    if not known[0]:
        return 0
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    return int(row[0]) if row is not None else 0


def migrate(connection: Any, migrations: Sequence[Migration]) -> None:
    """Run the migrations that are missing. Raises StoreTooNew when the database knows more of them than we do."""
    version = schema_version(connection)
    newest = max((m.version for m in migrations), default=0)
    if version > newest:
        raise StoreTooNew(
            f"The store has schema {version}; this workbench knows schemas up to {newest}.",
            hint="Install the newer workbench that wrote this store, or point WORKBENCH_HOME at another folder. "
            "Nothing was changed.",
        )
    for migration in sorted(migrations, key=lambda m: m.version):
        if migration.version <= version:
            continue
        connection.execute("BEGIN")
        try:
            connection.execute(migration.sql)
            connection.execute(
                "INSERT OR REPLACE INTO meta (key, value) VALUES ('schema_version', ?)", [str(migration.version)]
            )
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

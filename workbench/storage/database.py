"""Opens the one DuckDB file of a store, with our settings. It is opened once per process and never a second time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import structlog

_logger = structlog.get_logger("workbench.storage")
SETTINGS = {
    "threads": "2",
    "memory_limit": "2GB",
    # Ours to call: a checkpoint of DuckDB's own on a full disk kills the instance although the commit is in.
    "checkpoint_threshold": "1TB",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


def open_database(path: Path) -> tuple[Any, bool]:
    """The writing connection, and whether the file had to be set aside because DuckDB cannot open it.

    A file that was set aside stays where it is under another name; the log holds everything that was in it.
    """
    try:
        return duckdb.connect(str(path), config=dict(SETTINGS)), False
    except duckdb.Error as error:
        if not path.exists():
            raise
        number = 1
        while (aside := path.with_name(f"{path.name}.unopenable-{number}")).exists():
            number += 1
        _logger.error("store.database_set_aside", error=str(error), file=aside.name)
        path.rename(aside)
        journal = path.with_name(path.name + ".wal")
        if journal.exists():
            journal.rename(aside.with_name(aside.name + ".wal"))
        return duckdb.connect(str(path), config=dict(SETTINGS)), True


def applied_seq(connection: Any) -> int:
    """The last sequence whose facts are in the tables."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'applied_seq'").fetchone()
    return int(row[0])

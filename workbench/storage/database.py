"""Opens the one DuckDB file of a store, with our settings. It is opened once per process and never a second time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from workbench.base.errors import StoreHeld, StoreTooNew, Unavailable

SETTINGS = {
    "threads": "2",
    "memory_limit": "2GB",
    # Ours to call: a checkpoint of DuckDB's own on a full disk kills the instance although the commit is in.
    "checkpoint_threshold": "1TB",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


class Broken(Exception):
    """The file cannot be used as it is; a copy or the log can take its place."""


def open_database(path: Path) -> Any:
    """The writing connection.

    Raises Broken for a file that DuckDB cannot read, StoreHeld when another process has it open, StoreTooNew when a
    newer DuckDB wrote it, Unavailable when the disk or a permission is in the way: then nothing may be moved.
    """
    try:
        connection = duckdb.connect(str(path), config=dict(SETTINGS))
    except duckdb.Error as error:
        _refuse_unless_broken(path, error)
        raise Broken(str(error)) from error
    connection.execute("PRAGMA disable_checkpoint_on_shutdown")  # ours to call, like every other
    return connection


def _refuse_unless_broken(path: Path, error: duckdb.Error) -> None:
    said = str(error)
    if "set lock" in said:
        raise StoreHeld(
            f"Another program has {path} open: {said}",
            hint="Close it there; read the history through the workbench instead.",
        ) from error
    if "newer" in said:
        raise StoreTooNew(
            f"A newer DuckDB wrote {path}: {said}", hint="Install that version. Nothing was changed."
        ) from error
    broken = not isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException) or "not a valid" in said
    if not broken or not path.is_file():
        raise Unavailable(
            f"The database {path} cannot be opened: {said}", hint="Look at the disk and at the file's permissions."
        ) from error


def applied_seq(connection: Any) -> int:
    """The last sequence whose facts are in the tables."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'applied_seq'").fetchone()
    return int(row[0])


def is_databases_fault(error: Exception) -> bool:
    """Whether DuckDB or the disk is to blame (full, broken, dead): no fact may be put aside for it."""
    if isinstance(error, duckdb.TransactionException):
        return any(sign in str(error) for sign in _DISK_SIGNS)
    return isinstance(error, _FAULTS) or type(error) is duckdb.Error


_DISK_SIGNS = ("Could not", "No space left", "Failed to write", "I/O", "IO Error")
"""A commit that cannot write the write-ahead log says so as a TransactionException; so does a broken key."""


_FAULTS = (
    duckdb.IOException,
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.OutOfMemoryException,
    duckdb.ConnectionException,
    duckdb.InterruptException,
)

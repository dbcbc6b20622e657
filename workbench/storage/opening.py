"""Opening the tables at start: the DuckDB file if it is whole, else a verified copy, else anew from the whole log."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from workbench.base.logs import get_logger
from workbench.storage import platform
from workbench.storage.copies import list_copies
from workbench.storage.copying import FILE, read_all
from workbench.storage.database import Broken, applied_seq, open_database
from workbench.storage.migrations.runner import Migration, migrate

SCAN_BYTES = 128 * 1024 * 1024
"""A larger file is not read whole at every start; what is wrong in it is seen when it is read (see `suspect`)."""
SUSPECT = FILE + ".suspect"
_logger = get_logger("workbench.storage")


@dataclass(slots=True)
class Tables:
    """The open database. `restored` says from what, if not from the file; `damage` why it is not all that there was."""

    connection: Any
    restored: str | None = None
    damage: str | None = None


def open_tables(home: Path, migrations: Sequence[Migration], first: int) -> Tables:
    """Open what the log, which begins at sequence `first` (0: it is empty), can bring up to date.

    Raises StoreHeld, StoreTooNew, and Unavailable when the disk or a permission is in the way; then nothing is moved.
    """
    path = home / FILE
    why = "it is gone"
    copies = list_copies(home)[::-1]
    if path.exists() or (first <= 1 and not copies):
        try:
            restored = "the whole log" if first and not path.exists() else None
            _set_aside_stray_wal(path)
            return Tables(_open(path, migrations, first, suspect=(home / SUSPECT).exists()), restored)
        except Broken as error:
            why = str(error)
    _set_aside(path, why)
    for copy in copies:
        if not copy.is_whole():
            _logger.error("copy.not_whole", folder=copy.folder.name)
            continue
        _put_in_place(copy.file, path)
        try:
            return Tables(_open(path, migrations, first), restored=f"the verified copy at {copy.seq} and the log")
        except Broken as error:
            _set_aside(path, str(error))
    if first <= 1:
        return Tables(_open(path, migrations, first), restored="the whole log")
    damage = (
        f"The database cannot be used ({why}), no verified copy opens, and the log begins at sequence {first} only, so "
        "what came before is not here."
    )
    return Tables(_open(Path(":memory:"), migrations, 1), damage=damage)


def suspect(home: Path) -> None:
    """Let the next start replace the database: a block of it could not be read."""
    (home / SUSPECT).touch()


def is_corruption(error: Exception) -> bool:
    """Whether DuckDB has found its own file broken."""
    return isinstance(error, duckdb.Error) and ("Corrupt" in str(error) or "checksum" in str(error))


def _open(path: Path, migrations: Sequence[Migration], first: int, *, suspect: bool = False) -> Any:
    connection = open_database(path)
    try:
        if suspect:
            raise Broken("a block of it could not be read")
        migrate(connection, migrations)
        applied = applied_seq(connection)
        if applied + 1 < first:
            raise Broken(f"it ends at sequence {applied}, and the log begins at {first}")
        if path.exists() and path.stat().st_size <= SCAN_BYTES:
            read_all(connection)
    except Broken:
        connection.close()
        raise
    except (duckdb.Error, TypeError, ValueError) as error:
        connection.close()
        raise Broken(str(error)) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _set_aside_stray_wal(path: Path) -> None:
    """A write-ahead log without its file would be taken for that of the next one."""
    wal = path.with_name(path.name + ".wal")
    if wal.exists() and not path.exists():
        wal.rename(_free_name(path.with_name(path.name + ".wal.stray")))


def _set_aside(path: Path, why: str) -> None:
    wal, marker = path.with_name(path.name + ".wal"), path.with_name(SUSPECT)
    if path.exists() or wal.exists():
        aside = _free_name(path.with_name(path.name + ".unopenable"))
        _logger.error("store.database_set_aside", error=why, file=aside.name)
        for old, new in ((path, aside), (wal, aside.with_name(aside.name + ".wal"))):
            if old.exists():
                old.rename(new)
    marker.unlink(missing_ok=True)


def _free_name(path: Path) -> Path:
    return next(name for name in numbered(path) if not name.exists())


def numbered(path: Path) -> Iterator[Path]:
    """The path with -1, -2, … behind its name."""
    number = 0
    while True:
        number += 1
        yield path.with_name(f"{path.name}-{number}")


def _put_in_place(source: Path, path: Path) -> None:
    """Copy a file durably under its final name."""
    fresh = path.with_name(path.name + ".new")
    shutil.copyfile(source, fresh)
    fd = platform.open_binary(fresh, os.O_RDWR)
    platform.sync(fd)
    os.close(fd)
    fresh.replace(path)
    platform.sync_folder(path.parent)

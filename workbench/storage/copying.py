"""Copies a DuckDB file, opens the copy, checks it, and writes it durably: the child process of `copies.py`.

``python -m workbench.storage.copying SOURCE TARGET SEQ``. The owner must not open or close its own file a second time
(that drops its lock), so a process of its own does this. The raw file without its write-ahead log is the state of the
last CHECKPOINT, and stays so until the next one, which the owner holds off meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

from workbench.storage import platform

NOTE = "copy.json"
FILE = "workbench.duckdb"


def check(path: Path, seq: int | None = None) -> dict[str, int]:
    """Read every block of a DuckDB file; rows by table. Raises ValueError or duckdb.Error for what is not whole."""
    with duckdb.connect(str(path), read_only=True, config={"threads": "1"}) as connection:
        return read_all(connection, seq)


def read_all(connection: Any, seq: int | None = None) -> dict[str, int]:
    """Read every row of every table, so that each block's checksum is looked at; rows by table."""
    found = connection.execute("SELECT value FROM meta WHERE key = 'applied_seq'").fetchone()
    if found is None or (seq is not None and int(found[0]) != seq):
        raise ValueError(f"the copy holds facts up to {found and found[0]}, not up to {seq}")
    names = connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY 1").fetchall()
    rows: dict[str, int] = {}
    for (name,) in names:
        counted = connection.execute(f'SELECT count(*), bit_xor(hash(t)) FROM "{name}" t').fetchone()  # noqa: S608
        rows[str(name)] = int(counted[0])
    return rows


def digest(path: Path) -> str:
    """The BLAKE2b-256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=32)).hexdigest()


def copy(source: Path, target: Path, seq: int) -> None:
    """Make the folder `target` with the checked copy and a note of what it holds."""
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        shutil.copyfile(source, fresh / FILE)
        note = {
            "seq": seq,
            "bytes": (fresh / FILE).stat().st_size,
            "rows": check(fresh / FILE, seq),
            "blake2b": digest(fresh / FILE),
            "madeAt": time.time_ns() // 1000,
        }
        (fresh / NOTE).write_text(json.dumps(note, indent=1), encoding="utf-8")
        for name in (FILE, NOTE):
            fd = platform.open_binary(fresh / name, os.O_RDWR)
            platform.sync(fd)
            os.close(fd)
        platform.sync_folder(fresh)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
        platform.sync_folder(target.parent)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


if __name__ == "__main__":
    try:
        copy(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    except Exception as error:  # noqa: BLE001 - the owner reads one line
        sys.exit(f"{type(error).__name__}: {error}")

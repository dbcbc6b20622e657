"""What each part of a store takes of the disk."""

from __future__ import annotations

from pathlib import Path

from tests.engine.house import MovedClock
from workbench.storage.sizes import Sizes


def test_sizes_are_those_of_the_files_by_part(tmp_path: Path) -> None:
    files = {"workbench.duckdb": 10, "workbench.duckdb.wal": 5, "log/a": 7, "values/ab/x": 3, "values/cd/y": 4}
    for name, size in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    sizes = Sizes(tmp_path, MovedClock())
    assert sum(sizes.bytes.values()) == 0
    sizes.measure()
    assert sizes.bytes == {"database": 15, "log": 7, "values": 7, "copies": 0}

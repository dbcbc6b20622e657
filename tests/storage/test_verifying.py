"""What `workbench verify` finds, and that it holds no more of a log at once than a batch."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import duckdb

from tests.storage.conftest import Opener
from tests.storage.notes import MIGRATIONS, LineAdded, registry, run
from workbench.base.clock import SystemClock
from workbench.storage.copying import FILE
from workbench.storage.store import Store
from workbench.storage.verifying import Report, Verifier

TEXT_BYTES = 1000
MIB = 1024 * 1024


def filled(opened: Opener, groups: int) -> None:
    """A closed store with 200 lines a group."""
    store = opened(segment_bytes=256 * 1024)

    async def main(store: Store) -> None:
        for group in range(groups):
            await store.append([LineAdded(f"{group:06}{line:03}" + "x" * TEXT_BYTES) for line in range(200)])

    run(store, main)
    store.close()


def verified(home: Path) -> tuple[Report, int]:
    """The report, and the most memory that Python held meanwhile."""
    verifier = Verifier(home, registry(), MIGRATIONS, SystemClock(), lambda *_: None)
    tracemalloc.start()
    try:
        report = verifier.verify()
        return report, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_log_much_larger_than_a_batch_is_verified_in_the_memory_of_a_few(opened: Opener, home: Path) -> None:
    filled(opened, 100)
    report, most = verified(home)
    assert report.problems == []
    assert report.facts == 20_000
    assert report.compared.endswith("with a replay from sequence 0")
    assert most < 10 * MIB  # the log has 20


def test_a_table_that_is_not_what_the_log_says_is_found(opened: Opener, home: Path) -> None:
    filled(opened, 20)
    with duckdb.connect(str(home / FILE)) as connection:
        connection.execute("DELETE FROM lines WHERE seq = 7")
    report, _ = verified(home)
    assert report.problems == ["The table lines is not what the log says: 3999 rows, 4000 by the log."]


def test_a_database_that_cannot_be_read_is_said_and_the_log_is_read_all_the_same(opened: Opener, home: Path) -> None:
    filled(opened, 1)
    (home / FILE).write_bytes(b"no database")
    report, _ = verified(home)
    assert report.facts == 200
    assert len(report.problems) == 1
    assert "cannot be opened" in report.problems[0]

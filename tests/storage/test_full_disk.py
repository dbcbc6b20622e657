"""A disk without room: writes are refused, work under way waits, and all goes on by itself."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import duckdb
import pytest

from tests.storage.notes import LINE_TEXTS, LineAdded, open_store, run
from workbench.base.errors import Unavailable
from workbench.base.probe import listen
from workbench.storage.disk import OpenFile, SystemDisk
from workbench.storage.store import Store


class FullDisk(SystemDisk):
    """Makes no new file while it is full."""

    is_full = False

    def open(self, path: Path, *, create: bool = False) -> OpenFile:
        if create and self.is_full and path.suffix == ".new" and path.parent.name == "log":
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().open(path, create=create)

    def free_bytes(self, folder: Path) -> int:
        return 0 if self.is_full else 1 << 40


async def _answer(store: Store, fact: LineAdded) -> int:
    return await store.append([fact])


def test_on_a_full_disk_new_facts_are_refused_patient_ones_wait_and_reads_go_on(home: Path) -> None:
    disk = FullDisk()
    big = LineAdded("x" * 40_000)

    async def main(store: Store) -> None:
        writable = asyncio.Event()
        store.on_writable = writable.set
        await store.append([LineAdded("first")])
        disk.is_full = True
        answers = await asyncio.gather(*(_answer(store, big) for _ in range(10)), return_exceptions=True)
        raised = [a for a in answers if isinstance(a, Unavailable)]
        assert raised
        assert all("disk is full" in a.message and a.data == {"outcome": "not written"} for a in raised)
        patient = [store.append([LineAdded(f"patient {i}")], patient=True) for i in range(3)]
        with pytest.raises(Unavailable, match="disk is full"):
            store.append([LineAdded("refused")])
        with pytest.raises(Unavailable):
            await store.transact(lambda _: ([LineAdded("refused")], None))
        assert "first" in await store.read(LINE_TEXTS)
        health = store.health()
        assert not health["ok"]
        assert not any(t.done or t.failure for t in patient)
        disk.is_full = False
        async with asyncio.timeout(20):
            await writable.wait()
            for ticket in patient:
                await ticket
        await store.append([LineAdded("last")])
        lines = await store.read(LINE_TEXTS)
        assert lines[-4:] == ["patient 0", "patient 1", "patient 2", "last"]
        assert "refused" not in lines
        assert store.lag() == 0

    store = open_store(home, disk=disk, segment_bytes=64 * 1024)
    run(store, main)
    store.close()


def test_a_full_write_ahead_log_of_the_database_puts_no_fact_aside(home: Path) -> None:
    async def main(store: Store) -> None:
        def hook(name: str) -> None:
            if name == "apply.before_commit":
                told = 'Failed to commit: Could not write file "workbench.duckdb.wal": No space left on device'
                raise duckdb.TransactionException(f"TransactionContext Error: {told}")

        listen(hook)
        await store.append([LineAdded("kept")])
        with pytest.raises(Unavailable, match="No space left"):
            await store.read(LINE_TEXTS)
        listen(None)
        await store.barrier()
        assert await store.read(LINE_TEXTS) == ["kept"]
        assert store.health()["unapplied"] == 0

    store = open_store(home)
    run(store, main)
    store.close()


def test_a_database_that_has_died_is_told_and_the_next_start_has_everything(home: Path) -> None:
    async def main(store: Store) -> None:
        await store.append([LineAdded("a")])
        await store.barrier()

        def hook(name: str) -> None:
            if name == "apply.before_commit":
                raise duckdb.FatalException("FATAL Error: database has been invalidated")

        listen(hook)
        await store.append([LineAdded("b")])
        with pytest.raises(Unavailable, match="invalidated"):
            await store.read(LINE_TEXTS)
        assert "restart the server" in store.health()["reasons"][0]

    store = open_store(home)
    run(store, main)
    store.close()
    listen(None)
    again = open_store(home)
    assert run(again, lambda s: s.read(LINE_TEXTS)) == ["a", "b"]
    again.close()


def test_no_checkpoint_is_made_where_there_is_no_room_for_it(home: Path) -> None:
    disk = FullDisk()
    passed: list[str] = []
    store = open_store(home, disk=disk)
    store.append([LineAdded("a")]).result(10)
    disk.is_full = True
    listen(passed.append)
    store.close()
    listen(None)
    assert "apply.before_checkpoint" not in passed
    assert (home / "workbench.duckdb.wal").exists()
    again = open_store(home)
    assert run(again, lambda s: s.read(LINE_TEXTS)) == ["a"]
    again.close()

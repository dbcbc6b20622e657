"""The store runs on any disk and under any scheduler: here in memory, in one thread."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import duckdb

from tests.storage.elsewhere import LoopRunner, MemoryDisk
from tests.storage.notes import LINE_TEXTS, NOTE_TEXTS, LineAdded, note, open_store
from workbench.storage.store import Store

HOME = Path("/no/such/home")


def in_memory(disk: MemoryDisk, database: Any, runner: LoopRunner) -> Store:
    store = open_store(HOME, disk=disk, runner=runner, database=lambda _: database.cursor(), segment_bytes=64 * 1024)
    store.attach_loop(runner.loop)
    return store


def test_a_store_runs_in_one_thread_on_a_disk_in_memory() -> None:
    async def main() -> None:
        threads = threading.active_count()
        disk, database = MemoryDisk(), duckdb.connect()
        runner = LoopRunner(asyncio.get_running_loop())
        store = in_memory(disk, database, runner)
        for i in range(500):
            store.append([LineAdded(f"{i} " + "x" * 300)])
        assert await store.transact(lambda _: ([note("decided")], "answer")) == "answer"
        large = store.values.put("y" * 100_000)
        assert len(await store.read(LINE_TEXTS)) == 500
        await store.barrier()
        assert store.values.load(large) == "y" * 100_000
        assert threading.active_count() == threads
        assert not HOME.exists()
        assert len([p for p in disk.files if p.suffix == ".log"]) > 2
        store.close()

        again = in_memory(disk, duckdb.connect(), LoopRunner(asyncio.get_running_loop()))
        assert len(await again.read(LINE_TEXTS)) == 500, "the log brings all to a new database"
        assert await again.read(NOTE_TEXTS) == ["decided"]
        again.close()

    asyncio.run(main())


def test_facts_that_nobody_waits_for_are_applied_after_a_moment() -> None:
    async def main() -> None:
        store = in_memory(MemoryDisk(), duckdb.connect(), LoopRunner(asyncio.get_running_loop()))
        seq = await store.append([LineAdded("a")])
        assert store.lag() == 1
        await store._applier.progress.reached(seq)  # pyright: ignore[reportPrivateUsage]
        assert store.lag() == 0
        store.close()

    asyncio.run(main())


def test_a_crash_in_one_thread_is_a_store_that_is_left_alone() -> None:
    async def main() -> None:
        disk, database = MemoryDisk(), duckdb.connect()
        runner = LoopRunner(asyncio.get_running_loop())
        store = in_memory(disk, database, runner)
        await store.append([LineAdded("kept")])
        store.append([LineAdded("not yet written")])
        runner.is_dead = True
        disk._held.clear()  # pyright: ignore[reportPrivateUsage]
        again = in_memory(disk, database, LoopRunner(asyncio.get_running_loop()))
        assert await again.read(LINE_TEXTS) == ["kept"]
        again.close()

    asyncio.run(main())

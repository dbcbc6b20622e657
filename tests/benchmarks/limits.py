"""What this machine does at best: bare asyncio, raw synced writes, raw DuckDB commits."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import duckdb

from tests.benchmarks.timing import Rate, rate

AWAITS = 20_000
SYNCS = 1_000
COMMITS = 200
BLOCK = 256


async def measure(home: Path) -> list[Rate]:
    """Awaits of a coroutine that adds 1, preallocated synced writes, one-row commits."""

    async def add(x: int) -> int:
        return x + 1

    async def awaits() -> None:
        x = 0
        for _ in range(AWAITS):
            x = await add(x)

    async def tasks() -> None:
        x = 0
        for _ in range(AWAITS // 10):
            x = await asyncio.ensure_future(add(x))

    handle = os.open(home / "raw", os.O_RDWR | os.O_CREAT)
    os.write(handle, bytes(SYNCS * 4096))
    os.fsync(handle)

    async def syncs() -> None:
        for i in range(SYNCS):
            os.pwrite(handle, bytes(BLOCK), i * BLOCK)
            os.fdatasync(handle)

    connection = duckdb.connect(str(home / "raw.duckdb"))
    connection.execute("CREATE TABLE steps (run INTEGER, step INTEGER, output VARCHAR)")

    async def commits() -> None:
        for i in range(COMMITS):
            connection.execute("INSERT INTO steps VALUES (1, ?, '1')", [i])

    try:
        return [
            await rate("asyncio await", "awaits/s", AWAITS, awaits),
            await rate("asyncio task", "tasks/s", AWAITS // 10, tasks),
            await rate("raw fdatasync", "syncs/s", SYNCS, syncs),
            await rate("raw DuckDB commit", "commits/s", COMMITS, commits),
        ]
    finally:
        connection.close()
        os.close(handle)

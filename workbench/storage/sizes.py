"""How much of the disk each part of a store takes: measured off the loop now and then, for values are many files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from workbench.base.clock import Clock
from workbench.storage.copying import FILE

EVERY_S = 60.0
PARTS = ("log", "values", "copies")


class Sizes:
    """Bytes by part, as they were when last measured."""

    def __init__(self, home: Path, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self.bytes: dict[str, int] = dict.fromkeys(("database", *PARTS), 0)

    def measure(self) -> None:
        """Look at every file; takes some milliseconds a thousand values, so not on the loop."""
        found = {part: _bytes_in(self._home / part) for part in PARTS}
        found["database"] = sum(_size(self._home / name) for name in (FILE, f"{FILE}.wal"))
        self.bytes = found

    async def run(self, until: Callable[[int], Awaitable[None]]) -> None:
        """Measure for ever; `until` waits for a time in microseconds."""
        while True:
            await asyncio.to_thread(self.measure)
            await until(self._clock.now_us() + int(EVERY_S * 1e6))


def _bytes_in(folder: Path) -> int:
    total = 0
    for base, _, names in os.walk(folder):
        total += sum(_size(Path(base, name)) for name in names)
    return total


def _size(file: Path) -> int:
    """Bytes on the disk; 0 for one that is gone meanwhile."""
    try:
        return file.stat().st_size
    except OSError:
        return 0

"""How much the disk still takes: a floor below which new work is refused, so that what runs can still be written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from workbench.base.errors import Unavailable
from workbench.storage.disk import Disk

LOOK_EVERY_S = 1.0
MIN_FREE_BYTES = 256 * 1024 * 1024
_MIB = 1024 * 1024


class Space:
    """The free bytes of a home's disk, looked at once a second at most."""

    def __init__(self, disk: Disk, home: Path, floor: int, now: Callable[[], float]) -> None:
        self._disk = disk
        self._home = home
        self._now = now
        self._looked_at = float("-inf")
        self._free = 0
        self.floor = floor

    def free(self) -> int:
        """Bytes that may be written, as of the last second."""
        now = self._now()
        if now - self._looked_at >= LOOK_EVERY_S:
            self._free, self._looked_at = self._disk.free_bytes(self._home), now
        return self._free

    @property
    def is_low(self) -> bool:
        """Whether less is free than the floor."""
        return self.free() < self.floor

    def has_room(self, bytes_: int) -> bool:
        """Whether so many bytes may be written for upkeep without coming below the floor."""
        return self._disk.free_bytes(self._home) >= self.floor + bytes_

    def guard(self) -> None:
        """Refuse new work below the floor. Raises Unavailable."""
        if self.is_low:
            raise Unavailable(
                f"The disk is nearly full: {self.free() // _MIB} MiB are free at {self._home}, fewer than the "
                f"{self.floor // _MIB} MiB that are kept for work under way.",
                hint="Free space there (delete functions or runs, then `workbench compact`), or lower MIN_FREE_MB; new "
                "work is taken again by itself.",
                data={"outcome": "not written"},
            )

"""Time and ids of a simulation: both follow from the seed."""

from __future__ import annotations

from random import Random
from uuid import UUID

from tests.simulation.loop import SimLoop

EPOCH_US = 1_800_000_000_000_000


class SimClock:
    """The loop's virtual time, as both clocks. `jump` moves the wall only, as people and time servers do."""

    def __init__(self, loop: SimLoop) -> None:
        self.loop = loop
        self.offset_us = EPOCH_US

    def now_us(self) -> int:
        return self.offset_us + round(self.loop.now * 1e6)

    def monotonic(self) -> float:
        return self.loop.now

    def jump(self, us: int) -> None:
        """Set the wall clock."""
        self.offset_us += us


class SeededIds:
    """UUIDv7 of virtual time and seeded bits."""

    def __init__(self, rng: Random, clock: SimClock) -> None:
        self._rng = rng
        self._clock = clock

    def new(self) -> str:
        ms = self._clock.now_us() // 1000
        bits = ms << 80 | 0x7 << 76 | self._rng.getrandbits(12) << 64 | 0b10 << 62 | self._rng.getrandbits(62)
        return str(UUID(int=bits))


class SlicesTimer:
    """Stands in for ``perf_counter`` where the engine measures its own work: each look costs some microseconds."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.now = 0.0

    def __call__(self) -> float:
        self.now += self._rng.random() * 0.0003
        return self.now

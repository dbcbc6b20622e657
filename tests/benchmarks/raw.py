"""What the disk gives: small synced writes into a preallocated file, as the engine's log makes them."""

from __future__ import annotations

import os
from time import perf_counter

from tests.benchmarks.peers.contestant import Contestant, main

SYNCS = 1000
BLOCK = 256


class Raw(Contestant):
    """No engine at all."""

    def open(self) -> None:
        self._file = os.open(self.home / "raw", os.O_RDWR | os.O_CREAT)
        os.write(self._file, bytes(SYNCS * 4096))
        os.fsync(self._file)

    def measure(self, case: str) -> dict[str, float]:
        started = perf_counter()
        for i in range(SYNCS):
            os.pwrite(self._file, bytes(BLOCK), i * BLOCK)
            os.fdatasync(self._file)
        return {"value": SYNCS / (perf_counter() - started)}

    def warm(self, case: str) -> None:
        self.measure(case)


if __name__ == "__main__":
    main(Raw)

"""What a checkpoint of a long loop over small values costs in DuckDB, after a CHECKPOINT."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from tests.benchmarks.engine import Bed
from tests.benchmarks.flows import loop
from tests.benchmarks.machine import Watch
from tests.benchmarks.results import Beside, Result
from workbench.storage.copying import FILE

ITERATIONS = 100_000
MOST_BYTES = 300


def run(home: Path, rounds: int) -> list[Result]:
    """One loop of 100,000 iterations, and how much longer it took than ten times one of 10,000."""
    del rounds
    home = home / "growth"
    bed = Bed(home)
    bed.workbench.start()
    try:
        with Watch() as watch:
            short_s = bed.workbench.run(_timed(bed, ITERATIONS // 10))
            before = _size(bed, home)
            long_s = bed.workbench.run(_timed(bed, ITERATIONS))
            grown = _size(bed, home) - before
    finally:
        bed.workbench.stop()
    what = f"a loop of {ITERATIONS:,} iterations: "
    return [
        Result("growth", f"{what}in DuckDB, a checkpoint", "bytes", [grown / ITERATIONS],
               [Beside("bytes at most", [float(MOST_BYTES)], 1.0)], "less", watch.foreign),
        Result("growth", f"{what}time", "s", [long_s],
               [Beside("ten times 10,000 iterations", [short_s * 10], None)], "less", watch.foreign),
    ]  # fmt: skip


async def _timed(bed: Bed, iterations: int) -> float:
    started = perf_counter()
    row = await bed.submit(loop(iterations))
    ended = await bed.workbench.engine.wait(row.id, 240) or row
    assert ended.status == "completed", ended.error
    return perf_counter() - started


def _size(bed: Bed, home: Path) -> int:
    bed.workbench.run(bed.workbench.store.upkeep.copy())
    return (home / FILE).stat().st_size

"""The engine in process: steps, effects, runs and items a second; all durable when the run is acknowledged as over."""

from __future__ import annotations

import statistics
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.benchmarks.flows import AddEffect, chain, loop
from tests.benchmarks.timing import Rate, rate
from workbench.access.identity import DEFAULT_WORKSPACE
from workbench.assembly import Workbench, open_workbench
from workbench.base.ids import RandomIds
from workbench.base.settings import Settings
from workbench.blocks.kind import BlockType
from workbench.blocks.registry import BlockRegistry
from workbench.engine.records import RunRequest, RunRow
from workbench.flow.model import Flow

EFFECTS = 100
RUNS = 1_000
ITEMS = 1_000
LATENCIES = 200


class Bed:
    """A started workbench with the benchmark's effect block, and the way to run a flow in it."""

    def __init__(self, home: Path) -> None:
        self.workbench: Workbench = open_workbench(Settings.load(environ={}, home=home))
        self._more: list[BlockType[Any]] = []
        self.add(AddEffect())
        self._function = RandomIds().new()
        self._versions: dict[int, int] = {}

    def add(self, kind: BlockType[Any]) -> None:
        """Let a block type be used that is not installed."""
        self._more.append(kind)
        self.workbench.engine.lives.programs.registry = BlockRegistry.standard(self._more)

    async def quiet(self) -> None:
        """Wait until what was computed has been stored, too."""
        await self.workbench.engine.settle_values()
        await self.workbench.store.barrier()

    def request(self, flow: Flow) -> RunRequest:
        version = self._versions.setdefault(id(flow), len(self._versions) + 1)
        return RunRequest(DEFAULT_WORKSPACE, self._function, "benchmark", version, flow, {"x": 1}, start_block="start")

    async def submit(self, flow: Flow) -> RunRow:
        return await self.workbench.engine.submit(self.request(flow))

    async def run(self, flow: Flow, expected: object) -> None:
        row = await self.submit(flow)
        ended = await self.workbench.engine.wait(row.id, 120) or row
        assert ended.output == expected, (ended.status, ended.output, ended.error)

    async def run_many(self, flow: Flow, count: int) -> None:
        engine = self.workbench.engine
        rows = await engine.submit_many([self.request(flow) for _ in range(count)])
        await engine.wait_all([row.id for row in rows], 120)
        assert all(row.status == "completed" for row in rows)


def measure(home: Path) -> tuple[list[Rate], float]:
    """All rates, and the median milliseconds from submit to the durable result of a one-step run."""
    bed = Bed(home)
    bed.workbench.start()
    try:
        return bed.workbench.run(_measure(bed))
    finally:
        bed.workbench.stop()


async def _measure(bed: Bed) -> tuple[list[Rate], float]:
    hundred, thousand, effects, three, items = (
        chain(100),
        chain(1_000),
        chain(EFFECTS, AddEffect.type),
        chain(3),
        loop(ITEMS),
    )
    results = {"results": list(range(1, ITEMS + 1)), "iterations": ITEMS, "errors": [], "exitReason": "completed"}
    rates = [
        await rate("one run, 100 pure steps", "steps/s", 100, lambda: bed.run(hundred, 101), 15),
        await rate("one run, 1,000 pure steps", "steps/s", 1_000, lambda: bed.run(thousand, 1_001)),
        await rate("one run, 100 durable effects", "effects/s", EFFECTS, lambda: bed.run(effects, EFFECTS + 1)),
        await rate("1,000 runs of 3 steps, submitted at once", "runs/s", RUNS, lambda: bed.run_many(three, RUNS), 3),
        await rate("1,000 items through one step of a loop", "items/s", ITEMS, lambda: bed.run(items, results)),
    ]
    one = chain(1)
    latencies: list[float] = []
    for _ in range(LATENCIES):
        started = perf_counter()
        await bed.run(one, 2)
        latencies.append((perf_counter() - started) * 1000)
    return rates, statistics.median(latencies)

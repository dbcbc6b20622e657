"""Our side of each race, in a process of its own: ``python -m tests.benchmarks.ours CASE VARIANT HOME``."""

from __future__ import annotations

import statistics
from time import perf_counter
from typing import Any

from tests.benchmarks.flows import AddEffect, chain, loop
from tests.benchmarks.peers.contestant import ITEMS, STEPS, TRIES, Contestant, main

REPEATS = {"steps": 20, "effects": 5, "items": 5, "runs-200": 3}
"""What is over in milliseconds is done so often each time it is asked for; the median counts."""


class Ours(Contestant):
    """The engine in process, over a store of its own; a run counts once its end is durable."""

    def open(self) -> None:
        from tests.benchmarks.engine import Bed

        self.bed = Bed(self.home)
        self.bed.workbench.start()
        self.flows: dict[str, Any] = {
            "steps": chain(STEPS),
            "effects": chain(STEPS, AddEffect.type),
            "three": chain(3),
            "one": chain(1),
            "items": loop(ITEMS),
        }

    def warm(self, case: str) -> None:
        self.measure(case)

    def measure(self, case: str) -> dict[str, float]:
        return self.bed.workbench.run(self._measure(case))

    async def _measure(self, case: str) -> dict[str, float]:
        bed, flows = self.bed, self.flows
        await bed.quiet()  # what a warm-up left for DuckDB is not part of what is measured
        if case == "latency":
            took: list[float] = []
            for _ in range(TRIES):
                started = perf_counter()
                await bed.run(flows["one"], 2)
                took.append((perf_counter() - started) * 1000)
            took.sort()
            return {"value": took[TRIES // 2], "p95": took[int(TRIES * 0.95)]}
        if case.startswith("table"):
            return await self._table(whole=case == "table-whole")
        rates: list[float] = []
        for _ in range(REPEATS.get(case, 1)):
            started = perf_counter()
            if case.startswith("runs-"):
                count = int(case.partition("-")[2])
                await bed.run_many(flows["three"], count)
            elif case == "items":
                count = ITEMS
                results = list(range(1, ITEMS + 1))
                ended = {"results": results, "iterations": ITEMS, "errors": [], "exitReason": "completed"}
                await bed.run(flows["items"], ended)
            else:
                count = STEPS
                await bed.run(flows[case], STEPS + 1)
            rates.append(count / (perf_counter() - started))
        return {"value": statistics.median(rates)}

    async def _table(self, *, whole: bool) -> dict[str, float]:
        from polars.testing import assert_frame_equal

        from tests.benchmarks.tables import Source, in_polars, make_table, table_flow

        bed = self.bed
        if "table" not in self.flows:
            self.flows["table"] = table_flow(whole=whole)
            table = make_table()
            self.flows["expected"] = in_polars(table, whole=whole)
            bed.add(Source())
        started = perf_counter()
        row = await bed.submit(self.flows["table"])
        ended = await bed.workbench.engine.wait(row.id, 120) or row
        seconds = perf_counter() - started
        assert ended.status == "completed", ended.error
        assert_frame_equal(ended.output, self.flows["expected"])
        await bed.quiet()
        return {"value": seconds * 1000}

    def start_long(self, steps: int) -> int:
        from tests.benchmarks.functions import CALLER, make
        from workbench.runs.models import NewRun

        workbench = self.bed.workbench
        function = workbench.run(make(workbench, chain(steps, AddEffect.type)))
        run = workbench.run(workbench.runs.create(CALLER, NewRun(function_id=function, inputs={"x": 0})))
        (self.home / "run").write_text(run.id)
        ended = workbench.run(workbench.engine.wait(run.id, 120))
        return ended.output if ended is not None else workbench.run(workbench.runs.get(CALLER, run.id)).output

    def resume_long(self, steps: int) -> int:
        from workbench.assembly import open_workbench
        from workbench.base.settings import Settings

        workbench = open_workbench(Settings.load(environ={}, home=self.home))
        workbench.start()  # open runs go on
        ended = workbench.run(workbench.engine.wait((self.home / "run").read_text(), 120))
        assert ended is not None, "the run was over before it could be waited for"
        return ended.output


if __name__ == "__main__":
    main(Ours)

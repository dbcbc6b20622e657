"""10,000 open runs after a kill: taking them all up again, against running them that far first.

``python -m tests.benchmarks.recovery CASE COUNT HOME`` is the process that is killed, or the one that goes on.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.children import environ
from tests.benchmarks.flows import chain
from tests.benchmarks.machine import Watch
from tests.benchmarks.peers.contestant import WORD, tell
from tests.benchmarks.results import Beside, Result

RUNS = 10_000
PATIENCE_S = 240


def run(home: Path, rounds: int) -> list[Result]:
    """Two ways of being open: two of three steps done and a wait under way; and waiting in the queue."""
    del rounds
    results = []
    for case, what in (
        ("waiting", f"{RUNS:,} open runs, two steps done and waiting: until all wait again"),
        ("queued", f"{RUNS:,} queued runs of 3 steps: start, until all are over"),
    ):
        folder = home / f"recovery-{case}"
        folder.mkdir(parents=True)
        with Watch() as watch:
            first = _child("first", case, folder)
            again = _child("again", case, folder)
        results.append(
            Result("recovery", what, "s", [again], [Beside("running them first", [first], 1.0)], "less", watch.foreign)
        )
    return results


def _child(part: str, case: str, home: Path) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.recovery", part, case, str(RUNS), str(home)]
    done = subprocess.run(command, env=environ(home), stdout=subprocess.PIPE, text=True, timeout=600, check=False)
    for line in done.stdout.splitlines():
        if line.startswith(WORD):
            return float(line.partition("seconds")[2].strip(' ":}'))
    raise RuntimeError(f"{part} of {case} ended without a figure")


def _waiting_flow() -> Any:
    flow = chain(2).to_wire()
    flow["blocks"].append({"id": "wait", "type": "delay", "name": "wait", "config": {"delayMs": 10**9}})
    flow["edges"].append({"id": "w", "source": "s1", "target": "wait"})
    return flow


def _main(part: str, case: str, count: int, home: Path) -> None:
    """First: run the runs (or, once the figure is taken, queue them) and die. Again: open and bring them as far."""
    from workbench.assembly import open_workbench
    from workbench.base.settings import Settings

    started = time.perf_counter()
    workbench = open_workbench(Settings.load(environ={}, home=home, log_level="warning"))
    workbench.start()
    if part == "first":
        seconds = workbench.run(_first(workbench, case, count))
    else:
        if case == "queued":
            workbench.run(workbench.engine.holds.resume(None, "benchmark", None))
        workbench.run(_until(workbench, case, count))
        seconds = time.perf_counter() - started
    tell({"seconds": round(seconds, 3)})
    os.kill(os.getpid(), signal.SIGKILL)


async def _first(workbench: Any, case: str, count: int) -> float:
    from tests.benchmarks.functions import CALLER, make
    from workbench.flow.model import Flow
    from workbench.runs.models import NewRun

    flow = Flow.model_validate(_waiting_flow()) if case == "waiting" else chain(3)
    function = await make(workbench, flow)
    started = time.perf_counter()
    asked = NewRun(function_id=function, inputs={"x": 1})
    for _ in range(0, count, 1000):
        await asyncio.gather(*[workbench.runs.create(CALLER, asked) for _ in range(1000)])
    await _until(workbench, case, count)
    await workbench.store.barrier()
    seconds = time.perf_counter() - started
    if case == "queued":
        await workbench.engine.holds.pause(None, "benchmark", None, None)
        for _ in range(0, count, 1000):
            await asyncio.gather(*[workbench.runs.create(CALLER, asked) for _ in range(1000)])
    return seconds


async def _until(workbench: Any, case: str, count: int) -> None:
    """Until all runs wait, or none is left."""
    engine = workbench.engine
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        lives = engine.lives.by_id
        if case == "queued" and not lives and not len(engine.queue):
            return
        if case == "waiting" and len(lives) == count and all(live.status == "waiting" for live in lives.values()):
            return
        await asyncio.sleep(0.02)  # noqa: TID251 - it is looked at from outside
    raise RuntimeError(f"{case}: not there after {PATIENCE_S} s")


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))

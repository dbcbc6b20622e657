"""What runs that only wait cost: resident memory over an idle server, and processor seconds.

``python -m tests.benchmarks.waiting COUNT HOME`` is the process that is looked at.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.children import environ
from tests.benchmarks.machine import Watch
from tests.benchmarks.results import Beside, Result

RUNS = 10_000
LOOK_S = 10
MIB = 1024 * 1024
MOST_MIB, MOST_CPU = 200.0, 0.2


def run(home: Path, rounds: int) -> list[Result]:
    """Park so many runs, then look for ten seconds at what the process does."""
    del rounds
    home = home / "waiting"
    home.mkdir()
    command = [sys.executable, "-m", "tests.benchmarks.waiting", str(RUNS), str(home)]
    with Watch() as watch:
        done = subprocess.run(command, env=environ(home), stdout=subprocess.PIPE, text=True, timeout=300, check=True)
    grown, cpu, idle = map(float, done.stdout.split()[-3:])
    return [
        Result("waiting", f"{RUNS:,} waiting runs: memory over an idle server", "MiB", [grown],
               [Beside("MiB at most", [MOST_MIB], 1.0)], "less", watch.foreign),
        Result("waiting", f"{RUNS:,} waiting runs: processor seconds in {LOOK_S} s", "s", [cpu],
               [Beside("an idle server", [max(idle, 0.01)], None), Beside("s at most", [MOST_CPU], 1.0)], "less",
               watch.foreign),
    ]  # fmt: skip


def _cpu(process: psutil.Process, seconds: float) -> float:
    before = process.cpu_times()
    time.sleep(seconds)  # noqa: TID251 - what is measured is that nothing happens
    after = process.cpu_times()
    return after.user + after.system - before.user - before.system


def _main(count: int, home: Path) -> None:
    from workbench.assembly import open_workbench
    from workbench.base.settings import Settings

    process = psutil.Process()
    workbench = open_workbench(Settings.load(environ={}, home=home))
    workbench.start()
    function = workbench.run(_function(workbench))
    workbench.run(_park(workbench, function, 1))
    gc.collect()
    idle, before = _cpu(process, LOOK_S / 2) * 2, process.memory_info().rss
    workbench.run(_park(workbench, function, count))
    gc.collect()
    grown = process.memory_info().rss - before
    cpu = _cpu(process, LOOK_S)
    print(grown / MIB, cpu, idle, flush=True)
    os._exit(0)


async def _function(workbench: Any) -> tuple[Any, str]:
    from tests.benchmarks.functions import CALLER, make
    from workbench.flow.model import Flow

    blocks = [
        {"id": "start", "type": "start", "name": "start"},
        {"id": "wait", "type": "delay", "name": "wait", "config": {"delayMs": 10**9}},
    ]
    flow = Flow.model_validate({"blocks": blocks, "edges": [{"id": "e", "source": "start", "target": "wait"}]})
    return CALLER, await make(workbench, flow)


async def _park(workbench: Any, function: tuple[Any, str], count: int) -> None:
    from workbench.runs.models import NewRun

    caller, function_id = function
    lives = workbench.engine.lives.by_id
    wanted = len(lives) + count
    for n in range(count):
        await workbench.runs.create(caller, NewRun(function_id=function_id, inputs={"n": n}))
    while len(lives) < wanted or any(live.status != "waiting" for live in lives.values()):
        await asyncio.sleep(0.02)  # noqa: TID251 - it is looked at from outside
    await workbench.store.barrier()


if __name__ == "__main__":
    _main(int(sys.argv[1]), Path(sys.argv[2]))

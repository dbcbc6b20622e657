"""What runs that only wait cost: resident memory and CPU seconds. ``python -m tests.benchmarks.waiting [count]``."""

from __future__ import annotations

import gc
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from tests.engine.flows import block, flow
from tests.engine.house import House, MovedClock
from tests.engine.world import World

IDLE_S = 10
MIB = 1024 * 1024
WAIT = flow([block("delay", "d", delayMs=10**9)], "start > d")


def main(count: int) -> None:
    """Park so many runs, then look for ten seconds at what the process does."""
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as home:
        house = House(Path(home), World(), MovedClock(), {}).start()
        row = house.submit(WAIT)
        house.until_status(row, "waiting")
        gc.collect()
        before = process.memory_info().rss
        started = time.perf_counter()
        for n in range(count):
            row = house.submit(WAIT, {"n": n})
        house.until_status(row, "waiting")
        house.facts.clear()
        took = time.perf_counter() - started
        gc.collect()
        grown = process.memory_info().rss - before
        used = process.cpu_times()
        threading.Event().wait(IDLE_S)
        now = process.cpu_times()
        cpu = now.user + now.system - used.user - used.system
        print(f"{count:,} waiting runs: {grown / MIB:,.0f} MiB over idle ({grown / count / 1024:,.1f} KiB each)")
        print(f"parked in {took:,.1f} s; {cpu:.2f} CPU seconds in {IDLE_S} s")
        house.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)

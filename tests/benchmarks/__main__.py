"""``python -m tests.benchmarks [limits] [engine] [jupyter]``: print the benchmarks; without names all of them."""

from __future__ import annotations

import asyncio
import platform
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import engine, jupyter, limits
from tests.benchmarks.timing import print_rates


def main(names: list[str]) -> None:
    """Measure and print."""
    wanted = set(names) or {"engine", "jupyter"}
    print(f"Python {platform.python_version()} on {platform.machine()}; medians; higher is better unless in ms.")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        found = asyncio.run(limits.measure(home))
        print_rates("What the machine does at best", found, [])
        if "engine" in wanted:
            rates, latency = engine.measure(home / "engine")
            print_rates("The engine", rates, found)
            print(f"\nsubmit to durable result of a one-step run, median: {latency:.2f} ms")
        if "jupyter" in wanted:
            (home / "jupyter").mkdir()
            jupyter.print_latencies(jupyter.measure(home / "jupyter"))


main(sys.argv[1:])

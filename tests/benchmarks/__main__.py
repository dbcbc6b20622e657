"""``python -m tests.benchmarks [CASE …] [--rounds N] [--json FILE] [--markdown]``: measure and print; all if none.

``--markdown-of FILE`` prints the table for the README from the JSON lines of an earlier run.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks import editing, environments, growth, jupyter, limits, races, recovery, restart, waiting
from tests.benchmarks.results import Result, markdown, read_lines, show, write_lines
from tests.benchmarks.timing import print_rates

CASES: dict[str, Callable[[Path, int], list[Result]]] = {
    **{name: (lambda home, rounds, name=name: races.run(name, home, rounds)) for name in races.RACES},
    "editing": editing.run,
    "restart": restart.run,
    "recovery": recovery.run,
    "growth": growth.run,
    "waiting": waiting.run,
    "status": jupyter.run,
}
ARTIFACTS = environments.ROOT / "tests" / "artifacts"


def main(arguments: list[str]) -> None:
    """Measure what is asked for; each result is printed as soon as it is there."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join([*CASES, "limits"]))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=ARTIFACTS / "benchmarks.jsonl")
    parser.add_argument("--markdown", action="store_true", help="print the table for the README at the end")
    parser.add_argument("--markdown-of", type=Path, help="print the table of an earlier run and measure nothing")
    asked = parser.parse_args(arguments)
    if asked.markdown_of:
        print(markdown(read_lines(asked.markdown_of)))
        return
    if unknown := set(asked.cases) - {*CASES, "limits"}:
        parser.error(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join([*CASES, 'limits'])}")
    print(
        f"Python {platform.python_version()} on {platform.machine()}, {datetime.now(UTC):%d %B %Y}; medians of rounds"
    )
    home = Path(tempfile.mkdtemp(prefix="bench-"))
    results: list[Result] = []
    try:
        if "limits" in asked.cases:
            print_rates("What the machine does at best", asyncio.run(limits.measure(home)), [])
        for name in [n for n in CASES if n in (asked.cases or CASES)]:
            started = time.monotonic()
            try:
                found = CASES[name](home, asked.rounds)
            except Exception:  # noqa: BLE001 - one case that breaks must not cost the others
                traceback.print_exc()
                print(f"{name} broke; the rest goes on", file=sys.stderr)
                continue
            print(f"\n{name} ({time.monotonic() - started:.0f} s)")
            for result in found:
                show(result)
            results += found
    finally:
        shutil.rmtree(home, ignore_errors=True)
    write_lines(asked.json, results)
    if asked.markdown:
        print("\n" + markdown(results))


main(sys.argv[1:])

"""``python -m tests.simulation --seeds 10000 --processes 2`` prints a table; ``--seed N --trace`` tells one of them.

With ``--operations K`` only the first K of what people do in the simulation are done, to make a failure smaller.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

import structlog

from tests.simulation.database import Databases
from tests.simulation.play import Report, simulate

CHUNK = 25
COLUMNS = (
    ("seeds", "seeds"),
    ("runs", "runs"),
    ("steps", "steps"),
    ("facts", "facts"),
    ("crashes", "crashes"),
    ("torn", "torn writes"),
    ("failed syncs", "failed syncs"),
    ("full", "writes refused (disk full)"),
    ("reopened", "logs reopened"),
    ("lost databases", "databases lost"),
    ("effects", "effects"),
    ("recovered", "runs recovered"),
    ("completed", "… completed"),
    ("failed", "… failed"),
    ("cancelled", "… cancelled"),
    ("timed_out", "… timed out"),
    ("dead_letter", "… dead letter"),
    ("hours", "virtual hours"),
    ("failures", "failures"),
)


def quiet() -> None:
    """Only what should never be said."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


def chunk(seeds: list[int]) -> list[Report]:
    """Some seeds, in a process of their own."""
    quiet()
    databases = Databases()
    reports = [simulate(seed, databases) for seed in seeds]
    databases.close()
    return reports


def reports(seeds: list[int], processes: int) -> Iterator[Report]:
    """Simulate all, in order."""
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    if processes == 1:
        for some in chunks:
            yield from chunk(some)
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        for some in pool.map(chunk, chunks):
            yield from some


def shrink(seed: int, databases: Databases, failing: Report) -> int:
    """The fewest operations with which this seed still fails."""
    for most in range(failing.counts["operations"]):
        if simulate(seed, databases, most_operations=most).complaints:
            return most
    return failing.counts["operations"]


def tell(report: Report, say: Callable[[str], object]) -> None:
    """A failing seed: how to have it again, and what was wrong."""
    fewest = shrink(report.seed, Databases(), report)
    say(f"python -m tests.simulation --seed {report.seed} --operations {fewest}")
    for what in report.complaints[:5]:
        say(f"    {what[:600]}")


def main() -> int:
    """Print the table; answer whether any seed failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="simulate this one only")
    parser.add_argument("--operations", type=int, default=1000, help="do only so many of its operations")
    parser.add_argument("--trace", action="store_true", help="print a line for each thing that happens")
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--start", type=int, default=0, help="the first of them")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    if options.seed is not None:
        if not options.trace:
            quiet()
        trace = (lambda line: print(line)) if options.trace else None
        report = simulate(options.seed, Databases(), trace, options.operations)
        for what in report.complaints or ["nothing is wrong"]:
            print(what)
        return bool(report.complaints)
    quiet()
    total: Counter[str] = Counter()
    began = time.perf_counter()
    for report in reports(list(range(options.start, options.start + options.seeds)), options.processes):
        total.update(report.counts)
        total["seeds"] += 1
        total["hours"] += round(report.hours)
        total["failures"] += bool(report.complaints)
        if report.complaints:
            tell(report, print)
    for name, words in COLUMNS:
        print(f"{words:28}{total[name]:>12,}")
    print(f"{'seconds':28}{time.perf_counter() - began:>12,.0f}")
    return bool(total["failures"])


if __name__ == "__main__":
    sys.exit(main())

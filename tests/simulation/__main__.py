"""``python -m tests.simulation --seeds 10000 --processes 2`` prints a table; ``--seed N --trace`` tells one of them.

With ``--operations K`` only the first K of what people do in the simulation are done, to make a failure smaller.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.simulation.database import Databases
from tests.simulation.flows import BLOCKS
from tests.simulation.many import quiet, reports
from tests.simulation.play import Report, simulate

COLUMNS = (
    ("seeds", "seeds"),
    ("hours", "virtual hours"),
    ("crashes", "crashes"),
    ("torn", "torn writes"),
    ("failed syncs", "failed syncs"),
    ("full", "writes refused (disk full)"),
    ("reopened", "logs reopened"),
    ("lost databases", "databases lost"),
    ("functions gone", "functions gone"),
    ("started paused", "starts that hold all"),
    ("runs", "runs"),
    ("relaxed", "… relaxed"),
    ("debugged", "… debugged"),
    ("recovered", "… recovered"),
    ("completed", "… completed"),
    ("failed", "… failed"),
    ("cancelled", "… cancelled"),
    ("timed_out", "… timed out"),
    ("dead_letter", "… dead letter"),
    ("judged", "… as the reference interpreter says"),
    ("retried", "runs retried"),
    ("forks", "runs forked"),
    ("steps back", "steps back"),
    ("cancels", "cancels"),
    ("signals", "signals and approvals"),
    ("pauses", "queues paused"),
    ("skipped", "runs skipped by a limit"),
    ("made room", "runs skipped or replaced"),
    ("edits", "functions edited"),
    ("jumps", "jumps of the clock"),
    ("steps", "steps"),
    ("facts", "facts"),
    ("effects", "calls outside"),
    *((f"block {kind}", f"… {kind}") for kind in BLOCKS),
    ("failures", "failures"),
)
EVERY_S = 20.0


def shrink(seed: int, databases: Databases, failing: Report) -> int:
    """The fewest operations with which this seed still fails."""
    for most in range(failing.counts["operations"]):
        if simulate(seed, databases, most_operations=most).complaints:
            return most
    return failing.counts["operations"]


def say(line: str) -> None:
    """Print it."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def tell(report: Report) -> None:
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
        trace = say if options.trace else None
        report = simulate(options.seed, Databases(), trace, options.operations)
        for what in report.complaints or ["nothing is wrong"]:
            say(what)
        return bool(report.complaints)
    quiet()
    total: Counter[str] = Counter()
    began = told = time.perf_counter()
    for report in reports(list(range(options.start, options.start + options.seeds)), options.processes):
        total.update(report.counts)
        total["seeds"] += 1
        total["hours"] += round(report.hours)
        total["failures"] += bool(report.complaints)
        if report.complaints:
            tell(report)
        if time.perf_counter() - told > EVERY_S:
            told = time.perf_counter()
            sys.stderr.write(f"{total['seeds']:,} of {options.seeds:,} seeds, {told - began:,.0f} s\n")
    for name, words in COLUMNS:
        say(f"{words:36}{total[name]:>12,}")
    say(f"{'seconds':36}{time.perf_counter() - began:>12,.0f}")
    return bool(total["failures"])


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests.faults --kills 1000`` kills the matrix through and prints it."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.matrix import NAMES, Matrix, Verdict
from tests.faults.server import Counting

EVERY_S = 30.0
Hear = Callable[[Verdict], object]


def lane(
    folder: Path, server: Counting, number: int, kills: int, is_enough: Callable[[int], bool], hear: Hear
) -> list[Verdict]:
    """Kill until `kills` have been done or it `is_enough`, going through all points and flows in a shuffled order."""
    matrix = Matrix(folder, server, seed=number)
    done: list[Verdict] = []
    try:
        cases = matrix.cases()
        while True:
            matrix.random.shuffle(cases)
            for point, flow in cases:
                so_far = sum(verdict.kills for verdict in done)
                if so_far >= kills or is_enough(so_far):
                    return done
                done.append(matrix.kill(point, flow, busy=matrix.random.random() < 0.3))
                hear(done[-1])
    finally:
        matrix.close()


def kill(
    kills: int,
    lanes: int,
    is_enough: Callable[[int], bool] = lambda _kills: False,
    *,
    start: int = 0,
    hear: Hear = lambda _verdict: None,
) -> list[Verdict]:
    """Kill in several lanes at once; each has a spawner, a share of the kills and a seed, from `start` on."""
    server = Counting()
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, ThreadPoolExecutor(lanes) as pool:
            share = -(-kills // lanes)
            running = [pool.submit(lane, Path(folder), server, start + n, share, is_enough, hear) for n in range(lanes)]
            return [verdict for lane_ in running for verdict in lane_.result()]
    finally:
        server.close()


def table(verdicts: list[Verdict]) -> list[str]:
    """Point by flow: kills; then what came of all of them."""
    kills: dict[str, Counter[str]] = defaultdict(Counter)
    for verdict in verdicts:
        kills[verdict.point][verdict.flow] += verdict.kills
    lines = [f"{'kills at':22}" + "".join(f"{name:>10}" for name in NAMES)]
    lines += [f"{point:22}" + "".join(f"{kills[point][name]:>10}" for name in NAMES) for point in sorted(kills)]
    lines += [
        "",
        f"{'cases':36}{len(verdicts):>8,}",
        f"{'… beside edits, deletes, copies':36}{sum(v.is_busy for v in verdicts):>8,}",
        f"{'kills':36}{sum(v.kills for v in verdicts):>8,}",
        f"{'recovered as if undisturbed':36}{sum(v.recovered for v in verdicts):>8,}",
        f"{'effects in flight, called again':36}{sum(v.repeated for v in verdicts):>8,}",
        f"{'lost, or done twice':36}{sum(bool(v.complaints) for v in verdicts):>8,}",
    ]
    return lines


class Teller:
    """Tells what was broken at once, and now and then how far it is."""

    def __init__(self) -> None:
        self._kills = 0
        self._began = self._told = time.perf_counter()

    def hear(self, verdict: Verdict) -> None:
        """A case is judged."""
        self._kills += verdict.kills
        for what in verdict.complaints:
            sys.stdout.write(f"{verdict.flow} at {verdict.point}, {verdict.kills} kills: {what[:1200]}\n")
            sys.stdout.flush()
        now = time.perf_counter()
        if now - self._told > EVERY_S:
            self._told = now
            sys.stderr.write(f"{self._kills:,} kills, {now - self._began:,.0f} s\n")


def main() -> int:
    """Print the table; answer whether a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--start", type=int, default=0, help="the seed of the first lane")
    options = parser.parse_args()
    began = time.perf_counter()
    verdicts = kill(options.kills, options.lanes, start=options.start, hear=Teller().hear)
    lines = table(verdicts)
    lines.append(f"{'seconds':36}{time.perf_counter() - began:>8,.0f}")
    sys.stdout.write("\n".join(lines) + "\n")
    return any(verdict.complaints for verdict in verdicts)


if __name__ == "__main__":
    sys.exit(main())

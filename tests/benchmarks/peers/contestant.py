"""One engine that is measured, in a process of its own: it does a case each time it is told to, and says how it went.

Only Python's library is used: the scripts of the peers import this in environments that have nothing of ours. Every
step is ``{"x": n} -> {"x": n + 1}``, every result is checked, and neither imports, nor opening a store, nor a first
run to warm up are counted; except in the case of a restart, which is told by `mark` when each step ended.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any

STEPS, ITEMS, TRIES = 100, 1000, 100
LONG, KILL_AT = 1000, 500
WORD = "@bench "
"""Begins the lines of standard output that are meant for who measures."""

TAPE, KILL = "BENCH_TAPE", "BENCH_KILL_AT"
"""Where the times of steps go, and at which step the process is to kill itself."""


class Tape:
    """When each step ended and how often it ran, in a file that outlives a killed process."""

    def __init__(self, path: Path, steps: int = LONG) -> None:
        self.steps = steps
        if not path.exists():
            path.write_bytes(bytes(16 * steps))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 16 * steps)

    def mark(self, step: int) -> None:
        """A step ends now."""
        at = 16 * step
        (count,) = struct.unpack_from("q", self._map, at + 8)
        struct.pack_into("dq", self._map, at, time.monotonic(), count + 1)

    def read(self) -> list[tuple[float, int]]:
        """By step: when it ended last (monotonic seconds), and how often."""
        return [struct.unpack_from("dq", self._map, 16 * i) for i in range(self.steps)]


_tape: list[Tape] = []


def add_one(x: int) -> int:
    """What every step does."""
    if TAPE in os.environ:
        mark(x)
    return x + 1


def mark(step: int) -> None:
    """Note that a step ended, and die where that is asked for."""
    if not _tape:
        _tape.append(Tape(Path(os.environ[TAPE])))
    _tape[0].mark(step)
    if step == int(os.environ.get(KILL, "-1")):
        os.kill(os.getpid(), signal.SIGKILL)


class Contestant:
    """An engine as the cases see it; `variant` says how it is set up."""

    repeats: dict[str, int] = {}  # noqa: RUF012 - by case: how often its work is done each time it is asked for

    def __init__(self, home: Path, variant: str) -> None:
        self.home, self.variant = home, variant

    def open(self) -> None:
        """Make ready."""

    def chain(self, steps: int) -> int:
        """One run of so many steps one after the other, from 0; what the last one gives."""
        raise NotImplementedError

    def runs(self, count: int, steps: int) -> list[int]:
        """So many runs submitted at once; their results."""
        raise NotImplementedError

    def items(self, count: int) -> list[int]:
        """One run that sends the numbers below `count` through a step each; the results in any order."""
        raise NotImplementedError

    def start_long(self, steps: int) -> int:
        """One run that another process can take up; what its last step gives."""
        raise NotImplementedError

    def resume_long(self, steps: int) -> int:
        """Open, take that run up and bring it to its end."""
        raise NotImplementedError

    def measure(self, case: str) -> dict[str, float]:
        """Do a case once: ``{"value": …}`` in its unit, latencies in ms with ``p95``."""
        if case in {"steps", "effects"}:
            return {"value": STEPS / timed(lambda: self.chain(STEPS), STEPS)}
        if case.startswith("runs-"):
            count = int(case.partition("-")[2])
            return {"value": count / timed(lambda: list(self.runs(count, 3)), [3] * count)}
        if case == "items":
            return {"value": ITEMS / timed(lambda: sorted(self.items(ITEMS)), list(range(1, ITEMS + 1)))}
        if case == "latency":
            took = sorted(timed(lambda: self.chain(1), 1) * 1000 for _ in range(TRIES))
            return {"value": took[TRIES // 2], "p95": took[int(TRIES * 0.95)]}
        raise ValueError(case)

    def warm(self, case: str) -> None:
        """Do a little of a case, so that what happens once is not counted."""
        if case.startswith("runs-"):
            self.runs(4, 3)
        elif case == "items":
            self.items(4)
        else:
            for _ in range(5):
                self.chain(1)


def timed(work: Any, expected: object) -> float:
    """Seconds that `work` takes. Raises AssertionError for a wrong result."""
    started = time.perf_counter()
    found = work()
    seconds = time.perf_counter() - started
    if found != expected:
        raise AssertionError(f"wrong result: {str(found)[:200]}")
    return seconds


def tell(what: dict[str, Any]) -> None:
    """Say something to who measures."""
    print(WORD + json.dumps(what), flush=True)


def main(kind: type[Contestant]) -> None:
    """``SCRIPT CASE VARIANT HOME``: do the case at each line of standard input; or ``start``, ``resume`` a long run."""
    case, variant, home = sys.argv[1:4]
    contestant = kind(Path(home), variant)
    if case == "resume":
        result = contestant.resume_long(LONG)
        tell({"result": result, "end": time.monotonic()})
    else:
        contestant.open()
        if case == "start":
            result = contestant.start_long(LONG)
            tell({"result": result, "end": time.monotonic()})
        else:
            contestant.warm(case)
            tell({"ready": True})
            for _ in sys.stdin:
                tell(contestant.measure(case))
    sys.stdout.flush()
    os._exit(0)  # some leave threads that never end

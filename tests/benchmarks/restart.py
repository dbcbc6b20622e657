"""A run of 1,000 steps is killed after 500 and its process started again: what that costs beyond the rest of the work.

Counted from the start of the process to the run's end (in a server: to the end of its last step), less what the
rest took in an undisturbed run of the same engine. Of a Jupyter server its own start, without the workbench, is
told beside it.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import servers
from tests.benchmarks.children import BURR, DBOS, LANGGRAPH_SYNC, OURS, Child, Contender
from tests.benchmarks.machine import Watch
from tests.benchmarks.peers.contestant import KILL, KILL_AT, LONG, TAPE, Tape
from tests.benchmarks.results import Beside, Result

PEERS = (BURR, LANGGRAPH_SYNC, DBOS)


def rest_of(tape: Path, end: float) -> float:
    """Seconds from the step at which others are killed to `end`, in an undisturbed run."""
    return end - Tape(tape).read()[KILL_AT][0]


def check(tape: Path) -> None:
    """Every step was done, and only the one in flight perhaps twice."""
    counts = [count for _, count in Tape(tape).read()]
    assert all(counts), f"{counts.count(0)} steps were never done"
    assert sum(counts) <= LONG + 1, f"{sum(counts) - LONG} steps were done again"


def in_process(contender: Contender, home: Path) -> float | None:
    """The cost for an engine in a process of its own; None where it cannot be had."""
    command = contender.command()
    if command is None:
        return None
    clean, killed = home / "clean", home / "killed"
    child = Child(contender, command, "start", clean, **{TAPE: str(home / "clean-tape")})
    try:
        rest = rest_of(home / "clean-tape", child.told()["end"])
    finally:
        child.end()
    tape = {TAPE: str(home / "killed-tape")}
    child = Child(contender, command, "start", killed, **tape, **{KILL: str(KILL_AT)})
    try:
        child.process.wait(120)
    finally:
        child.end()
    started = time.monotonic()
    child = Child(contender, command, "resume", killed, **tape)
    try:
        found = child.told()
    finally:
        child.end()
    assert found["result"] == LONG, found
    check(home / "killed-tape")
    return found["end"] - started - rest


def run(home: Path, rounds: int, *, with_servers: bool = True) -> list[Result]:
    """Ours in process and the peers in turns; then the servers."""
    values: dict[str, list[float]] = {}
    foreign = 0.0
    ways: dict[str, Callable[[Path], float | None]] = {
        c.label: (lambda h, c=c: in_process(c, h)) for c in (OURS, *PEERS)
    }
    if with_servers:
        ways |= {"server": servers.uvicorn_restart, "jupyter": servers.jupyter_restart}
        ways["jupyter alone"] = servers.jupyter_alone
    for number in range(rounds):
        for label, way in ways.items():
            folder = home / f"restart-{number}-{label.replace(' ', '-')}"
            folder.mkdir(parents=True)
            with Watch() as watch:
                try:
                    found = way(folder)
                except (RuntimeError, AssertionError) as error:
                    print(f"{label}: the restart failed: {error}", file=sys.stderr)
                    continue
            foreign = max(foreign, watch.foreign)
            if found is not None:
                values.setdefault(label, []).append(found)
    peers = [Beside(c.label, values[c.label], 1.0) for c in PEERS if c.label in values]
    results = []
    for label, what in (
        (OURS.label, "killed at step 500 of 1,000: beyond the rest of the work, in process"),
        ("server", "the same under `workbench serve`"),
        ("jupyter", "the same in a Jupyter server"),
    ):
        if label in values:
            beside = list(peers)
            if label == "jupyter":
                beside = [Beside("Jupyter's own start", values["jupyter alone"])]
            results.append(Result("restart", what, "s", values[label], beside, "less", foreign))
    if "jupyter" in values and "jupyter alone" in values:
        alone = statistics.median(values["jupyter alone"])
        more = [v - alone for v in values["jupyter"]]
        results.append(Result("restart", "… beyond Jupyter's own start", "s", more, peers, "less", foreign))
    return results

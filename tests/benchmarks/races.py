"""The races: the same work by the workbench and by its peers, in turns, each over its own fresh store."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.children import (
    BURR,
    DBOS,
    LANGGRAPH_EXIT,
    LANGGRAPH_SYNC,
    OURS,
    POLARS,
    RAW,
    Child,
    Contender,
)
from tests.benchmarks.machine import Watch
from tests.benchmarks.results import Beside, Result

HALF, THIRD = 0.5, 1 / 3


@dataclass(frozen=True, slots=True)
class Race:
    """Who runs, what for, and how often faster than each we mean to be."""

    what: str
    unit: str
    aims: dict[Contender, float | None]
    seldom: frozenset[Contender] = frozenset()
    """Those who run in the first round only, because they take long."""


RACES = {
    "steps": Race(
        "one run, 100 pure steps, all durable when it is over",
        "steps/s",
        {BURR: 40, LANGGRAPH_EXIT: 20, LANGGRAPH_SYNC: None, DBOS: None},
    ),
    "effects": Race(
        "one run, 100 steps, each a durable effect",
        "effects/s",
        {BURR: 3, RAW: THIRD, LANGGRAPH_SYNC: None, DBOS: None},
    ),
    "runs-200": Race(
        "200 runs of 3 steps, submitted at once",
        "runs/s",
        {BURR: 10, LANGGRAPH_EXIT: None, LANGGRAPH_SYNC: None, DBOS: None},
    ),
    "runs-1000": Race(
        "1,000 runs of 3 steps, submitted at once",
        "runs/s",
        {BURR: 10, LANGGRAPH_EXIT: None, LANGGRAPH_SYNC: None, DBOS: None},
        frozenset({LANGGRAPH_SYNC, DBOS}),
    ),
    "items": Race(
        "1,000 items fanned out through one step",
        "items/s",
        {LANGGRAPH_SYNC: 20, LANGGRAPH_EXIT: None, BURR: None, DBOS: None},
        frozenset({DBOS, BURR}),
    ),
    "table": Race(
        "1,000,000 rows, 10 columns, through 10 table blocks, to the (small) result",
        "ms",
        {POLARS: 1.5},
    ),
    "table-whole": Race(
        "the same, the whole table being the result, stored",
        "ms",
        {POLARS: None},
    ),
    "latency": Race(
        "submit to durable result of a one-step run, median",
        "ms",
        {BURR: HALF, LANGGRAPH_EXIT: HALF, LANGGRAPH_SYNC: HALF, DBOS: HALF},
    ),
}


def run(case: str, home: Path, rounds: int) -> list[Result]:
    """All rounds of one race: ours, a peer, ours, the next peer … so that whatever happens meanwhile falls on all."""
    race = RACES[case]
    children: dict[Contender, Child] = {}
    values: dict[Contender, list[float]] = {}
    p95: list[float] = []
    foreign = 0.0
    try:
        for contender in (OURS, *race.aims):
            _start(contender, case, home, children)
        for number in range(rounds):
            for contender in [c for c in race.aims if c in children and (number == 0 or c not in race.seldom)]:
                for one in (OURS, contender):
                    with Watch() as watch:
                        found = children[one].go()
                    foreign = max(foreign, watch.foreign)
                    values.setdefault(one, []).append(found["value"])
                    if one is OURS and "p95" in found:
                        p95.append(found["p95"])
    finally:
        for child in children.values():
            child.end()
    beside = [Beside(c.label, values[c], race.aims[c]) for c in race.aims if c in values]
    note = f"p95 {max(p95):.2f} ms" if p95 else ""
    better = "less" if race.unit == "ms" else "more"
    return [Result(case, race.what, race.unit, values[OURS], beside, better, foreign, note)]


def _start(contender: Contender, case: str, home: Path, children: dict[Contender, Child]) -> None:
    """Start it and wait until it is warm; a peer that cannot is named and left out."""
    command = contender.command()
    if command is None:
        return
    child = Child(contender, command, case, home / f"{case}-{contender.label.replace(' ', '-')}")
    try:
        child.told()
    except RuntimeError as error:
        child.end()
        if contender is OURS:
            raise
        print(f"{contender.label} is left out of {case}: {error}", file=sys.stderr)
        return
    children[contender] = child

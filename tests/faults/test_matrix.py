"""Killed at any commit boundary, at any time, in a torn write: each flow ends as it would have, undisturbed."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.faults.__main__ import kill, table
from tests.faults.child import TORN, Case
from tests.faults.matrix import RANDOM, Matrix, Told
from tests.faults.server import Counting

SECONDS = 45.0
KILLS = 60
FEWEST = 6
"""In each of the two lanes, however slow the machine is."""


@pytest.fixture
def matrix(tmp_path: Path) -> Iterator[Matrix]:
    server = Counting()
    matrix = Matrix(tmp_path, server)
    yield matrix
    matrix.close()
    server.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kills_all_over_the_matrix_lose_nothing_and_do_nothing_twice() -> None:
    until = time.monotonic() + SECONDS
    verdicts = kill(KILLS, 2, lambda so_far: so_far >= FEWEST and time.monotonic() > until)
    broken = {f"{v.flow} at {v.point}": v.complaints for v in verdicts if v.complaints}
    assert broken == {}, "\n".join(table(verdicts))
    assert sum(verdict.kills for verdict in verdicts) >= 2 * FEWEST


@pytest.mark.parametrize(("point", "flow"), [(TORN, "line"), ("run.forked", "again"), (RANDOM, "waits")])
def test_some_corners_are_looked_into_each_time(matrix: Matrix, point: str, flow: str) -> None:
    verdict = matrix.kill(point, flow, busy=True)
    assert verdict.complaints == []


def test_ten_kills_in_one_effect_make_four_calls_and_then_the_dead_letter(matrix: Matrix, tmp_path: Path) -> None:
    home = tmp_path / "held"
    home.mkdir()
    matrix.server.on_hold = lambda: os.kill(matrix.spawner.pid, signal.SIGKILL)
    case = asdict(Case(str(home), "held", f"{matrix.server.url}/held"))
    lives = 0
    while matrix.spawner.run(case) == {"signal": signal.SIGKILL}:
        lives += 1
        assert lives <= 10
    told = Told.read(home)
    (end,) = told.ends.values()
    assert (end["status"], json.loads(end["error"])["path"]) == ("dead_letter", "d")
    calls = matrix.server.calls["held"]
    assert sorted(calls.values()) == [1, 4], "the first effect once, the one that kills four times with one key"

"""SIGKILL at each commit boundary: nothing acknowledged is lost, nothing comes twice, order is kept."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.storage.conftest import Opener
from tests.storage.notes import LINE_TEXTS

POINTS = [
    ("log.before_sync", 1),
    ("log.before_sync", 120),
    ("log.after_sync", 1),
    ("log.after_sync", 57),
    ("log.after_rotation", 1),
    ("apply.before_commit", 2),
    ("apply.before_commit", 11),
    ("apply.after_commit", 1),
    ("apply.after_commit", 8),
    ("values.before_rename", 3),
    ("values.after_rename", 3),
]


@pytest.mark.parametrize(("point", "count"), POINTS)
def test_a_kill_at_a_commit_boundary_loses_nothing_acknowledged(
    home: Path, opened: Opener, point: str, count: int
) -> None:
    child = subprocess.run(
        [sys.executable, "-m", "tests.storage.child", str(home), point, str(count)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    acknowledged = child.stdout.split()
    texts = [t for t in asyncio.run(opened().read(LINE_TEXTS)) if t[0] != "x"]
    assert set(acknowledged) <= set(texts)
    assert len(texts) == len(set(texts))
    for kind in "abc":
        numbers = [int(t[1:]) for t in texts if t[0] == kind]
        assert numbers == [i for i in range(len(numbers) * (5 if kind == "c" else 1)) if kind != "c" or i % 5 == 0]
    assert len([t for t in texts if t[0] != "a"]) <= len(acknowledged) + 2

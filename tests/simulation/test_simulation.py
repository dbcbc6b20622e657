"""A few hundred simulated machines keep every promise; one that lies, or an engine that forgets, is found out."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest

from tests.simulation.database import Databases
from tests.simulation.disk import SimFile
from tests.simulation.many import quiet
from tests.simulation.play import simulate
from workbench.engine.replay import Journal

SEEDS = 150
BLOCK = 25


@pytest.fixture(scope="module")
def databases() -> Iterator[Databases]:
    quiet()
    databases = Databases()
    yield databases
    databases.close()


@pytest.mark.parametrize("start", range(0, SEEDS, BLOCK))
def test_simulated_machines_keep_every_promise(databases: Databases, start: int) -> None:
    failing = {
        f"python -m tests.simulation --seed {seed}": complaints
        for seed in range(start, start + BLOCK)
        if (complaints := simulate(seed, databases).complaints)
    }
    assert failing == {}


def test_a_seed_gives_the_same_story_each_time(databases: Databases) -> None:
    for seed in range(SEEDS, SEEDS + 3):
        stories = []
        for _ in range(2):
            lines: list[str] = []
            simulate(seed, databases, lines.append)
            stories.append(sha256("\n".join(lines).encode()).hexdigest())
        assert stories[0] == stories[1]


def test_a_disk_that_lies_about_its_syncs_is_found_out(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimFile, "_sync", lambda _self: None)
    assert any(simulate(seed, databases).complaints for seed in range(20))


def test_an_engine_that_forgets_its_journal_is_found_out(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "has", lambda _self, _path: False)
    found = [what for seed in range(24) for what in simulate(seed, databases).complaints]
    assert any("was completed, and then running again" in what for what in found)

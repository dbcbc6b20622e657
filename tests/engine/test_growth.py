"""What a step of a long loop costs on the disk."""

from __future__ import annotations

from collections.abc import Callable

from tests.engine.flows import flow, times, transform
from tests.engine.house import House
from workbench.storage.copying import FILE

ITERATIONS = 20_000
BYTES_PER_CHECKPOINT = 300


def test_a_loops_checkpoints_cost_at_most_300_bytes_each_in_the_database(houses: Callable[..., House]) -> None:
    house = houses().start()
    path = house.home / FILE
    house.run(flow([times("l", 1000), transform("a", "item * 2")], "start > l", "l.body > a"))
    house.call(lambda: None)
    before = _size_after_checkpoint(house)
    ended = house.run(flow([times("l", ITERATIONS), transform("a", "item * 2")], "start > l", "l.body > a"))
    assert ended.status == "completed"
    grown = _size_after_checkpoint(house) - before
    assert grown / ITERATIONS <= BYTES_PER_CHECKPOINT, f"{grown / ITERATIONS:.0f} bytes a checkpoint in {path.name}"


def _size_after_checkpoint(house: House) -> int:
    house.do(house.store.upkeep.copy())
    return (house.home / FILE).stat().st_size

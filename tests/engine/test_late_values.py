"""Large values of pure blocks are stored once their run has nothing better to do; until then who asks finds them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import polars as pl
import pytest

from tests.engine.flows import flow, transform
from tests.engine.house import House
from tests.engine.test_keeping import block, give
from tests.simulation.loop import SimLoop, virtual
from workbench.engine import late_values
from workbench.engine.facts import FLAG_KEPT, RunFinished, StepDone
from workbench.engine.late_values import MOST_S, Late, LateValues, size_of
from workbench.storage.value_files import PENDING, Stored

RUN, OTHER = b"r" * 16, b"o" * 16
TABLE = pl.DataFrame({"x": range(1000)})


class Shelf:
    """Late values on a virtual loop, and what became of them."""

    def __init__(self, loop: SimLoop) -> None:
        self.put: list[Any] = []
        self.told: list[Stored | Exception] = []
        self.late = LateValues(loop, ThreadPoolExecutor(1), self._put)

    def _put(self, value: Any) -> Stored:
        self.put.append(value)
        if isinstance(value, str):
            raise OSError(value)
        return PENDING

    def add(self, value: Any, run: bytes = RUN) -> None:
        self.late.add(Late(run, "a", 1, value, self.told.append))


def play(scene: Callable[[Shelf], Coroutine[Any, Any, None]]) -> Shelf:
    loop = SimLoop(Random(1), 0.0, shuffles=False)
    shelf = Shelf(loop)
    try:
        loop.run_until_complete(scene(shelf))
    finally:
        loop.close()
    return shelf


def test_a_value_waits_until_its_run_rests_and_others_wait_on() -> None:
    async def scene(shelf: Shelf) -> None:
        shelf.add(1)
        shelf.add(2, OTHER)
        await virtual(MOST_S / 2)
        assert shelf.put == []
        shelf.late.hurry(RUN)
        await virtual(MOST_S / 10)
        assert shelf.put == [1]

    assert play(scene).told == [PENDING]


def test_a_run_that_never_rests_has_its_values_stored_after_a_while() -> None:
    async def scene(shelf: Shelf) -> None:
        shelf.add(1)
        await virtual(MOST_S * 1.1)
        assert shelf.put == [1]
        shelf.add(2)
        await virtual(MOST_S * 1.1)

    assert play(scene).put == [1, 2]


def test_who_settles_a_run_waits_for_its_values_only() -> None:
    async def scene(shelf: Shelf) -> None:
        shelf.add(1)
        shelf.add(2, OTHER)
        shelf.add(3)
        await shelf.late.settle(RUN)
        assert shelf.put == [1, 3]
        await shelf.late.settle()
        assert shelf.put == [1, 3, 2]

    play(scene)


def test_a_value_that_cannot_be_stored_is_told_and_the_next_one_is_stored() -> None:
    async def scene(shelf: Shelf) -> None:
        shelf.add("no room")
        shelf.add(2)
        await shelf.late.settle(RUN)

    failure, stored = play(scene).told
    assert isinstance(failure, OSError)
    assert stored is PENDING


def test_what_is_dropped_is_not_stored_and_holds_nobody() -> None:
    async def scene(shelf: Shelf) -> None:
        shelf.add(1)
        shelf.late.drop(RUN)
        await shelf.late.settle(RUN)

    assert play(scene).put == []


def test_a_value_is_found_until_it_is_stored() -> None:
    async def scene(shelf: Shelf) -> None:
        shelf.add(TABLE)
        assert shelf.late.find(RUN, "a", 1) is TABLE
        assert shelf.late.find(RUN, "a", 2) is None
        assert shelf.late.find(OTHER, "a", 1) is None
        await shelf.late.settle(RUN)
        assert shelf.late.find(RUN, "a", 1) is None

    play(scene)


def test_runs_wait_while_more_is_to_be_stored_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_values, "ROOM_BYTES", size_of(TABLE) * 2)

    async def scene(shelf: Shelf) -> None:
        for _ in range(4):
            shelf.add({"data": TABLE})
        await shelf.late.room()
        assert shelf.put == []  # a run's own values are in memory as long as it lives
        shelf.late.hurry(RUN)
        await shelf.late.room()
        assert len(shelf.put) >= 2

    play(scene)


@pytest.mark.parametrize("value", [TABLE, {"data": TABLE, "n": 1}, [TABLE]])
def test_a_value_is_as_large_as_the_tables_in_it(value: Any) -> None:
    assert size_of(value) == TABLE.estimated_size() == 8000


def test_a_large_table_is_stored_when_its_run_is_over(houses: Callable[..., House]) -> None:
    house = houses().start()
    table = pl.DataFrame({"x": range(100_000)})
    give(house, table)
    made = flow([block("give", "big"), transform("n", "len(input)")], "start > big > n")
    row = house.run(made)
    assert row.output == 100_000
    house.do(house.engine.settle_values(row.id))
    house.do(house.store.barrier())
    kinds = [
        type(f) for f in house.facts if isinstance(f, RunFinished) or (isinstance(f, StepDone) and f.flags & FLAG_KEPT)
    ]
    assert kinds == [RunFinished, StepDone]
    kept = [f.output for f in house.facts if isinstance(f, StepDone) and f.flags & FLAG_KEPT]
    assert kept[0] is not None
    assert house.store.values.load(kept[0]).equals(table)


def test_an_orderly_stop_stores_what_waits(houses: Callable[..., House]) -> None:
    house = houses().start()
    give(house, pl.DataFrame({"x": range(100_000)}))
    row = house.run(flow([block("give", "big"), transform("n", "len(input)")], "start > big > n"))
    again = house.restart()
    find = "SELECT output_kind FROM checkpoints WHERE run_id = ?::UUID AND path = 'big' ORDER BY seq DESC LIMIT 1"
    assert again.do(again.store.read(lambda c: c.execute(find, [row.id]).fetchone())) == ("table",)

"""Houses over fresh homes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.house import WORKSPACE, House, MovedClock
from tests.engine.world import World
from workbench.base.probe import listen


class Keeper:
    """Keeps one house for many tests; one that a test has left (by a crash, a restart) is not used again."""

    def __init__(self, homes: pytest.TempPathFactory) -> None:
        self._homes = homes
        self._house: House | None = None

    def house(self) -> House:
        if self._house is None or self._house.is_left:
            self.close()
            self._house = House(self._homes.mktemp("home"), World(), MovedClock(), {}).start()
        self._house.refresh()
        return self._house

    def close(self) -> None:
        if self._house is not None:
            self._house.close()


@pytest.fixture(scope="session")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    keeper = Keeper(tmp_path_factory)
    yield keeper
    keeper.close()


@pytest.fixture
def house(keeper: Keeper) -> Iterator[House]:
    """A started house, shared with other tests; its world is new."""
    house = keeper.house()
    yield house
    listen(None)
    if not house.is_left:
        assert house.call(house.engine.broken) == []
        assert house.engine.slots.taken(WORKSPACE) == 0
    if house.is_left:
        house.close()


@pytest.fixture
def world(house: House) -> World:
    return house.world


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Makes houses of the test's own; they and those that follow them are closed."""
    made: list[House] = []

    def make(**settings: Any) -> House:
        house = House(tmp_path / f"home{len(made)}", World(), MovedClock(), {}, **settings)
        made.append(house)
        return house

    yield make
    listen(None)
    for house in made:
        house.close()

"""A checkpoint whose value file is gone or changed ends its run with a message, or is made anew; the rest goes on."""

from __future__ import annotations

import pytest

from tests.engine.attempts import fork
from tests.engine.flows import flow, touch, transform
from tests.engine.house import House
from tests.engine.world import World


def spoil(house: House, how: str) -> int:
    """Damage every value file."""
    files = [f for f in (house.home / "values").rglob("*") if f.is_file()]
    for file in files:
        if how == "gone":
            file.unlink()
        else:
            data = bytearray(file.read_bytes())
            data[-1] ^= 1
            file.write_bytes(bytes(data))
    return len(files)


@pytest.mark.parametrize(("how", "told"), [("gone", "not kept any more"), ("changed", "changed or damaged")])
def test_an_effects_value_that_is_lost_ends_the_run_and_says_where(
    house: House, world: World, how: str, told: str
) -> None:
    made = flow(
        [touch("a", "{{ 'x' * 100000 }}"), touch("t", 1, door="d"), transform("b", "len(a)")], "start > a > t > b"
    )
    row = house.submit(made)
    other = house.submit(flow([touch("o", 5, door="d")], "start > o"))
    world.until(world.began, "t")
    again = house.crash()
    assert spoil(again, how) == 1
    again.start()
    again.do(world.open("d"))
    lost = again.finish(row)
    assert (lost.status, lost.error["type"], lost.error["path"]) == ("failed", "VALUE_LOST", "a")
    assert told in lost.error["message"]
    assert again.finish(other).output == 5
    assert world.count("a") == 1
    new = again.finish(fork(again, row, first="a"))
    assert (new.status, new.output, world.count("a")) == ("completed", 100_000, 2)


@pytest.mark.parametrize("how", ["gone", "changed"])
def test_a_pure_value_that_is_lost_is_computed_again(house: House, world: World, how: str) -> None:
    made = flow(
        [transform("p", "'x' * 100000"), touch("t", 1, door="d"), transform("b", "p + 'y'")], "start > p > t > b"
    )
    row = house.submit(made)
    world.until(world.began, "t")
    house.until(lambda f: getattr(f, "flags", 0) == 4, "the value")
    again = house.crash()
    assert spoil(again, how) == 1
    again.start()
    again.do(world.open("d"))
    row = again.finish(row)
    assert (row.status, len(row.output)) == ("completed", 100_001)

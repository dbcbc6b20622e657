"""Values of runs and forks stay for as long as anything needs them, and go afterwards; a crash leaves none behind."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.attempts import fork
from tests.engine.flows import flow, touch, transform
from tests.engine.house import House
from workbench.base.ids import to_bytes
from workbench.base.probe import listen
from workbench.engine.facts import LogWritten
from workbench.engine.facts_queue import RunsRemoved
from workbench.engine.records import RunRow
from workbench.storage.facts import Fact

BIG = flow([touch("a", "{{ 'x' * 200000 }}"), touch("b", 1), transform("z", "len(a)")], "start > a > b > z")


def files(house: House) -> list[Path]:
    return [f for f in (house.home / "values").rglob("*") if f.is_file()]


def append(house: House, fact: Fact) -> None:
    async def written() -> None:
        await house.store.append([fact])
        await house.store.barrier()

    house.do(written())


def forget(house: House, row: RunRow) -> None:
    """Retention lets go of a run."""
    append(house, RunsRemoved((to_bytes(row.id),), house.clock.now_us()))


def collect(house: House) -> None:
    """Time passes, and no copy is kept but one of now."""
    for file in files(house):
        os.utime(file, (1, 1))
    house.store.values._used.clear()  # pyright: ignore[reportPrivateUsage]
    append(house, LogWritten(b"\0" * 16, house.clock.now_us(), "info", None, None, "a word", None))

    async def compact() -> None:
        await house.store.upkeep.compact()
        await house.store.upkeep.idle()

    house.do(compact())


def test_what_a_fork_has_inherited_stays_though_its_parent_is_gone(houses: Callable[..., House]) -> None:
    house = houses().start()
    row = house.run(BIG)
    house.do(house.engine.holds.pause(None, None, None, None))
    new = fork(house, row, first="b")
    assert new.status == "pending"
    forget(house, row)
    collect(house)
    assert len(files(house)) == 1
    again = house.crash().start()
    again.do(again.engine.holds.resume(None, None, None))
    done = again.finish(new)
    assert (done.status, done.output) == ("completed", 200_000)
    assert again.world.count("a") == 1
    forget(again, new)
    collect(again)
    assert files(again) == []


@pytest.mark.parametrize(
    ("point", "is_over"),
    [("values.before_rename", False), ("values.after_rename", False), ("values.after_rename", True)],
)
def test_a_value_that_is_pending_at_a_crash_is_made_again_or_not_kept_and_leaves_nothing(
    houses: Callable[..., House], point: str, *, is_over: bool
) -> None:
    house = houses().start()
    blocks = [
        touch("t", 1, door="d"),
        transform("p", "'y' * 200000"),
        touch("u", 1, door="e"),
        transform("z", "len(p)"),
    ]
    row = house.submit(flow(blocks, "start > t > p > z" if is_over else "start > t > p > u > z"))
    house.world.until(house.world.began, "t")
    crashed = threading.Event()

    def hook(name: str) -> None:
        if name == point and not crashed.is_set():
            crashed.set()
            house.store.close()

    listen(hook)
    house.do(house.world.open("d"))
    assert crashed.wait(20)
    listen(None)
    again = house.crash().start()
    for door in "de":
        again.do(again.world.open(door))
    done = again.finish(row)
    assert (done.status, done.output) == ("completed", 200_000)
    kinds = {path: kind for path, kind in outputs(again, row) if path == "p"}
    assert kinds == {"p": "json"} or (is_over and kinds == {"p": "pending"})
    collect(again)
    assert len(files(again)) == (kinds["p"] == "json")
    forget(again, row)
    collect(again)
    assert files(again) == []


def outputs(house: House, row: RunRow) -> list[tuple[str, str]]:
    """Path and kind of each output, in order."""
    sql = "SELECT path, output_kind FROM checkpoints WHERE run_id = ?::UUID AND status = 'completed' ORDER BY seq"
    return house.do(house.store.read(lambda c: c.execute(sql, [row.id]).fetchall()))

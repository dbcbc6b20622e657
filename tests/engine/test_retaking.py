"""Runs go on in the same process once the log can be written again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from tests.engine.flows import flow, touch, transform
from tests.engine.house import WORKSPACE, House
from workbench.base.errors import Unavailable
from workbench.base.ids import to_bytes
from workbench.base.probe import listen
from workbench.engine.engine import Engine
from workbench.engine.facts import RunFinished
from workbench.engine.policies import Concurrency, FunctionPolicy
from workbench.engine.queue import Entry
from workbench.engine.records import RunRequest, RunRow
from workbench.engine.recovery import find_open_runs

ONE = FunctionPolicy(concurrency=Concurrency(1))


def fail_next_sync(times: int = 1) -> None:
    """The next sync of the log fails (or the next few), and no other."""
    left = times

    def hook(name: str) -> None:
        nonlocal left
        if name == "log.before_sync" and left:
            left -= 1
            raise OSError(5, "Input/output error")

    listen(hook)


def writable(house: House) -> threading.Event:
    """Set when the log takes facts again."""
    event, before = threading.Event(), house.store.on_writable

    def hook() -> None:
        before()
        event.set()

    house.store.on_writable = hook
    return event


def one_of_two(house: House) -> list[RunRow]:
    """Two runs of a function of which one may run at once: the first is inside its effect `t`, behind the door `d`."""
    made = flow([touch("t", 1, door="d")], "start > t")
    function = str(UUID(int=77))
    house.flows[function, 1] = made
    house.call(lambda: house.engine.set_policy(function, ONE))
    request = RunRequest(WORKSPACE, function, "f", 1, made, {})
    rows = [house.do(house.engine.submit(request)) for _ in range(2)]
    house.world.until(house.world.began, "t")
    house.settle()
    return rows


def _ended(house: House, row: RunRow) -> RunRow:
    """The run as it ended, whichever walk brought it there."""
    house.until(lambda f: isinstance(f, RunFinished) and f.run == to_bytes(row.id), "the run's end")
    return house.row(row.id)


def test_a_run_that_lost_the_log_goes_on_without_a_restart(houses: Callable[..., House]) -> None:
    house = houses().start()
    row = house.submit(flow([touch("t", 1, door="d"), touch("u", 2)], "start > t > u"))
    house.world.until(house.world.began, "t")
    house.settle()
    fail_next_sync()
    house.do(house.world.open("d"))
    ended = _ended(house, row)
    assert (ended.status, ended.recoveries) == ("completed", 1)
    assert house.world.count("t") <= 2
    assert len({c.key for c in house.world.calls if c.block == "t"}) == 1
    assert house.world.count("u") == 1
    assert house.store.health()["ok"]


def test_a_run_whose_end_is_lost_as_it_is_taken_up_is_taken_up_once_more(houses: Callable[..., House]) -> None:
    house = houses().start()
    first = house.submit(flow([touch("t", 1, door="d")], "start > t"))
    house.world.until(house.world.began, "t")
    house.settle()
    house.flows.clear()
    fail_next_sync(times=2)  # of the effect's checkpoint, and of the end that recovery writes instead
    house.do(house.world.open("d"))
    ended = _ended(house, first)
    assert (ended.status, ended.error["type"]) == ("failed", "FUNCTION_GONE")
    house.settle()
    assert house.call(house.engine.broken) == []
    assert house.engine.health()["ok"]


def test_a_run_that_lost_the_log_keeps_its_place_until_it_is_taken_up(houses: Callable[..., House]) -> None:
    house = houses()
    look = threading.Event()

    async def recover(engine: Engine) -> list[Entry]:
        if house.facts:  # not the first time
            await asyncio.to_thread(look.wait, 20)
        return await find_open_runs(engine, house._load)

    house.world.new_loop()
    house.do(house.engine.start(recover))
    first, second = one_of_two(house)
    again = writable(house)
    fail_next_sync()
    house.do(house.world.open("d"))
    assert again.wait(20)
    house.settle()
    assert house.call(lambda: [row.status for row in house.engine.queue.rows()]) == ["pending"]
    assert house.call(house.engine.broken) == []
    house.call(lambda: house.engine.set_policy(first.function_id, ONE))  # whatever is counted anew, it is not forgotten
    look.set()
    assert [_ended(house, row).status for row in (first, second)] == ["completed"] * 2
    told = [f.run for f in house.facts if isinstance(f, RunFinished)]
    assert told == [to_bytes(first.id), to_bytes(second.id)]
    assert house.call(house.engine.broken) == []
    assert house.engine.health()["ok"]


def test_a_run_that_came_here_while_it_was_looked_for_is_not_taken_up_besides(houses: Callable[..., House]) -> None:
    house = houses().start()
    first, second = one_of_two(house)
    made = house.flows[first.function_id, 1]
    house.call(lambda: house.engine.intake.take_up([Entry(replace(row), made) for row in (first, second)]))
    house.call(lambda: house.engine.intake.enqueue(Entry(replace(second), made)))
    assert house.call(lambda: [row.status for row in house.engine.queue.rows()]) == ["pending"]
    house.do(house.world.open("d"))
    assert [house.finish(row).status for row in (first, second)] == ["completed"] * 2
    house.settle()
    assert house.world.count("t") == 2
    assert house.call(house.engine.broken) == []


def test_a_run_that_ends_while_others_are_looked_for_is_not_taken_up_again(houses: Callable[..., House]) -> None:
    house = houses().start()
    row = house.submit(flow([touch("t", 1, door="d")], "start > t"))
    house.world.until(house.world.began, "t")

    class Slow:
        """The store, whose answers come after the run's end."""

        values = house.store.values

        async def read(self, query: Any) -> Any:
            answer = await house.store.read(query)
            await house.world.open("d")
            await house.engine.wait(row.id, 20)
            return answer

    engine = house.engine
    late: Any = SimpleNamespace(
        store=Slow(), find=engine.find, live=engine.live, intake=engine.intake, registry=engine.registry
    )
    assert house.do(find_open_runs(late, house._load)) == []
    assert (house.row(row.id).status, house.world.count("t")) == ("completed", 1)


def test_a_run_that_was_refused_is_not_there_afterwards(houses: Callable[..., House]) -> None:
    house = houses().start()
    again = writable(house)
    fail_next_sync()
    with pytest.raises(Unavailable):
        house.submit(flow([touch("t", 1)], "start > t"))
    assert again.wait(20)
    other = house.submit(flow([transform("a", "1")], "start > a"))
    assert house.finish(other).status == "completed"
    house.settle()
    assert house.world.count("t") == 0
    assert house.engine.live == {}


def test_runs_that_write_nothing_meanwhile_never_notice(houses: Callable[..., House]) -> None:
    house = houses().start()
    held = house.submit(flow([touch("t", 1, door="d")], "start > t"))
    house.world.until(house.world.began, "t")
    house.settle()
    again = writable(house)
    fail_next_sync()
    with pytest.raises(Unavailable):
        house.submit(flow([transform("a", "1")], "start > a"))
    assert again.wait(20)
    house.do(house.world.open("d"))
    ended = _ended(house, held)
    assert (ended.status, ended.recoveries, house.world.count("t")) == ("completed", 0, 1)


def test_a_held_run_that_could_not_be_cancelled_stays_held(houses: Callable[..., House]) -> None:
    house = houses().start()
    first, second = one_of_two(house)
    again = writable(house)
    fail_next_sync()
    with pytest.raises(Unavailable):
        house.do(house.engine.cancel(second.id, None))
    assert again.wait(20)
    for _ in range(5):  # lost runs are looked for in the store meanwhile
        house.do(house.store.read(lambda _: None))
        house.settle()
    assert house.call(lambda: house.engine.holds.admission.held) == 1
    assert house.call(house.engine.broken) == []
    house.do(house.world.open("d"))
    assert [_ended(house, row).status for row in (first, second)] == ["completed"] * 2

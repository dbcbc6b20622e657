"""Runs that are cancelled: before they have a slot, at their start, and while something does not want to stop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from uuid import UUID

import pytest

from tests.engine.flows import block, flow, times, touch
from tests.engine.house import WORKSPACE, House
from workbench.base.errors import Unavailable
from workbench.base.ids import to_bytes
from workbench.base.probe import listen
from workbench.engine.facts import RunFinished
from workbench.engine.records import RunRequest

FUNCTION = str(UUID(int=1000))


def _hold_log() -> tuple[threading.Event, threading.Event]:
    """The log's next sync begins (the first event) and waits (for the second)."""
    waits, goes_on = threading.Event(), threading.Event()

    def hook(name: str) -> None:
        if name == "log.before_sync":
            waits.set()
            assert goes_on.wait(20)

    listen(hook)
    return waits, goes_on


def test_a_queued_run_that_is_being_cancelled_is_known_until_its_end_is_durable(houses: Callable[..., House]) -> None:
    house = houses(slots=1).start()
    house.submit(flow([touch("t", 1, door="d")], "start > t"))
    queued = house.submit(flow([touch("u", 2)], "start > u"))
    house.settle()
    waits, goes_on = _hold_log()

    async def cancel() -> list[object]:
        engine = house.engine
        before = asyncio.ensure_future(engine.cancel(queued.id, "not wanted"))
        gone = asyncio.ensure_future(engine.cancel(queued.id, "not wanted at all"))
        ended = asyncio.ensure_future(engine.wait(queued.id, 20))
        await asyncio.to_thread(waits.wait, 20)
        gone.cancel()
        found = engine.find(queued.id)
        open_runs = engine.open_runs_of(frozenset({queued.function_id}))
        late = asyncio.ensure_future(engine.wait(queued.id, 20))
        await asyncio.wait([late], timeout=0)
        goes_on.set()
        rows = [row.status if row is not None else None for row in (await ended, await late)]
        return [found is not None, open_runs, await before, *rows, engine.find(queued.id)]

    told = house.do(cancel())
    assert told == [True, [queued.id], "queued", "cancelled", "cancelled", None]
    house.do(house.world.open("d"))


def test_a_cancel_of_a_queued_run_that_could_not_be_written_leaves_it_queued(houses: Callable[..., House]) -> None:
    house = houses(slots=1).start()
    house.submit(flow([touch("t", 1, door="d")], "start > t"))
    queued = house.submit(flow([touch("u", 2)], "start > u"))
    house.settle()
    has_failed: list[str] = []

    def hook(name: str) -> None:
        if name == "log.before_sync" and not has_failed:
            has_failed.append(name)
            raise OSError(5, "Input/output error")

    listen(hook)
    with pytest.raises(Unavailable):
        house.do(house.engine.cancel(queued.id, "not wanted"))
    assert house.engine.find(queued.id) is not None
    house.do(house.world.open("d"))
    house.until(lambda f: isinstance(f, RunFinished) and f.run == to_bytes(queued.id), "the run's end")
    assert house.row(queued.id).status == "completed"


def test_a_run_that_is_cancelled_in_the_moment_of_its_start_ends(houses: Callable[..., House]) -> None:
    house = houses().start()
    made = house.flows[FUNCTION, 1] = flow([touch("t", 1, door="d")], "start > t")

    async def cancel_at_once() -> str:
        run = asyncio.ensure_future(house.engine.submit(RunRequest(WORKSPACE, FUNCTION, "f", 1, made, {})))
        while not house.engine.live:
            await house.turn()
        (live,) = house.engine.live.values()
        assert live.task is not None
        ended = asyncio.ensure_future(house.engine.wait(live.id, 20))
        await house.engine.cancel(live.id, "not wanted")
        await run
        row = await ended
        return row.status if row is not None else "lost"

    assert house.do(cancel_at_once()) == "cancelled"
    assert house.engine.live == {}


def test_a_run_whose_time_is_up_before_it_begins_times_out(houses: Callable[..., House]) -> None:
    house = houses().start()
    row = house.submit(flow([touch("t", 1, door="d")], "start > t"), timeout_ms=0)
    assert house.finish(row).status == "timed_out"


def test_a_run_says_cancelling_until_all_of_it_has_stopped(house: House) -> None:
    blocks = [times("l", 3, concurrency=3), touch("t", door="d"), block("stubborn", "s", door="last")]
    row = house.submit(flow(blocks, "start > l", "start > s", "l.body > t"))
    house.world.until(house.world.began, "t", 3)
    house.world.until(house.world.began, "s")
    ended = house.do(house.engine.cancel(row.id, "enough"))
    assert ended == "running"
    house.world.until(house.world.broken_off, "t", 3)
    house.world.until(house.world.broken_off, "s")
    house.settle()
    assert house.engine.find(row.id).status == "cancelling"
    assert house.row(row.id).status == "cancelling"
    assert house.do(house.engine.cancel(row.id, "once more")) == "cancelling"
    house.do(house.world.open("last"))
    done = house.finish(row)
    assert (done.status, done.error["message"]) == ("cancelled", "enough")
    assert house.checkpoints(row)["s"] == "completed"  # its late end is told as it was


def test_a_stubborn_block_does_not_keep_the_engine_from_stopping(houses: Callable[..., House]) -> None:
    house = houses().start()
    row = house.submit(flow([block("stubborn", "s", door="never")], "start > s"))
    house.world.until(house.world.began, "s")
    again = house.restart().start()
    again.world.until(again.world.began, "s", 2)
    assert again.engine.find(row.id).status == "running"
    again.do(again.world.open("never"))
    assert again.finish(row).status == "completed"

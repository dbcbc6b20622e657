"""Many runs that only wait: what they hold, how they stop, that they go on."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from collections.abc import Callable
from uuid import UUID

from tests.engine.flows import block, flow
from tests.engine.house import WORKSPACE, House
from workbench.engine.records import RunRequest, RunRow

FUNCTION = str(UUID(int=77))
WAIT = flow([block("delay", "d", delayMs=60_000)], "start > d")
COUNT = 400
MOST_BYTES = 16 * 1024
STOP_S = 5.0


def _start(house: House, count: int) -> list[RunRow]:
    house.flows[FUNCTION, 1] = WAIT

    async def start() -> list[RunRow]:
        requests = [RunRequest(WORKSPACE, FUNCTION, "f", 1, WAIT, {"n": n}) for n in range(count)]
        return list(await asyncio.gather(*(house.engine.submit(request) for request in requests)))

    known = _waiting(house)
    rows = house.do(start())
    while _waiting(house) < known + count:
        house.settle()
    house.facts.clear()
    return rows


def _waiting(house: House) -> int:
    return house.call(lambda: house.engine.counts(None))["waiting"]


def test_a_run_that_only_waits_holds_less_than_16_kib(houses: Callable[..., House]) -> None:
    house = houses().start()
    _start(house, COUNT)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        rows = _start(house, COUNT)
        house.settle()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(rows) == COUNT
    assert (after - before) / COUNT < MOST_BYTES, after - before


def test_hundreds_of_waiting_runs_stop_within_5_seconds_and_end_after_the_restart(houses: Callable[..., House]) -> None:
    house = houses().start()
    rows = _start(house, 600)
    began = time.monotonic()
    following = house.restart()
    assert time.monotonic() - began < STOP_S
    house.clock.now += 61_000_000
    following.start()
    ended = [following.finish(row).status for row in rows]
    assert ended == ["completed"] * len(rows)
    assert following.call(following.engine.broken) == []

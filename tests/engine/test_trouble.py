"""When the disk, the log or a value is in trouble: runs fail or are left to recovery, and nobody hangs."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import polars as pl
import pytest

from tests.engine.flows import block, each, flow, times, touch, transform
from tests.engine.house import WORKSPACE, House
from workbench.base.errors import Unavailable
from workbench.base.probe import listen
from workbench.blocks.kind import Effect
from workbench.engine.records import RunRequest, RunRow


def fail_in(thread: str, point: str, after: int = 0) -> None:
    """From the next probe on, the disk is full."""
    left = after

    def hook(name: str) -> None:
        nonlocal left
        if name == point and threading.current_thread().name.startswith(thread):
            left -= 1
            if left < 0:
                raise OSError(28, "No space left on device")
        if name == "log.before_mending":
            raise OSError(28, "No space left on device")

    listen(hook)


def test_when_the_log_dies_waiters_hear_of_it_and_the_next_start_goes_on(houses: Callable[..., House]) -> None:
    house = houses().start()
    row = house.submit(flow([touch("t", 1, door="d"), touch("u", 2)], "start > t > u"))
    house.world.until(house.world.began, "t")
    fail_in("workbench-log", "log.before_sync")
    waiter = house.loop.submit(house.engine.wait(row.id, 20))
    house.settle_turns()
    house.do(house.world.open("d"))
    with pytest.raises(Unavailable):
        waiter.result(20)
    with pytest.raises(Unavailable):
        house.submit(flow([transform("a", "1")], "start > a"))
    assert house.engine.live == {}
    assert not house.store.health()["ok"]
    assert house.world.count("u") == 0
    listen(None)
    again = house.crash().start()
    again.do(again.world.open("d"))
    assert again.finish(row).status == "completed"
    assert again.world.count("t") == 2
    assert len({c.key for c in again.world.calls if c.block == "t"}) == 1


def test_a_run_that_ends_without_a_log_leaves_no_waiter_hanging(houses: Callable[..., House]) -> None:
    house = houses().start()
    row = house.submit(flow([block("hold", "p", door="d")], "start > p"))
    house.world.until(house.world.began, "p")
    waiter = house.loop.submit(house.engine.wait(row.id, 20))
    house.settle_turns()
    fail_in("workbench-log", "log.before_sync")
    house.do(house.world.open("d"))
    with pytest.raises(Unavailable):
        waiter.result(20)
    assert house.engine.find(row.id) is None


def test_a_pure_loop_stops_when_the_log_is_gone(houses: Callable[..., House]) -> None:
    house = houses().start()
    fail_in("workbench-log", "log.before_sync", after=3)
    row = house.submit(flow([times("l", 1_000_000), transform("a", "item")], "start > l", "l.body > a"))
    house.wait_gone(row)


def test_a_cancel_that_cannot_be_written_says_so(houses: Callable[..., House]) -> None:
    house = houses().start()
    row = house.submit(flow([touch("t", door="d")], "start > t"))
    house.world.until(house.world.began, "t")
    fail_in("workbench-log", "log.before_sync")
    with pytest.raises(Unavailable):
        house.do(house.engine.cancel(row.id, None))
    house.wait_gone(row)


def test_an_effect_whose_large_result_finds_no_room_is_unknown_and_not_repeated(house: House) -> None:
    fail_in("ThreadPoolExecutor", "values.before_rename")
    made = flow([touch("t", "{{ 'x' * 100000 }}", policy={"retries": 3, "retryDelayMs": 0})], "start > t")
    row = house.run(made)
    assert (row.status, row.error["type"], house.world.count("t")) == ("failed", "STORAGE", 1)
    assert house.checkpoints(row)["t"] == "unknown"


def test_a_pure_value_that_finds_no_room_is_not_kept_and_the_run_goes_on(house: House) -> None:
    fail_in("ThreadPoolExecutor", "values.before_rename")
    row = house.run(flow([transform("a", "'x' * 100000"), transform("b", "len(a)")], "start > a > b"))
    assert (row.status, row.output) == ("completed", 100_000)
    house.settle()
    assert any("could not be kept" in m for m in house.logs(row))


def test_an_output_that_finds_no_room_fails_the_run(house: House) -> None:
    fail_in("ThreadPoolExecutor", "values.before_rename")
    row = house.run(flow([transform("a", "'x' * 100000")], "start > a"))
    assert (row.status, row.error["type"]) == ("failed", "OUTPUT")
    assert "No space left" in row.error["message"]


def test_five_million_rows_on_a_wire(house: House) -> None:
    table = pl.DataFrame({"n": pl.int_range(0, 5_000_000, eager=True)})

    class Make(type(house.blocks.get("touch"))):  # type: ignore[misc]
        type = "make"
        effect = Effect.PURE

        async def run(self, config, ctx):
            return (await super().run(config, ctx)).__class__(table)

    house.blocks._types["make"] = Make(house.world)
    house.blocks._validators["make"] = Make.Config.__pydantic_validator__
    blocks = [
        block("make", "m"),
        transform("n", "m.height + len(input)"),
        transform("s", "m.sum('n')"),
        touch("t", "{{ m }}"),
    ]
    row = house.run(flow(blocks, "start > m > n", "m > s", "m > t"))
    assert row.status == "completed"
    assert row.output["n"] == 10_000_000
    assert row.output["s"] == 12_499_997_500_000
    assert row.output["t"].height == 5_000_000


def test_a_log_that_is_too_long_ends_with_a_word_about_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.engine.pen.MOST_LOGS", 5)
    house.world.failures["t"] = [KeyError("x")] * 20
    made = flow(
        [each("l", list(range(20)), errorPolicy="continue"), block("ask", "t", {"retries": 1, "retryDelayMs": 0})],
        "start > l",
        "l.body > t",
    )
    row = house.run(made)
    assert row.status == "completed"
    assert len(house.logs(row)) == 5
    assert house.logs(row)[-1].startswith("The log is full")


def test_a_crash_of_the_engine_itself_is_seen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("bug")

    monkeypatch.setattr(house.engine.lives, "_finish", broken)
    row = house.submit(flow([touch("t", 1)], "start > t"))
    house.wait_gone(row)
    house.settle()
    health = house.engine.health()
    assert not health["ok"]
    assert "bug" in health["reasons"][0]
    house.close()


@pytest.mark.filterwarnings("error")
def test_pure_work_that_was_stopped_before_it_began_is_let_go_of(house: House) -> None:
    blocks = [block("hold", "p", door="d"), transform("bad", "1 / 0")]
    row = house.run(flow(blocks, "start > p", "start > bad"))
    gc.collect()
    assert (row.status, row.error["path"]) == ("failed", "bad")


def test_a_crash_in_a_run_that_has_no_task_is_seen_and_others_go_on(
    houses: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = houses().start()

    def broken(*_: object) -> None:
        raise RuntimeError("bug")

    with monkeypatch.context() as patch:
        patch.setattr(house.engine.lives.ends, "at_once", broken)
        row = house.submit(flow([transform("a", "1")], "start > a"))
        house.wait_gone(row)
    assert "bug" in house.engine.health()["reasons"][0]
    assert house.run(flow([transform("a", "2")], "start > a")).output == 2


def test_a_fact_that_cannot_be_written_costs_its_own_run_only(house: House) -> None:
    good = flow([transform("a", "1")], "start > a")
    request = RunRequest(WORKSPACE, str(UUID(int=7)), "f", 1, good, {})

    async def both() -> list[RunRow | BaseException]:
        submitted = [house.engine.submit(r) for r in (request, replace(request, function_name="\ud800"))]
        return await asyncio.gather(*submitted, return_exceptions=True)

    fine, refused = house.do(both())
    assert isinstance(refused, UnicodeEncodeError)
    assert isinstance(fine, RunRow)
    assert house.finish(fine).status == "completed"
    house.settle()
    assert house.engine.live == {}

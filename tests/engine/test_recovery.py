"""Runs go on after a crash: the same output, no completed effect twice, the one in flight with the same key."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.flows import block, flow, times, touch, transform
from tests.engine.house import House
from tests.engine.story import EFFECTS, ITEMS, STORY, open_house
from tests.engine.world import World
from workbench.base.probe import listen
from workbench.engine.states import RunStatus

OUTPUT = [
    [{"sum": n} for n in (0, -1, 19, 16, 56, 51, 111, 104)],
    [[f"side[{i}]/bad", i] for i in range(6)],
    104,
    104,
    70_000,
]


def check(house: House, world: World, row_id: str, *, repeated: int) -> None:
    """The story came out right, and at most so many effects were repeated, each with the key that it had before."""
    house.do(house.engine.wait(row_id, 20))
    row = house.row(row_id)
    assert (row.status, row.error, row.output) == ("completed", None, OUTPUT)
    paths = Counter(c.path for c in world.calls)
    assert len(paths) == EFFECTS
    assert sum(paths.values()) - EFFECTS <= repeated
    assert max(paths.values()) <= 2
    assert len({(c.path, c.key) for c in world.calls}) == EFFECTS
    assert house.unapplied() == []


def crash_at(house: House, point: str, count: int) -> None:
    """The log takes nothing more once `point` has been passed so often."""
    left = count

    def hook(name: str) -> None:
        nonlocal left
        if name == point and threading.current_thread().name == "house":
            left -= 1
            if left == 0:
                house.store.close()

    listen(hook)


def test_undisturbed_the_story_touches_each_thing_once(house: House) -> None:
    check(house, house.world, house.submit(STORY, {"xs": ITEMS}).id, repeated=0)


@pytest.mark.parametrize("point", ["engine.before_effect", "engine.after_effect"])
def test_a_crash_at_any_effect_repeats_only_those_in_flight(houses: Callable[..., House], point: str) -> None:
    for at in range(1, EFFECTS + 1, 3):
        house = houses().start()
        crash_at(house, point, at)
        row = house.submit(STORY, {"xs": ITEMS})
        house.wait_gone(row)
        listen(None)
        again = house.crash().start()
        check(again, again.world, row.id, repeated=3)
        again.close()


@pytest.mark.parametrize("point", ["engine.before_effect", "engine.after_effect"])
def test_crash_after_crash_what_is_done_is_not_done_again(houses: Callable[..., House], point: str) -> None:
    """An effect is repeated only by a life whose predecessor ended in the middle of it, and once by each."""
    house = houses().start()
    world = house.world
    crash_at(house, point, 4)  # three are in flight at most, so that each life gets on by one
    row = house.submit(STORY, {"xs": ITEMS})
    done: set[str] = set()
    called, lives = 0, 1
    while True:
        house.wait_gone(row)
        listen(None)
        house.crash()
        house = house.followed_by()
        calls, called = [c.path for c in world.calls[called:]], len(world.calls)
        assert len(calls) == len(set(calls))
        assert done.isdisjoint(calls)
        done = {path for path, status in house.checkpoints(row).items() if status == "completed"}
        if house.row(row.id).finished_at is not None:
            break
        assert lives < EFFECTS
        lives += 1
        crash_at(house, point, 4)
        house.start()
    assert lives > 2
    ended = house.row(row.id)
    assert (ended.status, ended.error, ended.output) == ("completed", None, OUTPUT)
    assert len({(c.path, c.key) for c in world.calls}) == EFFECTS
    assert house.unapplied() == []


@pytest.mark.parametrize(
    ("point", "count"),
    [
        ("engine.before_effect", 5),
        ("engine.after_effect", 9),
        ("log.before_sync", 6),
        ("log.after_sync", 11),
        ("apply.before_commit", 2),
        ("apply.after_commit", 3),
        ("values.before_rename", 1),
    ],
)
def test_a_killed_process_loses_nothing(tmp_path: Path, point: str, count: int) -> None:
    home = tmp_path / "home"
    child = subprocess.run(
        [sys.executable, "-m", "tests.engine.story", str(home), point, str(count)],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr
    house = open_house(home)
    try:
        row_id = child.stdout.strip()
        if not row_id:  # killed before the run was acknowledged: it may or may not be there, but not in halves
            rows = house.do(house.store.read(lambda c: c.execute("SELECT id::VARCHAR FROM runs").fetchall()))
            if not rows:
                return
            row_id = rows[0][0]
        house.do(house.engine.wait(row_id, 20))
        row = house.row(row_id)
        assert (row.status, row.output) == ("completed", OUTPUT)
        assert house.world.ledger is not None
        lines = Counter(house.world.ledger.read_text().splitlines())
        assert len(lines) == EFFECTS
        assert sum(lines.values()) - EFFECTS <= 3
    finally:
        house.close()


def test_an_orderly_stop_leaves_runs_to_the_next_start(house: House) -> None:
    rows = [
        house.submit(flow([touch("t", 1, door="d"), transform("a", "t + 1")], "start > t > a")),
        house.submit(flow([block("delay", "w", delayMs=1000)], "start > w")),
    ]
    house.world.until(house.world.began, "t")
    house.until_status(rows[1], "waiting")
    again = house.restart().start()
    again.until_status(rows[1], "waiting")
    again.move(2)
    again.do(again.world.open("d"))
    assert [again.finish(r).status for r in rows] == ["completed", "completed"]
    assert again.row(rows[0].id).recoveries == 1


def test_a_large_result_of_an_effect_is_read_back_after_a_crash(house: House) -> None:
    made = flow(
        [touch("t", "{{ 'x' * 70000 }}"), touch("u", door="d"), transform("n", "len(t)")],
        "start > t > u > n",
    )
    row = house.submit(made)
    house.world.until(house.world.began, "u")
    again = house.crash().start()
    again.do(again.world.open("d"))
    assert (again.finish(row).status, again.row(row.id).output) == ("completed", 70_000)
    assert again.world.count("t") == 1


def test_queued_runs_are_not_counted_as_recovered(houses: Callable[..., House]) -> None:
    house = houses(slots=1).start()
    held = flow([touch("t", 1, door="d")], "start > t")
    rows = [house.submit(held) for _ in range(3)]
    house.world.until(house.world.began, "t")
    again = house.crash().start()
    again.do(again.world.open("d"))
    assert [again.finish(r).status for r in rows] == ["completed"] * 3
    assert [again.row(r.id).recoveries for r in rows] == [1, 0, 0]


def test_a_cancel_is_not_forgotten_by_a_crash(house: House) -> None:
    row = house.submit(flow([touch("t", door="d")], "start > t"))
    house.world.until(house.world.began, "t")

    async def cancel_and_lose() -> None:
        live = house.engine.live[row.id]
        house.engine.move(live.row, RunStatus.CANCELLING, "user")
        live.pen.moved(live.row.status, None)
        await live.pen.durable()

    house.do(cancel_and_lose())
    again = house.crash().start()
    assert again.row(row.id).status == "cancelled"
    assert again.world.count("t") == 1


def test_a_run_whose_function_is_gone_fails(house: House) -> None:
    row = house.submit(flow([touch("t", door="d")], "start > t"))
    house.world.until(house.world.began, "t")
    house.flows.clear()
    again = house.crash().start()
    assert (again.row(row.id).status, again.row(row.id).error["type"]) == ("failed", "FUNCTION_GONE")


def test_a_block_in_which_the_server_always_ends_goes_to_the_dead_letter(house: House) -> None:
    row = house.submit(flow([transform("a", "1"), times("l", 2), touch("t", door="d")], "start > a > l", "l.body > t"))
    for _ in range(4):
        house.world.until(house.world.began, "t", 1 + house.world.count("t") - 1)
        house.wait_started("l[0]/t")
        house = house.crash().start()
    row = house.row(row.id)
    assert (row.status, row.error["type"], row.error["path"]) == ("dead_letter", "RECOVERY_LIMIT", "l[0]/t")
    assert house.world.count("t") == 4
    assert len({c.key for c in house.world.calls}) == 1


def test_a_run_that_only_waited_at_the_restart_has_its_first_step_told_before_it_starts(house: House) -> None:
    house.do(house.engine.holds.pause(None, None, None, None))
    row = house.submit(flow([block("hold", "p", door="d")], "start > p"))
    again = house.crash().start()
    again.do(again.engine.holds.resume(None, None, None))
    again.world.until(again.world.began, "p")
    again.wait_started("start")
    again.do(again.world.open("d"))
    assert again.finish(row).status == "completed"


def test_a_poisonous_pure_block_is_found_too(house: House) -> None:
    row = house.submit(flow([times("l", 3), block("hold", "p", door="d")], "start > l", "l.body > p"))
    for crash in range(1, 6):
        house.world.until(house.world.began, "p", crash)
        house.wait_started("l[0]/p")
        if house.row(row.id).finished_at:
            break
        house = house.crash().start()
        if house.row(row.id).finished_at:
            break
    assert house.row(row.id).status == "dead_letter"


def test_a_scope_that_was_open_through_many_crashes_is_not_to_blame(house: House) -> None:
    row = house.submit(flow([times("l", 7), touch("t", "{{ item }}", door="d{{ item }}")], "start > l", "l.body > t"))
    for done in range(6):
        house.do(house.world.open(f"d{done}"))
        house.wait_started(f"l[{done + 1}]/t")
        house = house.crash().start()
    house.do(house.world.open("d6"))
    assert house.finish(row).status == "completed"

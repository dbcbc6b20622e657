"""Forks: a new run that stands on another's checkpoints as far as they hold, and keeps effects that were done."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.engine.attempts import fork, retry, stored_row
from tests.engine.flows import block, each, flow, parallel, times, touch, transform
from tests.engine.house import House
from tests.engine.world import World
from workbench.base.errors import BlockFailed
from workbench.engine.facts import BranchEnded
from workbench.engine.records import RunRow

BROKEN = BlockFailed("broken", kind="HTTP")

LINE = flow(
    [
        transform("x", "input.n * 2"),
        transform("y", "input.m"),
        touch("a", "{{ x }}"),
        touch("b", "{{ y }}"),
        transform("z", "[a, b, x]"),
    ],
    "start > x > a > z",
    "start > y > b > z",
)
LOOP = flow(
    [
        transform("x", "input.xs"),
        each("l", "{{ x }}"),
        touch("t", "{{ item }}"),
        transform("u", "t * 10"),
        touch("w", "{{ l.results }}"),
    ],
    "start > x > l > w",
    "l.body > t > u",
)


def calls(world: World) -> Counter[str]:
    return Counter(c.path for c in world.calls)


def origins(house: House, row: RunRow) -> dict[str, str | None]:
    """How a run came by its completed checkpoints, by path."""
    found = house.do(
        house.store.read(
            lambda c: c.execute(
                "SELECT path, origin FROM checkpoints WHERE run_id = ?::UUID AND status = 'completed' ORDER BY seq",
                [row.id],
            ).fetchall()
        )
    )
    return dict(found)


def inherited(house: House, row: RunRow) -> int:
    return house.do(
        house.store.read(
            lambda c: c.execute("SELECT count(*) FROM inherited WHERE run_id = ?::UUID", [row.id]).fetchone()[0]
        )
    )


def test_with_other_inputs_what_differs_runs_again_and_effects_are_kept(house: House, world: World) -> None:
    row = house.run(LINE, {"n": 1, "m": 5})
    new = house.finish(fork(house, row, inputs={"n": 2, "m": 5}))
    assert new.output == [2, 5, 4]
    assert calls(world) == {"a": 1, "b": 1}
    assert origins(house, new) == {"start": None, "x": None, "y": None, "a": "kept", "b": "reused", "z": None}
    assert inherited(house, new) == 0
    assert stored_row(house, new.id)[0].forked_from["runId"] == row.id


def test_asked_to_repeat_effects_it_repeats_those_for_which_something_differs(house: House, world: World) -> None:
    row = house.run(LINE, {"n": 1, "m": 5})
    new = house.finish(fork(house, row, inputs={"n": 2, "m": 5}, effects="repeat"))
    assert new.output == [4, 5, 4]
    assert calls(world) == {"a": 2, "b": 1}
    assert len({c.key for c in world.calls if c.block == "a"}) == 2


def test_a_value_that_comes_out_the_same_keeps_what_follows(house: House, world: World) -> None:
    row = house.run(LINE, {"n": 1, "m": 5, "other": 1})
    new = house.finish(fork(house, row, inputs={"n": 1, "m": 5, "other": 2}, effects="repeat"))
    assert calls(world) == {"a": 1, "b": 1}
    assert origins(house, new) == {"start": None, "x": None, "y": None, "a": "reused", "b": "reused", "z": "reused"}


def test_from_a_block_that_block_and_all_after_it_run_anew(house: House, world: World) -> None:
    row = house.run(LOOP, {"xs": [1, 2]})
    new = house.finish(fork(house, row, first="w"))
    assert calls(world) == {"l[0]/t": 1, "l[1]/t": 1, "w": 2}
    assert origins(house, new) == {
        "start": "reused", "x": "reused", "l": "reused", "l[0]/t": "reused", "l[0]/u": "reused", "l[1]/t": "reused",
        "l[1]/u": "reused", "w": None,
    }  # fmt: skip
    inside = house.finish(fork(house, row, first="u"))
    assert inside.output == [10, 20]
    assert calls(world) == {"l[0]/t": 1, "l[1]/t": 1, "w": 3}
    assert origins(house, inside)["l[1]/t"] == "reused"
    assert [origins(house, inside)[p] for p in ("l[0]/u", "l", "w")] == [None, None, None]


def test_items_that_are_the_same_are_not_gone_through_again(house: House, world: World) -> None:
    row = house.run(LOOP, {"xs": [1, 2]})
    new = house.finish(fork(house, row, inputs={"xs": [1, 3, 4]}))
    assert calls(world) == {"l[0]/t": 1, "l[1]/t": 1, "l[2]/t": 1, "w": 1}
    assert {p: o for p, o in origins(house, new).items() if "/" in p} == {
        "l[0]/t": "reused", "l[0]/u": "reused", "l[1]/t": "kept", "l[1]/u": "reused", "l[2]/t": None, "l[2]/u": None,
    }  # fmt: skip
    repeated = house.finish(fork(house, row, inputs={"xs": [1, 3, 4]}, effects="repeat"))
    assert repeated.output == [10, 30, 40]
    assert calls(world)["l[1]/t"] == 2


def test_on_another_version_only_what_was_changed_runs_again(house: House, world: World) -> None:
    row = house.run(LOOP, {"xs": [1, 2]})
    changed = flow(
        [*(b for b in LOOP.blocks if b.id not in ("start", "u")), transform("u", "t * 100"), transform("more", "w")],
        "start > x > l > w > more",
        "l.body > t > u",
    )
    new = house.finish(fork(house, row, flow=changed))
    assert calls(world) == {"l[0]/t": 1, "l[1]/t": 1, "w": 1}
    shown = origins(house, new)
    assert (shown["l[0]/t"], shown["l[0]/u"], shown["w"], shown["more"]) == ("reused", None, "kept", None)
    assert new.output == [10, 20]


@pytest.mark.parametrize("path", ["l[1]/t", "l[0]/u", "x"])
def test_a_fork_at_a_checkpoint_shares_all_up_to_there_and_no_more(house: House, world: World, path: str) -> None:
    row = house.run(LOOP, {"xs": [1, 2, 3]})
    before = calls(world)
    new = house.finish(fork(house, row, at=(path, 1)))
    assert new.output == row.output
    after = {p: n - before[p] for p, n in calls(world).items() if n > before[p]}
    order = ["x", "l[0]/t", "l[0]/u", "l[1]/t", "l[1]/u", "l[2]/t", "l[2]/u", "w"]
    later = order[order.index(path) + 1 :]
    assert set(after) == {p for p in later if p in before}
    assert [p for p, o in origins(house, new).items() if o] == ["start", *order[: order.index(path) + 1]]


def test_forks_of_forks_go_on_from_what_the_fork_stood_on(house: House, world: World) -> None:
    row = house.run(LOOP, {"xs": [1, 2]})
    first = house.finish(fork(house, row, at=("l[0]/u", 1)))
    second = house.finish(fork(house, first, at=("l[1]/t", 1)))
    third = house.finish(fork(house, second, first="w"))
    assert [r.output for r in (first, second, third)] == [row.output] * 3
    assert calls(world) == {"l[0]/t": 1, "l[1]/t": 2, "w": 4}


def test_a_fork_outlives_its_parent(houses: Any) -> None:
    house = houses().start()
    world = house.world
    row = house.run(LOOP, {"xs": [1, 2]})
    world.failures["w"] = [BROKEN]
    new = house.finish(fork(house, row, first="u"))
    assert new.status == "failed"
    assert inherited(house, new) > 0

    def forget(cursor: Any) -> tuple[list[Any], None]:
        for table in ("checkpoints", "runs"):
            name = "id" if table == "runs" else "run_id"
            cursor.execute(f"DELETE FROM {table} WHERE {name} = ?::UUID", [row.id])
        return [], None

    house.do(house.store.transact(forget, None))
    again = house.crash().start()
    retry(again, new)
    assert again.finish(new).output == [10, 20]
    assert calls(world) == {"l[0]/t": 1, "l[1]/t": 1, "w": 3}


@pytest.mark.parametrize("crashes", [1, 3])
def test_a_crash_in_a_fork_repeats_only_what_was_in_flight(house: House, world: World, crashes: int) -> None:
    made = flow(
        [
            transform("x", "input.n"),
            touch("a", "{{ x }}"),
            touch("t", "{{ a }}", door="d"),
            touch("k", "{{ t }}"),
            transform("z", "[a, t, k, x]"),
        ],
        "start > x > a > t > k > z",
    )
    house.do(world.open("d"))
    row = house.run(made, {"n": 1})
    world._doors.clear()
    new = fork(house, row, inputs={"n": 2}, first="t")
    world.until(world.began, "t", 2)
    for crash in range(crashes):
        house = house.crash().start()
        world.until(world.began, "t", 3 + crash)
    house.do(world.open("d"))
    new = house.finish(new)
    assert new.output == [1, 1, 1, 2]
    assert calls(world) == {"a": 1, "t": 2 + crashes, "k": 2}
    assert len({c.key for c in world.calls if c.block == "t"}) == 2


def test_a_fork_that_failed_is_tried_again_on_the_same_checkpoints(house: House, world: World) -> None:
    row = house.run(LINE, {"n": 1, "m": 5})
    world.failures["b"] = [BROKEN]
    new = house.finish(fork(house, row, first="b"))
    assert new.status == "failed"
    retry(house, new)
    new = house.finish(new)
    assert (new.status, new.output) == ("completed", [2, 5, 2])
    assert calls(world) == {"a": 1, "b": 3}


def test_variables_given_to_a_fork_overlay_what_starts_in_it_and_nothing_before(house: House, world: World) -> None:
    made = flow(
        [transform("a", "vars.n"), touch("t", "{{ vars.n }}"), transform("b", "[a, t, vars.n]")],
        "start > a > t > b",
        n=1,
    )
    row = house.run(made)
    new = fork(house, row, at=("t", 1), variables={"n": 7})
    assert house.finish(new).output == [1, 1, 7]
    assert calls(world) == {"t": 1}


def test_a_run_under_way_can_be_forked(house: House, world: World) -> None:
    made = flow([touch("a", 1), touch("t", "{{ a }}", door="{{ start.door }}")], "start > a > t")
    row = house.submit(made, {"door": "shut"})
    world.until(world.began, "t")
    new = fork(house, row, at=("a", 1), inputs={"door": None})
    assert house.finish(new).output == 1
    assert calls(world) == {"a": 1, "t": 2}
    house.do(house.engine.cancel(row.id, None))
    house.finish(row)


def test_large_values_are_shared_as_files(house: House) -> None:
    made = flow([touch("a", "{{ 'x' * 200000 }}"), transform("b", "len(a)")], "start > a > b")
    row = house.run(made)
    files = sum(1 for f in (house.home / "values").rglob("*") if f.is_file())
    assert house.finish(fork(house, row, at=("a", 1))).output == 200_000
    assert sum(1 for f in (house.home / "values").rglob("*") if f.is_file()) == files


def test_a_waiting_retry_in_the_parent_is_not_waited_for_again(house: House, world: World) -> None:
    made = flow(
        [block("again", "g", attempts=3, delayMs=60_000), touch("t", 1), touch("z", 2)], "start > g > z", "g.body > t"
    )
    world.failures["t"] = [BROKEN]
    row = house.submit(made)
    house.until_status(row, "waiting")
    house.move(61)
    row = house.finish(row)
    assert house.finish(fork(house, row, first="z")).status == "completed"
    assert calls(world) == {"g[0]/t": 1, "g[1]/t": 1, "z": 2}
    again = house.finish(fork(house, row, at=("g[1]/t", 1)))
    assert again.status == "completed"
    assert calls(world) == {"g[0]/t": 1, "g[1]/t": 1, "z": 3}


def test_side_by_side_iterations_are_shared_one_by_one(house: House, world: World) -> None:
    made = flow(
        [times("l", 6, concurrency=3), touch("t", "{{ index }}"), touch("z", "{{ l.results }}")],
        "start > l > z",
        "l.body > t",
    )
    world.failures["t"] = [None, None, None, BROKEN]
    row = house.run(made)
    done = {path for path, status in house.checkpoints(row).items() if path.endswith("/t") and status == "completed"}
    assert done
    new = house.finish(fork(house, row))
    assert new.output == [0, 1, 2, 3, 4, 5]
    assert all(calls(world)[p] <= (1 if p in done else 2) for p in calls(world))


def test_a_branch_that_had_won_wins_in_a_fork_at_a_place_behind_it(house: House, world: World) -> None:
    made = flow(
        [
            parallel("p", "a", "b", joinStrategy="race"),
            touch("slow", "a", door="d"),
            touch("fast", "b"),
            transform("z", "[r.status for r in p.results]"),
        ],
        "start > p > z",
        "p.branch-a > slow",
        "p.branch-b > fast",
    )
    row = house.submit(made)
    world.until(world.began, "slow")
    house.until(lambda fact: isinstance(fact, BranchEnded), "the end of a branch")
    house.do(world.open("d"))
    row = house.finish(row)
    assert row.output == ["cancelled", "completed"]
    new = house.finish(fork(house, row, at=("p[0]/slow", 1)))
    assert (new.output, len(world.calls)) == (row.output, 2)
    anew = house.finish(fork(house, row, at=("p[0]/slow", 1), inputs={"other": 1}))
    assert anew.output in (["cancelled", "completed"], ["completed", "cancelled"])  # decided anew
    from_there = house.finish(fork(house, row, first="fast"))
    assert from_there.output == ["completed", "cancelled"]  # what had won runs again; the other is done

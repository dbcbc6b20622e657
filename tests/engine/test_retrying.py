"""Another attempt of a run: what is done stays done, what failed, was cut off or unknown runs again."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.engine.attempts import retry, stored_row
from tests.engine.flows import block, each, flow, times, touch, transform, when
from tests.engine.house import House
from tests.engine.world import World
from workbench.base.errors import BlockFailed, InvalidState
from workbench.flow.model import Flow

BROKEN = BlockFailed("broken", kind="HTTP")
UNKNOWN = BlockFailed("cut", kind="HTTP", unknown=True)

EVERYWHERE: Flow = flow(
    [
        touch("a", 1),
        each("l", [0, 1, 2]),
        touch("x", "{{ item }}"),
        touch("y", "{{ x }}"),
        times("side", 4, concurrency=2),
        touch("u", "{{ index }}"),
        block("again", "g", attempts=2),
        touch("w", "w"),
        touch("v", "v"),
        when("c", "a == 1"),
        touch("t", "t"),
        transform("end", "[l.results, side.results, g.result, t]"),
    ],
    "start > a > l > side > g > c",
    "l.body > x > y",
    "side.body > u",
    "g.body > w > v",
    "c.true > t > end",
)
EFFECTS = 1 + 6 + 4 + 2 + 1


def paths(world: World) -> Counter[str]:
    return Counter(c.path for c in world.calls)


@pytest.mark.parametrize("error", [BROKEN, UNKNOWN], ids=["failed", "unknown"])
@pytest.mark.parametrize(
    ("name", "calls", "again"),
    [
        ("a", 1, {"a": 2}),
        ("x", 2, {"l[1]/x": 2}),
        ("y", 3, {"l[2]/y": 2}),
        ("u", 4, {"side[3]/u": 2}),
        ("t", 1, {"t": 2}),
    ],
)
def test_wherever_it_fails_only_that_block_runs_again(
    house: House, world: World, name: str, calls: int, again: dict[str, int], error: BlockFailed
) -> None:
    undisturbed = house.run(EVERYWHERE)
    assert (undisturbed.status, len(world.calls)) == ("completed", EFFECTS)
    world.reset()
    row = house.submit(EVERYWHERE)
    house.finish(row)
    world.reset()
    world.fails_at(name, calls, error)
    row = house.run(EVERYWHERE)
    assert row.status == "failed"
    retry(house, row)
    row = house.finish(row)
    assert (row.status, row.output, row.error) == ("completed", undisturbed.output, None)
    touched = paths(world)
    assert len(touched) == EFFECTS
    assert {p: n for p, n in touched.items() if n > 1} == again
    (path,) = again
    keys = {c.key for c in world.calls if c.path == path}
    assert len(keys) == (1 if error.unknown else 2)


def test_a_retry_scope_is_entered_again_with_all_its_attempts(house: House, world: World) -> None:
    world.failures["v"] = [BROKEN, BROKEN, BROKEN]
    row = house.run(EVERYWHERE)
    assert row.status == "failed"
    assert paths(world)["g[0]/w"] == paths(world)["g[1]/w"] == 1
    retry(house, row)
    row = house.finish(row)
    assert row.status == "completed"
    assert [(c.path) for c in world.calls if c.block == "v"] == ["g[0]/v", "g[1]/v", "g[0]/v", "g[1]/v"]
    assert len({c.key for c in world.calls if c.block == "v"}) == 4
    assert paths(world)["g[0]/w"] == paths(world)["g[1]/w"] == 1


def test_a_policy_has_its_retries_anew_and_attempts_go_on(house: House, world: World) -> None:
    made = flow([touch("t", 1, {"retries": 1, "retryDelayMs": 0})], "start > t")
    world.failures["t"] = [BROKEN] * 3
    row = house.run(made)
    retry(house, row)
    assert house.finish(row).status == "completed"
    rows = house.do(
        house.store.read(
            lambda c: c.execute(
                "SELECT attempt, status FROM checkpoints WHERE run_id = ?::UUID AND path = 't' "
                "AND status <> 'running' ORDER BY seq",
                [row.id],
            ).fetchall()
        )
    )
    assert rows == [(1, "failed"), (2, "failed"), (3, "failed"), (4, "completed")]


def test_a_cancelled_run_goes_on_and_what_was_in_flight_keeps_its_key(house: House, world: World) -> None:
    made = flow([touch("a", 1), touch("t", 2, door="d"), transform("b", "[a, t]")], "start > a > t > b")
    row = house.submit(made)
    world.until(world.began, "t")
    house.do(house.engine.cancel_and_wait(row.id, "enough"))
    assert house.row(row.id).status == "cancelled"
    house.do(world.open("d"))
    retry(house, row)
    row = house.finish(row)
    assert (row.status, row.output, row.error) == ("completed", [1, 2], None)
    assert paths(world) == {"a": 1, "t": 2}
    assert len({c.key for c in world.calls if c.block == "t"}) == 1


def test_a_run_that_took_too_long_has_all_its_time_again(house: House, world: World) -> None:
    made = flow([touch("a", 1), touch("t", 2, door="d")], "start > a > t")
    row = house.submit(made, timeout_ms=2000)
    world.until(world.began, "t")
    house.move(2.1)
    assert house.finish(row).status == "timed_out"
    retry(house, row)
    world.until(world.began, "t", 2)
    house.move(1.9)
    house.settle()
    assert house.engine.find(row.id) is not None
    house.do(world.open("d"))
    assert house.finish(row).status == "completed"
    assert world.count("a") == 1


def test_a_handled_failure_was_decided_and_is_not_run_again(house: House, world: World) -> None:
    made = flow(
        [touch("t", fail="no"), touch("h", "{{ error.message }}"), touch("z", 3)], "start > t", "t.error > h > z"
    )
    world.failures["z"] = [BROKEN]
    row = house.run(made)
    retry(house, row)
    assert house.finish(row).status == "completed"
    assert paths(world) == {"t": 1, "h": 1, "z": 2}


def test_blocks_that_read_the_run_are_not_run_again(house: House, world: World) -> None:
    made = flow(
        [touch("p", "{{ run.attempt }}"), transform("q", "[run.attempt, p]"), touch("z", "{{ q }}")],
        "start > p > q > z",
    )
    world.failures["z"] = [BROKEN]
    row = house.run(made)
    retry(house, row)
    assert house.finish(row).output == [1, 1]


@pytest.mark.parametrize("times_crashed", [1, 2])
def test_a_crash_in_another_attempt_changes_nothing(house: House, world: World, times_crashed: int) -> None:
    made = flow(
        [
            touch("a", 1),
            each("l", [1, 2, 3]),
            touch("x", "{{ item }}", door="d{{ item }}"),
            touch("z", "{{ l.results }}"),
        ],
        "start > a > l > z",
        "l.body > x",
    )
    house.do(world.open("d1"))
    house.do(world.open("d2"))
    row = house.submit(made)
    world.until(world.began, "x", 3)
    house.do(house.engine.cancel_and_wait(row.id, "enough"))
    retry(house, row)
    world.until(world.began, "x", 4)
    for crash in range(times_crashed):
        house = house.crash().start()
        world.until(world.began, "x", 5 + crash)
    house.do(world.open("d3"))
    row = house.finish(row)
    assert (row.status, row.output) == ("completed", [1, 2, 3])
    assert paths(world) == {"a": 1, "l[0]/x": 1, "l[1]/x": 1, "l[2]/x": 3 + times_crashed - 1, "z": 1}
    assert stored_row(house, row.id)[0].attempt == 2


def test_a_retry_that_waits_in_the_queue_survives_a_crash(house: House, world: World) -> None:
    world.failures["t"] = [BROKEN]
    row = house.run(flow([touch("a", 1), touch("t", 2)], "start > a > t"))
    house.call(lambda: setattr(house.engine.slots, "limit", 0))
    retry(house, row)
    again = house.crash()
    again.engine.slots.limit = 64
    again.start()
    assert again.finish(row).status == "completed"
    assert paths(world) == {"a": 1, "t": 2}
    assert (stored_row(again, row.id)[0].attempt, again.row(row.id).recoveries) == (2, 0)


def test_only_an_end_without_success_is_tried_again(house: House, world: World) -> None:
    done = house.run(flow([touch("t", 1)], "start > t"))
    with pytest.raises(InvalidState, match="completed"):
        retry(house, done)
    row = house.submit(flow([touch("t", door="d")], "start > t"))
    world.until(world.began, "t", 2)
    with pytest.raises(InvalidState, match="running"):
        retry(house, row)
    house.do(world.open("d"))
    house.finish(row)


def test_a_dead_letter_that_is_tried_again_has_its_recoveries_anew(house: House, world: World) -> None:
    row = house.submit(flow([touch("a", 1), touch("t", 5, door="d")], "start > a > t"))
    for crash in range(1, 11):
        if house.row(row.id).status == "dead_letter":
            break
        world.until(world.began, "t", crash)
        house.wait_started("t")
        house = house.crash().start()
    dead = house.row(row.id)
    assert (dead.status, world.count("t")) == ("dead_letter", 4)
    assert "“t”" in dead.error["message"]
    retry(house, row)
    world.until(world.began, "t", 5)
    house.facts.clear()
    house = house.crash().start()
    world.until(world.began, "t", 6)
    house.do(world.open("d"))
    row = house.finish(row)
    assert (row.status, row.output, world.count("a")) == ("completed", 5, 1)
    assert len({c.key for c in world.calls if c.block == "t"}) == 1

"""Policies: retries with delays, time limits, what may be repeated."""

from __future__ import annotations

from tests.engine.flows import block, flow, times, touch, transform
from tests.engine.house import House
from tests.engine.world import World
from workbench.base.errors import BlockFailed
from workbench.engine.facts import TimerSet

REFUSED = BlockFailed("503", kind="HTTP")
CUT = BlockFailed("cut", kind="HTTP", unknown=True)
TWICE = {"retries": 2, "retryDelayMs": 1000}


def waits(house: House) -> int:
    return sum(isinstance(f, TimerSet) for f in house.facts)


def test_a_failed_attempt_is_journaled_and_another_follows_after_the_delay(house: House, world: World) -> None:
    world.failures["t"] = [REFUSED, REFUSED]
    row = house.submit(flow([touch("t", 7, policy=TWICE), transform("a", "t")], "start > t > a"))
    house.until(lambda f: isinstance(f, TimerSet))
    house.settle()
    assert world.count("t") == 1
    house.move(1)
    house.until(lambda _: waits(house) == 2)
    house.move(1)
    row = house.finish(row)
    assert (row.status, row.output, world.count("t")) == ("completed", 7, 3)
    assert len({c.key for c in world.calls}) == 3
    assert row.wait_us == 2_000_000


def test_the_last_failure_is_the_runs(house: House, world: World) -> None:
    world.failures["t"] = [REFUSED, BlockFailed("418", kind="HTTP")]
    row = house.run(flow([touch("t", policy={"retries": 1, "retryDelayMs": 0})], "start > t"))
    assert (row.status, row.error["message"], world.count("t")) == ("failed", "418", 2)


def test_no_policy_repeats_an_effect_whose_outcome_is_unknown(house: House, world: World) -> None:
    world.failures["t"] = [CUT]
    row = house.run(flow([touch("t", policy=TWICE)], "start > t"))
    assert (row.status, world.count("t")) == ("failed", 1)
    assert house.checkpoints(row)["t"] == "unknown"


def test_what_is_safe_to_repeat_is_repeated_with_the_same_key(house: House, world: World) -> None:
    world.failures["t"] = [CUT]
    row = house.run(flow([block("ask", "t", {"retries": 1, "retryDelayMs": 0}, value=1)], "start > t"))
    assert row.status == "completed"
    assert len(world.calls) == 2
    assert len({c.key for c in world.calls}) == 1


def test_a_time_limit_cuts_an_attempt_off(house: House, world: World) -> None:
    row = house.submit(flow([touch("t", door="never", policy={"timeoutMs": 500})], "start > t"))
    world.until(world.began, "t")
    house.move(0.6)
    row = house.finish(row)
    assert (row.status, row.error["type"]) == ("failed", "TIMEOUT")
    assert house.checkpoints(row)["t"] == "unknown"
    assert world.broken_off["t"] == 1


def test_a_time_limit_on_a_pure_block_is_a_plain_failure(house: House, world: World) -> None:
    row = house.submit(flow([block("hold", "t", {"timeoutMs": 500}, door="never")], "start > t"))
    world.until(world.began, "t")
    house.move(0.6)
    row = house.finish(row)
    assert house.checkpoints(row)["t"] == "failed"


def test_a_time_limit_on_a_scope_ends_what_runs_inside(house: House, world: World) -> None:
    loop = times("l", 2).model_copy(update={"policy": touch("x", policy={"timeoutMs": 500}).policy})
    row = house.submit(
        flow([loop, touch("t", door="never"), transform("h", "input.type")], "start > l", "l.body > t", "l.error > h")
    )
    world.until(world.began, "t")
    house.move(0.6)
    row = house.finish(row)
    assert (row.status, row.output) == ("completed", "TIMEOUT")
    assert house.checkpoints(row)["l[0]/t"] == "unknown"


def test_a_time_limit_on_a_wait_gives_the_run_its_slot_back(house: House) -> None:
    row = house.submit(
        flow([block("delay", "d", {"timeoutMs": 500}, delayMs=10_000), transform("h", "1")], "start > d", "d.error > h")
    )
    house.until_status(row, "waiting")
    house.move(0.6)
    assert house.finish(row).output == 1
    assert house.engine.slots.taken(row.workspace_id) == 0


def test_a_stopped_region_tries_nothing_again(house: House, world: World) -> None:
    world.failures["t"] = [REFUSED]
    row = house.submit(
        flow([touch("t", door="d", policy=TWICE), touch("bad", fail="broken")], "start > t", "start > bad")
    )
    house.until(lambda f: getattr(f, "block", None) == "bad" and getattr(f, "status", None) == 4)
    house.do(world.open("d"))
    row = house.finish(row)
    assert (row.error["message"], world.count("t")) == ("broken", 1)


def test_the_runs_own_limit_ends_it(house: House, world: World) -> None:
    row = house.submit(flow([touch("t", door="never")], "start > t"), timeout_ms=2000)
    world.until(world.began, "t")
    house.move(1.9)
    assert house.engine.find(row.id) is not None
    house.move(0.2)
    row = house.finish(row)
    assert (row.status, row.error["type"]) == ("timed_out", "TIMED_OUT")


def test_the_runs_limit_goes_on_where_it_was_after_a_crash(house: House) -> None:
    row = house.submit(flow([touch("t", door="never")], "start > t"), timeout_ms=5000)
    house.world.until(house.world.began, "t")
    house.move(3)
    house.settle()
    house.clock.now += 3_600_000_000  # the server is down for an hour
    again = house.crash().start()
    again.world.until(again.world.began, "t", 2)
    again.move(1.9)
    assert again.engine.find(row.id) is not None
    again.move(0.2)
    assert again.finish(row).status == "timed_out"


def test_a_retry_delay_is_not_waited_twice_and_failures_before_a_crash_count(house: House) -> None:
    world = house.world
    world.failures["t"] = [REFUSED, REFUSED, REFUSED, REFUSED]
    row = house.submit(flow([touch("t", policy={"retries": 2, "retryDelayMs": 10_000})], "start > t"))
    house.until(lambda f: isinstance(f, TimerSet))
    house.move(6)
    again = house.crash().start()
    again.settle()
    assert world.count("t") == 1
    again.move(4.1)
    again.until(lambda f: isinstance(f, TimerSet))
    assert world.count("t") == 2
    again.move(10)
    row = again.finish(row)
    assert (row.status, world.count("t")) == ("failed", 3)
    assert len({c.key for c in world.calls}) == 3

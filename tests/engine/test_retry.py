"""`retry` and `error_handler` in the engine: attempts, durable backoff, keys, what flows on."""

from __future__ import annotations

import pytest

from tests.engine.flows import block, each, flow, retry, touch, transform
from tests.engine.house import House
from tests.engine.world import World
from workbench.base.errors import BlockFailed
from workbench.engine.facts import TimerSet

REFUSED = BlockFailed("503", kind="HTTP")
CUT = BlockFailed("cut", kind="HTTP", unknown=True)


def wait_for_waits(house: House, count: int) -> None:
    house.until(lambda _: sum(isinstance(f, TimerSet) for f in house.facts) == count, f"wait {count}")


def test_a_failed_body_is_run_again_after_a_durable_delay_that_holds_no_slot(house: House, world: World) -> None:
    world.failures["t"] = [REFUSED, REFUSED]
    made = flow([retry("r", backoff="linear"), touch("t", 5), transform("a", "r")], "start > r > a", "r.body > t")
    row = house.submit(made)
    house.until_status(row, "waiting")
    house.move(1)
    wait_for_waits(house, 2)
    house.move(1.9)
    house.settle()
    assert world.count("t") == 2
    house.move(0.1)
    row = house.finish(row)
    assert row.output == {"result": 5, "attempts": 3}
    assert [c.path for c in world.calls] == ["r[0]/t", "r[1]/t", "r[2]/t"]


def test_a_backoff_goes_on_after_a_crash_and_attempts_before_it_count(house: House) -> None:
    house.world.failures["t"] = [REFUSED, REFUSED, REFUSED]
    made = flow([retry("r"), touch("t", 5)], "start > r", "r.body > t")
    row = house.submit(made)
    house.until_status(row, "waiting")
    house.move(0.6)
    again = house.crash().start()
    again.until_status(row, "waiting")
    again.move(0.5)
    wait_for_waits(again, 1)
    again.move(1)
    row = again.finish(row)
    assert (row.status, row.error["message"], row.error["path"]) == ("failed", "503", "r[2]/t")
    assert again.world.count("t") == 3


def test_effects_share_a_key_until_an_answer_came(house: House, world: World) -> None:
    world.failures["t"] = [CUT, CUT, REFUSED]
    made = flow([retry("r", 5, retryOn=["error", "timeout"]), touch("t")], "start > r", "r.body > t")
    row = house.submit(made)
    for wait in range(1, 4):
        wait_for_waits(house, wait)
        house.move(1)
    assert house.finish(row).status == "completed"
    keys = [c.key for c in world.calls]
    assert keys[0] == keys[1] == keys[2] != keys[3]


def test_an_unknown_outcome_is_never_taken_for_a_failure(house: House, world: World) -> None:
    world.failures["t"] = [CUT]
    row = house.run(flow([retry("r"), touch("t")], "start > r", "r.body > t"))
    assert (row.status, row.error["unknown"], world.count("t")) == ("failed", True, 1)


def test_an_unknown_outcome_deep_inside_stays_one(house: House, world: World) -> None:
    world.failures["t"] = [CUT]
    row = house.run(flow([retry("r"), each("l", [1]), touch("t")], "start > r", "r.body > l", "l.body > t"))
    assert (row.status, world.count("t")) == ("failed", 1)


def test_a_policy_does_not_repeat_a_scope_in_which_something_may_have_happened(house: House, world: World) -> None:
    world.failures["t"] = [CUT]
    loop = block("loop", "l", {"retries": 2, "retryDelayMs": 0}, loopType="times", iterations=1)
    row = house.run(flow([loop, touch("t")], "start > l", "l.body > t"))
    assert (row.status, world.count("t")) == ("failed", 1)


def test_the_condition_sees_the_failure_inside(house: House, world: World) -> None:
    made = flow([retry("r", condition="error.blockId == 'x'"), touch("t", fail="no")], "start > r", "r.body > t")
    assert house.run(made).error["message"] == "no"
    assert world.count("t") == 1


def test_what_fails_for_good_flows_on_by_the_error_port(house: House) -> None:
    blocks = [retry("r", 1), transform("bad", "1 / 0"), transform("h", "[error.path, input.type]")]
    assert house.run(flow(blocks, "start > r", "r.body > bad", "r.error > h")).output == ["r[0]/bad", "EXPRESSION"]


def test_retries_inside_retries_have_paths_and_keys_of_their_own_attempts(house: House, world: World) -> None:
    world.failures["t"] = [REFUSED] * 3
    made = flow([retry("o", 2), retry("i", 2), touch("t")], "start > o", "o.body > i", "i.body > t")
    row = house.submit(made)
    for wait in range(1, 4):
        wait_for_waits(house, wait)
        house.move(1)
    assert house.finish(row).status == "completed"
    assert [c.path for c in world.calls] == ["o[0]/i[0]/t", "o[0]/i[1]/t", "o[1]/i[0]/t", "o[1]/i[1]/t"]
    assert len({c.key for c in world.calls}) == 4


def test_a_failure_elsewhere_ends_a_backoff(house: House, world: World) -> None:
    world.failures["t"] = [REFUSED]
    blocks = [retry("r"), touch("t"), touch("bad", door="d", fail="broken")]
    row = house.submit(flow(blocks, "start > r", "r.body > t", "start > bad"))
    wait_for_waits(house, 1)
    house.do(world.open("d"))
    row = house.finish(row)
    assert (row.error["message"], world.count("t")) == ("broken", 1)
    assert house.checkpoints(row)["r"] == "cancelled"


@pytest.mark.parametrize("cancels", [True, False])
def test_a_backoff_ends_with_a_cancel_or_the_runs_own_limit(house: House, world: World, cancels: bool) -> None:
    world.failures["t"] = [REFUSED]
    row = house.submit(flow([retry("r"), touch("t")], "start > r", "r.body > t"), timeout_ms=500)
    house.until_status(row, "waiting")
    if cancels:
        house.do(house.engine.cancel(row.id, None))
    else:
        house.move(0.6)
    assert house.finish(row).status == ("cancelled" if cancels else "timed_out")
    assert world.count("t") == 1


def handler(**more: object) -> object:
    return block("error_handler", "h", **more)


def test_caught_fires_where_it_is_wired_and_sees_the_failure_by_its_name(house: House) -> None:
    blocks = [
        handler(errorVariable="problem"), transform("bad", "1 / 0"), transform("ok", "1"),
        transform("c", "[problem.path, error.blockId, input.handled]"), transform("d", "problem.type"),
    ]  # fmt: skip
    made = flow(blocks, "start > h > ok", "h.body > bad", "h.caught > c > d")
    row = house.run(made)
    assert row.output == "EXPRESSION"
    assert house.checkpoints(row)["ok"] == "skipped"
    assert any(entry.startswith("Caught: ") for entry in house.logs(row))


@pytest.mark.parametrize(("config", "result"), [({}, None), ({"strategy": "fallback", "fallbackValue": 9}, 9)])
def test_without_caught_it_goes_on_from_out_and_says_that_it_handled_a_failure(
    house: House, config: dict[str, object], result: object
) -> None:
    blocks = [handler(**config), transform("bad", "1 / 0"), transform("a", "[h.result, h.handled, h.error.blockId]")]
    assert house.run(flow(blocks, "start > h > a", "h.body > bad")).output == [result, True, "bad"]


def test_a_handler_that_retries_waits_durably_and_then_catches(house: House, world: World) -> None:
    world.failures["t"] = [REFUSED] * 3
    blocks = [handler(strategy="retry", maxRetries=2), touch("t"), transform("a", "h.handled")]
    row = house.submit(flow(blocks, "start > h > a", "h.body > t"))
    for wait in (1, 2):
        wait_for_waits(house, wait)
        house.move(1)
    assert house.finish(row).output is True
    assert world.count("t") == 3


def test_a_handler_lets_running_effects_finish_before_it_goes_on(house: House, world: World) -> None:
    blocks = [handler(), touch("t", door="d"), transform("bad", "1 / 0"), touch("after")]
    row = house.submit(flow(blocks, "start > h > after", "h.body > t", "h.body > bad"))
    world.until(world.began, "t")
    house.settle()
    assert world.count("after") == 0
    house.do(world.open("d"))
    row = house.finish(row)
    assert (row.status, house.checkpoints(row)["h[0]/t"], world.count("after")) == ("completed", "completed", 1)


def test_variables_set_inside_are_passed_out_from_the_last_attempt(house: House, world: World) -> None:
    world.failures["t"] = [REFUSED]
    blocks = [
        retry("r"), block("set_variables", "s", values={"n": "{{ vars.n + 1 }}"}), touch("t"),
        handler(), block("set_variables", "s2", values={"m": 7}), touch("u", fail="x"),
        transform("a", "[vars.n, vars.m]"),
    ]  # fmt: skip
    made = flow(blocks, "start > r > h > a", "r.body > s > t", "h.body > s2 > u", n=0, m=0)
    row = house.submit(made)
    wait_for_waits(house, 1)
    house.move(1)
    assert house.finish(row).output == [1, 7]

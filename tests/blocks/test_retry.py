"""`retry`: how often, how long between, and what is tried again."""

from __future__ import annotations

import asyncio

import pytest

from tests.blocks.context import REGISTRY, issues, run, run_in
from workbench.base.errors import BlockFailed
from workbench.blocks.control.retry import RetryConfig, delay_after


def failing(times: int, *, unknown: bool = False, kind: str = "HTTP"):
    left = times

    def body(_names):
        nonlocal left
        left -= 1
        if left >= 0:
            raise BlockFailed("no", kind=kind, unknown=unknown)
        return "yes"

    return body


def test_it_answers_the_result_and_how_many_attempts_it_took():
    assert run("retry", {}, body=failing(2)).output == {"result": "yes", "attempts": 3}


def test_after_the_last_attempt_the_inner_failure_is_its_own():
    with pytest.raises(BlockFailed, match="All attempts failed: no") as caught:
        run("retry", {"maxAttempts": 2}, body=failing(2))
    assert caught.value.data["error"] == {"type": "HTTP", "message": "no"}


def test_an_unknown_outcome_is_no_error_unless_asked_for():
    with pytest.raises(BlockFailed, match="not known"):
        run("retry", {}, body=failing(1, unknown=True))
    assert run("retry", {"retryOn": ["timeout"]}, body=failing(1, unknown=True)).output["attempts"] == 2
    with pytest.raises(BlockFailed, match="not tried again"):
        run("retry", {"retryOn": ["timeout"]}, body=failing(1))


def test_its_condition_sees_the_error():
    config = {"condition": 'error.type == "HTTP"'}
    assert run("retry", config, body=failing(1)).output["attempts"] == 2
    with pytest.raises(BlockFailed, match="condition says"):
        run("retry", config, body=failing(1, kind="CODE"))
    with pytest.raises(BlockFailed, match="not true or false"):
        run("retry", {"condition": "error.type"}, body=failing(1))


@pytest.mark.parametrize(
    ("backoff", "delays"),
    [("fixed", [100, 100, 100, 100]), ("linear", [100, 200, 300, 350]), ("exponential", [100, 200, 350, 350])],
)
def test_delays_grow_as_told_up_to_the_longest(backoff, delays):
    config = {"backoff": backoff, "initialDelayMs": 100, "maxDelayMs": 350, "jitter": False, "maxAttempts": 5}
    _, ctx = asyncio.run(run_in("retry", config, body=failing(4)))
    assert ctx.waited_until == delays


def test_jitter_takes_at_most_half_off_and_agrees_with_a_replay():
    config = RetryConfig(initial_delay_ms=1000)
    delays = [delay_after(config, 1, f"run-{n}") for n in range(200)]
    assert all(500 <= delay <= 1000 for delay in delays)
    assert len(set(delays)) > 100
    assert delays == [delay_after(config, 1, f"run-{n}") for n in range(200)]


def test_limits_are_checked():
    assert issues("retry", {"maxAttempts": 11}) == ["maxAttempts must be less than or equal to 10, not 11"]
    assert issues("retry", {"initialDelayMs": 50}) == ["initialDelayMs must be greater than or equal to 100, not 50"]
    assert issues("retry", {"maxDelayMs": 500}) == ["maxDelayMs must not be less than initialDelayMs (1000)"]
    assert issues("retry", {"retryOn": []}) != []


def test_the_card_says_how_often_and_how_long():
    assert REGISTRY.describe("retry", {}) == "3 attempts, every 1 s"
    text = REGISTRY.describe("retry", {"maxAttempts": 5, "backoff": "exponential", "initialDelayMs": 500})
    assert text == "5 attempts, after a doubling 500 ms"

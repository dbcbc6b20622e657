"""`error_handler`: what it answers of a failure, and what it tries first."""

from __future__ import annotations

import asyncio

import pytest

from tests.blocks.context import REGISTRY, issues, run, run_in
from workbench.base.errors import BlockFailed

FAILURE = {"type": "CODE", "message": "no"}


def body(_names):
    raise BlockFailed("no", kind="CODE")


def test_without_a_failure_it_passes_the_result_on():
    fired = run("error_handler", {}, body=lambda _: 7, wired=["caught"])
    assert (fired.port, fired.output) == ("out", {"result": 7, "error": None, "handled": False})


@pytest.mark.parametrize(("wired", "port"), [(["caught"], "caught"), ([], "out")])
def test_what_fails_goes_to_caught_where_that_is_wired(wired, port):
    fired = run("error_handler", {}, body=body, wired=wired)
    assert (fired.port, fired.output) == (port, {"result": None, "error": FAILURE, "handled": True})


def test_a_fallback_is_the_result():
    fired = run("error_handler", {"strategy": "fallback", "fallbackValue": {"a": 1}}, body=body)
    assert fired.output == {"result": {"a": 1}, "error": FAILURE, "handled": True}


def test_it_tries_again_before_it_catches():
    left = [1, 1]

    def twice(_names):
        if left:
            left.pop()
            body({})
        return "yes"

    config = {"strategy": "retry", "maxRetries": 2, "retryDelayMs": 50}
    fired, ctx = asyncio.run(run_in("error_handler", config, body=twice))
    assert (fired.output["result"], fired.output["handled"], ctx.waited_until) == ("yes", False, [50, 50])
    fired, ctx = asyncio.run(run_in("error_handler", config, body=body))
    assert (fired.output["handled"], len(ctx.regions)) == (True, 3)


def test_what_may_have_happened_is_not_tried_again():
    def unknown(_names):
        raise BlockFailed("cut", kind="HTTP", unknown=True)

    _, ctx = asyncio.run(run_in("error_handler", {"strategy": "retry"}, body=unknown))
    assert len(ctx.regions) == 1


def test_it_logs_what_it_caught_unless_told_not_to():
    _, ctx = asyncio.run(run_in("error_handler", {}, body=body))
    assert ctx.logged == ["Caught: no"]
    _, ctx = asyncio.run(run_in("error_handler", {"logError": False}, body=body))
    assert ctx.logged == []


def test_limits_and_names_are_checked():
    assert issues("error_handler", {"maxRetries": 11}) == ["maxRetries must be less than or equal to 10, not 11"]
    assert issues("error_handler", {"errorVariable": "input"}) == [
        "errorVariable cannot be `input`: expressions use it for something else"
    ]


def test_the_card_says_what_it_does():
    assert REGISTRY.describe("error_handler", {}) == "catch"
    assert REGISTRY.describe("error_handler", {"strategy": "retry"}) == "retry 3 times, every 1 s"
    assert REGISTRY.describe("error_handler", {"strategy": "fallback", "fallbackValue": 0}) == "else 0"

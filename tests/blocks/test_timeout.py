"""`timeout`: what it answers in time, and what when the time is up."""

from __future__ import annotations

import pytest

from tests.blocks.context import REGISTRY, issues, run
from workbench.base.errors import BlockFailed


def test_in_time_it_answers_the_result():
    fired = run("timeout", {"timeoutMs": 1000}, body=lambda _: 7)
    assert (fired.port, fired.output) == ("out", {"result": 7, "timedOut": False})


def test_when_the_time_is_up_it_fails_or_gives_the_default_or_fires_its_own_port():
    with pytest.raises(BlockFailed, match="longer than 1000 ms") as caught:
        run("timeout", {"timeoutMs": 1000}, body=lambda _: 7, cut_off=True)
    assert caught.value.kind == "TIMEOUT"
    config = {"timeoutMs": 1000, "onTimeout": "default", "defaultValue": [1]}
    fired = run("timeout", config, body=lambda _: 7, cut_off=True)
    assert (fired.port, fired.output) == ("out", {"result": [1], "timedOut": True})
    fired = run("timeout", {"timeoutMs": 1000, "onTimeout": "skip"}, body=lambda _: 7, cut_off=True)
    assert (fired.port, fired.output) == ("timeout", {"result": None, "timedOut": True})


def test_a_failure_inside_is_its_own():
    def body(_names):
        raise BlockFailed("no", kind="CODE")

    with pytest.raises(BlockFailed, match="The inside failed: no"):
        run("timeout", {"timeoutMs": 1000, "onTimeout": "default"}, body=body)


def test_limits_are_checked():
    assert issues("timeout", {}) == ["timeoutMs is needed"]
    assert issues("timeout", {"timeoutMs": 999}) == ["timeoutMs must be greater than or equal to 1000, not 999"]
    assert issues("timeout", {"timeoutMs": "{{ vars.limit }}"}) == []


def test_the_card_says_how_long_and_then():
    assert REGISTRY.describe("timeout", {"timeoutMs": 5000}) == "5 s"
    config = {"timeoutMs": 5000, "onTimeout": "default", "defaultValue": 0}
    assert REGISTRY.describe("timeout", config) == "5 s, then 0"

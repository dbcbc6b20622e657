"""`delay`, `return` and `set_variables`."""

from __future__ import annotations

import asyncio

import pytest

from tests.blocks.context import REGISTRY, START_US, issues, run, run_in
from workbench.base.errors import BlockFailed


def test_a_delay_waits_until_its_start_and_its_time():
    fired, ctx = asyncio.run(run_in("delay", {"delayMs": "{{ input * 2 }}"}, input=250))
    assert fired.output == {"delayedMs": 500}
    assert ctx.waited_until == [START_US + 500_000]


def test_a_delay_beyond_thirty_days_is_refused_before_and_at_run_time():
    assert issues("delay", {"delayMs": 2592000001}) == [
        "delayMs must be less than or equal to 2592000000, not 2592000001"
    ]
    with pytest.raises(BlockFailed, match="`delayMs` of this delay block must be greater than or equal to 0, not -1"):
        run("delay", {"delayMs": "{{ input }}"}, input=-1)


def test_return_answers_its_value_or_what_came_in():
    assert run("return", {"value": {"n": "{{ input }}"}}, input=3).output == {"n": 3}
    assert run("return", {}, input=3).output == 3
    assert run("return", {"value": None}, input=3).output is None
    assert REGISTRY.shape("return", {}).ends_function


def test_set_variables_answers_and_sets_them():
    fired = run("set_variables", {"values": {"limit": "{{ input + 1 }}"}}, input=3)
    assert fired.output == {"limit": 4}
    assert fired.variables == {"limit": 4}


def test_a_variable_name_that_expressions_cannot_use_is_refused():
    assert issues("set_variables", {"values": {"my limit": 1}}) == [
        "values has names that expressions cannot use: my limit"
    ]
    assert issues("set_variables", {}) == ["values is needed"]


def test_cards():
    assert REGISTRY.describe("delay", {"delayMs": 90_000}) == "1.5 min"
    assert REGISTRY.describe("delay", {"delayMs": "{{ wait }}"}) == "wait"
    assert REGISTRY.describe("set_variables", {"values": {"a": 1, "b": "{{ x }}"}}) == "a = 1, b = x"
    assert REGISTRY.describe("return", {"value": "{{ report }}"}) == "report"

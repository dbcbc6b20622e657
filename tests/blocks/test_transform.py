"""`transform` in the languages that need no worker."""

from __future__ import annotations

import asyncio

import polars as pl
import pytest

from tests.blocks.context import REGISTRY, issues, run, run_in
from workbench.base.errors import BlockFailed
from workbench.blocks.kind import Effect
from workbench.engine.workers.pool import WorkerPool


def test_an_expression_answers_the_value_itself():
    assert run("transform", {"code": "input.a + 1"}, input={"a": 2}).output == 3
    assert run("transform", {"code": "{{ input.a + 1 }}"}, input={"a": 2}).output == 3


def test_a_table_keeps_its_kind():
    table = pl.DataFrame({"a": [1]})
    assert run("transform", {"code": "flights"}, seen={"flights": table}).output.equals(table)


MAPPINGS = [
    {"total": "sum(input.prices)", "count": "len(input.prices)"},
    '{"total": "sum(input.prices)", "count": "len(input.prices)"}',
    "# a comment\ntotal: sum(input.prices)\ncount: len(input.prices),\n",
]


@pytest.mark.parametrize("code", MAPPINGS)
def test_a_mapping_is_an_object_json_text_or_lines(code):
    config = {"language": "mapping", "code": code}
    assert run("transform", config, input={"prices": [1, 2]}).output == {"total": 3, "count": 2}
    assert REGISTRY.describe("transform", config) == "total, count"


def test_what_is_wrong_with_a_mapping_is_said_with_its_line():
    assert issues("transform", {"language": "mapping", "code": "a: 1\nnothing here"}) == [
        "code has line 2 that is not `field: expression`"
    ]
    assert issues("transform", {"language": "mapping", "code": "{'a': 1}"})[0].startswith("code is no JSON object")


def test_a_division_by_zero_fails_the_block():
    with pytest.raises(BlockFailed) as caught:
        run("transform", {"code": "1 / input"}, input=0)
    assert caught.value.kind == "EXPRESSION"


def test_python_is_an_effect_unless_marked_pure():
    assert REGISTRY.effect_of("transform", {"language": "python", "code": "1"}) is Effect.EFFECT
    assert REGISTRY.effect_of("transform", {"language": "python", "code": "1", "pure": True}) is Effect.PURE
    assert REGISTRY.effect_of("transform", {"language": "sql", "code": "1"}) is Effect.PURE


def test_code_that_does_not_parse_is_an_issue_with_its_line():
    assert issues("transform", {"language": "python", "code": "a = 1\nb = ("}) == [
        "code is no Python: '(' was never closed at line 2"
    ]
    assert issues("transform", {"language": "sql", "code": "SELECT 1; DROP TABLE x"}) == [
        "code must be one SELECT statement, not 2"
    ]
    assert issues("transform", {"language": "sql", "code": "DROP TABLE x"}) == ["code must be a SELECT, not DROP"]
    assert issues("transform", {"language": "sql", "code": "SELEC 1"})[0].startswith("code is no SQL")


def test_python_and_sql_see_what_they_name(tmp_path):
    table = pl.DataFrame({"origin": ["JFK", "EWR"], "delay": [3, 4]})

    async def both():
        pool = WorkerPool(1, temp=tmp_path)
        await pool.start()
        try:
            more = {"seen": {"flights": table, "other": 1}, "variables": {"least": 4}, "pool": pool}
            python = {"language": "python", "code": "print('hi')\nflights.height + input['n'] + vars['least']"}
            sql = {"language": "sql", "code": "SELECT f.origin, i.n FROM flights f, input i WHERE delay >= $least"}
            one, ctx = await run_in("transform", python, input={"n": 10}, **more)
            two, _ = await run_in("transform", sql, input=[{"n": 1}], **more)
        finally:
            await pool.stop()
        return one.output, ctx.logged, two.output.to_dicts()

    assert asyncio.run(both()) == (16, ["hi"], [{"origin": "EWR", "n": 1}])

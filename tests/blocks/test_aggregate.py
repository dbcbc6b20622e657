"""`aggregate`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.blocks.context import REGISTRY, issues, run
from workbench.base.errors import BlockFailed

TABLE = pl.DataFrame({"origin": ["JFK", "EWR", "JFK", "EWR"], "delay": [10, None, 30, 5], "note": ["a", "b", "a", "c"]})


def op(name, field=None, as_=None):
    return {"op": name, **({"field": field} if field else {}), **({"as": as_} if as_ else {})}


def test_groups_stand_in_the_order_in_which_they_came():
    config = {"groupBy": ["origin"], "operations": [op("max", "delay", "worst"), op("count")]}
    assert run("aggregate", config, input=TABLE).output.to_dicts() == [
        {"origin": "JFK", "worst": 30, "count": 2},
        {"origin": "EWR", "worst": 5, "count": 2},
    ]


def test_every_operation_answers_over_the_whole_table():
    names = ["count", "count_distinct", "sum", "avg", "min", "max", "median", "p95", "first", "last", "list"]
    config = {"operations": [op(name, "delay", name) for name in names]}
    assert run("aggregate", config, input=TABLE).output.to_dicts() == [
        {
            "count": 3,
            "count_distinct": 3,
            "sum": 45,
            "avg": 15.0,
            "min": 5,
            "max": 30,
            "median": 10.0,
            "p95": pytest.approx(28.0),
            "first": 10,
            "last": 5,
            "list": [10, None, 30, 5],
        }
    ]


def test_an_average_of_text_is_refused_with_the_columns_type():
    with pytest.raises(BlockFailed, match="avg of `note` makes no sense: the column holds String"):
        run("aggregate", {"operations": [op("avg", "note")]}, input=TABLE)


def test_an_unknown_group_column_is_named():
    with pytest.raises(BlockFailed, match="no column `orign`"):
        run("aggregate", {"groupBy": ["orign"], "operations": [op("count")]}, input=TABLE)


def test_a_large_table_is_aggregated_in_a_thread():
    table = pl.DataFrame({"n": range(200_000)}).with_columns(g=pl.col("n") % 3)
    output = run("aggregate", {"groupBy": ["g"], "operations": [op("sum", "n", "s")]}, input=table).output
    assert sum(output["s"].to_list()) == sum(range(200_000))


def test_issues_and_card():
    assert issues("aggregate", {"operations": [op("sum")]}) == ["operations[0].field is needed for sum"]
    assert issues("aggregate", {"operations": [op("count"), op("count")]}) == [
        "operations[1].as `count` is taken by another column"
    ]
    config = {"groupBy": ["origin"], "operations": [op("max", "delay"), op("count")]}
    assert REGISTRY.describe("aggregate", config) == "max delay, count by origin"

"""`sort`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.blocks.context import REGISTRY, issues, run
from workbench.base.errors import BlockFailed

TABLE = pl.DataFrame({"a": [1, 3, None, 3], "b": ["x", "y", "z", "w"]})


def test_rows_are_ordered_by_the_keys_in_turn_with_nulls_last():
    config = {"by": [{"field": "a", "descending": True}, {"field": "b"}]}
    assert run("sort", config, input=TABLE).output["b"].to_list() == ["w", "y", "x", "z"]


def test_rows_of_equal_keys_keep_their_order():
    assert run("sort", {"by": [{"field": "a"}]}, input=TABLE).output["b"].to_list() == ["x", "y", "w", "z"]


def test_the_first_rows_alone():
    config = {"by": [{"field": "a", "descending": True}], "limit": 1}
    assert run("sort", config, input=TABLE).output["b"].to_list() == ["y"]


def test_row_objects_with_missing_fields_become_a_table():
    rows = [{"a": 2}, {"a": 1, "b": "x"}]
    assert run("sort", {"by": [{"field": "a"}]}, input=rows).output.to_dicts() == [
        {"a": 1, "b": "x"},
        {"a": 2, "b": None},
    ]


def test_a_field_that_mixes_kinds_is_named():
    with pytest.raises(BlockFailed, match="Field `a` of `input` mixes a number and text"):
        run("sort", {"by": [{"field": "a"}]}, input=[{"a": 1}, {"a": "x"}])


def test_whole_numbers_and_fractions_in_one_field_are_numbers():
    assert run("sort", {"by": [{"field": "a"}]}, input=[{"a": 1.5}, {"a": 1}]).output["a"].to_list() == [1.0, 1.5]


def test_columns_of_different_lengths_are_named():
    with pytest.raises(BlockFailed, match="differ in length: a has 1, b has 2"):
        run("sort", {"by": [{"field": "a"}]}, input={"a": [1], "b": [1, 2]})


def test_several_incoming_tables_ask_for_a_choice():
    with pytest.raises(BlockFailed, match="`input` is an object") as caught:
        run("sort", {"by": [{"field": "a"}]}, input={"left": TABLE, "right": TABLE})
    assert caught.value.hint == "It holds several tables; choose one: `{{ left }}`, `{{ right }}`."


def test_issues_and_card():
    assert issues("sort", {})[0] == "by is needed"
    config = {"by": [{"field": "dep_delay", "descending": True}], "limit": 10}
    assert REGISTRY.describe("sort", config) == "first 10 by dep_delay desc"

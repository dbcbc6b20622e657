"""`filter`, and the 14 operators with one meaning for rows and for tables."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.blocks.context import REGISTRY, issues, run
from workbench.base.errors import BlockFailed

ROWS = [
    {"carrier": "AA", "delay": 10, "late": False, "day": date(2013, 1, 1)},
    {"carrier": "UA", "delay": None, "late": None, "day": None},
    {"carrier": "B6", "delay": 75, "late": True, "day": date(2013, 2, 1)},
    {"carrier": None, "delay": -3, "late": False, "day": date(2013, 3, 1)},
]
TABLE = pl.DataFrame(ROWS)


def condition(field, operator, value=None):
    return {"field": field, "operator": operator, "value": value}


CASES = [
    ("delay", "equals", 10, [0]),
    ("delay", "equals", "10", [0]),
    ("delay", "equals", "ten", []),
    ("delay", "equals", None, [1]),
    ("delay", "not_equals", 10, [1, 2, 3]),
    ("delay", "greater_than", 0, [0, 2]),
    ("delay", "less_than", "10", [3]),
    ("delay", "gte", 10, [0, 2]),
    ("delay", "lte", 10.0, [0, 3]),
    ("delay", "greater_than", None, []),
    ("delay", "is_null", None, [1]),
    ("delay", "is_not_null", None, [0, 2, 3]),
    ("delay", "in", [10, 75, None], [0, 1, 2]),
    ("delay", "in", "10, 75", [0, 2]),
    ("delay", "not_in", [10, 75], [1, 3]),
    ("carrier", "contains", "A", [0, 1]),
    ("carrier", "not_contains", "A", [2, 3]),
    ("carrier", "starts_with", "U", [1]),
    ("carrier", "ends_with", "A", [0, 1]),
    ("carrier", "in", ["AA", "B6"], [0, 2]),
    ("late", "equals", "true", [2]),
    ("late", "equals", 1, []),
    ("day", "greater_than", "2013-01-15", [2, 3]),
    ("day", "greater_than", "2013-02-01T12:00:00", [3]),
    ("day", "equals", datetime.fromisoformat("2013-01-01T00:00:00"), [0]),
    ("day", "lte", date(2013, 2, 1), [0, 2]),
]


@pytest.mark.parametrize(("field", "operator", "value", "kept"), CASES)
def test_rows_and_tables_give_the_same_answer(field, operator, value, kept):
    config = {"conditions": [condition(field, operator, value)]}
    from_rows = run("filter", config, input=ROWS).output
    from_table = run("filter", config, input=TABLE).output
    assert from_rows["data"] == [ROWS[i] for i in kept]
    assert from_table["data"].to_dicts() == [ROWS[i] for i in kept]
    assert from_rows["removedCount"] == from_table["removedCount"] == 4 - len(kept)


@given(
    st.lists(st.one_of(st.none(), st.integers(-5, 5)), max_size=8),
    st.sampled_from(["equals", "not_equals", "greater_than", "less_than", "gte", "lte", "in", "not_in", "is_null"]),
    st.one_of(st.none(), st.integers(-5, 5), st.floats(-5, 5).map(lambda f: round(f, 1))),
    st.sampled_from(["include", "exclude"]),
)
def test_numbers_in_rows_and_tables_agree(values, operator, value, mode):
    rows = [{"n": n} for n in values]
    table = pl.DataFrame({"n": pl.Series(values, dtype=pl.Int64)})
    config = {"conditions": [condition("n", operator, value)], "mode": mode}
    assert (
        run("filter", config, input=rows).output["data"] == run("filter", config, input=table).output["data"].to_dicts()
    )


def test_times_with_and_without_zone_compare():
    table = pl.DataFrame({"at": [datetime(2013, 1, 1, 5, tzinfo=UTC), datetime(2013, 1, 1, 7, tzinfo=UTC)]})
    for value in ("2013-01-01T06:00:00", "2013-01-01T06:00:00Z", datetime(2013, 1, 1, 6, tzinfo=UTC)):
        config = {"conditions": [condition("at", "greater_than", value)]}
        assert run("filter", config, input=table).output["data"].height == 1
        assert len(run("filter", config, input=table.to_dicts()).output["data"]) == 1


def test_conditions_join_with_or_and_exclude_drops_what_fits():
    config = {"conditions": [condition("delay", "gte", 75), condition("carrier", "is_null")], "logical": "or"}
    assert run("filter", config, input=ROWS).output["data"] == [ROWS[2], ROWS[3]]
    assert run("filter", {**config, "mode": "exclude"}, input=TABLE).output["data"].to_dicts() == [ROWS[0], ROWS[1]]


def test_a_large_table_is_filtered_in_a_thread():
    table = pl.DataFrame({"n": range(200_000)})
    output = run("filter", {"conditions": [condition("n", "less_than", 5)]}, input=table).output
    assert (output["data"].height, output["originalCount"]) == (5, 200_000)


def test_an_unknown_column_names_those_that_are_there_and_the_nearest():
    with pytest.raises(BlockFailed, match="`input` has no column `dely`; it has carrier, delay, late, day") as caught:
        run("filter", {"conditions": [condition("dely", "gte", 1)]}, input=TABLE)
    assert caught.value.hint == "Did you mean `delay`?"


def test_values_without_order_are_an_error_in_both_forms():
    config = {"conditions": [condition("delay", "greater_than", "late")]}
    for given_ in (ROWS, TABLE):
        with pytest.raises(BlockFailed, match="order") as caught:
            run("filter", config, input=given_)
        assert caught.value.kind == "TABLE"


def test_the_input_may_be_chosen_and_the_output_of_a_filter_is_taken_as_its_table():
    config = {"input": "{{ flights }}", "conditions": [condition("delay", "gte", 0)]}
    first = run("filter", config, seen={"flights": TABLE}).output
    assert run("filter", {"conditions": [condition("delay", "gte", 50)]}, input=first).output["data"].height == 1


def test_what_is_no_table_is_said():
    with pytest.raises(BlockFailed, match=r"`input` is a number \(5\), not a table"):
        run("filter", {"conditions": [condition("a", "equals", 1)]}, input=5)
    with pytest.raises(BlockFailed, match=r"Entry 1 of `input` is text \(x\), not an object"):
        run("filter", {"conditions": [condition("a", "equals", 1)]}, input=[{"a": 1}, "x"])


def test_issues_and_card():
    assert issues("filter", {"conditions": []})[0].startswith("conditions ")
    config = {"conditions": [condition("delay", "gte", 75), condition("carrier", "is_null")], "mode": "exclude"}
    assert REGISTRY.describe("filter", config) == "without delay ≥ 75 and carrier is null"

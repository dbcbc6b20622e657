from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from tests.flow.expressions.environment import failure, value
from workbench.flow.expressions import parse_expression


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("table.height, table.width, table.columns, len(table)", [3, 2, ["origin", "delay"], 3]),
        ("table.null_count('origin'), table.n_unique('origin')", [1, 3]),
        (
            "table.sum('delay'), table.mean('delay'), table.min('delay'), table.max('delay'), table.median('delay')",
            [9, 3.0, 1, 6, 2.0],
        ),
        ("table['delay'], table.delay, table.column('delay')", [[1, 2, 6]] * 3),
        ("[r.origin for r in table]", ["JFK", None, "LGA"]),
        (
            "table.rows()[0], table[0], table[-1].delay",
            [{"origin": "JFK", "delay": 1}, {"origin": "JFK", "delay": 1}, 6],
        ),
        ("table.head(2).height, table.tail(1).delay, table[1:].height", [2, [6], 2]),
        ("json(table.head(1))", '[{"origin": "JFK", "delay": 1}]'),
    ],
)
def test_a_table_answers(source: str, expected: object):
    assert value(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "table == table",
        "table > 1",
        "1 < table",
        "not table",
        "1 if table else 2",
        "table and 1",
        "table + 1",
        "-table",
        "[table] == [table.head(1)]",
        "str(table)",
        "f'{table}'",
        "bool(table)",
        "any([table])",
        "table in [1]",
        "1 in [table]",
        "max(flights.none, table)",
        "[table].count(1)",
        "sorted(numbers, key=lambda n: table)",
        "sum(table)",
        "max([table, table])",
        "table * 2",
        "1 - table",
    ],
)
def test_a_table_has_no_truth_order_or_arithmetic(source: str):
    assert failure(source).code == "TYPE"


def test_a_missing_column_names_the_nearest():
    assert "`table` has no column `dely`; it has origin, delay" in str(failure("table.sum('dely')"))
    assert "Did you mean delay?" in str(failure("table.dely"))
    assert failure("table.nul_count('delay')").code == "UNKNOWN_METHOD"
    assert failure("table.sum").code == "TYPE"
    assert failure("table[99]").code == "UNKNOWN_FIELD"


def test_an_aggregate_that_does_not_apply_is_a_type_error():
    assert failure("table.sum('origin')").code == "TYPE"


def test_cells_come_out_as_plain_data():
    frame = pl.DataFrame({"d": [Decimal("1.50")], "l": [[1, 2]], "s": [{"a": date(2013, 1, 1)}]})
    row = parse_expression("t[0]").evaluate(lambda _: frame)
    assert row == {"d": 1.5, "l": [1, 2], "s": {"a": date(2013, 1, 1)}}
    assert type(row["d"]) is float

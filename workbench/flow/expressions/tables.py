"""Tables in expressions: polars data frames, seen through a few counted look-ups."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl

from workbench.flow.expressions.errors import IT, ExpressionError, missing_field
from workbench.flow.expressions.limits import ITEM_SIZE, Budget
from workbench.flow.expressions.values import kind, type_error

PROPERTIES = ("height", "width", "columns")


def field(b: Budget, table: pl.DataFrame, name: str) -> Any:
    """`t.height`, `t.width`, `t.columns`, or a column's values as a list."""
    if name == "height":
        return table.height
    if name == "width":
        return table.width
    if name == "columns":
        b.items(table.width)
        return table.columns
    if name not in table.columns and name in METHODS:
        raise type_error(f"{IT} is a table and `{name}` is one of its methods.", f"Call it: {IT}.{name}(…).")
    return column(b, table, name)


def item(b: Budget, table: pl.DataFrame, key: Any) -> Any:
    """`t["column"]` is a list, `t[3]` a row object."""
    if type(key) is str:
        return column(b, table, key)
    if type(key) is int:
        if not -table.height <= key < table.height:
            raise ExpressionError("UNKNOWN_FIELD", f"{IT} has no row {key}; it has {table.height:,} rows.")
        return rows(b, table.slice(key % table.height, 1))[0]
    raise type_error(f"{IT} is a table; a column name or a row number picks from it, not {kind(key)}.")


def column(b: Budget, table: pl.DataFrame, name: Any) -> list[Any]:
    """One column's values as a list."""
    series = _series(table, name)
    b.items(table.height)
    return [_plain(v) for v in series.to_list()] if _is_odd(series.dtype) else series.to_list()


def rows(b: Budget, table: pl.DataFrame) -> list[Any]:
    """All rows as objects."""
    b.items(table.height)
    b.spend(table.height * (1 + (table.width + 1 >> 1)))
    b.size -= table.height * table.width * ITEM_SIZE
    b.text(0)
    found = table.to_dicts()
    if any(_is_odd(t) for t in table.dtypes):
        return [_plain(row) for row in found]
    return found


def _head(b: Budget, table: pl.DataFrame, n: Any = 5) -> pl.DataFrame:
    return table.head(_count(b, n))


def _tail(b: Budget, table: pl.DataFrame, n: Any = 5) -> pl.DataFrame:
    return table.tail(_count(b, n))


def _count(b: Budget, n: Any) -> int:
    if type(n) is not int or n < 0:
        raise type_error("head and tail take a whole number of rows from 0 up.")
    b.spend(10)
    return min(n, 2**31)


def _series(table: pl.DataFrame, name: Any) -> pl.Series:
    if type(name) is not str:
        raise type_error(f"A column is named by text, not by {kind(name)}.", f'Write {IT}["name"].')
    if name not in table.columns:
        raise missing_field(name, table.columns, "column")
    return table.get_column(name)


def _aggregate(word: str) -> Callable[[Budget, pl.DataFrame, Any], Any]:
    def aggregate(b: Budget, table: pl.DataFrame, name: Any) -> Any:
        series = _series(table, name)
        b.spend((table.height >> 8) + 10)
        try:
            return _plain(getattr(series, word)())
        except (pl.exceptions.PolarsError, TypeError, ValueError):
            raise type_error(f"`{word}` does not apply to column `{name}` of type {series.dtype}.") from None

    return aggregate


def _is_odd(dtype: pl.DataType) -> bool:
    """Whether values of this type need `_plain`."""
    return isinstance(dtype, pl.Decimal) or dtype.is_nested()


def _plain(value: Any) -> Any:
    """Numbers and lists of Python for what polars gives back."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, pl.Series):
        return [_plain(v) for v in value.to_list()]
    return value


METHODS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "null_count": (_aggregate("null_count"), 1, 1),
    "sum": (_aggregate("sum"), 1, 1),
    "mean": (_aggregate("mean"), 1, 1),
    "min": (_aggregate("min"), 1, 1),
    "max": (_aggregate("max"), 1, 1),
    "median": (_aggregate("median"), 1, 1),
    "n_unique": (_aggregate("n_unique"), 1, 1),
    "column": (column, 1, 1),
    "rows": (rows, 0, 0),
    "head": (_head, 0, 1),
    "tail": (_tail, 0, 1),
}
"""Name → function, least and most arguments."""

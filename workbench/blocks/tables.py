"""Values as tables: what counts as one, and errors that name what is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from workbench.base.errors import BlockFailed
from workbench.blocks.words import did_you_mean, kind_of, listed, shorten

SMALL_CELLS = 100_000
"""Up to so many cells work runs at once on the engine's loop (well under a millisecond); above it in a thread."""


def is_small(*tables: pl.DataFrame) -> bool:
    """Whether polars is done with these sooner than a thread hop is worth."""
    return sum(t.height * max(t.width, 1) for t in tables) <= SMALL_CELLS


def is_tabular(value: Any) -> bool:
    """Whether `as_table` would take it: a table, a filter's output, row objects, or columns of one length."""
    value = unwrap(value)
    if isinstance(value, pl.DataFrame):
        return True
    if isinstance(value, list):
        return bool(value) and all(isinstance(row, dict) for row in value)
    if isinstance(value, dict):
        return bool(value) and all(isinstance(column, list) for column in value.values())
    return False


def unwrap(value: Any) -> Any:
    """The table inside an object that holds one under `data`, as `filter` answers; all else unchanged."""
    if isinstance(value, dict) and isinstance(value.get("data"), pl.DataFrame | list):
        return value["data"]
    return value


def table_within(value: Any) -> pl.DataFrame:
    """`as_table` for a value that `is_tabular`."""
    return as_table(value, "value")


def as_table(value: Any, name: str) -> pl.DataFrame:
    """`value` as a table: row objects become rows (missing fields null), an object of lists becomes columns.

    Raises BlockFailed of kind TABLE that says what `name` is instead.
    """
    value = unwrap(value)
    if isinstance(value, pl.DataFrame):
        return value
    if isinstance(value, list):
        return _from_rows(value, name)
    if isinstance(value, dict) and value and all(isinstance(column, list) for column in value.values()):
        return _from_columns(value, name)
    hint = f"Write `{{{{ {value} }}}}` to use a block's value." if isinstance(value, str) else None
    if isinstance(value, dict) and value and all(isinstance(part, pl.DataFrame) for part in value.values()):
        hint = f"It holds several tables; choose one: {listed(f'`{{{{ {key} }}}}`' for key in value)}."
    raise BlockFailed(
        f"`{name}` is {kind_of(value)} ({shorten(value, 40)}), not a table.",
        kind="TABLE",
        hint=hint or "Give a table, a list of objects, or an object of lists.",
    )


def _from_rows(rows: list[Any], name: str) -> pl.DataFrame:
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise BlockFailed(
                f"`{name}` is a list whose entry {index} is {kind_of(row)} ({shorten(row, 40)}), not an object.",
                kind="TABLE",
                hint='Each entry of the list must be an object, such as {"name": "a", "count": 1}.',
            )
    if not rows:
        return pl.DataFrame()
    fields: dict[str, None] = {}
    for row in rows:
        fields.update(dict.fromkeys(row))
    return _from_columns({field: [row.get(field) for row in rows] for field in fields}, name)


def _from_columns(columns: dict[str, list[Any]], name: str) -> pl.DataFrame:
    heights = {len(column) for column in columns.values()}
    if len(heights) > 1:
        lengths = listed(f"{field} has {len(column)}" for field, column in columns.items())
        raise BlockFailed(f"The columns of `{name}` differ in length: {lengths}.", kind="TABLE")
    return pl.DataFrame([_series(field, column, name) for field, column in columns.items()])


def _series(field: str, column: list[Any], name: str) -> pl.Series:
    try:
        return pl.Series(field, column, strict=True)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        pass
    if {type(v) for v in column if v is not None} <= {int, float}:
        return pl.Series(field, [None if v is None else float(v) for v in column])
    kinds = sorted({kind_of(v) for v in column if v is not None})
    raise BlockFailed(
        f"Field `{field}` of `{name}` mixes {' and '.join(kinds)}; a column holds one kind.",
        kind="TABLE",
        hint=f"Make them alike first, as with `str(row.{field})`.",
    )


def need_columns(table: pl.DataFrame, wanted: Iterable[str], name: str) -> None:
    """Raise BlockFailed of kind TABLE for the first of `wanted` that the table has not."""
    for column in wanted:
        if column not in table.columns:
            raise BlockFailed(
                f"{name} has no column `{column}`; it has {listed(table.columns) or 'none'}.",
                kind="TABLE",
                hint=did_you_mean(column, table.columns),
            )


def table_failure(error: Exception, doing: str) -> BlockFailed:
    """A polars error as BlockFailed of kind TABLE; `doing` is ``sort by day`` or the like."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return BlockFailed(f"Could not {doing}: {shorten(text, 300)}.", kind="TABLE")

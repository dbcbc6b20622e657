"""Columns to DuckDB: how `apply` functions write many rows with one statement, through Arrow.

`executemany` and parameter lists are many times slower. A 16-byte id becomes a UUID column through Arrow's own UUID
type at no extra cost.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pyarrow as pa

UUID = pa.uuid()
"""Ids as 16 bytes."""
TEXT = pa.string()
"""Text, and JSON as text."""
BLOB = pa.binary()
BIGINT = pa.int64()
"""Whole numbers and times in microseconds."""
BOOLEAN = pa.bool_()
DOUBLE = pa.float64()

Columns: TypeAlias = Mapping[str, Sequence[Any]]
"""Values by column name; all of one length."""


@dataclass(frozen=True)
class Table:
    """A table of the schema as its one writing module sees it: column types by name."""

    name: str
    columns: Mapping[str, pa.DataType]
    key: tuple[str, ...] = ("id",)

    def arrow(self, columns: Columns) -> pa.Table:
        """The columns as an Arrow table."""
        return pa.table({name: _array(values, self.columns[name]) for name, values in columns.items()})


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if kind is UUID:
        return pa.ExtensionArray.from_storage(UUID, pa.array(values, UUID.storage_type))
    return pa.array(values, kind)


@contextmanager
def rows(cursor: Any, table: Table, columns: Columns) -> Generator[str]:
    """Make the columns readable in SQL under the name that this gives, for statements of one's own."""
    cursor.complete()  # a half-read result, such as one `fetchone`, stands in the way of `register`
    cursor.register("_rows", table.arrow(columns))
    try:
        yield "_rows"
    finally:
        cursor.unregister("_rows")


def insert(
    cursor: Any, table: Table, columns: Columns, conflict: Literal["error", "replace", "ignore"] = "error"
) -> None:
    """``INSERT … SELECT`` the columns; those left out get their defaults.

    With ``replace`` a row with the same key is written over, with ``ignore`` kept; a key must not come twice in one
    call then (see `last_by_key`).
    """
    names = ", ".join(f'"{c}"' for c in columns)
    how = {"error": "", "replace": "OR REPLACE ", "ignore": "OR IGNORE "}[conflict]
    with rows(cursor, table, columns) as view:
        cursor.execute(f"INSERT {how}INTO {table.name} ({names}) SELECT {names} FROM {view}")  # noqa: S608 - our names


def update(cursor: Any, table: Table, columns: Columns) -> None:
    """Set the other columns of the rows whose key columns match; rows that do not exist are ignored."""
    values = ", ".join(f'"{c}" = _rows."{c}"' for c in columns if c not in table.key)
    same = " AND ".join(f'{table.name}."{c}" = _rows."{c}"' for c in table.key)
    with rows(cursor, table, columns) as view:
        cursor.execute(f"UPDATE {table.name} SET {values} FROM {view} WHERE {same}")  # noqa: S608 - our names


def delete(cursor: Any, table: Table, columns: Columns) -> None:
    """Delete the rows that equal one of these in all the columns given."""
    same = " AND ".join(f'{table.name}."{c}" = _rows."{c}"' for c in columns)
    with rows(cursor, table, columns) as view:
        cursor.execute(f"DELETE FROM {table.name} USING {view} WHERE {same}")  # noqa: S608 - our names


def last_by_key(facts: Sequence[Any], *key: str) -> list[Any]:
    """The last fact of each key, in order: several moves of a row are one upsert."""
    if len(key) == 1:
        (name,) = key
        return list({getattr(f, name): f for f in facts}.values())
    return list({tuple(getattr(f, k) for k in key): f for f in facts}.values())

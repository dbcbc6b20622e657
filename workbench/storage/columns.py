"""Columns to DuckDB: how `apply` functions write many rows with one statement, through polars and Arrow's C interface.

`executemany` and parameter lists are many times slower. `pyarrow.array` takes three times as long as a polars series,
and imports pandas where that is installed.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import polars as pl


class Kind(NamedTuple):
    """What a column holds: the type in DuckDB, and the one in which it is handed over."""

    sql: str
    dtype: type[pl.DataType]


UUID = Kind("UUID", pl.Binary)
"""Ids as 16 bytes."""
TEXT = Kind("VARCHAR", pl.String)
"""Text, and JSON as text."""
BLOB = Kind("BLOB", pl.Binary)
BIGINT = Kind("BIGINT", pl.Int64)
"""Whole numbers and times in microseconds."""
BOOLEAN = Kind("BOOLEAN", pl.Boolean)
DOUBLE = Kind("DOUBLE", pl.Float64)

Columns: TypeAlias = Mapping[str, Sequence[Any]]
"""Values by column name; all of one length."""


@dataclass(frozen=True)
class Table:
    """A table of the schema as its one writing module sees it: column types by name."""

    name: str
    columns: Mapping[str, Kind]
    key: tuple[str, ...] = ("id",)

    def frame(self, columns: Columns) -> pl.DataFrame:
        """The columns as a frame; ids as bytes. Raises TypeError or OverflowError for a value of another type."""
        kinds = self.columns
        return pl.DataFrame([pl.Series(name, values, kinds[name].dtype) for name, values in columns.items()])


class Given(Table):
    """Rows that no table holds: what statements read through `rows`."""

    __slots__ = ()


class _Feed:
    """A name in SQL whose rows are put in before each statement: DuckDB asks for them anew whenever it runs one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: pl.DataFrame | None = None
        self.is_named = False
        """Whether the connection knows the name; a rollback may take it away."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        assert self.rows is not None, f"{self.name} is read outside its statement"
        return self.rows.__arrow_c_stream__(requested_schema)


class _Desk:
    """What a connection keeps from batch to batch. To name rows and to plan a statement costs more than to run it."""

    def __init__(self) -> None:
        self.feeds: dict[tuple[str, tuple[str, ...]], list[_Feed]] = {}
        self.count = 0
        self.names: dict[str, str] = {}
        self.prepared: set[str] = set()

    def feed(self, cursor: Any, table: Table, columns: Columns) -> _Feed:
        """A free feed for these columns, filled."""
        feeds = self.feeds.setdefault((table.name, tuple(columns)), [])
        made = table.frame(columns)
        feed = next((f for f in feeds if f.rows is None), None)
        if feed is None:
            self.count += 1
            feed = _Feed(f"_rows_{self.count}")
            feeds.append(feed)
        feed.rows = made
        if not feed.is_named:
            self._name(cursor, table, feed)
        return feed

    def _name(self, cursor: Any, table: Table, feed: _Feed) -> None:
        assert feed.rows is not None
        cursor.complete()  # a half-read result, such as one `fetchone`, stands in the way of `register`
        cursor.register(f"{feed.name}_raw", feed)
        typed = ", ".join(f'"{name}"::{table.columns[name].sql} AS "{name}"' for name in feed.rows.columns)
        view = f"CREATE OR REPLACE TEMP VIEW {feed.name} AS SELECT {typed} FROM {feed.name}_raw"  # noqa: S608
        cursor.execute(view)
        feed.is_named = True

    def forget(self) -> None:
        """A transaction was rolled back, and with it perhaps names that were given in it: they are given again."""
        for feeds in self.feeds.values():
            for feed in feeds:
                feed.is_named = False
        self.prepared.clear()


_desks: WeakKeyDictionary[Any, _Desk] = WeakKeyDictionary()


def _desk(cursor: Any) -> _Desk:
    found = _desks.get(cursor)
    if found is None:
        found = _desks[cursor] = _Desk()
    return found


def rolled_back(cursor: Any) -> None:
    """Tell that a transaction of this connection did not end with COMMIT."""
    _desk(cursor).forget()


@contextmanager
def rows(cursor: Any, table: Table, columns: Columns) -> Generator[str]:
    """Make the columns readable in SQL under the name that this gives, for statements of one's own; see `execute`."""
    feed = _desk(cursor).feed(cursor, table, columns)
    try:
        yield feed.name
    finally:
        feed.rows = None


def execute(cursor: Any, statement: str, *values: int | str) -> Any:
    """Run a statement that comes again and again: it is planned once for a connection. Gives what to fetch rows from.

    `values` are its parameters $1, $2 …; what changes from time to time must be among them or in `rows`.
    """
    desk = _desk(cursor)
    name = desk.names.setdefault(statement, f"_statement_{len(desk.names) + 1}")
    if name not in desk.prepared:
        cursor.complete()
        cursor.execute(f"PREPARE {name} AS {statement}")
        desk.prepared.add(name)
    given = ", ".join(str(v) if isinstance(v, int) else "'" + v.replace("'", "''") + "'" for v in values)
    return cursor.execute(f"EXECUTE {name}({given})" if values else f"EXECUTE {name}")


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
        execute(cursor, f"INSERT {how}INTO {table.name} ({names}) SELECT {names} FROM {view}")  # noqa: S608 - our names


def update(cursor: Any, table: Table, columns: Columns) -> None:
    """Set the other columns of the rows whose key columns match; rows that do not exist are ignored."""
    values = ", ".join(f'"{c}" = given."{c}"' for c in columns if c not in table.key)
    same = " AND ".join(f'{table.name}."{c}" = given."{c}"' for c in table.key)
    with rows(cursor, table, columns) as view:
        execute(cursor, f"UPDATE {table.name} SET {values} FROM {view} given WHERE {same}")  # noqa: S608 - our names


def delete(cursor: Any, table: Table, columns: Columns) -> None:
    """Delete the rows that equal one of these in all the columns given."""
    same = " AND ".join(f'{table.name}."{c}" = given."{c}"' for c in columns)
    with rows(cursor, table, columns) as view:
        execute(cursor, f"DELETE FROM {table.name} USING {view} given WHERE {same}")  # noqa: S608 - our names


def last_by_key(facts: Sequence[Any], *key: str) -> list[Any]:
    """The last fact of each key, in order: several moves of a row are one upsert."""
    if len(key) == 1:
        (name,) = key
        return list({getattr(f, name): f for f in facts}.values())
    return list({tuple(getattr(f, k) for k in key): f for f in facts}.values())

"""Running one SELECT on an in-memory DuckDB that can reach nothing but the tables it is given."""

from __future__ import annotations

from typing import Any

import duckdb
import polars as pl


class SqlRefused(Exception):
    """The text is not exactly one SELECT, or a name in it is missing."""


def run_sql(code: str, names: dict[str, Any], memory_bytes: int, threads: int) -> pl.DataFrame:
    """The answer as a table. Raises SqlRefused and duckdb.Error."""
    statements = duckdb.extract_statements(code)
    if len(statements) != 1:
        raise SqlRefused(f"The code must be one SELECT statement; it has {len(statements)}.")
    statement = statements[0]
    if statement.type != duckdb.StatementType.SELECT:
        raise SqlRefused(f"The code must be a SELECT statement, not {statement.type.name}.")
    parameters: dict[str, Any] = {}
    for name in statement.named_parameters:
        if name not in names or isinstance(names[name], pl.DataFrame):
            raise SqlRefused(f"`${name}` is no variable that this block sees.")
        parameters[name] = names[name]
    connection = duckdb.connect(":memory:")
    try:
        for name, value in names.items():
            if isinstance(value, pl.DataFrame):
                frame: Any = value
                connection.register(name, frame.to_arrow())
        for setting in (
            f"SET threads={threads}",
            f"SET memory_limit='{memory_bytes * 4 // 5 // 1_000_000}MB'",
            "SET python_enable_replacements=false",
            "SET autoinstall_known_extensions=false",
            "SET autoload_known_extensions=false",
            "SET temp_directory=''",
            "SET enable_external_access=false",
            "SET lock_configuration=true",
        ):
            connection.execute(setting)
        relation = connection.sql(code.strip().rstrip(";"), params=parameters or None)
        table: Any = pl.from_arrow(relation.to_arrow_table())  # pyright: ignore[reportUnknownMemberType]
    finally:
        connection.close()
    assert isinstance(table, pl.DataFrame)
    return _plain(table)


def _plain(table: pl.DataFrame) -> pl.DataFrame:
    """Whole decimals (what SUM of integers answers) as integers where they fit."""
    casts: list[pl.Series] = []
    for name, dtype in table.schema.items():
        if isinstance(dtype, pl.Decimal) and dtype.scale == 0:
            cast = table[name].cast(pl.Int64, strict=False)
            casts.append(cast if cast.null_count() == table[name].null_count() else table[name].cast(pl.Float64))
    return table.with_columns(casts) if casts else table

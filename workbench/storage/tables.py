"""Tables to Arrow IPC and back. A stored table is memory-mapped: opening it costs the same whatever its size."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast

import polars as pl

from workbench.base.errors import BlockFailed


def to_ipc(table: pl.DataFrame) -> bytes:
    """A table as uncompressed Arrow IPC file bytes. Raises BlockFailed (CONFIG) for columns of Python objects."""
    sink = io.BytesIO()
    write_ipc(table, sink)
    return sink.getvalue()


def write_ipc(table: pl.DataFrame, sink: BinaryIO) -> None:
    """Write a table; one record batch, so that equal tables give equal bytes."""
    for name, kind in table.schema.items():
        if "Object" in repr(kind):
            raise BlockFailed(
                f"The column {name!r} holds Python objects and cannot be stored.",
                kind="CONFIG",
                hint="Cast it to text, numbers, dates, lists or structs.",
            )
    table.rechunk().write_ipc(sink, compression="uncompressed", record_batch_size=max(1, table.height))


def from_ipc(data: bytes) -> pl.DataFrame:
    """The table in these bytes. Raises ValueError for bytes that are no table."""
    return map_ipc(data)


def map_ipc(mapped: Any) -> pl.DataFrame:
    """The table in a mapped file: nothing of it is read before it is looked at. Raises ValueError where it is none."""
    import pyarrow as pa  # with numpy 0.13 s of a start, and most starts read no stored table

    try:
        reader = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(mapped)))
        return cast("pl.DataFrame", pl.from_arrow(reader.read_all()))
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error


def columns_of(table: pl.DataFrame) -> list[list[str]]:
    """``[[name, type], …]`` with polars' own names of types."""
    return [[name, str(kind)] for name, kind in table.schema.items()]


def preview_rows(table: pl.DataFrame, rows: int) -> list[dict[str, Any]]:
    """The first rows as objects."""
    return table.head(rows).to_dicts()

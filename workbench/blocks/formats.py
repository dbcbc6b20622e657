"""Table files by their suffix: reading and writing CSV, Parquet, JSON, NDJSON and Arrow."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeAlias

import polars as pl

from workbench.base.errors import BlockFailed
from workbench.blocks.words import did_you_mean, listed, shorten

Format: TypeAlias = Literal["csv", "parquet", "json", "ndjson", "arrow"]

SUFFIXES: Mapping[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
COMPRESSED = (".gz", ".zst")
DTYPES: Mapping[str, Any] = {
    "text": pl.String,
    "integer": pl.Int64,
    "number": pl.Float64,
    "boolean": pl.Boolean,
    "date": pl.Date,
    "datetime": pl.Datetime("us"),
    "time": pl.Time,
}


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a file is read; `delimiter`, `header`, `null_values`, `dtypes`, `try_parse_dates` are of CSV alone."""

    delimiter: str = ","
    header: bool = True
    columns: Sequence[str] | None = None
    limit: int | None = None
    null_values: Sequence[str] = ()
    dtypes: Mapping[str, str] | None = None
    try_parse_dates: bool = False


def format_of(path: str, chosen: Format | None) -> Format:
    """The chosen format, or the suffix's. Raises BlockFailed of kind FILE naming the suffixes that are known."""
    if chosen is not None:
        return chosen
    name = PurePosixPath(path)
    suffix = name.suffix.lower()
    if suffix in COMPRESSED:
        suffix = PurePosixPath(name.stem).suffix.lower()
    if suffix not in SUFFIXES:
        raise BlockFailed(
            f"`{path}` has {f'the suffix `{suffix}`' if suffix else 'no suffix'}, which names no table format.",
            kind="FILE",
            hint=f"Use {listed(SUFFIXES)}, or set `format`.",
        )
    return SUFFIXES[suffix]


def default_delimiter(path: str) -> str:
    """A tab for ``.tsv``, else a comma."""
    return "\t" if ".tsv" in PurePosixPath(path).name.lower() else ","


def read(source: Path | bytes, name: str, kind: Format, options: ReadOptions) -> pl.DataFrame:
    """The table in `source`. Raises BlockFailed of kind FILE that says what is wrong with the file `name`."""
    try:
        table = _READERS[kind](source, name, options)
    except BlockFailed:
        raise
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise BlockFailed(f"`{name}` cannot be read as {kind}: {_reason(error)}.", kind="FILE") from None
    if options.columns is not None and kind not in ("csv", "parquet", "arrow"):
        _need(table.columns, options.columns, name)
        table = table.select(options.columns)
    return table if options.limit is None else table.head(options.limit)


def _reason(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return shorten(lines[0], 300).rstrip(".") if lines else type(error).__name__


def _need(available: Sequence[str], wanted: Sequence[str], name: str) -> None:
    for column in wanted:
        if column not in available:
            raise BlockFailed(
                f"`{name}` has no column `{column}`; it has {listed(available)}.",
                kind="FILE",
                hint=did_you_mean(column, available),
            )


def _read_csv(source: Path | bytes, name: str, options: ReadOptions) -> pl.DataFrame:
    head = _head(source)
    if not head:
        raise BlockFailed(f"`{name}` is empty.", kind="FILE", hint="A CSV file starts with a line of column names.")
    is_compressed = head.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd"))
    if b"\0" in head and not is_compressed and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BlockFailed(f"`{name}` is no CSV: it holds bytes that are no text.", kind="FILE", hint=_signature(head))
    target: Any = io.BytesIO(source) if isinstance(source, bytes) else source
    arguments: dict[str, Any] = {
        "separator": options.delimiter,
        "has_header": options.header,
        "null_values": list(options.null_values) or None,
        "try_parse_dates": options.try_parse_dates,
        "n_rows": options.limit,
    }
    if options.dtypes:
        arguments["schema_overrides"] = {column: DTYPES[kind] for column, kind in options.dtypes.items()}
    if options.columns is not None or options.dtypes:
        header = pl.read_csv(target, **{**arguments, "n_rows": 0, "schema_overrides": None})
        _need(header.columns, [*(options.columns or ()), *(options.dtypes or ())], name)
        arguments["columns"] = list(options.columns) if options.columns is not None else None
        if isinstance(target, io.BytesIO):
            target.seek(0)
    try:
        return pl.read_csv(target, infer_schema_length=10_000, **arguments)
    except pl.exceptions.ComputeError:
        # A column whose first rows look like numbers and whose later ones are not: look at all of them.
        if isinstance(target, io.BytesIO):
            target.seek(0)
        return pl.read_csv(target, infer_schema_length=None, **arguments)


def _head(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source[:65_536]
    with source.open("rb") as file:
        return file.read(65_536)


_SIGNATURES = {
    b"PAR1": "It looks like Parquet.",
    b"ARROW1": "It looks like Arrow.",
    b"PK\x03\x04": "It looks like a zip archive or an Excel workbook.",
    b"\x89PNG": "It looks like a PNG image.",
    b"%PDF": "It looks like a PDF.",
    b"SQLite": "It looks like an SQLite database.",
}


def _signature(head: bytes) -> str | None:
    return next((text for start, text in _SIGNATURES.items() if head.startswith(start)), None)


def _open(source: Path | bytes) -> Any:
    return io.BytesIO(source) if isinstance(source, bytes) else source


def _read_parquet(source: Path | bytes, name: str, options: ReadOptions) -> pl.DataFrame:
    if options.columns is not None:
        _need(list(pl.read_parquet_schema(_open(source))), options.columns, name)
    return pl.read_parquet(
        _open(source), columns=list(options.columns) if options.columns is not None else None, n_rows=options.limit
    )


def _read_arrow(source: Path | bytes, name: str, options: ReadOptions) -> pl.DataFrame:
    columns = list(options.columns) if options.columns is not None else None
    if columns:
        _need(list(pl.read_ipc_schema(_open(source))), columns, name)
    # Read whole, not mapped by its path: another program may cut the file short while the table is on a wire.
    raw = source if isinstance(source, bytes) else source.read_bytes()
    return pl.read_ipc(io.BytesIO(raw), columns=columns, n_rows=options.limit)


def _read_json(source: Path | bytes, name: str, options: ReadOptions) -> pl.DataFrame:
    del options
    if not _head(source).lstrip().startswith((b"[", b"{", b"\xef\xbb\xbf[")):
        raise BlockFailed(f"`{name}` is no JSON list of objects.", kind="FILE")
    return pl.read_json(_open(source), infer_schema_length=None)


def _read_ndjson(source: Path | bytes, name: str, options: ReadOptions) -> pl.DataFrame:
    del name
    return pl.read_ndjson(_open(source), infer_schema_length=None, n_rows=options.limit)


_READERS: Mapping[Format, Callable[[Path | bytes, str, ReadOptions], pl.DataFrame]] = {
    "csv": _read_csv,
    "parquet": _read_parquet,
    "json": _read_json,
    "ndjson": _read_ndjson,
    "arrow": _read_arrow,
}


def write(table: pl.DataFrame, target: Path, name: str, kind: Format, *, delimiter: str, header: bool = True) -> None:
    """Write the table to `target`. Raises BlockFailed of kind FILE naming the columns that the format cannot hold."""
    if kind == "csv":
        nested = [column for column, dtype in table.schema.items() if dtype.is_nested()]
        if nested:
            raise BlockFailed(
                f"CSV cannot hold the columns {listed(nested)} of `{name}`: they are lists or objects.",
                kind="FILE",
                hint="Write Parquet, Arrow or JSON, or leave these columns out.",
            )
    try:
        if kind == "csv":
            table.write_csv(target, separator=delimiter, include_header=header)
        elif kind == "parquet":
            table.write_parquet(target)
        elif kind == "json":
            table.write_json(target)
        elif kind == "ndjson":
            table.write_ndjson(target)
        else:
            table.write_ipc(target, compression="zstd")
    except pl.exceptions.PolarsError as error:
        raise BlockFailed(f"`{name}` cannot be written as {kind}: {_reason(error)}.", kind="FILE") from None

"""The whole of a value that a run made: as JSON page with column statistics, or as a file."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import polars as pl

from workbench.base.errors import InvalidInput, Issue, NotFound
from workbench.engine.checkpoints import parse_checkpoint_id
from workbench.engine.engine import Engine
from workbench.engine.journal_runs import read_stored
from workbench.rest.caller import Caller, id_bytes, missing
from workbench.runs import store as sql
from workbench.runs.service import Runs
from workbench.runs.shaping import stored_of
from workbench.storage.store import Store
from workbench.storage.value_files import Stored
from workbench.storage.values import to_json

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
CSV = "text/csv"
JSON = "application/json"
BINS = 16


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of a table is wanted. `filter` is a polars SQL condition on the columns."""

    offset: int = 0
    limit: int = 100
    sort: str | None = None
    descending: bool = False
    filter: str | None = None
    at: str | None = None
    """A JSON pointer (RFC 6901) to a part of the value, such as ``/data``."""


class Values:
    """Reads values back whole."""

    def __init__(self, store: Store, engine: Engine, runs: Runs) -> None:
        self._store = store
        self._engine = engine
        self._runs = runs

    async def of_checkpoint(self, caller: Caller, run_id: str, checkpoint: str) -> Any:
        """The output of one block execution. Raises NotFound where it was not kept."""
        path, attempt = parse_checkpoint_id(checkpoint)
        await self._runs.exists(caller, run_id)
        stored = await self._find(run_id, checkpoint, path, attempt)
        if stored is not None and stored.kind == "pending":
            late = self._engine.late_value(run_id, path, attempt)
            if late is not None:
                return late
            await self._engine.settle_values(run_id)  # it may have been stored since the row was read
            stored = await self._find(run_id, checkpoint, path, attempt)
        return await self._load(stored)

    async def _find(self, run_id: str, checkpoint: str, path: str, attempt: int) -> Stored | None:
        row = await self._store.read(lambda c: sql.find_checkpoint(c, run_id, path, attempt))
        if row is None:
            raise missing("checkpoint", checkpoint)
        return stored_of(row[6], row[7], row[8], row[9])

    async def of_run(self, caller: Caller, run_id: str) -> Any:
        """A run's output. Raises NotFound."""
        id_bytes("run", run_id)
        row = await self._store.read(lambda c: sql.find_run(c, caller.workspace_id, run_id))
        if row is None:
            raise missing("run", run_id)
        return await self._load(read_stored(row[7]))

    async def _load(self, stored: Stored | None) -> Any:
        if stored is None:
            return None
        if stored.kind == "pending":
            raise NotFound("This value was not kept.", hint="Run the function again to see it.")
        # A reader thread of the store's: loading maps files and must not hold the loop.
        return await self._store.read(lambda _cursor: self._store.values.load(stored))


def part(value: Any, pointer: str | None) -> Any:
    """The part of a value that a JSON pointer names. Raises InvalidInput where there is none."""
    for word in (pointer or "").split("/")[1:]:
        name = word.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise InvalidInput(
                f"The value has no part `{pointer}`.",
                hint="Write a JSON pointer, such as /data or /results/0.",
                details=[Issue("at", f"`{name}` is not there")],
            )
    return value


def as_page(value: Any, cut: Cut) -> tuple[dict[str, Any], dict[str, Any]]:
    """A value as JSON data and meta: a table's page with statistics of its columns, else the value itself.

    Raises InvalidInput for an unknown sort column or a filter that does not work.
    """
    value = part(value, cut.at)
    if not isinstance(value, pl.DataFrame):
        return {"type": "value", "value": to_json(value)}, {}
    table = select(value, cut)
    page = table.slice(min(cut.offset, table.height), cut.limit)
    data = {
        "type": "table",
        "rows": value.height,
        "columns": [_column(value[name]) for name in value.columns],
        "data": to_json(page.to_dicts()),
    }
    return data, {"total": table.height, "offset": cut.offset, "limit": cut.limit}


def select(table: pl.DataFrame, cut: Cut) -> pl.DataFrame:
    """The rows that pass the filter, sorted."""
    if cut.filter:
        try:
            table = table.filter(pl.sql_expr(cut.filter))
        except (pl.exceptions.PolarsError, ValueError) as error:
            raise InvalidInput(
                "The filter does not work on this table.",
                hint="Write a condition on its columns, such as dep_delay > 15 AND origin = 'JFK'.",
                details=[Issue("filter", str(error).splitlines()[0][:200])],
            ) from error
    if cut.sort:
        if cut.sort not in table.columns:
            raise InvalidInput(
                f"There is no column “{cut.sort}” to sort by.",
                details=[Issue("sort", f"must be one of {', '.join(table.columns[:50])}")],
            )
        table = table.sort(cut.sort, descending=cut.descending, nulls_last=True)
    return table


def as_file(value: Any, media: str, cut: Cut) -> bytes:
    """A table as Arrow IPC stream, Parquet or CSV. Raises InvalidInput for a value that is no table."""
    value = part(value, cut.at)
    if not isinstance(value, pl.DataFrame):
        raise InvalidInput("This value is no table.", hint="Ask for it as JSON (Accept: application/json).")
    table = select(value, cut)
    buffer = io.BytesIO()
    if media == ARROW:
        table.write_ipc_stream(buffer)
    elif media == PARQUET:
        table.write_parquet(buffer)
    else:
        table.write_csv(buffer)
    return buffer.getvalue()


def _column(series: pl.Series) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": series.name, "type": str(series.dtype), "nulls": series.null_count()}
    if series.dtype.is_numeric() and series.len() > series.null_count():
        shown["min"], shown["max"] = to_json(series.min()), to_json(series.max())
        shown["histogram"] = _histogram(series)
    elif series.dtype.is_temporal() or series.dtype == pl.String:
        try:
            shown["min"], shown["max"] = to_json(series.min()), to_json(series.max())
        except pl.exceptions.PolarsError:
            return shown
    return shown


def _histogram(series: pl.Series) -> list[int]:
    """Counts in equal bins from the least to the greatest value."""
    values = series.drop_nulls().cast(pl.Float64, strict=False)
    values = values.filter(values.is_finite())
    low, high = values.min(), values.max()
    if not isinstance(low, float) or not isinstance(high, float) or low == high:
        return [values.len()]
    bins = ((values - low) / (high - low) * BINS).floor().clip(0, BINS - 1).cast(pl.Int64)
    counts = dict(bins.value_counts().iter_rows())
    return [int(counts.get(i, 0)) for i in range(BINS)]


def media_of(accept: str | None) -> str:
    """The first media type in an Accept header that is spoken here; JSON where none is."""
    for part in (accept or "").split(","):
        kind = part.split(";")[0].strip().lower()
        if kind in (ARROW, PARQUET, CSV, JSON):
            return kind
    return JSON

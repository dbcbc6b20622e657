"""A table of 1 million rows and 10 columns through ten table blocks, and the same work in bare polars."""

from __future__ import annotations

import itertools
from typing import Any

import polars as pl

from tests.benchmarks.flows import AddConfig
from workbench.blocks.kind import BlockType, Effect, Fired
from workbench.flow.model import Flow

ROWS = 1_000_000


def make_table(rows: int = ROWS) -> pl.DataFrame:
    """Four columns of whole numbers, four of fractions, two of text."""
    number = pl.int_range(rows, eager=True)
    columns: dict[str, pl.Series] = {f"i{k}": (number * (7919 + k)) % 1_000_003 for k in range(4)}
    columns |= {f"f{k}": columns[f"i{k}"] / 1_000_003 for k in range(4)}
    words = pl.Series([f"word {i}" for i in range(1000)])
    columns |= {f"s{k}": words.gather(columns[f"i{k}"] % 1000) for k in range(2)}
    return pl.DataFrame(columns)


FILTERS = [("i0", 20_000), ("i1", 20_000), ("f2", 0.02), ("i3", 20_000), ("f0", 0.03), ("f1", 0.03)]
SORTS = [["i2"], ["s0", "i0"], ["f3"]]
ORDER = "fsffsffsf"  # filters and sorts, in this order; then the aggregate


class Source(BlockType[AddConfig]):
    """Gives the table, which it made when it was asked first."""

    type = "bench_table"
    title = "Table"
    category = "data"
    summary = "A large table."
    icon = "table"
    effect = Effect.PURE
    Config = AddConfig

    def __init__(self) -> None:
        self.table: pl.DataFrame | None = None

    def run(self, config: AddConfig, ctx: Any) -> Fired:
        del config, ctx
        if self.table is None:
            self.table = make_table()
        return Fired(self.table)


def table_flow(*, whole: bool) -> Flow:
    """Source, six filters, three sorts, and an aggregate or (`whole`) a tenth block that gives the table itself."""
    blocks: list[dict[str, Any]] = [
        {"id": "start", "type": "start", "name": "start"},
        {"id": "source", "type": "bench_table", "name": "source"},
    ]
    filters, sorts = iter(FILTERS), iter(SORTS)
    for i, kind in enumerate(ORDER):
        if kind == "f":
            field, value = next(filters)
            condition = {"field": field, "operator": "greater_than", "value": value}
            blocks.append({"id": f"b{i}", "type": "filter", "name": f"b{i}", "config": {"conditions": [condition]}})
        else:
            by = [{"field": field} for field in next(sorts)]
            blocks.append({"id": f"b{i}", "type": "sort", "name": f"b{i}", "config": {"by": by}})
    if whole:
        last = {"id": "last", "type": "sort", "name": "last", "config": {"by": [{"field": "i1"}]}}
    else:
        operations = [{"op": "sum", "field": "i1", "as": "total"}, {"op": "count", "as": "rows"}]
        config = {"groupBy": ["s1"], "operations": operations}
        last = {"id": "last", "type": "aggregate", "name": "last", "config": config}
    blocks.append(last)
    edges = [
        {"id": f"e{i}", "source": a["id"], "target": b["id"]} for i, (a, b) in enumerate(itertools.pairwise(blocks))
    ]
    return Flow.model_validate({"blocks": blocks, "edges": edges})


def in_polars(table: pl.DataFrame, *, whole: bool) -> pl.DataFrame:
    """The same ten steps, each done before the next."""
    filters, sorts = iter(FILTERS), iter(SORTS)
    for kind in ORDER:
        if kind == "f":
            field, value = next(filters)
            table = table.filter(pl.col(field) > value)
        else:
            table = table.sort(next(sorts), nulls_last=True, maintain_order=True)
    if whole:
        return table.sort("i1", nulls_last=True, maintain_order=True)
    return table.group_by("s1", maintain_order=True).agg(
        pl.col("i1").sum().alias("total"), pl.len().cast(pl.Int64).alias("rows")
    )

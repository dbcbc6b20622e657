"""`filter`: keeps or drops rows by conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks.comparison import SIGNS, WITHOUT_RIGHT, Operator, compare, predicate
from workbench.blocks.context import BlockContext
from workbench.blocks.kind import TEMPLATE, BlockConfig, BlockType, Fired, Port
from workbench.blocks.tables import as_table, is_small, need_columns, table_failure, unwrap
from workbench.blocks.words import kind_of, shorten


class RowCondition(BlockConfig):
    field: str = Field(min_length=1, title="Field")
    operator: Operator = Field(title="Operator")
    value: Annotated[Any, TEMPLATE] = Field(default=None, title="Value")


class FilterConfig(BlockConfig):
    input: Annotated[Any, TEMPLATE] = Field(
        default=None, title="Input", description="A table or a list of objects; left out: what comes in."
    )
    conditions: list[RowCondition] = Field(min_length=1, max_length=100, title="Conditions")
    logical: Literal["and", "or"] = Field(default="and", title="All / any")
    mode: Literal["include", "exclude"] = Field(default="include", title="Keep or drop")


class FilterOutput(BlockConfig):
    data: Any
    removed_count: int
    original_count: int


class Filter(BlockType[FilterConfig]):
    """Answers the rows that are left (a table stays a table, a list a list) and how many went."""

    type = "filter"
    title = "Filter"
    category = "data"
    summary = "Keeps or drops rows by conditions."
    icon = "filter"
    Config = FilterConfig
    Output = FilterOutput
    inputs = (Port("in", "table"),)
    outputs = (Port("out", "object"),)
    example: ClassVar[dict[str, Any]] = {
        "conditions": [{"field": "dep_delay", "operator": "greater_than", "value": 60}]
    }

    def describe(self, config: Mapping[str, Any]) -> str:
        conditions = config.get("conditions")
        parts = [_describe(c) for c in (conditions if isinstance(conditions, list) else ()) if isinstance(c, Mapping)]
        text = f" {config.get('logical', 'and')} ".join(parts)
        return shorten(f"without {text}" if config.get("mode") == "exclude" and text else text)

    def run(self, config: FilterConfig, ctx: BlockContext) -> Any:
        rows = unwrap(config.input if "input" in config.model_fields_set else ctx.input)
        if isinstance(rows, list):
            return _fired(_filter_rows(config, rows), len(rows))
        table = as_table(rows, "input")
        need_columns(table, (c.field for c in config.conditions), "`input`")
        if is_small(table):
            return _fired(_filter_table(config, table), table.height)
        return self._in_thread(config, table, ctx)

    async def _in_thread(self, config: FilterConfig, table: pl.DataFrame, ctx: BlockContext) -> Fired:
        return _fired(await ctx.in_thread(_filter_table, config, table), table.height)


def _fired(data: Any, original: int) -> Fired:
    return Fired({"data": data, "removedCount": original - len(data), "originalCount": original})


def _filter_table(config: FilterConfig, table: pl.DataFrame) -> pl.DataFrame:
    schema = table.schema
    parts = [predicate(c.field, schema[c.field], c.operator, c.value) for c in config.conditions]
    keep = reduce(pl.Expr.and_ if config.logical == "and" else pl.Expr.or_, parts)
    try:
        return table.filter(keep if config.mode == "include" else ~keep)
    except pl.exceptions.PolarsError as error:
        raise table_failure(error, "filter the table") from None


def _filter_rows(config: FilterConfig, rows: Sequence[Any]) -> list[Any]:
    keeps = config.mode == "include"
    every = all if config.logical == "and" else any
    kept: list[Any] = []
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise BlockFailed(
                f"Entry {index} of `input` is {kind_of(row)} ({shorten(row, 40)}), not an object.",
                kind="TABLE",
                hint="For plain values use a transform: `[x for x in input if x > 0]`.",
            )
        if every(compare(row.get(c.field), c.operator, c.value) for c in config.conditions) is keeps:
            kept.append(row)
    return kept


def _describe(condition: Mapping[str, Any]) -> str:
    name = str(condition.get("operator", ""))
    text = f"{condition.get('field', '')} {SIGNS.get(name, name)}"
    return text if name in WITHOUT_RIGHT else f"{text} {shorten(condition.get('value'), 30)}"

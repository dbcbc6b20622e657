"""`sort`: orders rows by columns, and may keep the first of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import polars as pl
from pydantic import Field

from workbench.blocks.context import BlockContext
from workbench.blocks.kind import TEMPLATE, BlockConfig, BlockType, Fired, Port
from workbench.blocks.tables import as_table, is_small, need_columns, table_failure
from workbench.blocks.words import shorten


class SortKey(BlockConfig):
    field: str = Field(min_length=1, title="Field")
    descending: bool = Field(default=False, title="Descending")


class SortConfig(BlockConfig):
    input: Annotated[Any, TEMPLATE] = Field(
        default=None, title="Input", description="A table or a list of objects; left out: what comes in."
    )
    by: list[SortKey] = Field(min_length=1, max_length=50, title="By")
    limit: Annotated[int | None, TEMPLATE] = Field(
        default=None, ge=0, title="First", description="Keeps so many rows; left out: all."
    )


class Sort(BlockType[SortConfig]):
    """Answers the table itself. Rows of equal keys keep their order; nulls come last either way."""

    type = "sort"
    title = "Sort"
    category = "data"
    summary = "Orders rows by columns."
    icon = "arrow-down-wide-narrow"
    Config = SortConfig
    inputs = (Port("in", "table"),)
    outputs = (Port("out", "table"),)
    example: ClassVar[dict[str, Any]] = {"by": [{"field": "dep_delay", "descending": True}], "limit": 10}

    def describe(self, config: Mapping[str, Any]) -> str:
        keys = config.get("by")
        parts = [
            f"{key.get('field', '')} desc" if key.get("descending") is True else str(key.get("field", ""))
            for key in (keys if isinstance(keys, list) else ())
            if isinstance(key, Mapping)
        ]
        by = f"by {', '.join(parts)}" if parts else ""
        limit = config.get("limit")
        return shorten(by if limit is None else f"first {shorten(limit, 20)} {by}")

    def run(self, config: SortConfig, ctx: BlockContext) -> Any:
        table = as_table(config.input if "input" in config.model_fields_set else ctx.input, "input")
        need_columns(table, (key.field for key in config.by), "`input`")
        if is_small(table):
            return Fired(_sort(config, table))
        return self._in_thread(config, table, ctx)

    async def _in_thread(self, config: SortConfig, table: pl.DataFrame, ctx: BlockContext) -> Fired:
        return Fired(await ctx.in_thread(_sort, config, table))


def _sort(config: SortConfig, table: pl.DataFrame) -> pl.DataFrame:
    try:
        ordered = table.sort(
            [key.field for key in config.by],
            descending=[key.descending for key in config.by],
            nulls_last=True,
            maintain_order=True,
        )
    except pl.exceptions.PolarsError as error:
        raise table_failure(error, f"sort by {', '.join(key.field for key in config.by)}") from None
    return ordered if config.limit is None else ordered.head(config.limit)

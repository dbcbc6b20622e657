"""`aggregate`: one row per group, or one for the whole table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks.context import BlockContext
from workbench.blocks.kind import TEMPLATE, BlockConfig, BlockType, Fired, Port
from workbench.blocks.tables import as_table, is_small, need_columns, table_failure
from workbench.blocks.words import listed, shorten


class Operation(BlockConfig):
    op: Literal["count", "count_distinct", "sum", "avg", "min", "max", "median", "p95", "first", "last", "list"] = (
        Field(title="Operation")
    )
    field: str | None = Field(default=None, title="Field", description="Count takes none: it counts rows.")
    as_: str | None = Field(default=None, alias="as", title="As", description="The new column; left out: `op_field`.")

    @property
    def name(self) -> str:
        """The result's column."""
        return self.as_ or (f"{self.op}_{self.field}" if self.field else self.op)


class AggregateConfig(BlockConfig):
    input: Annotated[Any, TEMPLATE] = Field(
        default=None, title="Input", description="A table or a list of objects; left out: what comes in."
    )
    group_by: list[str] = Field(default=[], max_length=50, title="Group by", description="None: one row for all.")
    operations: list[Operation] = Field(min_length=1, max_length=200, title="Operations")


class Aggregate(BlockType[AggregateConfig]):
    """Answers the grouped table; groups stand in the order in which they first came. Nulls are left out, as in SQL."""

    type = "aggregate"
    title = "Aggregate"
    category = "data"
    summary = "Counts, sums and averages by group."
    icon = "sigma"
    Config = AggregateConfig
    inputs = (Port("in", "table"),)
    outputs = (Port("out", "table"),)
    example: ClassVar[dict[str, Any]] = {
        "groupBy": ["origin"],
        "operations": [{"op": "max", "field": "dep_delay", "as": "worst"}],
    }

    def describe(self, config: Mapping[str, Any]) -> str:
        operations = config.get("operations")
        parts = [
            f"{o.get('op', '')} {o['field']}" if isinstance(o.get("field"), str) else str(o.get("op", ""))
            for o in (operations if isinstance(operations, list) else ())
            if isinstance(o, Mapping)
        ]
        by = config.get("groupBy")
        groups = f" by {', '.join(map(str, by))}" if isinstance(by, list) and by else ""
        return shorten(f"{listed(parts, 3)}{groups}")

    def check(self, config: AggregateConfig) -> list[tuple[str, str]]:
        issues: list[tuple[str, str]] = []
        taken = set(config.group_by)
        for index, operation in enumerate(config.operations):
            if operation.field is None and operation.op != "count":
                issues.append((f"operations[{index}].field", f"is needed for {operation.op}"))
            if operation.name in taken:
                issues.append((f"operations[{index}].as", f"`{operation.name}` is taken by another column"))
            taken.add(operation.name)
        return issues

    def run(self, config: AggregateConfig, ctx: BlockContext) -> Any:
        table = as_table(config.input if "input" in config.model_fields_set else ctx.input, "input")
        need_columns(table, (*config.group_by, *(o.field for o in config.operations if o.field)), "`input`")
        if is_small(table):
            return Fired(_aggregate(config, table))
        return self._in_thread(config, table, ctx)

    async def _in_thread(self, config: AggregateConfig, table: pl.DataFrame, ctx: BlockContext) -> Fired:
        return Fired(await ctx.in_thread(_aggregate, config, table))


_NUMERIC_ONLY = frozenset({"sum", "avg", "median", "p95"})
_BY_COLUMN: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "count": lambda c: c.count(),
    "count_distinct": lambda c: c.drop_nulls().n_unique(),
    "sum": lambda c: c.sum(),
    "avg": lambda c: c.mean(),
    "min": lambda c: c.min(),
    "max": lambda c: c.max(),
    "median": lambda c: c.median(),
    "p95": lambda c: c.quantile(0.95, interpolation="linear"),
    "first": lambda c: c.first(),
    "last": lambda c: c.last(),
    "list": lambda c: c,
}


def _expression(operation: Operation, table: pl.DataFrame, grouped: bool) -> pl.Expr:
    if operation.field is None:
        if operation.op != "count":
            raise BlockFailed(f"`field` is needed for {operation.op}.", kind="CONFIG")
        return pl.len().cast(pl.Int64).alias(operation.name)
    dtype = table.schema[operation.field]
    if operation.op in _NUMERIC_ONLY and not (dtype.is_numeric() or dtype in (pl.Boolean, pl.Null, pl.Duration)):
        raise BlockFailed(
            f"{operation.op} of `{operation.field}` makes no sense: the column holds {dtype}.",
            kind="TABLE",
            hint="Choose a column of numbers, or make it one first.",
        )
    column = _BY_COLUMN[operation.op](pl.col(operation.field))
    if operation.op in ("count", "count_distinct"):
        column = column.cast(pl.Int64)
    if operation.op == "list" and not grouped:
        column = column.implode()
    return column.alias(operation.name)


def _aggregate(config: AggregateConfig, table: pl.DataFrame) -> pl.DataFrame:
    grouped = bool(config.group_by)
    expressions = [_expression(operation, table, grouped) for operation in config.operations]
    try:
        if grouped:
            return table.group_by(config.group_by, maintain_order=True).agg(expressions)
        return table.select(expressions)
    except pl.exceptions.PolarsError as error:
        raise table_failure(error, "aggregate the table") from None

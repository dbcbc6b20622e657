"""`join`: puts two tables side by side where their keys are equal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks.context import BlockContext
from workbench.blocks.kind import TEMPLATE, BlockConfig, BlockType, Fired, Port
from workbench.blocks.tables import as_table, is_small, need_columns, table_failure
from workbench.blocks.words import listed, shorten

MOST_ROWS = 50_000_000
MOST_SMALL_ROWS = 20_000
"""A join whose answer may be larger than this runs in a thread, however small its sides are."""


class JoinConfig(BlockConfig):
    left: Annotated[Any, TEMPLATE] = Field(title="Left", description="A table or a list of objects.")
    right: Annotated[Any, TEMPLATE] = Field(title="Right", description="A table or a list of objects.")
    how: Literal["inner", "left", "right", "full", "semi", "anti", "cross"] = Field(default="inner", title="How")
    on: list[str] | None = Field(default=None, title="On", description="Key columns that both sides have.")
    left_on: list[str] | None = Field(default=None, title="Left keys", description="With right keys, instead of on.")
    right_on: list[str] | None = Field(default=None, title="Right keys")
    suffix: str = Field(default="_right", min_length=1, max_length=64, title="Suffix of doubled columns")
    max_rows: int = Field(
        default=10_000_000, ge=1, le=MOST_ROWS, title="At most", description="More rows than this fail the block."
    )


class Join(BlockType[JoinConfig]):
    """Answers the table itself, in the left table's order. The number of rows is counted before any is made."""

    type = "join"
    title = "Join"
    category = "data"
    summary = "Joins two tables by their keys."
    icon = "combine"
    Config = JoinConfig
    inputs = (Port("in", "any"),)
    outputs = (Port("out", "table"),)
    example: ClassVar[dict[str, Any]] = {
        "left": "{{ flights }}",
        "right": "{{ weather }}",
        "how": "left",
        "on": ["origin", "time_hour"],
    }

    def describe(self, config: Mapping[str, Any]) -> str:
        keys = config.get("on") or config.get("leftOn")
        on = f" on {', '.join(map(str, keys))}" if isinstance(keys, list) else ""
        sides = (
            f"{shorten(config.get('left', ''), 20)} {config.get('how', 'inner')} {shorten(config.get('right', ''), 20)}"
        )
        return shorten(f"{sides}{on}")

    def check(self, config: JoinConfig) -> list[tuple[str, str]]:
        if config.how == "cross":
            keys = ((name, getattr(config, attribute)) for name, attribute in _KEY_FIELDS)
            return [(name, "has no meaning in a cross join") for name, given in keys if given]
        if config.on:
            if config.left_on or config.right_on:
                return [("on", "or leftOn and rightOn, not both")]
            return []
        if not config.left_on or not config.right_on:
            return [("on", "is needed, or leftOn and rightOn")]
        if len(config.left_on) != len(config.right_on):
            return [("rightOn", f"must have as many columns as leftOn ({len(config.left_on)})")]
        return []

    def run(self, config: JoinConfig, ctx: BlockContext) -> Any:
        issues = self.check(config)
        if issues:
            raise BlockFailed(f"`{issues[0][0]}` {issues[0][1]}.", kind="CONFIG")
        left, right = as_table(config.left, "left"), as_table(config.right, "right")
        left_keys, right_keys = _keys(config)
        need_columns(left, left_keys, "`left`")
        need_columns(right, right_keys, "`right`")
        for a, b in zip(left_keys, right_keys, strict=True):
            _check_kinds(left, a, right, b)
        if is_small(left, right) and left.height * right.height <= MOST_SMALL_ROWS:
            return Fired(_join(config, left, right))
        return self._in_thread(config, left, right, ctx)

    async def _in_thread(self, config: JoinConfig, left: pl.DataFrame, right: pl.DataFrame, ctx: BlockContext) -> Fired:
        return Fired(await ctx.in_thread(_join, config, left, right))


_KEY_FIELDS = (("on", "on"), ("leftOn", "left_on"), ("rightOn", "right_on"))


def _keys(config: JoinConfig) -> tuple[list[str], list[str]]:
    if config.how == "cross":
        return [], []
    return (config.on or config.left_on or []), (config.on or config.right_on or [])


def _check_kinds(left: pl.DataFrame, a: str, right: pl.DataFrame, b: str) -> None:
    one, other = left.schema[a], right.schema[b]
    if one == other or (one.is_numeric() and other.is_numeric()) or pl.Null in (one, other):
        return
    if one.base_type() == other.base_type():
        return
    raise BlockFailed(
        f"The keys do not fit: `left.{a}` holds {one}, `right.{b}` holds {other}.",
        kind="TABLE",
        hint="Make them alike first, as with a sql transform that casts one of them.",
    )


def _join(config: JoinConfig, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    left_keys, right_keys = _keys(config)
    rows = _count(config.how, left, right, left_keys, right_keys)
    if rows > config.max_rows:
        raise BlockFailed(
            f"The join has {rows:,} rows, more than maxRows ({config.max_rows:,}).",
            kind="LIMIT",
            hint="Join on more columns, make a side unique, or raise maxRows.",
        )
    try:
        if config.how == "cross":
            return left.join(right, how="cross", suffix=config.suffix)
        return left.join(
            right,
            left_on=left_keys,
            right_on=right_keys,
            how=config.how,
            suffix=config.suffix,
            coalesce=None if config.how in ("semi", "anti") else True,
            maintain_order=None if config.how in ("semi", "anti") else "left_right",
        )
    except pl.exceptions.PolarsError as error:
        raise table_failure(error, f"join on {listed(left_keys)}") from None


def _count(how: str, left: pl.DataFrame, right: pl.DataFrame, left_keys: list[str], right_keys: list[str]) -> int:
    """An upper bound of the answer's rows, exact for inner joins, from the sizes of the groups alone."""
    if how == "cross":
        return left.height * right.height
    if how in ("semi", "anti"):
        return left.height
    if left.height * right.height <= MOST_SMALL_ROWS:
        return 0
    names = [f"__key_{i}" for i in range(len(left_keys))]
    one = (
        left.select(pl.col(k).alias(n) for k, n in zip(left_keys, names, strict=True)).group_by(names).agg(__l=pl.len())
    )
    two = (
        right.select(pl.col(k).alias(n) for k, n in zip(right_keys, names, strict=True))
        .group_by(names)
        .agg(__r=pl.len())
    )
    try:
        both = one.join(two, on=names, how="inner")
    except pl.exceptions.PolarsError as error:
        raise table_failure(error, f"join on {listed(left_keys)}") from None
    matched = both.select((pl.col("__l").cast(pl.Int64) * pl.col("__r").cast(pl.Int64)).sum()).item() or 0
    alone = left.height - int(both["__l"].sum() or 0) if how in ("left", "full") else 0
    alone += right.height - int(both["__r"].sum() or 0) if how in ("right", "full") else 0
    return int(matched) + alone

"""`merge`: brings branches together again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Annotated, Any, ClassVar, Literal, cast

import polars as pl
from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks.context import Arrival, BlockContext
from workbench.blocks.kind import TEMPLATE, BlockConfig, BlockType, Effect, Fired, when
from workbench.blocks.words import kind_of, shorten

MergeStrategy = Literal["all", "first", "last", "race", "concat", "zip"]
AT_FIRST = frozenset({"first", "race"})
LONGEST_RACE_MS = 60_000


class MergeConfig(BlockConfig):
    merge_strategy: MergeStrategy = Field(
        default="all",
        title="Strategy",
        description="all, concat, zip: wait for all branches that run; first, race: go on with the first to come; "
        "last: with the last. Nothing is cancelled.",
    )
    fill_value: Annotated[Any, TEMPLATE] = Field(
        default=None,
        title="Fill value",
        description="Stands for what the shorter lists do not have.",
        json_schema_extra=when(merge_strategy="zip", zip_mode="longest"),
    )
    zip_mode: Literal["shortest", "longest"] = Field(
        default="shortest", title="Length", json_schema_extra=when(merge_strategy="zip")
    )
    order: Literal["sequential", "completion"] = Field(
        default="sequential",
        title="Order",
        description="sequential: as the wires were drawn; completion: as the branches came.",
        json_schema_extra=when(merge_strategy=("all", "concat", "zip")),
    )
    race_timeout_ms: int = Field(
        default=0,
        ge=0,
        le=LONGEST_RACE_MS,
        title="Race limit (ms)",
        description="Fails when none has come so long after the branches parted; 0: never.",
        json_schema_extra=when(merge_strategy="race"),
    )


class MergedBranch(BlockConfig):
    branch_id: str
    data: Any


class MergedBranches(BlockConfig):
    branches: list[MergedBranch]


class Merge(BlockType[MergeConfig]):
    """Branches are named by the handles of the blocks that their wires come from."""

    type = "merge"
    title = "Merge"
    category = "flow"
    summary = "Brings branches together again."
    icon = "git-merge"
    Config = MergeConfig
    Output = MergedBranches | list[Any]
    joins = True
    example: ClassVar[dict[str, Any]] = {"mergeStrategy": "all"}

    def effect_of(self, config: Mapping[str, Any]) -> Effect:
        """Where the result depends on who came when, it is kept, never computed again."""
        by_time = config.get("mergeStrategy") in {*AT_FIRST, "last"} or config.get("order") == "completion"
        return Effect.IDEMPOTENT if by_time else Effect.PURE

    def joins_at_first(self, config: Mapping[str, Any]) -> bool:
        return config.get("mergeStrategy") in AT_FIRST

    def race_limit_ms(self, config: Mapping[str, Any]) -> int:
        limit = config.get("raceTimeoutMs")
        is_race = config.get("mergeStrategy") == "race" and isinstance(limit, int) and not isinstance(limit, bool)
        return limit if is_race and isinstance(limit, int) else 0

    def describe(self, config: Mapping[str, Any]) -> str:
        strategy = shorten(config.get("mergeStrategy", "all"), 20)
        if strategy == "zip":
            return f"zip to the {shorten(config.get('zipMode', 'shortest'), 20)}"
        return f"{strategy}, as they come" if config.get("order") == "completion" else strategy

    def run(self, config: MergeConfig, ctx: BlockContext) -> Fired:
        came = list(ctx.arrivals)
        match config.merge_strategy:
            case "first" | "race":
                return _branches(came[:1])
            case "last":
                return _branches(came[-1:])
            case _:
                if config.order == "sequential":
                    came.sort(key=lambda arrival: arrival.wire)
        match config.merge_strategy:
            case "concat":
                return Fired(_concat(came))
            case "zip":
                return Fired(_zip(config, came))
            case _:
                return _branches(came)


def _branches(came: Sequence[Arrival]) -> Fired:
    return Fired({"branches": [{"branchId": arrival.branch, "data": arrival.value} for arrival in came]})


def _concat(came: Sequence[Arrival]) -> Any:
    """One list of all items, or one table where all are tables. Null adds nothing, what is no list adds itself."""
    values = [arrival.value for arrival in came if arrival.value is not None]
    if values and all(isinstance(value, pl.DataFrame) for value in values):
        try:
            return pl.concat(values, how="diagonal_relaxed")
        except pl.exceptions.PolarsError as error:
            names = ", ".join(f"`{arrival.branch}`" for arrival in came)
            raise BlockFailed(f"The tables of {names} do not fit together: {error}", kind="TABLE") from error
    merged: list[Any] = []
    for value in values:
        if isinstance(value, pl.DataFrame):
            merged += value.to_dicts()
        elif isinstance(value, list):
            merged += cast("list[Any]", value)
        else:
            merged.append(value)
    return merged


def _zip(config: MergeConfig, came: Sequence[Arrival]) -> list[list[Any]]:
    lists = [_items(arrival) for arrival in came]
    if config.zip_mode == "longest":
        return [list(row) for row in zip_longest(*lists, fillvalue=config.fill_value)]
    return [list(row) for row in zip(*lists, strict=False)]


def _items(arrival: Arrival) -> list[Any]:
    value = arrival.value
    if isinstance(value, pl.DataFrame):
        return value.to_dicts()
    if isinstance(value, list):
        return cast("list[Any]", value)
    raise BlockFailed(
        f"`{arrival.branch}` gave {kind_of(value)} ({shorten(value, 40)}): only lists and tables can be zipped.",
        kind="CONFIG",
        hint="Let the branch give a list, or merge by `all`.",
    )

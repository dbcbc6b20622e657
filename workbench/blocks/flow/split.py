"""`split`: gives each of its branches a share of a value; all of them fire."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, cast

import polars as pl
from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks.context import BlockContext
from workbench.blocks.kind import DEFERRED, EVERY_PORT, TEMPLATE, BlockConfig, BlockType, Fired, Port, when
from workbench.blocks.words import kind_of, listed, shorten

FEWEST, MOST = 2, 8
DEFAULT = "default"


class Route(BlockConfig):
    name: str = Field(min_length=1, max_length=200, title="Name", description="`default` takes what no other does.")
    condition: Annotated[str | None, DEFERRED] = Field(
        default=None, title="Condition", description="Takes the items for which it is true; sees `item` and `index`."
    )


class SplitConfig(BlockConfig):
    strategy: Literal["duplicate", "chunk", "route"] = Field(
        default="duplicate",
        title="Strategy",
        description="duplicate: each branch gets all; chunk: each gets a part of the list; route: each gets its items.",
    )
    source: Annotated[Any, TEMPLATE] = Field(
        default=None, title="Source", description="What is split; left out: the block's input."
    )
    chunk_size: int | None = Field(
        default=None,
        ge=1,
        title="Chunk size",
        description="Items of each branch, the last takes the rest; left out: parts as even as can be.",
        json_schema_extra=when(strategy="chunk"),
    )
    branch_count: int = Field(
        default=2, ge=FEWEST, le=MOST, title="Branches", json_schema_extra=when(strategy=("duplicate", "chunk"))
    )
    routes: list[Route] = Field(
        default=[],
        max_length=MOST,
        title="Routes",
        description="One branch each, in this order; an item goes to the first that takes it.",
        json_schema_extra=when(strategy="route"),
    )


class Split(BlockType[SplitConfig]):
    """Answers the shares by port."""

    type = "split"
    title = "Split"
    category = "flow"
    summary = "Shares a value out among branches that run at the same time."
    icon = "git-fork"
    Config = SplitConfig
    Output = dict[str, Any]
    outputs = (Port("branch-1"), Port("branch-2"))
    fires_every_port = True
    example: ClassVar[dict[str, Any]] = {"strategy": "duplicate", "branchCount": 2}

    def ports(self, config: Mapping[str, Any]) -> tuple[Port, ...]:
        routes = config.get("routes")
        if config.get("strategy") == "route" and isinstance(routes, list) and routes:
            names = [r.get("name") if isinstance(r, Mapping) else None for r in cast("list[Any]", routes)[:MOST]]
        else:
            count = config.get("branchCount", FEWEST)
            known = isinstance(count, int) and not isinstance(count, bool)
            names = [None] * (min(MOST, max(FEWEST, count)) if known else FEWEST)
        return tuple(
            Port(f"branch-{at}", label=name if isinstance(name, str) else "") for at, name in enumerate(names, 1)
        )

    def own_names(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        del config
        return ("item", "index")

    def describe(self, config: Mapping[str, Any]) -> str:
        ports = self.ports(config)
        match config.get("strategy", "duplicate"):
            case "route":
                return f"route to {listed([p.label or p.name for p in ports], 6)}"
            case "chunk":
                size = config.get("chunkSize")
                return f"{len(ports)} parts" + (f" of {size}" if isinstance(size, int) else "")
            case _:
                return f"{len(ports)} times the same"

    def check(self, config: SplitConfig) -> list[tuple[str, str]]:
        if config.strategy != "route":
            return []
        issues = [] if config.routes else [("routes", "needs at least one route")]
        seen: set[str] = set()
        for at, route in enumerate(config.routes):
            if route.name in seen:
                issues.append((f"routes[{at}].name", f'"{route.name}" is another route\'s name too'))
            seen.add(route.name)
            if not route.condition and route.name != DEFAULT:
                issues.append((f"routes[{at}].condition", "is needed; only the route `default` has none"))
        return issues

    def run(self, config: SplitConfig, ctx: BlockContext) -> Fired:
        source = config.source if "source" in config.model_fields_set else ctx.input
        match config.strategy:
            case "duplicate":
                shares = [source] * config.branch_count
            case "chunk":
                shares = _chunks(config, _listed(source, "split into parts"))
            case "route":
                shares = _routed(config, ctx, _listed(source, "routed"))
        return Fired({f"branch-{at}": share for at, share in enumerate(shares, 1)}, EVERY_PORT)


def _listed(source: Any, what: str) -> list[Any] | pl.DataFrame:
    if isinstance(source, pl.DataFrame):
        return source
    if isinstance(source, list):
        return cast("list[Any]", source)
    raise BlockFailed(
        f"`source` is {kind_of(source)} ({shorten(source, 40)}): only a list or a table can be {what}.",
        kind="CONFIG",
        hint="Give it a list, or let each branch have all (duplicate).",
    )


def _chunks(config: SplitConfig, source: list[Any] | pl.DataFrame) -> list[Any]:
    """Consecutive parts, so that `concat` puts them together again."""
    count, total = config.branch_count, len(source)
    size = config.chunk_size
    if size is None:
        ends = [total * at // count for at in range(count + 1)]
    else:
        ends = [min(total, size * at) for at in range(count)] + [total]
    return [source[start:end] for start, end in pairwise(ends)]


def _routed(config: SplitConfig, ctx: BlockContext, source: list[Any] | pl.DataFrame) -> list[Any]:
    """The items of each route, in their order; a table's rows stay a table."""
    fallback = next((at for at, route in enumerate(config.routes) if route.name == DEFAULT), None)
    tests = [(at, route) for at, route in enumerate(config.routes) if route.condition]
    taken: list[list[int]] = [[] for _ in config.routes]
    items = source.iter_rows(named=True) if isinstance(source, pl.DataFrame) else source
    for index, item in enumerate(items):
        names = {"item": item, "index": index}
        at = next((at for at, route in tests if _takes(ctx, at, route, names)), fallback)
        if at is None:
            raise BlockFailed(
                f"No route takes item {index} ({shorten(item, 60)}).",
                kind="CONFIG",
                hint="Add a route named `default`, or one whose condition holds for it.",
                data={"index": index},
            )
        taken[at].append(index)
    if isinstance(source, pl.DataFrame):
        return [source[rows] for rows in taken]
    return [[source[row] for row in rows] for rows in taken]


def _takes(ctx: BlockContext, at: int, route: Route, names: Mapping[str, Any]) -> bool:
    answer = ctx.code(f"routes[{at}].condition", names)
    if not isinstance(answer, bool):
        raise BlockFailed(
            f"The condition of the route “{route.name}” answers {kind_of(answer)} ({shorten(answer, 40)}) "
            f"for item {names['index']}, not true or false.",
            kind="CONFIG",
            hint="Compare the item with something, as in `item.count > 10`.",
        )
    return answer

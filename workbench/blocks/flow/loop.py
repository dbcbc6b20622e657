"""`loop`: runs its body for each item, a number of times, or while a condition holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks.context import RegionResult, ScopeContext
from workbench.blocks.kind import DEFERRED, TEMPLATE, BlockConfig, Fired, Port, ScopeType, when
from workbench.blocks.words import kind_of, shorten

MOST_ITERATIONS = 1_000_000
MOST_ERRORS_KEPT = 1000
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]

BY_ITEM = frozenset({"forEach", "map", "reduce"})
BY_CONDITION = frozenset({"while", "doWhile"})


class LoopConfig(BlockConfig):
    loop_type: Literal["forEach", "times", "while", "doWhile", "map", "reduce"] = Field(title="Kind")
    items: Annotated[Any, TEMPLATE] = Field(
        default=None,
        title="Items",
        description="A list, or a table, which is gone through as row objects.",
        json_schema_extra=when(loop_type=("forEach", "map", "reduce")),
    )
    item_variable: VariableName = Field(default="item", title="Item's name")
    index_variable: VariableName = Field(default="index", title="Index's name")
    iterations: Annotated[int | None, TEMPLATE] = Field(
        default=None,
        ge=0,
        le=MOST_ITERATIONS,
        title="Iterations",
        description="How many times.",
        json_schema_extra=when(loop_type="times"),
    )
    condition: Annotated[str | None, DEFERRED] = Field(
        default=None,
        title="Condition",
        description="Goes on while true; sees `last`, `vars` and `index`.",
        json_schema_extra=when(loop_type=("while", "doWhile")),
    )
    accumulator: Annotated[Any, TEMPLATE] = Field(
        default=None,
        title="Accumulator",
        description="The first value of a reduce.",
        json_schema_extra=when(loop_type="reduce"),
    )
    concurrency: int = Field(default=1, ge=1, le=64, title="At once")
    error_policy: Literal["stop", "continue"] = Field(default="stop", title="On error")
    max_iterations: int = Field(default=10_000, ge=1, le=MOST_ITERATIONS, title="At most")


class LoopOutput(BlockConfig):
    results: Any
    iterations: int
    errors: list[dict[str, Any]]
    exit_reason: str


class Loop(ScopeType[LoopConfig]):
    """Sequential iterations carry variables on; concurrent ones keep theirs inside."""

    type = "loop"
    title = "Loop"
    category = "flow"
    summary = "Runs the blocks inside it again and again."
    icon = "repeat"
    Config = LoopConfig
    Output = LoopOutput
    outputs = (Port("body", region=True), Port("out", "object"))
    example: ClassVar[dict[str, Any]] = {"loopType": "forEach", "items": "{{ input }}"}

    def region_names(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        kind = config.get("loopType")
        names = [_name(config.get("indexVariable"), "index"), "index"]
        if kind in BY_ITEM or kind == "times":
            names += [_name(config.get("itemVariable"), "item"), "item"]
        if kind in BY_CONDITION:
            names.append("last")
        if kind == "reduce":
            names.append("accumulator")
        return tuple(dict.fromkeys(names))

    def describe(self, config: Mapping[str, Any]) -> str:
        kind = config.get("loopType")
        if kind == "times":
            return f"{shorten(config.get('iterations'), 30)} times"
        if kind in BY_CONDITION:
            text = f"while {shorten(config.get('condition', ''), 40)}"
            return f"do {text}" if kind == "doWhile" else text
        if kind in BY_ITEM:
            each = f"each {_name(config.get('itemVariable'), 'item')} of {shorten(config.get('items', 'input'), 40)}"
            return f"{kind} {each}" if kind != "forEach" else each
        return ""

    def check(self, config: LoopConfig) -> list[tuple[str, str]]:
        kind = config.loop_type
        issues: list[tuple[str, str]] = []
        if kind == "times" and config.iterations is None:
            issues.append(("iterations", "is needed when loopType is times"))
        if kind in BY_CONDITION and not config.condition:
            issues.append(("condition", f"is needed when loopType is {kind}"))
        if config.concurrency > 1 and (kind in BY_CONDITION or kind == "reduce"):
            issues.append(("concurrency", f"must be 1 when loopType is {kind}: each iteration needs the one before it"))
        if config.item_variable == config.index_variable:
            issues.append(("indexVariable", "must differ from itemVariable"))
        return issues

    async def run_scope(self, config: LoopConfig, ctx: ScopeContext) -> Fired:
        if config.loop_type in BY_CONDITION:
            return await _while(config, ctx)
        items, count = _items(config, ctx)
        if count > config.max_iterations:
            raise BlockFailed(
                f"The loop has {count:,} iterations, more than maxIterations ({config.max_iterations:,}).",
                kind="LIMIT",
                hint=f"Raise maxIterations (at most {MOST_ITERATIONS:,}), or give it fewer items.",
            )
        if config.loop_type == "reduce":
            return await _reduce(config, ctx, items, count)
        if config.concurrency > 1:
            return await _concurrent(config, ctx, items, count)
        return await _sequential(config, ctx, items, count)


def _name(value: Any, default: str) -> str:
    return value if isinstance(value, str) and value else default


def _items(config: LoopConfig, ctx: ScopeContext) -> tuple[Iterable[Any], int]:
    if config.loop_type == "times":
        if config.iterations is None:
            raise BlockFailed("`iterations` is needed when loopType is times.", kind="CONFIG")
        return range(config.iterations), config.iterations
    items = config.items if "items" in config.model_fields_set else ctx.input
    if isinstance(items, pl.DataFrame):
        return items.iter_rows(named=True), items.height
    if isinstance(items, list):
        return items, len(items)
    hint = f"Write `{{{{ {items} }}}}` to use a block's value." if isinstance(items, str) else "Give a list or a table."
    raise BlockFailed(
        f"`items` is {kind_of(items)} ({shorten(items, 40)}), not a list or a table.", kind="CONFIG", hint=hint
    )


def _naming(config: LoopConfig) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the item and of the index, the usual ones beside the chosen."""
    item = tuple(dict.fromkeys((config.item_variable, "item")))
    return item, tuple(n for n in dict.fromkeys((config.index_variable, "index")) if n not in item)


def _in_sight(config: LoopConfig, items: Iterable[Any]) -> Iterator[dict[str, Any]]:
    item_names, index_names = _naming(config)
    if item_names == ("item",) and index_names == ("index",):
        for index, item in enumerate(items):
            yield {"item": item, "index": index}
        return
    for index, item in enumerate(items):
        names = dict.fromkeys(index_names, index)
        for name in item_names:
            names[name] = item
        yield names


async def _sequential(config: LoopConfig, ctx: ScopeContext, items: Iterable[Any], count: int) -> Fired:
    results: list[Any] = []
    errors = _Errors(config)
    variables: Mapping[str, Any] = {}
    ctx.progress(0, count)
    for index, names in enumerate(_in_sight(config, items)):
        result = await ctx.run_region("body", index, names, carry_variables=True)
        if result.error is not None:
            errors.add(index, result.error)
        results.append(result.value)
        variables = result.variables
        ctx.progress(index + 1, count)
    return _fired(results, count, errors, "completed", variables)


async def _concurrent(config: LoopConfig, ctx: ScopeContext, items: Iterable[Any], count: int) -> Fired:
    stop = config.error_policy == "stop"
    every = await ctx.concurrently("body", list(_in_sight(config, items)), config.concurrency, stop_on_error=stop)
    errors = _Errors(config)
    for index, result in enumerate(every):
        if result is not None and result.error is not None:
            errors.add(index, result.error)
    return _fired([None if r is None else r.value for r in every], count, errors, "completed", {})


async def _reduce(config: LoopConfig, ctx: ScopeContext, items: Iterable[Any], count: int) -> Fired:
    errors = _Errors(config)
    held, variables = config.accumulator, {}
    ctx.progress(0, count)
    for index, names in enumerate(_in_sight(config, items)):
        names["accumulator"] = held
        result = await ctx.run_region("body", index, names, carry_variables=True)
        if result.error is not None:
            errors.add(index, result.error)
        else:
            held = result.value
        variables = result.variables
        ctx.progress(index + 1, count)
    return _fired(held, count, errors, "completed", variables)


async def _while(config: LoopConfig, ctx: ScopeContext) -> Fired:
    results: list[Any] = []
    errors = _Errors(config)
    names = dict.fromkeys(dict.fromkeys((config.index_variable, "index")), 0)
    last, variables = None, {}
    outside = ctx.visible().get("vars") or {} if "vars" in (config.condition or "") else {}
    index = 0
    reason = "condition"
    while True:
        in_sight = {**names, "last": last}
        asked = {**in_sight, "vars": {**outside, **variables}}
        if (index > 0 or config.loop_type == "while") and not _goes_on(ctx, index, asked):
            break
        if index >= config.max_iterations:
            reason = "maxIterations"
            break
        if index == 0:
            ctx.progress(0, None)
        result: RegionResult = await ctx.run_region("body", index, in_sight, carry_variables=True)
        if result.error is not None:
            errors.add(index, result.error)
        results.append(result.value)
        last, variables = result.value, result.variables
        index += 1
        names = dict.fromkeys(names, index)
        ctx.progress(index, None)
    return _fired(results, index, errors, reason, variables)


def _goes_on(ctx: ScopeContext, index: int, names: Mapping[str, Any]) -> bool:
    answer = ctx.code("condition", names)
    if not isinstance(answer, bool):
        raise BlockFailed(
            f"The loop's condition answers {kind_of(answer)} ({shorten(answer, 40)}) before iteration {index}, "
            "not true or false.",
            kind="CONFIG",
            hint="Compare the value with something, as in `last.count < 10`; at first `last` is null.",
        )
    return answer


class _Errors:
    """What failed so far; with errorPolicy stop the first failure raises."""

    def __init__(self, config: LoopConfig) -> None:
        self.stops = config.error_policy == "stop"
        self.kept: list[dict[str, Any]] = []

    def add(self, index: int, error: dict[str, Any]) -> None:
        if self.stops:
            raise BlockFailed(
                f"Iteration {index} failed: {error.get('message', 'no message')}",
                kind="REGION",
                hint="Wire the error port inside the loop, or set errorPolicy to continue.",
                data={"index": index, "error": error},
            )
        if len(self.kept) < MOST_ERRORS_KEPT:
            self.kept.append({"index": index, **error})


def _fired(results: Any, count: int, errors: _Errors, reason: str, variables: Mapping[str, Any]) -> Fired:
    output = {"results": results, "iterations": count, "errors": errors.kept, "exitReason": reason}
    return Fired(output, variables=variables or None)

"""A real block context for tests: the registry and the expression language without an engine around them."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from workbench.base.errors import BlockFailed
from workbench.blocks.context import (
    Arrival,
    BranchEnd,
    HttpRequest,
    HttpResponse,
    RegionResult,
    Wait,
    Woken,
    WorkerJob,
)
from workbench.blocks.kind import Fired, ScopeType
from workbench.blocks.registry import BlockRegistry
from workbench.flow.catalogue import ExpressionField

REGISTRY = BlockRegistry.standard()
START_US = 1_700_000_000_000_000

Body = Callable[[dict[str, Any]], Any]
"""A region: takes the names in sight, answers its result; `set_variables` is done by an entry of ``vars``."""


class Context:
    """One block attempt. `seen` holds upstream values by handle; `body` is a scope's region."""

    block_name = "the block"
    block_handle = "the_block"
    path = "the_block"
    attempt = 1
    now_us = START_US
    idempotency_key = "key-1"

    def __init__(
        self,
        fields: Sequence[ExpressionField],
        *,
        input: Any = None,
        seen: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
        run_inputs: Mapping[str, Any] | None = None,
        files_root: Path = Path("/nowhere"),
        body: Body | None = None,
        arrivals: Sequence[Arrival] = (),
        cut_off: bool = False,
        pool: Any = None,
        outbound: Any = None,
        wired: Sequence[str] = ("out",),
        waking: Callable[[Wait], Woken] | None = None,
    ) -> None:
        self._texts = {f.path: f.text for f in fields if f.mode in ("code", "deferred")}
        self.input = input
        self.seen = dict(seen or {})
        self.variables = dict(variables or {})
        self.run_inputs = dict(run_inputs or {})
        self.files_root = files_root
        self.body = body
        self.arrivals = arrivals
        self.cut_off = cut_off
        self.pool = pool
        self.outbound = outbound
        self.wired = frozenset(wired)
        self.waking = waking
        self.waited_until: list[int] = []
        self.logged: list[str] = []
        self.regions: list[tuple[int, dict[str, Any]]] = []
        self.done: tuple[int, int | None] = (0, None)
        self._carried: dict[str, Any] = {}

    def visible(self) -> dict[str, Any]:
        return {**self.seen, "input": self.input, "vars": self.variables}

    def code(self, field_path: str, names: Mapping[str, Any] | None = None) -> Any:
        return evaluate(self._texts[field_path], "expression", {**self.visible(), **(names or {})})

    async def in_worker(self, job: WorkerJob) -> Any:
        return await self.pool.run(job, self.logged.append)

    async def in_thread(self, work: Any, *args: Any) -> Any:
        return await asyncio.to_thread(work, *args)

    async def http(self, request: HttpRequest) -> HttpResponse:
        return await self.outbound.send(request)

    async def wait_until(self, due_us: int) -> None:
        self.waited_until.append(due_us)

    async def wait_for(self, wait: Wait) -> Woken:
        self.waited_until.append(wait.due_us)
        if self.waking is not None:
            return self.waking(wait)
        return Woken("time", wait.due_us - self.now_us)

    async def wait_ms(self, milliseconds: int) -> None:
        self.waited_until.append(milliseconds)

    def is_wired(self, port: str) -> bool:
        return port in self.wired

    def log(self, message: str, level: str = "info", **data: Any) -> None:
        del level, data
        self.logged.append(message)

    async def run_region(
        self,
        port: str,
        iteration: int,
        names: Mapping[str, Any],
        *,
        carry_variables: bool = False,
        timeout_ms: int | None = None,
    ) -> RegionResult:
        assert port == "body"
        assert self.body is not None
        if self.cut_off:
            assert timeout_ms
            return RegionResult(timed_out=True)
        in_sight = {**self.visible(), **names}
        in_sight["vars"] = {**self.variables, **(self._carried if carry_variables else {})}
        self.regions.append((iteration, dict(names)))
        try:
            value = self.body(in_sight)
        except BlockFailed as error:
            failure = {"type": error.kind, "message": error.message}
            return RegionResult(error=failure, variables=self._carried, unknown=error.unknown)
        if carry_variables:
            self._carried = dict(in_sight["vars"])
        return RegionResult(value=value, variables=dict(in_sight["vars"]))

    async def concurrently(
        self, port: str, items: Sequence[Mapping[str, Any]], limit: int, *, stop_on_error: bool
    ) -> list[RegionResult | None]:
        assert limit > 1
        results: list[RegionResult | None] = [None] * len(items)
        for index, names in enumerate(items):
            result = results[index] = await self.run_region(port, index, names)
            if stop_on_error and result.error is not None:
                break
        return results

    async def branches(
        self,
        ports: Sequence[str],
        limit: int,
        *,
        timeout_ms: int | None,
        is_decided: Callable[[Sequence[BranchEnd]], bool],
    ) -> list[BranchEnd]:
        """One after the other; `body` gets the port as ``branch``."""
        del limit, timeout_ms
        assert self.body is not None
        ends: list[BranchEnd] = []
        for port in ports:
            try:
                ends.append(BranchEnd(port, "completed", self.body({"branch": port}), duration_us=1500))
            except BlockFailed as error:
                failure = {"type": error.kind, "message": error.message}
                ends.append(BranchEnd(port, "failed", None, failure))
            if is_decided(ends):
                break
        return [*ends, *(BranchEnd(port, "cancelled") for port in ports[len(ends) :])]

    def progress(self, done: int, total: int | None) -> None:
        self.done = (done, total)


def evaluate(text: str, mode: str, names: Mapping[str, Any]) -> Any:
    """The value of one config text, by the language of flows."""
    from workbench.flow.expressions import ExpressionError, missing, parse_expression, parse_template

    def get(name: str) -> Any:
        if name not in names:
            raise missing(name, names)
        return names[name]

    try:
        template = parse_template(text) if mode == "template" else parse_expression(text)
        return template.evaluate(get)
    except ExpressionError as error:
        raise BlockFailed(error.message, kind="EXPRESSION", hint=error.hint) from error


def make(type: str, config: Mapping[str, Any], **context: Any) -> tuple[Any, Context]:
    """The parsed config (expressions replaced by values) and the context of one attempt."""
    fields = REGISTRY.expressions(type, config)
    ctx = Context(fields, **context)
    resolved: dict[str, Any] = deepcopy(dict(config))
    for field in fields:
        if field.mode in ("template", "expression"):
            place: Any = resolved
            for key in field.keys[:-1]:
                place = place[key]
            place[field.keys[-1]] = evaluate(field.text, field.mode, ctx.visible())
    return REGISTRY.parse(type, resolved), ctx


async def run_in(type: str, config: Mapping[str, Any], **context: Any) -> tuple[Fired, Context]:
    """Run one block inside a loop; answers what fired and the context, to look at its logs and waits."""
    parsed, ctx = make(type, config, **context)
    block = REGISTRY.get(type)
    fired = block.run_scope(parsed, ctx) if isinstance(block, ScopeType) else block.run(parsed, ctx)
    if inspect.isawaitable(fired):
        fired = await fired
    return fired, ctx


def run(type: str, config: Mapping[str, Any], **context: Any) -> Fired:
    """Run one block to its end."""
    return asyncio.run(run_in(type, config, **context))[0]


def issues(type: str, config: Mapping[str, Any]) -> list[str]:
    """What validation says of this config, a line per field."""
    return [f"{issue.field} {issue.message}" for issue in REGISTRY.check_config(type, config)]

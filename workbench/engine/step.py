"""One block attempt's view of its run: the context that blocks are given, and the names that expressions see."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from workbench.base.clock import to_datetime
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
from workbench.engine.interfaces import Walking
from workbench.engine.program import Node, Place, Program
from workbench.engine.records import Outcome
from workbench.engine.redaction import SecretsInUse
from workbench.engine.region import RegionRun, VariableRace, Variables
from workbench.engine.secret_fields import IN_USE
from workbench.engine.states import StepStatus
from workbench.flow.expressions import ExpressionError, Template, missing, parse_expression
from workbench.storage.value_files import Stored
from workbench.storage.values import to_json

NO_NAMES: Mapping[str, Any] = {}


class Step:
    """Implements `BlockContext` and `ScopeContext`; lives for one attempt of one block at one path."""

    __slots__ = (
        "_extra",
        "_input",
        "_variables",
        "attempt",
        "carried",
        "changed",
        "has_begun",
        "in_use",
        "is_careful",
        "iteration",
        "node",
        "now_us",
        "path",
        "region",
        "status",
        "stored",
        "waited_us",
        "waits",
        "walk",
    )

    def __init__(self, walk: Walking, region: RegionRun, node: Node, path: str, attempt: int, now_us: int) -> None:
        self.walk = walk
        self.region = region
        self.node = node
        self.path = path
        self.attempt = attempt
        self.now_us = now_us
        self.waited_us = 0
        self.stored: Stored | None = None
        """Where a large result already lies, before its checkpoint is written."""
        self.carried: Variables | None = None
        """A scope's variables as its last region run left them."""
        self.changed: set[str] = set()
        """A scope's: the names that its region runs have set so far."""
        self.has_begun = False
        self.status: StepStatus | None = None
        """Where this attempt is; None before it was begun. Moved by the pen, as `states.STEP_MOVES` allows."""
        self.is_careful = False
        """Its start is made durable first, whatever its effect class: it may be what ended the server."""
        self.waits = 0
        self.in_use: SecretsInUse | None = None
        """The secrets that this attempt has read; None where it has not read any."""
        self.iteration = -1
        """A scope's: the highest iteration that it has begun."""
        self._extra: Mapping[str, Any] = NO_NAMES
        self._input: Any = walk  # a mark for "not joined yet"
        self._variables: dict[str, Any] | None = None

    # What a block asks for

    @property
    def input(self) -> Any:
        if self._input is self.walk:
            node, region = self.node, self.region
            self._input = self.region.frame.inputs if node.kind.is_trigger else region.input_of(node)
        return self._input

    @property
    def arrivals(self) -> Sequence[Arrival]:
        return self.walk.joins.arrivals(self.region, self.node)

    @property
    def block_name(self) -> str:
        return self.node.block.name

    @property
    def block_handle(self) -> str:
        return self.node.handle

    @property
    def run_inputs(self) -> Mapping[str, Any]:
        return self.region.frame.inputs

    @property
    def files_root(self) -> Path:
        return self.walk.services.files_root

    @property
    def idempotency_key(self) -> str:
        """hash(run id, path without retry indexes, n); n counts the attempts there that failed for good."""
        path, failures = self.walk.key_path(self.path)
        text = f"{self.walk.row.id}\0{path}\0{failures}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def code(self, field_path: str, names: Mapping[str, Any] | None = None) -> Any:
        """Evaluate a ``deferred`` or ``code`` field now, with `names` in sight besides."""
        template = self.node.plan.late.get(field_path)
        if template is None:
            raise BlockFailed(
                f"“{self.node.block.name}” has no expression in {field_path}.",
                kind="CONFIG",
                hint=f"Fill in {field_path} of this block.",
            )
        return self.evaluate(template, names or NO_NAMES)

    def evaluate(self, template: Template, names: Mapping[str, Any] = NO_NAMES) -> Any:
        """Evaluate any compiled template in this block's sight."""
        if "vars" in names:
            names = {**names, "vars": {**self.variables(), **names["vars"]}}
        before, self._extra = self._extra, names
        try:
            return template.evaluate(self.get)
        finally:
            self._extra = before

    def evaluate_text(self, text: str, names: Mapping[str, Any] = NO_NAMES) -> Any:
        """Compile and evaluate an expression; for the debugger's conditions and watches."""
        return self.evaluate(parse_expression(text), names)

    def visible(self) -> dict[str, Any]:
        """Values by handle of the completed blocks in sight, then the names around, ``input`` and ``vars``."""
        seen: dict[str, Any] = {}
        for name, place in self.node.sees if self.node.sees is not None else self._all_in_sight():
            outcome = self.outcome_at(place)
            if outcome is not None and outcome.status is StepStatus.COMPLETED:
                seen[name] = outcome.output
        regions: list[RegionRun] = []
        region: RegionRun | None = self.region
        while region is not None:
            regions.append(region)
            region = region.parent
        for around in reversed(regions):
            seen.update(around.names)
        failure = failure_in_sight(self.region.frame.program, self.region, self.node)
        if failure is not None:
            seen.setdefault("error", failure)
        variables = {n: v for n, v in self.found_variables().items() if not isinstance(v, VariableRace)}
        return {**seen, "input": self.input, "vars": variables}

    async def in_worker(self, job: WorkerJob) -> Any:
        return await self.walk.services.workers.run(job, self._worker_log, owner=self.walk.row.workspace_id)

    async def in_thread(self, work: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.walk.services.threads, work, *args)

    async def http(self, request: HttpRequest) -> HttpResponse:
        if self.in_use is not None:
            request = self.in_use.request(request)
        headers = {"Idempotency-Key": self.idempotency_key, **request.headers}
        return await self.walk.services.outbound.send(request, headers)

    async def wait_until(self, due_us: int) -> None:
        started = self.walk.services.clock.now_us()
        await self.walk.wait_until(self, due_us)
        self.waited_us += self.walk.services.clock.now_us() - started

    async def wait_for(self, wait: Wait) -> Woken:
        started = self.walk.services.clock.now_us()
        woken = await self.walk.attempts.wait_for(self, wait)
        self.waited_us += self.walk.services.clock.now_us() - started
        return woken

    def is_wired(self, port: str) -> bool:
        special = self.node.special
        return any(wire.port == port for wire in (*self.node.wires, *(special.wires if special is not None else ())))

    def log(self, message: str, level: Literal["debug", "info", "warning", "error"] = "info", **data: Any) -> None:
        self._log(level, message, data)

    def _worker_log(self, message: str, level: str = "info") -> None:
        self._log(level, message, {})

    def _log(self, level: str, message: str, data: Mapping[str, Any]) -> None:
        if self.in_use is not None:
            message, data = self.in_use.message(message), self.in_use.value(to_json(dict(data)))
        self.walk.log(self, level, message, data)

    # What a scope asks for besides

    def run_region(
        self,
        port: str,
        iteration: int,
        names: Mapping[str, Any],
        *,
        carry_variables: bool = False,
        timeout_ms: int | None = None,
    ) -> Awaitable[RegionResult]:
        return self.walk.scopes.run_region(
            self, port, iteration, names, carry_variables=carry_variables, timeout_ms=timeout_ms
        )

    async def concurrently(
        self, port: str, items: Sequence[Mapping[str, Any]], limit: int, *, stop_on_error: bool
    ) -> list[RegionResult | None]:
        return await self.walk.scopes.run_regions(self, port, items, limit, stop_on_error=stop_on_error)

    async def branches(
        self,
        ports: Sequence[str],
        limit: int,
        *,
        timeout_ms: int | None,
        is_decided: Callable[[Sequence[BranchEnd]], bool],
    ) -> list[BranchEnd]:
        return await self.walk.scopes.run_branches(self, ports, limit, timeout_ms=timeout_ms, is_decided=is_decided)

    async def wait_ms(self, milliseconds: int) -> None:
        await self.wait_until(self.walk.services.clock.now_us() + milliseconds * 1000)

    async def call_function(
        self, inputs: Mapping[str, Any], *, inherits_variables: bool, timeout_ms: int | None
    ) -> RegionResult:
        return await self.walk.scopes.call_function(
            self, inputs, inherits_variables=inherits_variables, timeout_ms=timeout_ms
        )

    def progress(self, done: int, total: int | None) -> None:
        self.walk.progress(self, done, total)

    # What an expression sees

    def get(self, name: str) -> Any:
        """The value of a root name, the nearest of that name. Raises ExpressionError that says what is there."""
        if name in self._extra:
            return self._extra[name]
        region: RegionRun | None = self.region
        while region is not None:
            if name in region.names:
                return region.names[name]
            region = region.parent
        program = self.region.frame.program
        place = program.by_handle.get(name)
        if place is not None:
            return self._block_value(name, place)
        match name:
            case "input":
                return self.input
            case "vars":
                return self.variables()
            case "run":
                return self._run_value()
            case "now":
                return to_datetime(self.now_us)
            case "secrets":
                raise ExpressionError("UNKNOWN_NAME", "`secrets` can only be used in the secret fields of a block.")
            case _:
                if name in program.error_names:
                    failure = failure_in_sight(program, self.region, self.node, name)
                    if failure is not None:
                        return failure
                raise missing(name, sorted(self.visible()))

    def get_for_config(self, name: str) -> Any:
        """As `get`, and the secrets in use, for the fields that may name them."""
        if name != IN_USE:
            return self.get(name)
        if self.in_use is None:
            self.in_use = SecretsInUse(self.walk.services.secrets, self.walk.row.workspace_id)
        return self.in_use

    def _run_value(self) -> dict[str, Any]:
        value, frame = self.walk.run_value(), self.region.frame
        if frame.function_id is None:
            return value
        return {**value, "functionId": frame.function_id, "version": frame.version, "inputs": frame.inputs}

    def variables(self) -> dict[str, Any]:
        """The variables in sight; a race between two unordered writers fails."""
        if self._variables is None:
            values = self.found_variables()
            for name, value in values.items():
                if isinstance(value, VariableRace):
                    raise variable_race(self.region.frame.program, name, value)
            self._variables = values
        return self._variables

    def forget_variables(self) -> None:
        """Somebody has changed them in the debugger."""
        self._variables = None

    def found_variables(self) -> dict[str, Any]:
        """The variables in sight, with a VariableRace where unordered writers have set one."""
        walk, frame = self.walk, self.region.frame
        found = (
            self.region.variables_before(self.node, frame.writers_before)
            if frame.program.has_writers
            else self.region.variables
        )
        values = {name: value for name, (_, value) in found.items()}
        if walk.overlay:
            values.update(walk.overlay_of(self.path))
        return values

    def outcome_at(self, place: Place) -> Outcome | None:
        """The outcome of the block at `place` in this region or the ones around it; None before it ran."""
        region: RegionRun | None = self.region
        plan = self.region.frame.program.regions[place.region]
        while region is not None:
            if region.plan is plan:
                return region.outcomes[place.local]
            region = region.parent
        return None

    def _block_value(self, name: str, place: Place) -> Any:
        program = self.region.frame.program
        plan = program.regions[place.region]
        node = plan.nodes[place.local]
        region: RegionRun | None = self.region
        while region is not None and region.plan is not plan:
            region = region.parent
        if region is None:
            scope = program.node(program.layout.outermost_hiding(self.node.id, node.id) or plan.key.scope)
            raise ExpressionError(
                "NOT_IN_SCOPE",
                f"`{name}` runs inside “{scope.block.name}”, so it has no one value here.",
                hint=f"Use what the scope gives, `{scope.handle}`, if it comes before this block.",
            )
        outcome = region.outcomes[place.local]
        if outcome is not None and outcome.status is StepStatus.COMPLETED and name not in self.node.hidden:
            return outcome.output
        if outcome is not None and outcome.port == "out" and name not in self.node.hidden:
            return None  # it failed and its policy says: go on
        raise _no_value(name, node, outcome, is_hidden=name in self.node.hidden)

    def _all_in_sight(self) -> Sequence[tuple[str, Place]]:
        program = self.region.frame.program
        visible = program.layout.visible(self.node.id)
        return [(program.node(i).handle, program.places[i]) for i in sorted(visible)]


def _no_value(name: str, node: Node, outcome: Outcome | None, *, is_hidden: bool) -> ExpressionError:
    if is_hidden:
        why = "does not come before this block"
    elif outcome is None:
        why = "has not run yet"
    elif outcome.status is StepStatus.SKIPPED:
        why = "was skipped"
    else:
        why = f"{'failed' if outcome.status is StepStatus.FAILED else outcome.status.value}"
    return ExpressionError(
        "BLOCK_SKIPPED",
        f"`{name}` (“{node.block.name}”) {why}, so it has no value.",
        hint=f"Use default({name}, …), or wire this block after it.",
    )


def variable_race(program: Program, name: str, race: VariableRace) -> BlockFailed:
    """The failure of whoever reads, or passes on, a variable that unordered blocks have set."""
    by_number = {node.number: node for region in program.regions for node in region.nodes}
    writers = " and ".join(f"“{by_number[n].block.name}”" for n in sorted(race.values) if n in by_number)
    return BlockFailed(
        f"{writers or 'Several blocks'} run in no fixed order and both set the variable `{name}`.",
        kind="VARIABLE_RACE",
        hint="Wire one writer after the other, or give the variables different names.",
    )


def failure_in_sight(program: Program, region: RegionRun, node: Node, name: str = "error") -> dict[str, Any] | None:
    """The nearest failure upstream that flowed on by an `error` or `caught` port, here or around the scopes."""
    here: RegionRun | None = region
    while here is not None:
        seen: set[int] = set()
        level = [node.local]
        while level:
            before: list[int] = []
            for at in level:
                for local in here.plan.nodes[at].sources:
                    outcome = here.outcomes[local]
                    if local in seen or outcome is None or outcome.port is None:
                        continue
                    seen.add(local)
                    failure = _failure_of(here.plan.nodes[local], outcome, name)
                    if failure is not None:
                        return failure
                    before.append(local)
            level = before
        if here.plan.key.scope:
            node = program.node(here.plan.key.scope)
        here = here.parent
    return None


def _failure_of(node: Node, outcome: Outcome, name: str) -> dict[str, Any] | None:
    if outcome.port not in ("error", "caught") or name not in ("error", node.block.config.get("errorVariable")):
        return None
    if outcome.error is not None:
        return outcome.error
    if not isinstance(outcome.output, dict):
        return None
    inner = cast("dict[str, Any]", outcome.output).get("error")
    return cast("dict[str, Any]", inner) if isinstance(inner, dict) else None

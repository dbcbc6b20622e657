"""One block attempt's view of its run: the context that blocks are given, and the names that expressions see."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from workbench.base.clock import to_datetime
from workbench.base.errors import BlockFailed
from workbench.blocks.context import HttpRequest, HttpResponse, RegionResult, WorkerJob
from workbench.engine.interfaces import Walking
from workbench.engine.program import Node, Place
from workbench.engine.records import Outcome
from workbench.engine.region import RegionRun, VariableRace, Variables
from workbench.engine.states import StepStatus
from workbench.flow.expressions import ExpressionError, Template, missing, parse_expression
from workbench.storage.value_files import Stored

NO_NAMES: Mapping[str, Any] = {}


class Step:
    """Implements `BlockContext` and `ScopeContext`; lives for one attempt of one block at one path."""

    __slots__ = (
        "_extra",
        "_input",
        "_variables",
        "attempt",
        "carried",
        "node",
        "now_us",
        "path",
        "region",
        "stored",
        "waited_us",
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
        self._extra: Mapping[str, Any] = NO_NAMES
        self._input: Any = walk  # a mark for "not joined yet"
        self._variables: dict[str, Any] | None = None

    # What a block asks for

    @property
    def input(self) -> Any:
        if self._input is self.walk:
            node, region = self.node, self.region
            self._input = self.walk.row.inputs if node.kind.is_trigger else region.input_of(node)
        return self._input

    @property
    def block_name(self) -> str:
        return self.node.block.name

    @property
    def block_handle(self) -> str:
        return self.node.handle

    @property
    def run_inputs(self) -> Mapping[str, Any]:
        return self.walk.row.inputs

    @property
    def files_root(self) -> Path:
        return self.walk.services.files_root

    @property
    def idempotency_key(self) -> str:
        """hash(run id, path): the same for every attempt after an unknown outcome."""
        return hashlib.sha256(f"{self.walk.row.id}\0{self.path}".encode()).hexdigest()[:32]

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
        before, self._extra = self._extra, names
        try:
            return template.evaluate(self.get)
        finally:
            self._extra = before

    def evaluate_text(self, text: str, names: Mapping[str, Any] = NO_NAMES) -> Any:
        """Compile and evaluate an expression; for the debugger's conditions and watches."""
        return self.evaluate(parse_expression(text), names)

    def visible(self) -> dict[str, Any]:
        """Values by handle of the completed blocks in sight, then ``input``, ``vars`` and the region's names."""
        seen: dict[str, Any] = {}
        for name, place in self.node.sees if self.node.sees is not None else self._all_in_sight():
            outcome = self.outcome_at(place)
            if outcome is not None and outcome.status is StepStatus.COMPLETED:
                seen[name] = outcome.output
        region: RegionRun | None = self.region
        while region is not None:
            seen = {**region.names, **seen}
            region = region.parent
        return {**seen, "input": self.input, "vars": self.variables()}

    async def in_worker(self, job: WorkerJob) -> Any:
        return await self.walk.services.workers.run(job, self._worker_log)

    async def in_thread(self, work: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.walk.services.threads, work, *args)

    async def http(self, request: HttpRequest) -> HttpResponse:
        headers = {"Idempotency-Key": self.idempotency_key, **request.headers}
        return await self.walk.services.outbound.send(request, headers)

    async def wait_until(self, due_us: int) -> None:
        started = self.walk.services.clock.now_us()
        await self.walk.wait_until(self, due_us)
        self.waited_us += self.walk.services.clock.now_us() - started

    def log(self, message: str, level: Literal["debug", "info", "warning", "error"] = "info", **data: Any) -> None:
        self.walk.log(self, level, message, data)

    def _worker_log(self, message: str, level: str = "info") -> None:
        self.walk.log(self, level, message, {})

    # What a scope asks for besides

    async def run_region(
        self, port: str, iteration: int, names: Mapping[str, Any], *, carry_variables: bool = False
    ) -> RegionResult:
        return await self.walk.run_region(self, port, iteration, names, carry_variables=carry_variables)

    async def concurrently(
        self, port: str, items: Sequence[Mapping[str, Any]], limit: int, *, stop_on_error: bool
    ) -> list[RegionResult | None]:
        return await self.walk.run_regions(self, port, items, limit, stop_on_error=stop_on_error)

    def progress(self, done: int, total: int | None) -> None:
        self.walk.progress(self, done, total)

    # What an expression sees

    def get(self, name: str) -> Any:
        """The value of a root name. Raises ExpressionError that says what is there."""
        if name in self._extra:
            return self._extra[name]
        place = self.walk.program.by_handle.get(name)
        if place is not None:
            return self._block_value(name, place.region, place.local)
        region: RegionRun | None = self.region
        while region is not None:
            if name in region.names:
                return region.names[name]
            region = region.parent
        match name:
            case "input":
                return self.input
            case "vars":
                return self.variables()
            case "run":
                return self.walk.run_value()
            case "now":
                return to_datetime(self.now_us)
            case "secrets":
                raise ExpressionError("UNKNOWN_NAME", "`secrets` can only be used in the secret fields of a block.")
            case _:
                raise missing(name, sorted(self.visible()))

    def variables(self) -> dict[str, Any]:
        """The variables in sight; a race between two unordered writers fails."""
        if self._variables is None:
            walk = self.walk
            found = (
                self.region.variables_before(self.node, walk.writers_before)
                if walk.program.has_writers
                else self.region.variables
            )
            values = {name: value for name, (_, value) in found.items()}
            if walk.overlay:
                values.update(walk.overlay)
            for name, value in values.items():
                if isinstance(value, VariableRace):
                    raise BlockFailed(
                        f"Two blocks that run in no fixed order both set the variable `{name}`.",
                        kind="VARIABLE_RACE",
                        hint="Wire one writer after the other, or give the variables different names.",
                    )
            self._variables = values
        return self._variables

    def outcome_at(self, place: Place) -> Outcome | None:
        """The outcome of the block at `place` in this region or the ones around it; None before it ran."""
        region: RegionRun | None = self.region
        plan = self.walk.program.regions[place.region]
        while region is not None:
            if region.plan is plan:
                return region.outcomes[place.local]
            region = region.parent
        return None

    def _block_value(self, name: str, region_index: int, local: int) -> Any:
        region: RegionRun | None = self.region
        plan = self.walk.program.regions[region_index]
        while region is not None and region.plan is not plan:
            region = region.parent
        node = plan.nodes[local]
        if region is None:
            raise ExpressionError(
                "NOT_IN_SCOPE",
                f"`{name}` runs inside “{plan.key.scope}”, so it has no one value here.",
                hint="Name the scope's own results instead.",
            )
        outcome = region.outcomes[local]
        if outcome is None or outcome.status is StepStatus.SKIPPED:
            word = "was skipped" if outcome is not None else "has not run yet"
            raise ExpressionError(
                "BLOCK_SKIPPED",
                f"`{name}` (“{node.block.name}”) {word}, so it has no value.",
                hint=f"Use default({name}, …), or wire this block after it.",
            )
        return outcome.output

    def _all_in_sight(self) -> Sequence[tuple[str, Place]]:
        program = self.walk.program
        visible = program.layout.visible(self.node.id)
        return [(program.node(i).handle, program.places[i]) for i in sorted(visible)]

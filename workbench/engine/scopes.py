"""Runs the regions of a walk's scopes: once, again and again with variables carried on, or side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from workbench.blocks.context import BranchEnd, RegionResult
from workbench.engine.attempts import Attempts, limit_path
from workbench.engine.branches import Branches
from workbench.engine.calls import Calls
from workbench.engine.countdowns import Countdowns, Limit
from workbench.engine.failures import describe
from workbench.engine.frames import Frame
from workbench.engine.halting import Halt
from workbench.engine.interfaces import Services
from workbench.engine.joins import Joins
from workbench.engine.lanes import all_lanes
from workbench.engine.pen import Pen
from workbench.engine.program import RegionPlan
from workbench.engine.records import Outcome
from workbench.engine.region import RegionRun, VariableRace, Variables
from workbench.engine.replay import Journal
from workbench.engine.states import StepStatus
from workbench.engine.step import Step, variable_race


class Regions(Protocol):
    """The walk, as its scopes see it."""

    services: Services
    pen: Pen
    journal: Journal | None
    attempts: Attempts
    countdowns: Countdowns
    calls: Calls

    def open(self, frame: Frame, prefix: str, variables: Variables, trigger: str | None) -> RegionRun: ...

    async def walk_region(self, region: RegionRun) -> None: ...

    def stop(self, region: RegionRun) -> None: ...

    @property
    def joins(self) -> Joins: ...


class Scopes:
    """What scopes ask of the walk that they are part of."""

    __slots__ = ("_walk",)

    def __init__(self, walk: Regions) -> None:
        self._walk = walk

    async def run_region(
        self,
        step: Step,
        port: str,
        iteration: int,
        names: Mapping[str, Any],
        *,
        carry_variables: bool,
        timeout_ms: int | None = None,
    ) -> RegionResult:
        """Run a scope's region once. See `ScopeContext.run_region`."""
        result, after = await self.run_once(
            step, port, iteration, names, carry_variables=carry_variables, timeout_ms=timeout_ms
        )
        program = step.region.frame.program
        if not program.has_writers or after is None:
            return result
        here = {name for name, (writer, _) in after.items() if writer != -1}
        step.changed = step.changed | here if carry_variables else here
        for name in step.changed:
            value = after[name][1]
            if isinstance(value, VariableRace) and result.error is None and not result.timed_out:
                return RegionResult(error=describe(step, variable_race(program, name, value)))
        if carry_variables:
            step.carried = {name: (-1, value) for name, (_, value) in after.items()}
        changed = {name: after[name][1] for name in step.changed if not isinstance(after[name][1], VariableRace)}
        return RegionResult(result.value, result.error, changed, result.timed_out, result.unknown)

    async def run_once(
        self,
        step: Step,
        port: str,
        iteration: int,
        names: Mapping[str, Any],
        *,
        carry_variables: bool = False,
        timeout_ms: int | None = None,
    ) -> tuple[RegionResult, Variables | None]:
        """One run of a region, and the variables at its end (None where there is no region)."""
        index = step.node.bodies.get(port)
        parent = step.region
        if parent.stopping:
            raise Halt
        if index is None:
            return RegionResult(), None
        step.iteration = max(step.iteration, iteration)
        frame = parent.frame
        plan = frame.program.regions[index]
        carried: Variables | None = step.carried if carry_variables else None
        variables = carried if carried is not None else self._variables_in(step)
        region = self._open(step, plan, iteration, names, variables)
        parent.children.add(region)
        timed_out = False
        try:
            if timeout_ms is None:
                await self._walk.walk_region(region)
            else:
                timed_out = await self._within(step, region, limit_path(step.path, port), timeout_ms)
        finally:
            parent.children.discard(region)
        after = region.variables_after(frame.writers_before) if frame.program.has_writers else None
        if timed_out:
            return RegionResult(timed_out=True, unknown=self._walk.attempts.has_cut_inside(region.prefix)), after
        failure = region.failure
        if failure is not None:
            return RegionResult(error=failure, unknown=failure.get("unknown") is True), after
        return RegionResult(value=region.result()), after

    async def _within(self, step: Step, region: RegionRun, path: str, timeout_ms: int) -> bool:
        """Walk a region with a deadline, which a row keeps; whether it was cut off."""
        walk = self._walk
        due = walk.journal.take_due(path) if walk.journal is not None else None
        limit = Limit(walk.countdowns, walk.countdowns.left_us(due, timeout_ms * 1000), path)
        try:
            async with limit:
                await walk.walk_region(region)
        except TimeoutError:
            if not limit.expired:
                raise
            if step.region.stopping:
                raise Halt from None
            return True
        return False

    def _variables_in(self, step: Step) -> Variables:
        frame = step.region.frame
        if not frame.program.has_writers:
            return step.region.variables
        return {n: (-1, v) for n, (_, v) in step.region.variables_before(step.node, frame.writers_before).items()}

    def _open(
        self, step: Step, plan: RegionPlan, iteration: int, names: Mapping[str, Any], variables: Variables
    ) -> RegionRun:
        body = names["item"] if "item" in names else next(iter(names.values()), None) if names else step.input
        frame = step.region.frame
        region = RegionRun(plan, f"{step.path}[{iteration}]/", step.region, names, None, variables, frame)
        arriving = Outcome(
            StepStatus.COMPLETED, plan.key.port, body, b"", variables if frame.program.has_writers else None
        )
        arriving.key = region.key_of_names() if names else frame.keys.of_input(step)
        region.body = arriving
        for local in plan.entries:
            region.arrived[local] = [arriving]
            if not region.pending[local]:
                region.ready.append(plan.nodes[local])
        if plan.has_joins:
            self._walk.joins.enter(region)
        return region

    async def run_regions(
        self, step: Step, port: str, items: Sequence[Mapping[str, Any]], limit: int, *, stop_on_error: bool
    ) -> list[RegionResult | None]:
        """Run the region once per entry, at most `limit` at a time. See `ScopeContext.concurrently`."""
        results: list[RegionResult | None] = [None] * len(items)
        upcoming = iter(range(len(items)))
        done = 0
        stopped = False
        step.progress(0, len(items))

        async def lane() -> None:
            nonlocal done, stopped
            for at in upcoming:
                if stopped:
                    return
                result, _ = await self.run_once(step, port, at, items[at])
                results[at] = result
                done += 1
                step.progress(done, len(items))
                if result.error is not None and stop_on_error:
                    stopped = True
                    self.stop_regions(step)

        await all_lanes([asyncio.ensure_future(lane()) for _ in range(min(limit, len(items)))])
        if step.region.stopping:
            raise Halt
        return results

    async def call_function(
        self, step: Step, inputs: Mapping[str, Any], *, inherits_variables: bool, timeout_ms: int | None
    ) -> RegionResult:
        """Run the function that a step calls. See `ScopeContext.call_function`."""
        walk, parent = self._walk, step.region
        if parent.stopping:
            raise Halt
        program = walk.calls.program(step.node)
        frame = parent.frame.call(step, walk.calls.key(step.node), program, inputs)
        variables: Variables = {}
        if inherits_variables:
            variables.update((name, (-1, value)) for name, value in step.variables().items())
        variables.update((name, (-1, value)) for name, value in program.flow.variables.items())
        root = walk.open(frame, f"{step.path}[0]/", variables, program.start)
        parent.children.add(root)
        timed_out = False
        try:
            if timeout_ms is None:
                await walk.walk_region(root)
            else:
                timed_out = await self._within(step, root, limit_path(step.path, "call"), timeout_ms)
        except Halt:
            if frame.returned is None or parent.stopping:
                raise
        finally:
            parent.children.discard(root)
        if timed_out:
            return RegionResult(timed_out=True, unknown=walk.attempts.has_cut_inside(root.prefix))
        if root.failure is not None:
            return RegionResult(error=root.failure, unknown=root.failure.get("unknown") is True)
        return RegionResult(value=root.result() if frame.returned is None else frame.returned.output)

    def stop_regions(self, step: Step) -> None:
        """Start nothing more in the regions of this scope; see `Walk.stop`."""
        for child in list(step.region.children):
            if child.plan.key.scope == step.node.id:
                self._walk.stop(child)

    async def run_branches(
        self,
        step: Step,
        ports: Sequence[str],
        limit: int,
        *,
        timeout_ms: int | None,
        is_decided: Callable[[Sequence[BranchEnd]], bool],
    ) -> list[BranchEnd]:
        """Run several regions side by side. See `ScopeContext.branches`."""
        return await Branches(self, self._walk, step, ports, timeout_ms, is_decided).run(limit)

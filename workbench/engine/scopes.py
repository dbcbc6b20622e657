"""Runs the regions of a walk's scopes: once, again and again with variables carried on, or side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from workbench.blocks.context import RegionResult
from workbench.engine.failures import describe
from workbench.engine.halting import Halt
from workbench.engine.keys import Keys
from workbench.engine.program import Program, RegionPlan
from workbench.engine.records import Outcome
from workbench.engine.region import RegionRun, VariableRace, Variables
from workbench.engine.states import StepStatus
from workbench.engine.step import Step, variable_race


class Regions(Protocol):
    """The walk, as its scopes see it."""

    program: Program
    keys: Keys
    writers_before: Mapping[int, int]

    async def walk_region(self, region: RegionRun) -> None: ...

    def stop(self, region: RegionRun) -> None: ...


class Scopes:
    """What scopes ask of the walk that they are part of."""

    __slots__ = ("_walk",)

    def __init__(self, walk: Regions) -> None:
        self._walk = walk

    async def run_region(
        self, step: Step, port: str, iteration: int, names: Mapping[str, Any], *, carry_variables: bool
    ) -> RegionResult:
        """Run a scope's region once. See `ScopeContext.run_region`."""
        result, after = await self._run_region(step, port, iteration, names, carry_variables=carry_variables)
        if not self._walk.program.has_writers or after is None:
            return result
        here = {name for name, (writer, _) in after.items() if writer != -1}
        step.changed = step.changed | here if carry_variables else here
        for name in step.changed:
            value = after[name][1]
            if isinstance(value, VariableRace) and result.error is None:
                return RegionResult(error=describe(step, variable_race(self._walk.program, name, value)))
        if carry_variables:
            step.carried = {name: (-1, value) for name, (_, value) in after.items()}
        changed = {name: after[name][1] for name in step.changed if not isinstance(after[name][1], VariableRace)}
        return RegionResult(result.value, result.error, changed)

    async def _run_region(
        self, step: Step, port: str, iteration: int, names: Mapping[str, Any], *, carry_variables: bool
    ) -> tuple[RegionResult, Variables | None]:
        """One run of a region, and the variables at its end (None where there is no region)."""
        index = step.node.bodies.get(port)
        parent = step.region
        if parent.stopping:
            raise Halt
        if index is None:
            return RegionResult(), None
        step.iteration = max(step.iteration, iteration)
        plan = self._walk.program.regions[index]
        carried: Variables | None = step.carried if carry_variables else None
        variables = carried if carried is not None else self._variables_in(step)
        region = self._open(step, plan, iteration, names, variables)
        parent.children.add(region)
        try:
            await self._walk.walk_region(region)
        finally:
            parent.children.discard(region)
        after = region.variables_after(self._walk.writers_before) if self._walk.program.has_writers else None
        if region.failure is not None:
            return RegionResult(error=region.failure), after
        return RegionResult(value=region.result()), after

    def _variables_in(self, step: Step) -> Variables:
        if not self._walk.program.has_writers:
            return step.region.variables
        return {n: (-1, v) for n, (_, v) in step.region.variables_before(step.node, self._walk.writers_before).items()}

    def _open(
        self, step: Step, plan: RegionPlan, iteration: int, names: Mapping[str, Any], variables: Variables
    ) -> RegionRun:
        body = names["item"] if "item" in names else next(iter(names.values()), None) if names else step.input
        region = RegionRun(plan, f"{step.path}[{iteration}]/", step.region, names, None, variables)
        arriving = Outcome(
            StepStatus.COMPLETED, plan.key.port, body, b"", variables if self._walk.program.has_writers else None
        )
        arriving.key = region.key_of_names() if names else self._walk.keys.of_input(step)
        region.body = arriving
        for local in plan.entries:
            region.arrived[local] = [arriving]
            if not region.pending[local]:
                region.ready.append(plan.nodes[local])
        return region

    async def run_regions(
        self, step: Step, port: str, items: Sequence[Mapping[str, Any]], limit: int, *, stop_on_error: bool
    ) -> list[RegionResult | None]:
        """Run the region once per entry, at most `limit` at a time. See `ScopeContext.concurrently`."""
        results: list[RegionResult | None] = [None] * len(items)
        upcoming = iter(range(len(items)))
        stopped = False

        async def lane() -> None:
            nonlocal stopped
            for at in upcoming:
                if stopped:
                    return
                result, _ = await self._run_region(step, port, at, items[at], carry_variables=False)
                results[at] = result
                if result.error is not None and stop_on_error:
                    stopped = True
                    for child in step.region.children:
                        if child.plan.key.scope == step.node.id:
                            self._walk.stop(child)

        lanes = [asyncio.ensure_future(lane()) for _ in range(min(limit, len(items)))]
        try:
            await self._all_lanes(lanes)
        finally:
            for task in lanes:
                task.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)
        if step.region.stopping:
            raise Halt
        return results

    async def _all_lanes(self, lanes: list[asyncio.Task[None]]) -> None:
        """Wait for all; the first that breaks (not one that was only told to stop) is raised at once."""
        left = set(lanes)
        while left:
            done, left = await asyncio.wait(left, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                error = asyncio.CancelledError() if task.cancelled() else task.exception()
                if error is not None and not isinstance(error, Halt):
                    raise error

"""The debugger's gate: asked before and after each block of a debug run, it stops the run and lets it go on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from workbench.base.errors import WorkbenchError
from workbench.engine.records import Breakpoint, Outcome, RunRow
from workbench.engine.states import StepStatus
from workbench.engine.step import Step
from workbench.flow.expressions import parse_template

When: TypeAlias = Literal["before", "after", "error"]
Mode: TypeAlias = Literal["run", "over", "into", "out"]


class Pausable(Protocol):
    """The walk, as its gate sees it."""

    row: RunRow
    overlay: dict[str, Any]

    async def pause(self, state: Mapping[str, Any]) -> None: ...

    async def resume(self) -> None: ...

    def describe_pause(self, step: Step, when: When, outcome: Outcome | None) -> dict[str, Any]: ...


@dataclass(slots=True)
class Position:
    """Where a run stands still."""

    step: Step
    when: When
    outcome: Outcome | None
    state: dict[str, Any]


class Gate:
    """One debug run's breakpoints and its wish: run on, or stop before the next block over, into or out."""

    def __init__(self, breakpoints: tuple[Breakpoint, ...], mode: Mode | None = None) -> None:
        self.breakpoints = breakpoints
        stops = any(b.enabled and b.log_message is None for b in breakpoints)
        self.mode: Mode = mode or ("run" if stops else "into")
        self.depth = 0
        self.position: Position | None = None
        self.unreachable: dict[str, str] = {}
        """By block id: why its condition could not be evaluated."""
        self._hits: dict[tuple[str, str], int] = {}
        self._go: asyncio.Event = asyncio.Event()
        self._go.set()
        self._news: asyncio.Event = asyncio.Event()

    async def look(self, walk: Pausable, step: Step, when: When, outcome: Outcome | None) -> None:
        """Pass a step, or stop there until somebody lets the run go on."""
        while not self._go.is_set():
            await self._go.wait()
        failed = outcome is not None and outcome.status in (StepStatus.FAILED, StepStatus.UNKNOWN)
        if when == "after" and failed and outcome is not None and outcome.port is None:
            when = "error"
        if not (when == "error" or self._wants_stop(step, when)):
            return
        self._go.clear()
        state = walk.describe_pause(step, when, outcome)
        self.position = Position(step, when, outcome, state)
        await walk.pause(state)
        self.told()
        await self._go.wait()
        self.position = None
        await walk.resume()

    def go(self, mode: Mode) -> None:
        """Let a paused run go on; `over` and `out` count from the depth of where it stands."""
        self.mode = mode
        self.depth = self.position.step.region.plan.depth if self.position else 0
        self._news.clear()
        self._go.set()

    def told(self) -> None:
        """Wake whoever waits for the next stop or the run's end."""
        self._news.set()

    async def news(self, seconds: float) -> bool:
        """Wait for the next stop or end, at most so long; whether it came."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _wants_stop(self, step: Step, when: When) -> bool:
        hit = any([self._hit(b, step) for b in self.breakpoints if b.block_id == step.node.id and b.when == when])
        if hit:
            return True
        if when != "before" or self.mode == "run":
            return False
        depth = step.region.plan.depth
        if self.mode == "over":
            return depth <= self.depth
        return self.mode == "into" or depth < self.depth

    def _hit(self, point: Breakpoint, step: Step) -> bool:
        """Whether this breakpoint stops here; a log breakpoint writes its message and does not."""
        if not point.enabled:
            return False
        try:
            if point.condition and not step.evaluate_text(point.condition):
                return False
            key = (point.block_id, point.when)
            self._hits[key] = self._hits.get(key, 0) + 1
            if point.hit_count and self._hits[key] < point.hit_count:
                return False
            if point.log_message is not None:
                step.log(str(step.evaluate(parse_template(point.log_message))), "debug", breakpoint=point.block_id)
                return False
        except WorkbenchError as error:
            self.unreachable[point.block_id] = error.message
            step.log(f"The breakpoint's expression failed: {error.message}", "warning", breakpoint=point.block_id)
            return point.log_message is None
        return True

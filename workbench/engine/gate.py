"""The debugger's gate: asked before and after each block of a debug run, it stops the run and lets it go on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from workbench.base.errors import WorkbenchError
from workbench.engine.frames import depth_of
from workbench.engine.records import Breakpoint, Outcome, RunRow
from workbench.engine.states import StepStatus
from workbench.engine.step import Step
from workbench.flow.expressions import parse_template

When: TypeAlias = Literal["before", "after", "error"]
Mode: TypeAlias = Literal["run", "over", "into", "out"]

LOST_S = 1.0
"""How long nothing moves before a run that is to stand at a place again is taken to have lost its way there."""


class Pausable(Protocol):
    """The walk, as its gate sees it."""

    row: RunRow
    overlay: dict[str, Any]
    busy: int
    waiting: int

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
    released: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(frozen=True, slots=True)
class StoodAt:
    """Where the run stood still before a restart; it stops there again, whatever the breakpoints say."""

    path: str
    when: When
    holds: bool = False
    """Whether nothing that had not been done before goes on until the run stands there."""


class Gate:
    """One debug run's breakpoints and its wish: run on, or stop before the next block over, into or out."""

    def __init__(
        self, breakpoints: tuple[Breakpoint, ...], mode: Mode | None = None, stood_at: StoodAt | None = None
    ) -> None:
        self.breakpoints = breakpoints
        stops = any(b.enabled and b.log_message is None for b in breakpoints)
        self.mode: Mode = mode or ("run" if stops else "into")
        self.depth = 0
        self.position: Position | None = None
        self.unreachable: dict[tuple[str, str], str] = {}
        """By function (empty: the run's own) and block: why its condition could not be evaluated."""
        self._stood_at = stood_at
        self._hits: dict[Breakpoint, int] = {}
        self._is_open = True
        self._waiters: list[asyncio.Future[None]] = []
        self._lost: asyncio.TimerHandle | None = None
        self._news: asyncio.Event = asyncio.Event()

    async def look(
        self,
        walk: Pausable,
        step: Step,
        when: When,
        outcome: Outcome | None,
        *,
        is_replayed: bool = False,
        was_over: bool = False,
    ) -> None:
        """Pass a step, or stop there until somebody lets the run go on. What is replayed stops nothing anew.

        `was_over`: it was over before, but has to run again, since what goes into it is another in a fork.
        """
        was_over = was_over or is_replayed
        if self.is_holding:
            self._look_soon(walk)
        while (not self._is_open or self.holds(step, when, was_over=was_over)) and not step.region.stopping:
            await self._its_turn()
        if step.region.stopping or not self._stops(step, when, outcome, is_replayed=is_replayed):
            return
        if when == "after" and _is_unhandled(outcome):
            when = "error"
        self._is_open = False
        try:
            state = walk.describe_pause(step, when, outcome)
            await walk.pause(state)
            position = self.position = Position(step, when, outcome, state)
            self.told()
            if not step.region.stopping:
                await position.released
            self.position = None
            await walk.resume()
        finally:
            self.position = None
            self._is_open = True
            self.nudge()

    async def _its_turn(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _look_soon(self, walk: Pausable) -> None:
        """Each step that comes by may have been the last that moved."""
        if self._lost is not None:
            self._lost.cancel()
        self._lost = asyncio.get_running_loop().call_later(LOST_S, self._look_whether_lost, walk)

    def _look_whether_lost(self, walk: Pausable) -> None:
        """Where the run cannot come to where it stood any more, it stops at what is next instead.

        In a fork what runs again may answer something else than it did, and lead elsewhere.
        """
        if self.is_holding and walk.busy == len(self._waiters) and not walk.waiting:
            self._stood_at, self.mode = None, "into"
            self.nudge()

    @property
    def is_holding(self) -> bool:
        """Whether the run has yet to come to where it stood, and nothing new goes on until then."""
        return self._stood_at is not None and self._stood_at.holds

    def holds(self, step: Step, when: When, *, was_over: bool) -> bool:
        """Whether a step waits until the run stands where it stood."""
        stood = self._stood_at
        return stood is not None and stood.holds and not was_over and (step.path, when) != (stood.path, stood.when)

    def pause(self) -> None:
        """Stop the run before its next block."""
        if self.position is None:
            self.mode = "into"
            self._news.clear()

    def go(self, mode: Mode) -> None:
        """Let a paused run go on; `over` and `out` count from the depth of where it stands."""
        position = self.position
        if position is None:
            return
        self.mode = mode
        self.depth = depth_of(position.step.region)
        self.position = None
        self._news.clear()
        _release(position.released)

    def nudge(self) -> None:
        """Let those at the gate look again: it is open, or their region was told to stop."""
        if self.position is not None and self.position.step.region.stopping:
            _release(self.position.released)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            _release(waiter)

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

    def _stops(self, step: Step, when: When, outcome: Outcome | None, *, is_replayed: bool) -> bool:
        stood = self._stood_at
        if stood is not None and stood.path == step.path and (when == "after") == (stood.when != "before"):
            self._stood_at = None
            self._is_hit(step, when, outcome)
            return True
        hit = self._is_hit(step, when, outcome)
        if is_replayed:
            return False
        if hit or (when == "after" and _is_own_failure(step, outcome)):
            return True
        if when != "before" or self.mode == "run":
            return False
        depth = depth_of(step.region)
        if self.mode == "over":
            return depth <= self.depth
        return self.mode == "into" or depth < self.depth

    def _is_hit(self, step: Step, when: When, outcome: Outcome | None) -> bool:
        names = {} if outcome is None or outcome.error is not None else {step.node.handle: outcome.output}
        own = step.region.frame.function_id or ""
        points = [b for b in self.breakpoints if b.block_id == step.node.id and b.when == when and b.function_id == own]
        hits = [self._hit(b, step, names) for b in points]
        return any(hits)

    def _hit(self, point: Breakpoint, step: Step, names: Mapping[str, Any]) -> bool:
        """Whether this breakpoint stops here; a log breakpoint writes its message and does not."""
        if not point.enabled:
            return False
        try:
            if point.condition and not step.evaluate_text(point.condition, names):
                return False
            self._hits[point] = self._hits.get(point, 0) + 1
            if point.hit_count and self._hits[point] < point.hit_count:
                return False
            if point.log_message is not None:
                message = str(step.evaluate(parse_template(point.log_message), names))
                step.log(message, "debug", breakpoint=point.block_id)
                return False
        except WorkbenchError as error:
            self.unreachable[point.function_id, point.block_id] = error.message
            step.log(f"The breakpoint's expression failed: {error.message}", "warning", breakpoint=point.block_id)
            return point.log_message is None
        return True


def _release(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _is_unhandled(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.port is None and outcome.status in (StepStatus.FAILED, StepStatus.UNKNOWN)


def _is_own_failure(step: Step, outcome: Outcome | None) -> bool:
    """An unhandled failure of the block itself; a scope around it that fails with it stops nothing more."""
    return _is_unhandled(outcome) and outcome is not None and (outcome.error or {}).get("path") in (step.path, None)

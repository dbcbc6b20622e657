"""An earlier place of a debug run, looked at: its journal up to there is walked again, and nothing of it is written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from workbench.blocks.context import RegionResult
from workbench.blocks.registry import BlockRegistry
from workbench.engine.calls import Calls
from workbench.engine.forking import read_past
from workbench.engine.gate import Gate, Position, StoodAt
from workbench.engine.ink import Ink
from workbench.engine.interfaces import Services
from workbench.engine.pen import Pen
from workbench.engine.program import Program
from workbench.engine.records import Outcome, RunRow
from workbench.engine.slots import Slot
from workbench.engine.states import RunStatus
from workbench.engine.step import Step
from workbench.engine.timers import Timers
from workbench.engine.turns import Turns
from workbench.engine.walk import Walk
from workbench.storage.facts import Fact
from workbench.storage.values import encode

LOOK_S = 20.0


class SilentPen(Pen):
    """Writes nothing."""

    __slots__ = ()

    def add(self, fact: Fact) -> None:
        """Let go of it."""

    def flush(self) -> None:
        """Nothing is held."""

    async def durable(self) -> None:
        """Nothing is to last."""

    async def breathe(self) -> None:
        """Nothing is handed over."""

    async def settle(self) -> None:
        """Nothing is stored."""

    def done(self, step: Step, outcome: Outcome, *, is_retried: bool = False) -> None:
        """Let go of it."""


class FreeSlot(Slot):
    """Looking takes no slot."""

    __slots__ = ()

    def __init__(self) -> None:  # its parts are what a run that works would need
        self.held = True

    def rest(self, status: Literal[RunStatus.WAITING, RunStatus.PAUSED] = RunStatus.WAITING) -> None:
        """Stay as it is."""

    async def work(self, *, after_pause: bool = False) -> None:
        """Stay as it is."""

    def close(self) -> None:
        """Nothing to give back."""


@dataclass(slots=True)
class Past:
    """The place that is looked at, before the block at `path`, which began at sequence `seq`."""

    path: str
    seq: int
    is_first: bool
    walk: Walk
    position: Position
    task: asyncio.Task[RegionResult]
    variables: dict[str, Any] = field(default_factory=dict[str, Any])
    """What was set while looking: it holds in the fork that goes on from here."""

    def state(self) -> dict[str, Any]:
        """The DebugState as it was."""
        return {**self.position.state, "isPast": True, "canStepBack": not self.is_first}

    def set(self, variables: Mapping[str, Any]) -> None:
        """Set variables for the blocks that start from here on. Raises BlockFailed for no wire value."""
        encode(dict(variables))
        self.variables.update(variables)
        self.walk.overlay.update(variables)
        self.position.step.forget_variables()

    def close(self) -> None:
        """Look away."""
        self.task.cancel()


class Looking:
    """What it takes to look at the past of a run."""

    def __init__(self, ink: Ink, registry: BlockRegistry, services: Services, turns: Turns, timers: Timers) -> None:
        self._registry = registry
        self._ink = ink
        self._store = ink.store
        self._services = services
        self._turns = turns
        self._timers = timers

    async def at(
        self, row: RunRow, program: Program, calls: Calls, start: str | None, place: tuple[str, int]
    ) -> Past | None:
        """The run `row` as it was before the block at `place` (path, sequence of its begin); None where that fails."""
        path, seq = place
        past = await read_past(self._store, row, program.flow, self._registry, before=seq)
        seen = replace(row, status=RunStatus.RUNNING, recoveries=0)
        pen = SilentPen(seen, self._ink, self._services.clock, self._services.threads)
        gate = Gate((), "run", StoodAt(path, "before", holds=True))
        walk = Walk(
            seen, program, self._services, pen, self._turns, self._timers, FreeSlot(), calls, past.journal, gate
        )
        walk.overlay.update(past.overlay)
        walk.countdowns.hold()
        task = asyncio.ensure_future(walk.run(start))
        watch = asyncio.ensure_future(gate.news(LOOK_S))
        await asyncio.wait((task, watch), return_when=asyncio.FIRST_COMPLETED)
        watch.cancel()
        if gate.position is None:
            task.cancel()
            await asyncio.gather(task, watch, return_exceptions=True)
            return None
        return Past(path, seq, False, walk, gate.position, task)

"""What a person does with a run that stands still: go on, step, look, change variables, ask."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from workbench.base.errors import InvalidState, Unavailable
from workbench.engine.engine import Engine
from workbench.engine.forking import origin
from workbench.engine.gate import Gate, Mode, Position
from workbench.engine.halting import LogLost
from workbench.engine.journal_forks import positions
from workbench.engine.live import Live
from workbench.engine.past import Looking, Past
from workbench.engine.records import Breakpoint, ForkOf, RunRequest, RunRow
from workbench.storage.values import to_json

SUPERSEDED = "superseded"


class Debugger:
    """The debug operations on live runs; lives on the engine's loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def live(self, run_id: str) -> Live | None:
        """The run while it lives; None once it is over. Raises InvalidState when it lives and is no debug run."""
        return self._engine.debugged(run_id) if run_id in self._engine.live else None

    async def go(self, run_id: str, mode: Mode, variables: Mapping[str, Any] | None, wait_s: float) -> dict[str, Any]:
        """Let a paused run go on; answers its DebugState at the next stop or its end, or after `wait_s`.

        Raises InvalidState when the run does not stand still.
        """
        live = self._engine.debugged(run_id)
        gate, _ = self._standing(live)
        if variables:
            await self._set(live, variables)
        if live.past is not None:
            fork = await self._fork(live, live.past)
            following = await self._engine.lives.started(fork.id, wait_s)
            if following is None or following.gate is None:
                return {
                    **unpositioned(fork),
                    "breakpoints": [describe_breakpoint(b, fork.function_id) for b in gate.breakpoints],
                }
            live, gate = following, following.gate
            await gate.news(wait_s)
        gate.go(mode)
        await gate.news(wait_s)
        return self.state(live)

    async def back(self, run_id: str) -> dict[str, Any]:
        """Look at the place before the block that began last before where the run stands, or is looked at.

        Only the view moves. Raises InvalidState at the beginning, and when the run does not stand still.
        """
        live = self._engine.debugged(run_id)
        _, position = self._standing(live)
        places = await self._engine.store.read(lambda cursor: positions(cursor, run_id))
        if live.past is not None:
            places = [place for place in places if place[1] < live.past.seq]
        elif position.when == "before":
            places = [place for place in places if place[0] != position.step.path]
        if not places:
            raise InvalidState("This is the beginning of the run.", hint="Step on, or continue.")
        lives = self._engine.lives
        looking = Looking(lives.ink, self._engine.registry, lives.services, lives.turns, lives.timers)
        past = await looking.at(live.row, live.walk.frame.program, live.walk.calls, live.start_block, places[-1])
        if past is None:
            raise InvalidState("The run cannot be looked at there: what it was made of is not kept any more.")
        past.is_first = len(places) == 1
        if live.past is not None:
            live.past.close()
        live.past = past
        return self.state(live)

    async def pause(self, run_id: str, wait_s: float) -> dict[str, Any]:
        """Let a debug run stop before its next block; its DebugState then, or after `wait_s`."""
        live = self._engine.debugged(run_id)
        if live.gate is not None and live.gate.position is None:
            live.gate.pause()
            await live.gate.news(wait_s)
        return self.state(live)

    async def _fork(self, live: Live, past: Past) -> RunRow:
        """Go on from the place that is looked at, in a run of its own; the run that stood is over."""
        row, gate = live.row, live.gate
        assert gate is not None
        told = origin(row.id, past.seq - 1, before=past.path)
        stands_at = {"path": past.path, "when": "before", "holds": True}
        request = RunRequest(
            row.workspace_id,
            row.function_id,
            row.function_name,
            row.version,
            live.walk.frame.program.flow,
            row.inputs,
            trigger=row.trigger,
            pins=row.pins,
            called=live.walk.calls.flows,
            debug=True,
            breakpoints=gate.breakpoints,
            priority=row.priority,
            durability=row.durability,
            timeout_ms=row.timeout_ms,
            start_block=live.start_block,
            fork=ForkOf(row.id, past.seq - 1, told, past.variables, stands_at),
        )
        fork = await self._engine.submit(request)
        with contextlib.suppress(InvalidState):
            await self._engine.cancel(row.id, SUPERSEDED)
        return fork

    def state(self, live: Live) -> dict[str, Any]:
        """The DebugState now; while the run works it has no position."""
        gate = live.gate
        if live.past is not None:
            seen = live.past.state()
            breakpoints = (
                [describe_breakpoint(b, live.row.function_id, gate) for b in gate.breakpoints]
                if gate is not None
                else []
            )
            variables = self._variables(live.past.position)
            return {**seen, "variables": variables, "breakpoints": breakpoints}
        breakpoints = (
            [describe_breakpoint(b, live.row.function_id, gate) for b in gate.breakpoints] if gate is not None else []
        )
        if gate is not None and gate.position is not None:
            return {**gate.position.state, "variables": self._variables(gate.position), "breakpoints": breakpoints}
        return {**unpositioned(live.row), "breakpoints": breakpoints}

    def evaluate(self, run_id: str, expression: str) -> Any:
        """The value of an expression where the run stands. Raises ExpressionError, BlockFailed, InvalidState."""
        live = self._engine.debugged(run_id)
        _, position = self._standing(live)
        if live.past is not None:
            position = live.past.position
        step = position.step
        names: dict[str, Any] = {}
        if position.outcome is not None:
            names[step.node.handle] = position.outcome.output
        return step.evaluate_text(expression, names)

    async def set_variables(self, run_id: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Overlay variables for every block that starts later; answers the DebugState once that is durable."""
        live = self._engine.debugged(run_id)
        self._standing(live)
        await self._set(live, variables)
        return self.state(live)

    async def _set(self, live: Live, variables: Mapping[str, Any]) -> None:
        if live.past is not None:
            live.past.set(variables)
        else:
            await self._force(live, variables)

    async def _force(self, live: Live, variables: Mapping[str, Any]) -> None:
        _, position = self._standing(live)
        live.walk.force_variables(variables)
        position.step.forget_variables()
        try:
            await live.pen.durable()
        except LogLost:
            raise Unavailable("The change could not be written.", hint="Look at /health.") from None

    def _standing(self, live: Live) -> tuple[Gate, Position]:
        if live.gate is None or live.gate.position is None:
            raise InvalidState(
                f"The run is {live.row.status.value}, not paused.",
                hint="Set a breakpoint, or wait until the run stops at one.",
            )
        return live.gate, live.gate.position

    def _variables(self, position: Position) -> Any:
        shown = dict(position.state["variables"] or {})
        return {**shown, **to_json(dict(position.step.walk.overlay))}


def unpositioned(row: RunRow) -> dict[str, Any]:
    """The DebugState of a run that does not stand still."""
    return {
        "runId": row.id,
        "functionId": row.function_id,
        "status": row.status.value,
        "path": None,
        "blockId": None,
        "blockName": None,
        "when": None,
        "callStack": [],
        "variables": {},
        "names": {},
        "inputs": None,
        "blockOutputs": {},
        "outputs": {},
        "error": row.error,
        "canStepBack": False,
        "isPast": False,
    }


def describe_breakpoint(point: Breakpoint, function_id: str, gate: Gate | None = None) -> dict[str, Any]:
    """A breakpoint as it goes on the wire, with why it cannot be hit where its expression failed."""
    return {
        "blockId": point.block_id,
        "functionId": point.function_id or function_id,
        "when": point.when,
        "condition": point.condition,
        "hitCount": point.hit_count,
        "logMessage": point.log_message,
        "enabled": point.enabled,
        "problem": gate.unreachable.get((point.function_id, point.block_id)) if gate is not None else None,
    }

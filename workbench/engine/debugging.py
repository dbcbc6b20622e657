"""What a person does with a run that stands still: go on, step, look, change variables, ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.base.errors import InvalidState, Unavailable
from workbench.engine.engine import Engine
from workbench.engine.gate import Gate, Mode, Position
from workbench.engine.halting import LogLost
from workbench.engine.live import Live
from workbench.engine.records import Breakpoint, RunRow
from workbench.storage.values import to_json


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
            await self._force(live, variables)
        gate.go(mode)
        await gate.news(wait_s)
        return self.state(live)

    def state(self, live: Live) -> dict[str, Any]:
        """The DebugState now; while the run works it has no position."""
        gate = live.gate
        breakpoints = [describe_breakpoint(b, gate) for b in gate.breakpoints] if gate is not None else []
        if gate is not None and gate.position is not None:
            return {**gate.position.state, "variables": self._variables(gate.position), "breakpoints": breakpoints}
        return {**unpositioned(live.row), "breakpoints": breakpoints}

    def evaluate(self, run_id: str, expression: str) -> Any:
        """The value of an expression where the run stands. Raises ExpressionError, BlockFailed, InvalidState."""
        _, position = self._standing(self._engine.debugged(run_id))
        step = position.step
        names: dict[str, Any] = {}
        if position.outcome is not None:
            names[step.node.handle] = position.outcome.output
        return step.evaluate_text(expression, names)

    async def set_variables(self, run_id: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Overlay variables for every block that starts later; answers the DebugState once that is durable."""
        live = self._engine.debugged(run_id)
        self._standing(live)
        await self._force(live, variables)
        return self.state(live)

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
    }


def describe_breakpoint(point: Breakpoint, gate: Gate | None = None) -> dict[str, Any]:
    """A breakpoint as it goes on the wire, with why it cannot be hit where its expression failed."""
    return {
        "blockId": point.block_id,
        "when": point.when,
        "condition": point.condition,
        "hitCount": point.hit_count,
        "logMessage": point.log_message,
        "enabled": point.enabled,
        "problem": gate.unreachable.get(point.block_id) if gate is not None else None,
    }

"""The debugger's rules for callers: whose run it is, what an unfinished or finished one answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.base.errors import BlockFailed, InvalidInput, InvalidState, Issue
from workbench.engine.debugging import Debugger
from workbench.engine.gate import Mode
from workbench.engine.live import Live
from workbench.flow.expressions import ExpressionError
from workbench.rest.caller import Caller
from workbench.runs.models import DebugState, Run, Watched
from workbench.runs.service import Runs
from workbench.storage.values import to_json


class Debugging:
    """Debug operations for one caller's runs."""

    def __init__(self, runs: Runs, debugger: Debugger) -> None:
        self._runs = runs
        self._debugger = debugger

    async def state(self, caller: Caller, run_id: str) -> DebugState:
        """Where a debug run stands; one that is over has no position. Raises NotFound, InvalidState."""
        run = await self._runs.get(caller, run_id)
        live = self._debugger.live(run.id)
        if live is not None:
            return DebugState.model_validate(self._debugger.state(live))
        if not run.debug:
            raise InvalidState("This is not a debug run.", hint="Start it with `debug: true` to step through it.")
        return _over(run)

    async def go(
        self, caller: Caller, run_id: str, mode: Mode, variables: Mapping[str, Any] | None, wait_ms: int
    ) -> DebugState:
        """Let a paused run go on; its state at the next stop, the end, or after `wait_ms`."""
        await self._require_live(caller, run_id)
        state = await self._debugger.go(run_id.lower(), mode, variables, wait_ms / 1000)
        return DebugState.model_validate(state)

    async def back(self, caller: Caller, run_id: str, variables: Mapping[str, Any] | None) -> DebugState:
        """Look at the place before; only the view moves. Raises InvalidState at the beginning."""
        await self._require_live(caller, run_id)
        if variables:
            raise InvalidInput(
                "Stepping back sets no variables.",
                hint="Step back, then PUT R/debug/variables or send them with the next step.",
                details=[Issue("variables", "cannot be sent with mode back")],
            )
        return DebugState.model_validate(await self._debugger.back(run_id.lower()))

    async def pause(self, caller: Caller, run_id: str, wait_ms: int) -> DebugState:
        """Stop a debug run before its next block; its state then, or after `wait_ms`."""
        await self._require_live(caller, run_id)
        return DebugState.model_validate(await self._debugger.pause(run_id.lower(), wait_ms / 1000))

    async def set_variables(self, caller: Caller, run_id: str, variables: Mapping[str, Any]) -> DebugState:
        """Overlay variables for the blocks that start later."""
        await self._require_live(caller, run_id)
        return DebugState.model_validate(await self._debugger.set_variables(run_id.lower(), variables))

    async def evaluate(self, caller: Caller, run_id: str, expression: str) -> Watched:
        """The value of an expression where the run stands. Raises InvalidInput with what is wrong with it."""
        await self._require_live(caller, run_id)
        try:
            value = self._debugger.evaluate(run_id.lower(), expression)
        except (ExpressionError, BlockFailed) as error:
            raise InvalidInput(error.message, hint=error.hint, details=[Issue("expression", error.message)]) from error
        return Watched(value=to_json(value))

    async def _require_live(self, caller: Caller, run_id: str) -> Live:
        run = await self._runs.get(caller, run_id)
        live = self._debugger.live(run.id)
        if live is None:
            raise InvalidState(
                f"The run is {run.status.value}, not paused.", hint="Start a new debug run to step through it again."
            )
        return live


def _over(run: Run) -> DebugState:
    return DebugState(
        run_id=run.id,
        function_id=run.function_id,
        status=run.status,
        path=None,
        block_id=None,
        block_name=None,
        when=None,
        call_stack=(),
        variables={},
        names={},
        inputs=None,
        block_outputs={},
        outputs={},
        error=run.error,
        breakpoints=(),
        can_step_back=False,
    )

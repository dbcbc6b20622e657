"""What goes on beside the run that is killed: edits, deletes, short runs, retention, copies, in the same log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.engine.flows import flow, times, transform
from workbench.base.clock import SystemClock
from workbench.base.ids import RandomIds
from workbench.editing.models import CanvasChange, FunctionChange, NewCanvas, NewFlow, NewFunction
from workbench.editing.service import Editing
from workbench.engine.engine import Engine
from workbench.engine.records import RunRequest
from workbench.engine.retention import Retention
from workbench.flow.model import Flow
from workbench.rest.caller import Caller
from workbench.storage.store import Store

KEPT_RUNS = 2
"""Of each function, by retention."""
FLOWS = tuple(
    flow(
        [times("l", 20), transform("a", f"index + {version}"), transform("b", "l.results")],
        "start > l > b",
        "l.body > a",
    )
    for version in (1, 2)
)


@dataclass
class Busy:
    """`tell` gets a line for what is acknowledged; whoever judges looks for it afterwards."""

    store: Store
    engine: Engine
    workspace: str
    tell: Callable[..., None]

    async def run(self) -> None:
        """Go on until cancelled."""
        editing = Editing(self.store, self.engine, self.engine.registry, SystemClock(), RandomIds())
        await editing.start()
        caller = Caller(self.workspace, "somebody", frozenset())
        retention = Retention(self.store, SystemClock(), self.engine.holds.policies, runs=KEPT_RUNS)
        number = 0
        while True:
            number += 1
            canvas = await editing.canvases.create(caller, NewCanvas(name=f"canvas {number}"))
            self.tell(canvas=canvas.id)
            await editing.canvases.update(caller, canvas.id, CanvasChange(name=f"changed {number}"))
            self.tell(changed=canvas.id, name=f"changed {number}")
            made = NewFunction(name=f"function {number}", canvas_id=canvas.id, flow=sent(FLOWS[0]))
            function = await editing.functions.create(caller, made)
            self.tell(function=function.id, version=1)
            await self._run(function.id, 1)
            edited = await editing.functions.update(caller, function.id, FunctionChange(flow=sent(FLOWS[1])))
            self.tell(function=function.id, version=edited.version)
            for _ in range(KEPT_RUNS):
                await self._run(function.id, 2)
            await retention.sweep()
            if number % 3 == 0:
                self.tell(deleting=canvas.id, functions=[function.id])
                await editing.canvases.delete(caller, canvas.id, force=True)
                self.tell(deleted=canvas.id, functions=[function.id])
            if number % 4 == 2:
                await self.store.upkeep.copy()
                self.tell(copied=number)

    async def _run(self, function: str, version: int) -> None:
        row = await self.engine.submit(RunRequest(self.workspace, function, "f", version, FLOWS[version - 1], {}))
        ended = await self.engine.wait(row.id, 20)
        if ended is not None:
            self.tell(beside=row.id, output=ended.output)


def sent(made: Flow) -> NewFlow:
    """A flow as a client sends it."""
    return NewFlow.model_validate(made.model_dump(by_alias=True))

"""A run under way: its parts, its task, and why it is cut off where it is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from workbench.engine.gate import Gate
from workbench.engine.past import Past
from workbench.engine.pen import Pen
from workbench.engine.records import RunRow
from workbench.engine.slots import Slot
from workbench.engine.states import RunStatus
from workbench.engine.walk import Walk


@dataclass(slots=True)
class Live:
    """A run that has a slot, or had one and waits."""

    row: RunRow
    pen: Pen
    slot: Slot
    walk: Walk
    gate: Gate | None
    task: asyncio.Task[None] | None = None
    why: RunStatus | None = None
    """Set when the walk is cut off: the status that the run ends with."""
    reason: str | None = None
    start_block: str | None = None
    """The block that it starts from; None: the only one."""
    past: Past | None = None
    """The earlier place that is looked at."""
    is_ending: bool = False
    """The walk is over; the end is being written."""
    has_begun: bool = False
    """Its task is under way."""

    def cut(self) -> None:
        """End its walk; the task begins first, for one that has not begun would never hear of it."""
        if self.task is None or self.is_ending:
            return
        if self.has_begun:
            self.task.cancel()
        else:
            asyncio.get_running_loop().call_soon(self.cut)

    @property
    def id(self) -> str:
        """The run's id."""
        return self.row.id

    @property
    def workspace_id(self) -> str:
        """The run's workspace."""
        return self.row.workspace_id

    @property
    def status(self) -> RunStatus:
        """Where the run is."""
        return self.row.status

    @property
    def has_task(self) -> bool:
        """Whether something walks it, or its end is being written."""
        return self.is_ending or (self.task is not None and not self.task.done())

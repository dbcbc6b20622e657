"""Nothing hangs unseen: what must hold of every run that is not over, checked each minute and after fault tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from workbench.engine.slots import Slot, Slots
from workbench.engine.states import RunStatus


class Walking(Protocol):
    """How many steps of a run wait and work."""

    waiting: int
    busy: int


class Held(Protocol):
    """A run under way, as the check sees it."""

    @property
    def id(self) -> str: ...

    @property
    def workspace_id(self) -> str: ...

    @property
    def status(self) -> RunStatus: ...

    @property
    def slot(self) -> Slot: ...

    @property
    def walk(self) -> Walking: ...

    @property
    def has_task(self) -> bool: ...

    @property
    def is_ending(self) -> bool: ...


def broken(runs: Iterable[Held], slots: Slots) -> list[str]:
    """What does not hold, in words; empty where every run has a slot, a due time, a debugger or a place to go on."""
    found: list[str] = []
    held: Counter[str] = Counter()
    for run in runs:
        held[run.workspace_id] += run.slot.held
        if not run.has_task:
            found.append(f"Run {run.id} is {run.status.value}, but nothing walks it.")
        elif run.is_ending or run.slot.held or run.slot.is_coming:
            continue
        elif run.status is RunStatus.WAITING and not run.walk.waiting:
            found.append(f"Run {run.id} waits for nothing.")
        elif run.status is RunStatus.RUNNING and not run.walk.busy:
            found.append(f"Run {run.id} runs without a slot.")
    for workspace, count in held.items():
        if slots.taken(workspace) < count:
            found.append(f"{count} runs of workspace {workspace} hold {slots.taken(workspace)} slots.")
    return found

"""The queue: runs that wait for a slot are entries here, not tasks."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from workbench.engine.records import Breakpoint, RunRow
from workbench.engine.replay import Journal
from workbench.engine.signals import Mailbox
from workbench.flow.model import Flow


@dataclass(slots=True)
class Entry:
    """A run and what is needed to start it."""

    row: RunRow
    flow: Flow
    breakpoints: tuple[Breakpoint, ...] = ()
    start_block: str | None = None
    journal: Journal | None = None
    overlay: dict[str, object] = field(default_factory=dict)
    debug_state: dict[str, Any] | None = None
    """Where it stood still before the restart: the DebugState, with ``pausedAt``."""
    mailbox: Mailbox | None = None
    """The signals that came before it has a slot."""
    seen_at: int | None = None
    """When the engine was last known to work on it, before the restart."""
    gone: bool = False
    """Cancelled while it waited; its heap entry is passed over."""


class Queue:
    """Entries by workspace: higher priority first, then the order of arrival; recovered runs before new ones."""

    def __init__(self) -> None:
        self._heaps: dict[str, list[tuple[int, int, int, Entry]]] = {}
        self._by_id: dict[str, Entry] = {}
        self._order = count()
        self._gone = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def put(self, entry: Entry) -> None:
        """Add an entry."""
        heap = self._heaps.setdefault(entry.row.workspace_id, [])
        recovered = 0 if entry.journal is not None else 1
        heapq.heappush(heap, (recovered, -entry.row.priority, next(self._order), entry))
        self._by_id[entry.row.id] = entry

    def take(self, workspace: str) -> Entry | None:
        """The next entry of a workspace, or None."""
        heap = self._heaps.get(workspace)
        while heap:
            entry = heapq.heappop(heap)[3]
            if not entry.gone:
                del self._by_id[entry.row.id]
                return entry
        return None

    def remove(self, run_id: str) -> Entry | None:
        """Take one run out, wherever it stands; None when it is not here."""
        entry = self._by_id.pop(run_id, None)
        if entry is not None:
            entry.gone = True
            self._gone += 1
            if self._gone > max(64, len(self._by_id)):
                self._sweep()
        return entry

    def _sweep(self) -> None:
        """Let go of the entries of cancelled runs."""
        self._gone = 0
        for workspace, heap in list(self._heaps.items()):
            left = [item for item in heap if not item[3].gone]
            heapq.heapify(left)
            self._heaps[workspace] = left

    def find(self, run_id: str) -> Entry | None:
        """The entry of a run that waits."""
        return self._by_id.get(run_id)

    def rows(self) -> list[RunRow]:
        """All that wait."""
        return [entry.row for entry in self._by_id.values()]

    def waiting(self, workspace: str) -> int:
        """How many of a workspace wait."""
        return sum(1 for e in self._by_id.values() if e.row.workspace_id == workspace)

    def workspaces(self) -> list[str]:
        """Workspaces with entries."""
        return [w for w, heap in self._heaps.items() if heap]

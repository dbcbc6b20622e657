"""The queue: runs that wait for a slot are entries here, not tasks."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from workbench.engine.ink import Sheet
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
    called: Mapping[tuple[str, int], Flow] = field(default_factory=dict[tuple[str, int], Flow])
    """The flows of the functions that it may call, by function and version."""
    mailbox: Mailbox | None = None
    """The signals that came before it has a slot."""
    seen_at: int | None = None
    """When the engine was last known to work on it, before the restart."""
    may_have_begun: bool = False
    """It waited at the restart as far as the log knows, but it may be what ended the server: its first step is told
    durably before it starts."""
    place: int = 0
    """Its number in the lane; 0 where it is held or taken out, and what the lane's heap still has of it is void."""
    sheet: Sheet | None = None
    """Where the fact that it was taken in was gathered, for as long as that takes more."""


class Queue:
    """A lane a workspace: higher priority first, then the order of arrival; recovered runs before new ones.

    Held entries are known here, but stand in no lane.
    """

    def __init__(self) -> None:
        self._lanes: dict[str, list[tuple[int, int, int, Entry]]] = {}
        self._ready: dict[str, int] = {}
        """How many in each lane are to be started."""
        self._by_id: dict[str, Entry] = {}
        self._order = count(1)
        self._void = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def put(self, entry: Entry) -> None:
        """Put an entry into its workspace's lane."""
        row = entry.row
        workspace = row.workspace_id
        lane = self._lanes.get(workspace)
        if lane is None:
            lane = self._lanes[workspace] = []
        entry.place = place = next(self._order)
        heapq.heappush(lane, (0 if entry.journal is not None else 1, -row.priority, place, entry))
        self._by_id[row.id] = entry
        self._ready[workspace] = self._ready.get(workspace, 0) + 1

    def take(self, workspace: str) -> Entry | None:
        """The next entry of a workspace's lane, or None."""
        lane = self._lanes.get(workspace)
        while lane:
            _, _, place, entry = heapq.heappop(lane)
            if entry.place == place:
                entry.place = 0
                del self._by_id[entry.row.id]
                self._count_out(workspace)
                return entry
            self._void -= 1
        return None

    def hold(self, entry: Entry) -> None:
        """Know an entry that is not to be started; one that stood in a lane leaves it."""
        self._by_id[entry.row.id] = entry
        self._leave(entry)

    def pull(self, is_meant: Callable[[RunRow], bool]) -> list[Entry]:
        """Take out of their lanes, to be held, all entries that are meant; in the order of arrival."""
        found = sorted((e for e in self._by_id.values() if e.place and is_meant(e.row)), key=lambda e: e.place)
        for entry in found:
            self._leave(entry)
        return found

    def remove(self, run_id: str) -> Entry | None:
        """Take one run out, wherever it stands; None when it is not here."""
        entry = self._by_id.pop(run_id, None)
        if entry is not None:
            self._leave(entry)
        return entry

    def _leave(self, entry: Entry) -> None:
        if entry.place:
            entry.place = 0
            self._count_out(entry.row.workspace_id)
            self._void += 1
            if self._void > max(64, len(self._by_id)):
                self._sweep()

    def _count_out(self, workspace: str) -> None:
        left = self._ready[workspace] - 1
        if left:
            self._ready[workspace] = left
        else:
            del self._ready[workspace]

    def _sweep(self) -> None:
        """Let go of what is void."""
        self._void = 0
        for workspace, lane in list(self._lanes.items()):
            left = [item for item in lane if item[3].place == item[2]]
            heapq.heapify(left)
            self._lanes[workspace] = left

    def find(self, run_id: str) -> Entry | None:
        """The entry of a run that waits or is held."""
        return self._by_id.get(run_id)

    def rows(self) -> list[RunRow]:
        """All that wait or are held."""
        return [entry.row for entry in self._by_id.values()]

    def is_ready(self, workspace: str) -> bool:
        """Whether a run of the workspace could be started."""
        return workspace in self._ready

    def workspaces(self) -> list[str]:
        """Workspaces with runs that could be started."""
        return list(self._ready)

    @property
    def ready(self) -> int:
        """How many could be started, had they a slot."""
        return sum(self._ready.values())

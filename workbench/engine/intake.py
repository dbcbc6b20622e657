"""Where runs come in: taken in durably, queued, and started as slots get free."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from workbench.base.errors import Unavailable
from workbench.base.ids import Ids, to_bytes
from workbench.engine.admission import GO
from workbench.engine.facts import RunRecovered
from workbench.engine.holds import Holds
from workbench.engine.interfaces import Services
from workbench.engine.lives import Lives
from workbench.engine.queue import Entry, Queue
from workbench.engine.records import RunRequest, RunRow
from workbench.engine.requests import created, new_row
from workbench.engine.slots import Slots
from workbench.engine.states import RunStatus
from workbench.storage.facts import Fact
from workbench.storage.store import Store

log = structlog.get_logger("workbench.engine")

MOST_QUEUED = 100_000
"""Runs that may wait for a slot; more are refused."""


class Intake:
    """The queue before the slots. Lives on the engine's loop."""

    def __init__(self, store: Store, services: Services, ids: Ids, slots: Slots, lives: Lives) -> None:
        self.queue = Queue()
        self.is_closed = False
        self.on_row: Callable[[RunRow], None] = lambda _row: None
        """Hears of every run that is taken in or taken up."""
        self._store = store
        self._services = services
        self._ids = ids
        self._slots = slots
        self._lives = lives
        self.holds = Holds(store, services.clock, self.queue, self.dispatch)
        lives.on_gone = self.holds.gone

    async def submit(
        self, request: RunRequest, with_it: Callable[[RunRow], Sequence[Fact]] = lambda _row: ()
    ) -> RunRow:
        """Acknowledge a run: it is durable when this returns. Raises Unavailable while the store takes no writes, and
        when its disk is nearly full.

        `with_it` gives facts that join the group in which the run is created.
        """
        self.require_open()
        now = self._services.clock.now_us()
        row = new_row(request, self._ids.new(), now)
        verdict, moves = (GO, ()) if self.holds.is_open(row.function_id) else self.holds.judge(row)
        if row.timeout_ms is None:
            row.timeout_ms = self.holds.timeout_of(row.function_id)
        if verdict.is_skipped:
            return await self._lives.skip(row, created(row, request.start_block), verdict.reason or "", with_it)
        self.on_row(row)
        ticket = self._store.append([created(row, request.start_block), *moves, *with_it(row)], row.workspace_id)
        self.holds.admit(Entry(row, request.flow, request.breakpoints, request.start_block), verdict)
        try:
            await ticket
        except Unavailable as error:
            if self.withdraw(row.id) is None:
                self._lives.abandon(row.id, error)
            raise
        return row

    def require_open(self) -> None:
        """Raise Unavailable while no run can be taken in."""
        if self.is_closed:
            raise Unavailable("The engine is stopping.", hint="Send the request again once the server is back.")
        self._store.space.guard()
        if len(self.queue) >= MOST_QUEUED:
            raise Unavailable(f"{len(self.queue):,} runs wait already.", hint="Send the request again later.")

    def enqueue(self, entry: Entry) -> None:
        """Let a run wait for a slot; the log has it, or is handed it now."""
        self.holds.place([entry])
        self.dispatch(entry.row.workspace_id)

    def withdraw(self, run_id: str) -> Entry | None:
        """Take a run out that waits or is held; None when it does not. Its place is another's at once."""
        entry = self.queue.remove(run_id)
        if entry is not None:
            self.holds.gone(run_id)
        return entry

    def take_up(self, entry: Entry) -> None:
        """Queue a run that was not over when the engine stopped."""
        row = entry.row
        self.on_row(row)
        if row.status not in (RunStatus.QUEUED, RunStatus.PENDING):
            row.recoveries += 1
            self._lives.move(row, RunStatus.QUEUED, "recovery")
            self._store.append(
                [RunRecovered(to_bytes(row.id), self._services.clock.now_us(), row.recoveries)], row.workspace_id
            )
            log.info("run.recovered", run=row.id, recoveries=row.recoveries)
        self.holds.take_up(entry)

    def dispatch(self, workspace: str) -> None:
        """Start as many waiting runs as there are slots."""
        while not self.is_closed and self._slots.take(workspace):
            entry = self.queue.take(workspace)
            if entry is None:
                self._slots.free_unused(workspace)
                return
            self._lives.start(entry)

    def slot_is_free(self, workspace: str, *, was_full: bool) -> None:
        """A slot is free. Where the server was full, the workspace in want that has the fewest running comes first."""
        while was_full and (chosen := self._slots.fairest(self.queue.workspaces())) is not None:
            if self._slots.returns(chosen):
                continue
            workspace = chosen
            break
        self.dispatch(workspace)

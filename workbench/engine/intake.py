"""Where runs come in: taken in durably, queued, and started as slots get free."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import TypeAlias

from workbench.base.errors import Unavailable
from workbench.base.ids import Ids, to_bytes
from workbench.base.logs import get_logger
from workbench.base.probe import probe
from workbench.engine.admission import GO
from workbench.engine.facts import RunRecovered
from workbench.engine.holds import Holds
from workbench.engine.ink import FLUSH_AT, Sheet
from workbench.engine.interfaces import Services
from workbench.engine.lives import Lives
from workbench.engine.queue import Entry, Queue
from workbench.engine.records import RunRequest, RunRow
from workbench.engine.requests import created, new_row
from workbench.engine.slots import Slots
from workbench.engine.states import RunStatus
from workbench.storage.apply import LAG_LIMIT
from workbench.storage.facts import Fact
from workbench.storage.store import Store

log = get_logger("workbench.engine")

MOST_QUEUED = 100_000
"""Runs that may wait for a slot; more are refused."""

_Taken: TypeAlias = tuple[RunRow, bytes, Sheet | Awaitable[RunRow]]


def _nothing(_row: RunRow) -> Sequence[Fact]:
    return ()


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
        lives.ends.on_gone = self.holds.gone
        lives.ends.on_lost = lambda row: self.holds.gone(row.id)
        self._wanted: dict[str, None] = {}
        """Workspaces in which runs may be started now."""
        self._waiting: asyncio.Task[None] | None = None
        self._leaving: dict[str, tuple[RunRow, asyncio.Task[RunStatus]]] = {}
        """Runs that were cancelled before they had a slot, until their end is durable."""

    def close(self) -> None:
        """Start nothing more."""
        self.is_closed = True
        if self._waiting is not None:
            self._waiting.cancel()

    async def submit(
        self, request: RunRequest, with_it: Callable[[RunRow], Sequence[Fact]] = lambda _row: ()
    ) -> RunRow:
        """Acknowledge a run: it is durable when this returns. Raises Unavailable while the store takes no writes, and
        when its disk is nearly full.

        `with_it` gives facts that join the group in which the run is created.
        """
        self.require_open()
        taken = self._take_in(request, with_it)
        return await self._acknowledge(*taken)

    async def submit_many(self, requests: Iterable[RunRequest]) -> list[RunRow]:
        """Acknowledge many runs, in order: all are durable when this returns. They share groups, so that one of them
        costs a fraction of what `submit` costs; others have their turns on the loop meanwhile.

        Raises the first failure there was; each of the other runs is taken in, or not, by itself.
        """
        turns = self._lives.turns
        taken: list[_Taken] = []
        failure: Exception | None = None
        try:
            for request in requests:
                if turns.is_over:
                    await turns.turn()
                self.require_open()
                taken.append(self._take_in(request, _nothing))
        except Exception as error:  # noqa: BLE001 - those that were taken in are heard of first
            failure = error
        rows: list[RunRow] = []
        for one in taken:
            try:
                rows.append(await self._acknowledge(*one))
            except Exception as error:  # noqa: BLE001 - whatever it is, the others are heard of too
                failure = failure or error
        if failure is not None:
            raise failure
        return rows

    def _take_in(self, request: RunRequest, with_it: Callable[[RunRow], Sequence[Fact]]) -> _Taken:
        """Gather a run's creation and give it a place: the run, its id, and what is to be waited for."""
        row = new_row(request, self._ids.new(), self._services.clock.now_us())
        holds = self.holds
        is_open = holds.is_open(row.function_id)
        verdict, moves = (GO, ()) if is_open else holds.judge(row)
        if row.timeout_ms is None:
            row.timeout_ms = holds.timeout_of(row.function_id)
        creation = created(row, request.start_block)
        if verdict.is_skipped:
            return row, creation.run, self._lives.skip(row, creation, verdict.reason or "", with_it)
        self.on_row(row)
        facts: list[Fact] = [creation, *moves, *with_it(row)]
        entry = Entry(row, request.flow, request.breakpoints, request.start_block, called=request.called)
        holds.admit(entry, verdict)  # before its facts are gathered: where it starts at once, all share one group
        entry.sheet = sheet = self._lives.ink.take_in(row.workspace_id, facts)
        probe("run.created")
        return row, creation.run, sheet

    async def _acknowledge(self, row: RunRow, run: bytes, sheet: Sheet | Awaitable[RunRow]) -> RunRow:
        """Wait until a run's creation lasts. Raises Unavailable; then the run was never there."""
        if not isinstance(sheet, Sheet):
            return await sheet
        failure = await self._lives.ink.lasts(sheet, run)
        if failure is not None:
            if self.withdraw(row.id) is None:
                self._lives.abandon(row.id, failure)
            raise failure
        return row

    def require_open(self) -> None:
        """Raise Unavailable while no run can be taken in."""
        if self.is_closed:
            raise Unavailable("The engine is stopping.", hint="Send the request again once the server is back.")
        self._store.space.guard()
        if len(self.queue) >= MOST_QUEUED:
            raise Unavailable(f"{len(self.queue):,} runs wait already.", hint="Send the request again later.")

    def enqueue(self, entry: Entry) -> None:
        """Let a run wait for a slot; the log has it, or is handed it now. One that was taken up meanwhile is here."""
        if not self._is_known(entry.row.id):
            self.holds.place([entry])
            self.dispatch(entry.row.workspace_id)

    def _is_known(self, run_id: str) -> bool:
        """Whether a run is under way, waits or is held. The log knows it earlier: then recovery may be quicker."""
        return run_id in self._lives.by_id or self.find(run_id) is not None

    def withdraw(self, run_id: str) -> Entry | None:
        """Take a run out that waits or is held; None when it does not. Its place is another's at once."""
        entry = self.queue.remove(run_id)
        if entry is not None:
            self.holds.gone(run_id)
        return entry

    def find(self, run_id: str) -> RunRow | None:
        """A run that waits, is held, or is being cancelled while it did."""
        entry = self.queue.find(run_id)
        if entry is not None:
            return entry.row
        leaving = self._leaving.get(run_id)
        return leaving[0] if leaving is not None else None

    async def cancel(self, run_id: str, reason: str | None) -> RunStatus | None:
        """End a run that has no slot; answers the status it had, or None where there is no such run here.

        Its place is another's at once; it is known here until its end is durable, even if the caller goes away.
        Raises Unavailable when that cannot be written; then the run stays.
        """
        if run_id not in self._leaving:
            entry = self.withdraw(run_id)
            if entry is None:
                return None
            task = asyncio.ensure_future(self._end(entry, reason))
            task.add_done_callback(lambda task: task.cancelled() or task.exception())  # perhaps nobody waits any more
            self._leaving[run_id] = entry.row, task
        return await asyncio.shield(self._leaving[run_id][1])

    def rows(self) -> list[RunRow]:
        """All that `find` finds."""
        return self.queue.rows() + [row for row, _ in self._leaving.values()]

    async def _end(self, entry: Entry, reason: str | None) -> RunStatus:
        try:
            return await self._lives.cancel_waiting(entry.row, reason)
        except Unavailable:
            self.holds.put_back(entry)
            raise
        finally:
            del self._leaving[entry.row.id]

    def take_up(self, entries: Sequence[Entry]) -> None:
        """Queue runs that were not over when the engine stopped; those that came here meanwhile are left out."""
        entries = [entry for entry in entries if not self._is_known(entry.row.id)]
        recovered: dict[str, list[Fact]] = {}
        now = self._services.clock.now_us()
        for row in [entry.row for entry in entries]:
            self.on_row(row)
            if row.status not in (RunStatus.QUEUED, RunStatus.PENDING):
                row.recoveries += 1
                self._lives.move(row, RunStatus.QUEUED, "recovery")
                fact = RunRecovered(to_bytes(row.id), now, row.recoveries)
                recovered.setdefault(row.workspace_id, []).append(fact)
                log.debug("run.recovered", run=row.id, recoveries=row.recoveries)
        for workspace, facts in recovered.items():
            log.info("runs.recovered", workspace=workspace, count=len(facts))
            for first in range(0, len(facts), FLUSH_AT):
                self._store.append(facts[first : first + FLUSH_AT], workspace)
        self.holds.take_up(entries)

    def dispatch(self, workspace: str) -> None:
        """There is a free slot, or a run that wants one: start as many as there are slots, in the next free slice."""
        if workspace not in self._wanted:
            self._wanted[workspace] = None
            if len(self._wanted) == 1:
                self._lives.turns.call(self._start)

    def _start(self) -> None:
        """Start waiting runs until the slice ends; workspaces take turns."""
        turns, wanted = self._lives.turns, self._wanted
        while wanted and not self.is_closed:
            workspace = next(iter(wanted))
            del wanted[workspace]
            if not self._slots.take(workspace):
                continue
            entry = self.queue.take(workspace)
            if entry is None:
                self._slots.free_unused(workspace)
                continue
            wanted[workspace] = None
            self._lives.start(entry)
            if turns.is_over:
                break
        if not wanted or self.is_closed:
            wanted.clear()
        elif self._store.lag() > LAG_LIMIT:
            self._waiting = asyncio.ensure_future(self._start_when_free())
        else:
            turns.call(self._start)

    async def _start_when_free(self) -> None:
        """Hold new runs back while DuckDB is too far behind."""
        with suppress(Unavailable):  # the log is gone: each run says so
            await self._store.lag_free()
        self._lives.turns.call(self._start)

    def slot_is_free(self, workspace: str, *, was_full: bool) -> None:
        """A slot is free. Where the server was full, the workspace in want that has the fewest running comes first."""
        while was_full and (chosen := self._slots.fairest(self.queue.workspaces())) is not None:
            if self._slots.returns(chosen):
                continue
            workspace = chosen
            break
        self.dispatch(workspace)

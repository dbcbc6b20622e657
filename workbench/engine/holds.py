"""Holds runs back and lets them go: what the admission decides becomes states, facts and places in the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from workbench.base.clock import Clock, rfc3339
from workbench.base.errors import Unavailable
from workbench.base.ids import to_bytes
from workbench.base.logs import get_logger
from workbench.engine.admission import GO, SERVER, Admission, Pause, Verdict
from workbench.engine.facts import RunMoved
from workbench.engine.facts_queue import QueuePaused, QueueResumed
from workbench.engine.policies import Policies
from workbench.engine.queue import Entry, Queue
from workbench.engine.records import RunRow
from workbench.engine.states import RunStatus, may_move
from workbench.storage.facts import Fact
from workbench.storage.store import Store
from workbench.storage.ticket import Ticket

log = get_logger("workbench.engine")

CHUNK = 500
"""Runs that are moved between two turns of the loop."""


class Holds:
    """Lives on the engine's loop, between those who take runs in and the queue."""

    def __init__(self, store: Store, clock: Clock, queue: Queue, dispatch: Callable[[str], None]) -> None:
        self.policies = Policies()
        self.admission = Admission(self.policies)
        self._store = store
        self._clock = clock
        self._queue = queue
        self._dispatch = dispatch
        self._written: dict[str, Ticket] = {}
        """By scope that was paused here: the fact that says so, which may not last yet."""
        self.cancel: Callable[[str, str], None] = lambda _run_id, _reason: None
        """Cancels a run, some time; the engine gives it."""

    def is_open(self, function_id: str) -> bool:
        """Whether a new run of the function may start without more ado."""
        return self.admission.is_open(function_id)

    def timeout_of(self, function_id: str) -> int | None:
        """The time limit of runs that say none themselves; milliseconds."""
        policy = self.policies.of(function_id)
        return policy.timeout_ms if policy is not None else None

    # One run

    def judge(self, row: RunRow) -> tuple[Verdict, list[Fact]]:
        """What becomes of a new run, and the facts that say so beside that of its creation. Raises InvalidInput."""
        verdict = self.admission.judge(row)
        if verdict.reason is None or verdict.is_skipped:
            return verdict, []
        row.status, row.pending_reason = RunStatus.PENDING, verdict.reason
        return verdict, [self._moved(row)]

    def admit(self, entry: Entry, verdict: Verdict = GO) -> None:
        """Put a run into its lane, or hold it, as it was judged."""
        if verdict.reason is None:
            self.admission.let_through(entry.row)
            self._queue.put(entry)
            self._dispatch(entry.row.workspace_id)
        else:
            self._queue.hold(entry)
            self.admission.hold(entry)
        for run_id in verdict.replaced:
            self.cancel(run_id, f"replaced by run {entry.row.id}")

    def take_up(self, entries: Iterable[Entry]) -> None:
        """Queue runs from before a restart (or attempts of one); what had begun counts as under way."""
        for row in [entry.row for entry in entries]:
            if row.started_at is not None and row.status is not RunStatus.PENDING:
                self.admission.let_through(row)
        self.place(entries)

    def put_back(self, entry: Entry) -> None:
        """An entry that was taken out stays after all."""
        self.place([entry])

    def place(self, entries: Iterable[Entry]) -> None:
        """Judge runs that were acknowledged before, one after the other: each gets a lane or is held."""
        moved: dict[str, list[Fact]] = {}
        for entry in entries:
            row = entry.row
            try:
                verdict = self.admission.judge(row, is_new=False)
            except Exception as error:  # noqa: BLE001 - a key that has no value for an old run must not lose it
                log.warning("run.key_failed", run=row.id, error=str(error))
                verdict = GO
            status = RunStatus.QUEUED if verdict.reason is None else RunStatus.PENDING
            if status is not row.status or verdict.reason != row.pending_reason:
                if status is row.status or may_move(row.status, status, "dispatcher"):
                    row.status, row.pending_reason = status, verdict.reason
                    moved.setdefault(row.workspace_id, []).append(self._moved(row))
                else:
                    log.error("run.illegal_move", run=row.id, before=row.status, after=status, actor="dispatcher")
            if verdict.reason is None:
                self.admission.let_through(row)
                self._queue.put(entry)
            else:
                self._queue.hold(entry)
                self.admission.hold(entry)
        for workspace, facts in moved.items():
            try:
                self._store.append(facts, workspace, patient=True)
            except Unavailable as error:  # they go on all the same; a restart judges them anew
                log.warning("run.move_not_written", runs=len(facts), error=error.message)

    def gone(self, run_id: str) -> None:
        """A run is over, or not here any more: those that its place was wanted by come."""
        freed = self.admission.left(run_id)
        if freed:
            self._go_on(freed)

    def _go_on(self, entries: Sequence[Entry]) -> None:
        self.place(entries)
        for workspace in {entry.row.workspace_id for entry in entries}:
            self._dispatch(workspace)

    def _moved(self, row: RunRow) -> RunMoved:
        return RunMoved(
            to_bytes(row.id),
            row.status.value,
            self._clock.now_us(),
            row.started_at,
            row.queue_us,
            row.wait_us,
            row.pending_reason,
        )

    # Pauses and settings

    def load(self, pauses: Iterable[tuple[str, Pause]]) -> None:
        """Take in the pauses from before the restart."""
        for scope, pause in pauses:
            self.admission.pause(scope, pause)

    async def pause(
        self, function_id: str | None, author: str | None, reason: str | None, workspace: str | None
    ) -> Pause:
        """Start nothing more of a function (None: at all); durable when this returns. Raises Unavailable."""
        scope = function_id or SERVER
        known = self.admission.pauses.get(scope)
        if known is not None and scope in self._written:  # by another, perhaps a moment ago
            await self._written[scope]
        if known is not None and (scope in self._written or not known.holds_all):
            return known
        now = self._clock.now_us()
        pause = Pause(now, author, reason, holds_all=known is not None)
        self.admission.pause(scope, pause)
        try:
            self._written[scope] = self._store.append([QueuePaused(_raw(scope), now, author, reason)], workspace)
            await self._written[scope]
        except BaseException:
            self._written.pop(scope, None)
            if self.admission.pauses.get(scope) is pause:
                if known is not None:  # the server was started paused, and stays so
                    self.admission.pause(scope, known)
                else:
                    self._go_on(self.admission.resume(scope))
            raise
        pulled = self._queue.pull(lambda row: scope in (SERVER, row.function_id))
        await self._in_chunks(pulled)
        log.info("queue.paused", scope=scope or "server", held=len(pulled))
        return pause

    async def resume(self, function_id: str | None, author: str | None, workspace: str | None) -> bool:
        """Start its runs again; durable when this returns. Answers whether there was a pause. Raises Unavailable."""
        scope = function_id or SERVER
        if scope not in self.admission.pauses:
            return False
        await self._store.append([QueueResumed(_raw(scope), self._clock.now_us(), author)], workspace)
        self._written.pop(scope, None)
        await self._in_chunks(self.admission.resume(scope))
        log.info("queue.resumed", scope=scope or "server")
        return True

    async def _in_chunks(self, entries: Sequence[Entry]) -> None:
        for start in range(0, len(entries), CHUNK):
            self._go_on([e for e in entries[start : start + CHUNK] if self._queue.find(e.row.id) is e])
            await asyncio.sleep(0)

    def pauses(self) -> list[dict[str, Any]]:
        """Every pause: functionId (null: the whole server), since, author, reason."""
        return [
            {"functionId": scope or None, "since": rfc3339(p.at), "author": p.author, "reason": p.reason}
            for scope, p in self.admission.pauses.items()
        ]

    def changed(self, function_id: str, under_way: Iterable[RunRow]) -> None:
        """A function's settings have changed."""
        self._go_on(self.admission.regroup(function_id, under_way))


def _raw(scope: str) -> bytes:
    return to_bytes(scope) if scope else b""

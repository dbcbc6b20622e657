"""The apply thread: the one writer of DuckDB. Follows the log, and decides what `transact` asks.

DuckDB never commits past the synced sequence: `append`ed facts come here after their sync, decided ones are committed
after theirs.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

import threading
import traceback
from collections import deque
from typing import Any

import duckdb
import pyarrow as pa
import structlog

from workbench.base.errors import Unavailable
from workbench.base.probe import probe
from workbench.storage.decide import Decider, Request
from workbench.storage.facts import FactRegistry
from workbench.storage.log import Log
from workbench.storage.progress import Progress
from workbench.storage.ticket import Ticket
from workbench.storage.writing import Entry, Writer

BATCH_FACTS = 3000
LAG_LIMIT = 2500
"""Facts that DuckDB may be behind; past it the engine pauses pure work and apply is woken at once."""
LINGER_S = 0.2
"""How long facts may gather before they are applied when nobody waits for them."""
CHECKPOINT_BYTES = 64 * 1024 * 1024
IDLE_S = 2.0
RETRY_S = 1.0
_logger = structlog.get_logger("workbench.storage")


class Applier:
    """The thread, its backlog of durable facts, and how far it has come."""

    def __init__(self, connection: Any, registry: FactRegistry, writer: Writer, progress: Progress) -> None:
        self._connection = connection
        self._writer = writer
        self._registry = registry
        self.progress = progress
        self._log: Log | None = None
        self._backlog: deque[Ticket] = deque()
        self._offset = 0
        """Facts of the backlog's first ticket that are applied already."""
        self._requests: deque[Request[Any]] = deque()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._idle = False
        self._stopping = False
        self._checkpointed_at = 0
        self.failure: str | None = None
        """Why DuckDB cannot be written now; None when all is well."""
        self._thread = threading.Thread(target=self._run, name="workbench-apply", daemon=True)

    def start(self, log: Log) -> None:
        """Begin to follow `log`."""
        self._log = log
        self._thread.start()

    # --- any thread -------------------------------------------------------------------------------------------------

    def add(self, group: list[Ticket]) -> None:
        """Durable facts, in order; from the one who writes the log."""
        self._backlog.extend(group)
        if self._idle:
            self._wake.set()
        if group[-1].seq - self.progress.applied > LAG_LIMIT:
            self.hurry()

    def ask(self, request: Request[Any]) -> None:
        """Queue a decision."""
        if self._stopping:
            raise Unavailable("The store is closing.", hint="Try again when it is open.")
        self._requests.append(request)
        self.hurry()

    def hurry(self) -> None:
        """Apply what waits now, without lingering."""
        if not self._hurry.is_set():
            self._hurry.set()
        if not self._wake.is_set():
            self._wake.set()

    def stop(self) -> None:
        """Apply what is there, then end the thread."""
        self._stopping = True
        self.hurry()
        self._thread.join()

    @property
    def unapplied(self) -> int:
        """How many facts stand in `unapplied_facts`."""
        return self._writer.unapplied

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    # --- the apply thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            pa.array([0])  # Arrow's first array imports pandas where there is one (a second); not in the first read
            while True:
                self._pause()
                if self._requests:
                    self._decide()
                self._apply_backlog()
                if self._stopping and not self._requests and (not self._backlog or self.failure):
                    break
        except BaseException as error:  # noqa: BLE001 - whatever ends the thread must turn health red
            _logger.error("apply.thread_died", trace=traceback.format_exc())
            self.failure = f"the apply thread died: {error}"
        finally:
            self._stopping = True
            self.progress.fail(f"The database is not written any more: {self.failure or 'the store is closed'}.")
            while self._requests:
                self._requests.popleft().fail(Unavailable("The store is closing.", hint="Try again when it is open."))

    def _pause(self) -> None:
        """Wait for work; let it gather for a moment when nobody is in a hurry."""
        if not self._backlog and not self._requests and not self._stopping:
            self._idle = True
            if not self._backlog and not self._requests and not self._wake.wait(IDLE_S):
                self._checkpoint(idle=True)
                if not self._wake.is_set():
                    self._wake.wait()
            self._idle = False
        elif self.failure is not None:
            self._hurry.clear()
            self._hurry.wait(RETRY_S)
        self._wake.clear()
        if not self._requests and not self._stopping:
            self._hurry.wait(LINGER_S)
        self._hurry.clear()

    def _apply_backlog(self) -> None:
        while self._backlog:
            taken, entries, offset = self._next_batch()
            try:
                self._writer.apply(entries)
            except duckdb.Error as error:  # not a fact's fault: a full disk, a dead instance
                if self.failure is None:
                    _logger.error("apply.failed", error=str(error))
                self.failure = str(error)
                self._backlog.extendleft(reversed(taken))
                self.progress.stall(f"The database cannot be written: {error}.")
                return
            self.failure = None
            if offset:
                self._backlog.appendleft(taken[-1])
            self._offset = offset
            if entries:
                self.progress.reach(entries[-1].seq)
            self._checkpoint(idle=False)

    def _next_batch(self) -> tuple[list[Ticket], list[Entry], int]:
        """Take up to 3,000 facts, whole appends where they fit; how many of the last one's were taken, 0 for all."""
        taken: list[Ticket] = []
        entries: list[Entry] = []
        offset = self._offset
        while self._backlog and len(entries) < BATCH_FACTS:
            ticket = self._backlog[0]
            room = BATCH_FACTS - len(entries)
            rest = ticket.count - offset
            if rest > room and entries:
                break
            facts = ticket.facts[offset : offset + room]
            workspace = ticket.workspace
            entries += [Entry(seq, workspace, f) for seq, f in enumerate(facts, ticket.first + offset)]
            taken.append(self._backlog.popleft())
            if rest > room:
                return taken, entries, offset + room
            offset = 0
        return taken, entries, 0

    def _decide(self) -> None:
        log = self._log
        assert log is not None
        self._apply_backlog()  # most of it while the log is free
        with log.held():
            requests = [self._requests.popleft() for _ in range(len(self._requests))]
            log.write_waiting()
            self._apply_backlog()
            if self.failure is not None or log.durable.failure is not None:
                error = log.durable.failure or Unavailable(
                    f"The database cannot be written: {self.failure}.",
                    hint="Look at /health; free the disk or restart.",
                )
                for request in requests:
                    request.fail(error)
                return
            undone = Decider(self._connection, self._writer, self._registry, log).decide(requests)
            if undone:
                self._backlog.extendleft(reversed(undone))
            self.progress.reach(log.durable.seq if not undone else undone[0].first - 1)

    def _checkpoint(self, *, idle: bool) -> None:
        """DuckDB's own CHECKPOINT: when idle, or each 64 MB of log, for it can stall apply by 290 ms."""
        log = self._log
        if log is None:
            return
        grown = log.bytes_written - self._checkpointed_at
        if grown >= CHECKPOINT_BYTES or (idle and grown > 0):
            self._checkpointed_at = log.bytes_written
            probe("apply.before_checkpoint")
            try:
                self._connection.execute("CHECKPOINT")
            except duckdb.Error as error:
                _logger.warning("apply.checkpoint_failed", error=str(error))

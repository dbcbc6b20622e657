"""Apply: the one writer of DuckDB, in a thread of its own. Follows the log, and decides what `transact` asks.

DuckDB never commits past the synced sequence: `append`ed facts come here after their sync, decided ones are committed
after theirs.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

import duckdb

from workbench.base.errors import Unavailable
from workbench.base.logs import get_logger
from workbench.base.probe import probe
from workbench.storage.decide import Decider, Request
from workbench.storage.facts import FactRegistry
from workbench.storage.log import Log
from workbench.storage.progress import Progress
from workbench.storage.running import AT_ONCE, ENDED, Runner, Work
from workbench.storage.ticket import Ticket
from workbench.storage.writing import Entry, Writer, entries_of

BATCH_FACTS = 5000
LAG_LIMIT = 15_000
"""Facts that DuckDB may be behind; past it the engine pauses pure work."""
HURRY_AT = 7500
"""So many facts are applied at once, not when they have gathered for a while: a shorter burst has the interpreter for
itself, and a longer one need not pause."""
LINGER_S = 0.2
"""How long facts may gather before they are applied when nobody waits for them."""
CHECKPOINT_BYTES = 64 * 1024 * 1024
IDLE_S = 2.0
RETRY_S = 1.0
_logger = get_logger("workbench.storage")


class Applier:
    """The backlog of durable facts, the decisions that wait, and how far DuckDB has come. `step` works them off."""

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
        self._errands: deque[Callable[[], None]] = deque()
        self._asleep = False
        """Whether the next step waits for a wake, so that new facts must give one."""
        self._hurried = False
        """Whether someone waits: then facts do not gather."""
        self._due: float | None = None
        """When gathered facts are applied though nobody waits."""
        self._worked_at = 0.0
        self._stopping = False
        self._checkpointed_at = 0
        self.failure: str | None = None
        """Why DuckDB cannot be written now; None when all is well."""
        self.may_checkpoint: Callable[[], bool] = lambda: True
        """Asked before each CHECKPOINT: one on a full disk kills the instance, one during a copy spoils it."""
        self.on_checkpoint: Callable[[int], None] = lambda _seq: None
        """Called after each CHECKPOINT with the last sequence in it; in apply's step."""

    def start(self, log: Log, runner: Runner) -> None:
        """Begin to follow `log`."""
        self._log = log
        self._now = runner.now
        self._worked_at = runner.now()
        self._work: Work = runner.start("workbench-apply", self.step)

    # --- any thread -------------------------------------------------------------------------------------------------

    def add(self, group: list[Ticket]) -> None:
        """Durable facts, in order; from the one who writes the log."""
        self._backlog.extend(group)
        if self._asleep:
            self._work.wake()
        if group[-1].seq - self.progress.applied > HURRY_AT:
            self.hurry()

    def ask(self, request: Request[Any]) -> None:
        """Queue a decision."""
        if self._stopping:
            raise Unavailable("The store is closing.", hint="Try again when it is open.")
        self._requests.append(request)
        self.hurry()

    def run(self, errand: Callable[[], None]) -> None:
        """Call `errand` in apply's step, with all that was durable before in DuckDB and no transaction open."""
        self._errands.append(errand)
        self.hurry()

    def hurry(self) -> None:
        """Apply what waits now, without lingering."""
        if not self._hurried:
            self._hurried = True
            self._work.wake()

    def stop(self) -> None:
        """Apply what is there, then end."""
        self._stopping = True
        self._work.wake()
        self._work.finish()

    @property
    def unapplied(self) -> int:
        """How many facts stand in `unapplied_facts`."""
        return self._writer.unapplied

    @property
    def unknown(self) -> dict[int, int]:
        """How many of them are of kinds that this workbench does not know, by tag."""
        return self._writer.unknown

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._work.is_alive

    # --- the apply thread -------------------------------------------------------------------------------------------

    def step(self) -> float | None:
        """Decide what is asked and apply what is durable, when it is time for it."""
        try:
            self._asleep = False
            delay = self._pause()
            if delay != AT_ONCE:
                return delay
            self._hurried = False
            if self._requests:
                self._decide()
            errands = [self._errands.popleft() for _ in range(len(self._errands))]
            self._apply_backlog()
            for errand in errands:
                errand()
            self._worked_at = self._now()
            if not self._stopping or self._requests or self._errands or (self._backlog and self.failure is None):
                return AT_ONCE
        except BaseException as error:  # noqa: BLE001 - whatever ends the thread must turn health red
            _logger.error("apply.thread_died", trace=traceback.format_exc())
            self.failure = f"the apply thread died: {error}"
        self._stopping = True
        self.progress.fail(f"The database is not written any more: {self.failure or 'the store is closed'}.")
        return ENDED

    def _pause(self) -> float | None:
        """How long until there is work: what nobody waits for may gather for a moment."""
        if not self._backlog:
            self._hurried = False
            self._asleep = True
            # Said first, looked at again second; those who bring work do it the other way round.
            if not self._backlog and not self._requests and not self._errands and not self._stopping:
                return self._rest()
            self._asleep = False
        if self._requests or self._errands or self._stopping:
            return AT_ONCE
        now = self._now()
        if self._due is None:
            self._due = now + (LINGER_S if self.failure is None else RETRY_S)
        if self._hurried or now >= self._due:
            self._due = None
            return AT_ONCE
        return self._due - now

    def _rest(self) -> float | None:
        """Checkpoint after a while without work, then sleep."""
        if self._log is None or self._log.bytes_written == self._checkpointed_at:
            return None
        idle_for = self._now() - self._worked_at
        if idle_for < IDLE_S:
            return IDLE_S - idle_for
        self._checkpoint(idle=True)
        return None

    def _apply_backlog(self) -> None:
        """Apply what is there now. What comes meanwhile is for the next step: with writers that never rest, whoever has
        asked for something would wait for ever.
        """
        last = self._backlog[-1].seq if self._backlog else 0
        while self._backlog and self._backlog[0].seq <= last:
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
                self.progress.reach(entries[-1][0])
            self._checkpoint(idle=False)

    def _next_batch(self) -> tuple[list[Ticket], list[Entry], int]:
        """Take up to 5,000 facts, whole appends where they fit; how many of the last one's were taken, 0 for all."""
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
            entries += entries_of(ticket.first + offset, workspace, facts)
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
            if self.failure is not None or log.refusal is not None:
                error = log.refusal or Unavailable(
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
            self.checkpoint()

    def checkpoint(self) -> bool:
        """CHECKPOINT now, if it may be; whether it was. In apply's step, or after the end of it."""
        if self.failure is not None or not self.may_checkpoint():
            return False
        probe("apply.before_checkpoint")
        try:
            self._connection.execute("CHECKPOINT")
        except duckdb.Error as error:
            _logger.warning("apply.checkpoint_failed", error=str(error))
            if isinstance(error, duckdb.FatalException):
                self.failure = str(error)
            return False
        self.on_checkpoint(self.progress.applied)
        return True

"""The store of one home: the log (what is true), DuckDB (what is read), values (what is large). This floor's face."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import structlog

from workbench.base.clock import Clock
from workbench.base.errors import StoreDamaged
from workbench.storage.apply import BATCH_FACTS, LAG_LIMIT, Applier
from workbench.storage.database import applied_seq, open_database
from workbench.storage.decide import Decide, Request
from workbench.storage.disk import Disk, SystemDisk
from workbench.storage.encoding import Encoding
from workbench.storage.facts import Fact, FactRegistry
from workbench.storage.lock import StoreLock
from workbench.storage.log import Log
from workbench.storage.migrations.runner import Migration, migrate
from workbench.storage.news import DurableHook
from workbench.storage.progress import Progress
from workbench.storage.reader import READERS, Reader
from workbench.storage.recovery import Tail, recover, refuse
from workbench.storage.running import Runner, Threads
from workbench.storage.segments import SEGMENT_BYTES, Frame
from workbench.storage.ticket import Ticket
from workbench.storage.value_files import ValueStore
from workbench.storage.writing import Entry, Writer

T = TypeVar("T")
_logger = structlog.get_logger("workbench.storage")


class Store:
    """Use `Store.open`. Two doors lead in: `append` (memory has decided) and `transact` (DuckDB decides); one
    leads out: `read`. Every method but the async ones may be called from any thread.
    """

    values: ValueStore

    def __init__(
        self,
        home: Path,
        *,
        disk: Disk,
        runner: Runner,
        lock: StoreLock,
        connection: Any,
        log: Log,
        applier: Applier,
        torn_bytes: int,
    ) -> None:
        self.home = home
        self._lock = lock
        self._connection = connection
        self._log = log
        self._applier = applier
        self._reader = Reader(connection, log, applier, runner)
        self._torn_bytes = torn_bytes
        self._closed = False
        log.on_writable = self._tell_writable
        self.on_writable: Callable[[], None] = lambda: None
        """Called on the attached loop when facts can be written again after a failure: what was in flight is gone."""
        self.values = ValueStore(home / "values", disk)

    @classmethod
    def open(
        cls,
        home: Path,
        registry: FactRegistry,
        migrations: Sequence[Migration],
        clock: Clock,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        allow_damaged: bool = False,
        disk: Disk | None = None,
        runner: Runner | None = None,
        database: Callable[[Path], Any] = open_database,
    ) -> Store:
        """Lock the home, migrate, replay the log into DuckDB.

        Raises StoreHeld (another process has it), StoreTooNew (a newer workbench wrote it), StoreDamaged (acknowledged
        facts cannot be read). With `allow_damaged` a damaged store opens read-only, with all facts before the damage.

        A simulation gives a `disk`, a `runner` and a `database` (path → DuckDB connection) of its own.
        """
        disk = disk or SystemDisk()
        runner = runner or Threads(READERS)
        disk.make_folder(home / "log")
        lock = StoreLock(disk, home)
        connection: Any = None
        try:
            connection = database(home / "workbench.duckdb")
            migrate(connection, migrations)
            encoding = Encoding(registry)
            writer = Writer(connection, registry, encoding, clock)
            tail = _replay(disk, home, connection, encoding, writer)
            if tail.damage is not None and not allow_damaged:
                for segment in (tail.segment, tail.spare):
                    if segment is not None:
                        segment.close()
                raise refuse(tail.damage, home)
            applied = applied_seq(connection)
            applier = Applier(connection, registry, writer, Progress(applied))
            log = Log(disk, home / "log", tail, encoding, applier.add, segment_bytes=segment_bytes)
            log.start(runner)
            applier.start(log, runner)
            return cls(
                home,
                disk=disk,
                runner=runner,
                lock=lock,
                connection=connection,
                log=log,
                applier=applier,
                torn_bytes=tail.torn_bytes,
            )
        except BaseException as error:
            if connection is not None:
                connection.close()
            lock.release()
            if isinstance(error, duckdb.Error):
                raise StoreDamaged(
                    f"The database in {home} cannot be brought up to date: {error}",
                    hint="Move workbench.duckdb and workbench.duckdb.wal to another folder: the log rebuilds them.",
                ) from error
            raise

    # --- writing ----------------------------------------------------------------------------------------------------

    def append(self, facts: Sequence[Fact], workspace: str | None = None, *, patient: bool = False) -> Ticket:
        """Log facts as one atomic unit and return at once; order is the order of calls.

        ``await`` the ticket (or call its `result`) before anything of it is shown outside. Raises Unavailable when the
        log has failed or the store is closed, TypeError for a class that is not registered. On a full disk `patient`
        facts (of work that has begun) wait until there is room; all others are refused, and nothing of them is written.
        """
        return self._log.append(facts, workspace, patient)

    async def transact(self, decide: Decide[T], workspace: str | None = None) -> T:
        """Run ``decide(cursor) → (facts, answer)`` with every earlier fact in sight; its facts come next in the log.

        Returns the answer once the facts are durable. `decide` runs in the apply thread, must only read through the
        cursor, and may be run again when another decision of its group is refused. What it raises reaches the caller,
        and only its own facts are dropped. Raises Unavailable when the outcome is not known.
        """
        request: Request[T] = Request(decide, workspace)
        if (refusal := self._log.refusal) is not None:
            raise refusal
        self._applier.ask(request)
        return await request.future

    # --- reading ----------------------------------------------------------------------------------------------------

    async def read(self, query: Callable[[Any], T]) -> T:
        """Run ``query(cursor)`` in a reader thread, in one read-only transaction that sees all acknowledged facts."""
        return await self._reader.read(query)

    async def barrier(self) -> None:
        """Wait until everything appended before this call is durable and applied."""
        seq = await self._log.append((), None)
        self._applier.hurry()
        await self._applier.progress.reached(seq, patient=True)

    def lag(self) -> int:
        """How many facts DuckDB is behind, those in flight included."""
        return max(0, self._log.appended - self._applier.progress.applied)

    async def lag_free(self) -> None:
        """Wait until the lag is at most 2,500 facts. Raises Unavailable when the log has failed."""
        while self.lag() > LAG_LIMIT:
            if self._log.durable.failure is not None:
                raise self._log.durable.failure
            seq = min(self._log.appended - LAG_LIMIT, self._log.durable.seq)
            if seq > self._applier.progress.applied:
                self._applier.hurry()
                await self._applier.progress.reached(seq, patient=True)
            else:  # what is in flight alone is more than that
                await self._log.append((), None, patient=True)

    # --- news -------------------------------------------------------------------------------------------------------

    def attach_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop on which tickets are awaited and `on_durable` is called."""
        self._log.durable.loop = loop
        self._applier.progress.loop = loop

    @property
    def on_durable(self) -> DurableHook | None:
        """Called on the attached loop with ``[(seq, workspace, fact), …]`` after they are durable."""
        return self._log.news.on_durable

    @on_durable.setter
    def on_durable(self, hook: DurableHook | None) -> None:
        self._log.news.on_durable = hook

    def _tell_writable(self) -> None:
        """From the log's step: hand it to the loop."""
        loop = self._log.durable.loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self.on_writable)

    def announce(self, address: str, key: str) -> None:
        """Tell other processes where this store's API is: `connect()` on a held store reads it."""
        self._lock.announce(address, key)

    @property
    def is_writable(self) -> bool:
        """Whether facts can be written now."""
        return self._log.refusal is None

    # --- life -------------------------------------------------------------------------------------------------------

    def health(self) -> dict[str, Any]:
        """``ok`` and why not; how far log and DuckDB are. JSON-ready, without secrets."""
        failure = self._log.durable.failure
        unapplied = self._applier.unapplied
        reasons: list[str] = []
        if failure is not None:
            reasons.append(failure.message)
        if self._applier.failure is not None:
            reasons.append(f"The database cannot be written: {self._applier.failure}")
        if not self._applier.is_alive and not self._closed:
            reasons.append("The apply thread has ended.")
        if unapplied:
            reasons.append(f"{unapplied} facts could not be applied; they stand in unapplied_facts.")
        return {
            "ok": not reasons,
            "reasons": reasons,
            "writable": failure is None,
            "durableSeq": self._log.durable.seq,
            "appliedSeq": self._applier.progress.applied,
            "lag": self.lag(),
            "unapplied": unapplied,
            "tornBytes": self._torn_bytes,
        }

    def close(self) -> None:
        """Write and apply all that waits, checkpoint, close. Calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        self._log.close()
        self._applier.stop()
        self._reader.close()
        if self._applier.failure is None:
            try:
                self._connection.execute("CHECKPOINT")
            except duckdb.Error as error:  # the log has all; the next start applies it
                _logger.warning("store.checkpoint_failed", error=str(error))
        self._connection.close()
        self._lock.release()


def _replay(disk: Disk, home: Path, connection: Any, encoding: Encoding, writer: Writer) -> Tail:
    """Bring DuckDB to the log's end, or to where the damage begins."""
    applied = applied_seq(connection)
    batch: list[Entry] = []

    def take(frame: Frame) -> None:
        workspace, facts = encoding.decode(frame.payload)
        batch.extend(Entry(seq, workspace, f) for seq, f in enumerate(facts, frame.first) if seq > applied)
        while len(batch) >= BATCH_FACTS:
            writer.apply(batch[:BATCH_FACTS])
            del batch[:BATCH_FACTS]

    tail = recover(disk, home / "log", applied, take)
    writer.apply(batch)
    writer.count_unapplied()
    return tail

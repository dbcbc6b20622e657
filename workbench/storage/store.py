"""The store of one home: the log (what is true), DuckDB (what is read), values (what is large). This floor's face."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from workbench.base.clock import Clock
from workbench.base.errors import StoreDamaged
from workbench.base.logs import get_logger
from workbench.base.metrics import Histogram
from workbench.storage.apply import BATCH_FACTS, LAG_LIMIT, Applier
from workbench.storage.copies import list_copies
from workbench.storage.copying import FILE
from workbench.storage.database import applied_seq
from workbench.storage.decide import Decide, Request
from workbench.storage.disk import Disk, SystemDisk
from workbench.storage.encoding import Encoding
from workbench.storage.facts import Fact, FactRegistry
from workbench.storage.garbage import Collector
from workbench.storage.health import describe
from workbench.storage.lock import StoreLock
from workbench.storage.log import Log
from workbench.storage.migrations.runner import Migration, migrate
from workbench.storage.news import DurableHook
from workbench.storage.opening import Tables, is_corruption, open_tables, suspect
from workbench.storage.progress import Progress
from workbench.storage.reader import READERS, Reader
from workbench.storage.recovery import Tail, first_sequence, recover, refuse
from workbench.storage.running import Runner, Threads
from workbench.storage.segments import SEGMENT_BYTES, Frame
from workbench.storage.sizes import Sizes
from workbench.storage.space import MIN_FREE_BYTES, Space
from workbench.storage.ticket import Ticket
from workbench.storage.upkeep import Upkeep
from workbench.storage.value_files import ValueStore
from workbench.storage.writing import Entry, Writer, entries_of

T = TypeVar("T")
_logger = get_logger("workbench.storage")


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
        tables: Tables,
        tail: Tail,
        log: Log,
        applier: Applier,
        space: Space,
        clock: Clock,
    ) -> None:
        self.home = home
        self.sizes = Sizes(home, clock)
        self._lock = lock
        self._connection = tables.connection
        self._restored = tables.restored
        self._log = log
        self._applier = applier
        self._reader = Reader(tables.connection, log, applier, runner)
        self._reader.on_corruption = lambda: suspect(home)
        self._torn_bytes = tail.torn_bytes
        self._closed = False
        log.on_writable = self._tell_writable
        self.on_writable: Callable[[], None] = lambda: None
        """Called on the attached loop when facts can be written again after a failure: what was in flight is gone."""
        self.space = space
        self.upkeep = Upkeep(home, disk, runner, log, applier, space)
        self.values = ValueStore(home / "values", disk)
        self.collector = Collector(tables.connection.cursor(), self.upkeep.copies, self.values)

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
        min_free_bytes: int = MIN_FREE_BYTES,
        disk: Disk | None = None,
        runner: Runner | None = None,
        database: Callable[[Path], Any] | None = None,
    ) -> Store:
        """Lock the home, migrate, replay the log into DuckDB.

        A DuckDB file that is gone or broken is replaced by the newest verified copy that opens, or rebuilt from the
        log. Raises StoreHeld (another process has it), StoreTooNew (a newer workbench wrote it), StoreDamaged
        (acknowledged facts cannot be read). With `allow_damaged` a damaged store opens read-only, with all facts before
        the damage.

        A simulation gives a `disk`, a `runner` and a `database` (path → DuckDB connection) of its own; then no copies
        are made or restored.
        """
        disk = disk or SystemDisk()
        runner = runner or Threads(READERS)
        disk.make_folder(home / "log")
        lock = StoreLock(disk, home)
        try:
            encoding = Encoding(registry)
            tables, writer, tail = _open_tables(disk, home, migrations, database, registry, encoding, clock)
        except BaseException:
            lock.release()
            raise
        try:
            damage = tables.damage or tail.damage
            if damage is not None and not allow_damaged:
                for segment in (tail.segment, tail.spare):
                    if segment is not None:
                        segment.close()
                raise refuse(damage, home)
            tail.damage = damage
            applier = Applier(tables.connection, registry, writer, Progress(applied_seq(tables.connection)))
            log = Log(disk, home / "log", tail, encoding, applier.add, segment_bytes=segment_bytes)
            log.start(runner)
            applier.start(log, runner)
            space = Space(disk, home, min_free_bytes, runner.now)
            store = cls(
                home,
                disk=disk,
                runner=runner,
                lock=lock,
                tables=tables,
                tail=tail,
                log=log,
                applier=applier,
                space=space,
                clock=clock,
            )
            store.upkeep.copies_by_itself = database is None and damage is None
        except BaseException:
            tables.connection.close()
            lock.release()
            raise
        return store

    # --- writing ----------------------------------------------------------------------------------------------------

    def append(self, facts: Sequence[Fact], workspace: str | None = None, *, patient: bool = False) -> Ticket:
        """Log facts as one atomic unit and return at once; order is the order of calls.

        ``await`` the ticket (or call its `result`) before anything of it is shown outside. Raises Unavailable when the
        log has failed or the store is closed, TypeError for a class that is not registered. On a full disk `patient`
        facts (of work that has begun) wait until there is room; all others are refused, and nothing of them is written.
        """
        return self._log.append(facts, workspace, patient)

    async def transact(self, decide: Decide[T], workspace: str | None = None, *, frees: bool = False) -> T:
        """Run ``decide(cursor) → (facts, answer)`` with every earlier fact in sight; its facts come next in the log.

        Returns the answer once the facts are durable. `decide` runs in the apply thread, must only read through the
        cursor, and may be run again when another decision of its group is refused. What it raises reaches the caller,
        and only its own facts are dropped. Raises Unavailable when the outcome is not known, and when so little of the
        disk is free that only what `frees` space is taken.
        """
        request: Request[T] = Request(decide, workspace)
        if (refusal := self._log.refusal) is not None:
            raise refusal
        if not frees:
            self.space.guard()
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
        """Wait until the lag is at most 10,000 facts. Raises Unavailable when the log has failed."""
        while True:
            if self._log.durable.failure is not None:
                raise self._log.durable.failure
            if self.lag() <= LAG_LIMIT:
                return
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
    def reopened(self) -> int:
        """How often the log took facts again after it had failed."""
        return self._log.reopened

    @property
    def is_writable(self) -> bool:
        """Whether facts can be written now."""
        return self._log.refusal is None

    # --- life -------------------------------------------------------------------------------------------------------

    def health(self) -> dict[str, Any]:
        """``ok`` and why not; how far log, DuckDB and copies are. JSON-ready, without secrets."""
        return describe(self._log, self._applier, self._reader, self.upkeep.copies, self.space, closed=self._closed) | {
            "lag": self.lag(),
            "sizes": self.sizes.bytes,
            "tornBytes": self._torn_bytes,
            "restoredFrom": self._restored,
        }

    @property
    def sync_times(self) -> Histogram:
        """How long it took to make groups durable, since the start."""
        return self._log.sync_times

    def close(self) -> None:
        """Write and apply all that waits, checkpoint, close. Calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        self._log.close()
        self._applier.stop()
        self._reader.close()
        self.upkeep.copies.stop()
        self.collector.close()
        self.upkeep.copies_by_itself = False
        self._applier.checkpoint()
        self._connection.close()
        self._lock.release()


def _open_tables(
    disk: Disk,
    home: Path,
    migrations: Sequence[Migration],
    database: Callable[[Path], Any] | None,
    registry: FactRegistry,
    encoding: Encoding,
    clock: Clock,
) -> tuple[Tables, Writer, Tail]:
    """The tables, brought to the log's end or to where the damage begins."""
    while True:
        if database is not None:
            tables = Tables(database(home / FILE))
            migrate(tables.connection, migrations)
        else:
            tables = open_tables(home, migrations, first_sequence(disk, home / "log"))
        writer = Writer(tables.connection, registry, encoding, clock)
        try:
            return tables, writer, _replay(disk, home, tables.connection, encoding, writer)
        except duckdb.Error as error:
            tables.connection.close()
            if database is None and is_corruption(error) and tables.restored is None:
                suspect(home)
                continue
            raise StoreDamaged(
                f"The database in {home} cannot be brought up to date: {error}",
                hint=f"See that the disk is not full. Else move {FILE} to another folder: copies and log rebuild it.",
            ) from error
        except BaseException:
            tables.connection.close()
            raise


def _replay(disk: Disk, home: Path, connection: Any, encoding: Encoding, writer: Writer) -> Tail:
    """Bring DuckDB to the log's end, or to where the damage begins."""
    writer.retry_unknown()
    applied = applied_seq(connection)
    batch: list[Entry] = []

    def take(frame: Frame) -> None:
        workspace, facts = encoding.decode(frame.payload)
        batch.extend(e for e in entries_of(frame.first, workspace, facts) if e[0] > applied)
        while len(batch) >= BATCH_FACTS:
            writer.apply(batch[:BATCH_FACTS])
            del batch[:BATCH_FACTS]

    kept = list_copies(home)
    tail = recover(disk, home / "log", applied, take, kept[0].seq if kept else 0)
    writer.apply(batch)
    writer.count_unapplied()
    return tail

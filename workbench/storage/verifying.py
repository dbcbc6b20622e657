"""Looks at everything a store holds: each frame of the log, each value, and whether log and tables tell the same."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from workbench.base.clock import Clock
from workbench.base.errors import StoreDamaged
from workbench.storage.apply import BATCH_FACTS
from workbench.storage.backups import Tell
from workbench.storage.copies import Copy, list_copies
from workbench.storage.copying import FILE
from workbench.storage.database import Broken, applied_seq, open_database
from workbench.storage.disk import SystemDisk
from workbench.storage.encoding import Encoding
from workbench.storage.facts import FactRegistry
from workbench.storage.migrations.runner import Migration, migrate
from workbench.storage.recovery import first_sequence
from workbench.storage.segments import HEADER_BYTES, frame_at, frames_anywhere, list_segments, open_segment
from workbench.storage.value_files import hash_file
from workbench.storage.writing import Entry, Writer, entries_of

_NOT_COMPARED = {"unapplied_facts": ("at",), "meta": ()}
"""Columns that hold the time of applying."""


@dataclass(slots=True)
class Report:
    """What was found; `problems` are sentences, empty when all is well."""

    facts: int = 0
    frames: int = 0
    segments: int = 0
    values: int = 0
    copies: int = 0
    tables: int = 0
    compared: str = ""
    problems: list[str] = field(default_factory=list)


class Verifier:
    """Verifies one home. `upto` limits the log to what a copy of a running server holds; None is all of it."""

    def __init__(
        self, home: Path, registry: FactRegistry, migrations: Sequence[Migration], clock: Clock, tell: Tell
    ) -> None:
        self._home = home
        self._registry = registry
        self._encoding = Encoding(registry)
        self._migrations = migrations
        self._clock = clock
        self._tell = tell
        self.report = Report()

    def verify(self, newest: Copy | None = None) -> Report:
        """Everything; with `newest`, a copy that a running owner has just made, up to there only."""
        upto = newest.seq if newest is not None else None
        self._check_values()
        copies = list_copies(self._home)
        for copy in copies:
            self.report.copies += 1
            if not copy.is_whole():
                self.report.problems.append(f"The copy {copy.folder} has changed since it was verified.")
        first = first_sequence(SystemDisk(), self._home / "log")
        with tempfile.TemporaryDirectory(prefix="workbench-verify-") as scratch, ExitStack() as opened:
            folder = Path(scratch)
            tables = self._tables(folder, newest)
            if tables is not None:
                opened.callback(tables.close)
            older = [c for c in copies if c.is_whole() and c.seq + 1 >= first and (newest is None or c != newest)]
            again = self._again(folder, older[0] if older else None, first) if tables is not None else None
            if again is not None:
                opened.callback(again.close)
            replays = self._replays(tables, again, upto) if again is not None else ()
            self._read_log(upto, replays)
            if replays:
                self._compare(tables, again, replays)
        return self.report

    # --- the log and the values -------------------------------------------------------------------------------------

    def _read_log(self, upto: int | None, replays: Sequence[_Replay]) -> None:
        """Look at every frame, and hand its facts on: never more of them at once than a batch."""
        disk, expected = SystemDisk(), 0
        paths = list_segments(disk, self._home / "log")
        for done, path in enumerate(paths):
            self._tell("log", done, len(paths))
            self.report.segments += 1
            try:
                segment = open_segment(disk, path)
            except StoreDamaged as error:
                self.report.problems.append(error.message)
                continue
            data, position = segment.file.read(), HEADER_BYTES
            segment.close()
            while (found := frame_at(data, position, segment.salt)) is not None:
                if upto is not None and found.first > upto:
                    break
                if expected and found.first != expected:
                    self.report.problems.append(f"{path.name}: sequence {expected} is missing, {found.first} follows.")
                expected, position = found.first + found.count, found.end
                self.report.frames += 1
                self.report.facts += found.count
                workspace, facts = self._encoding.decode(found.payload) if found.count else (None, [])
                for replay in replays:
                    replay.take(entries_of(found.first, workspace, facts))
            later = next(iter(frames_anywhere(data, position, segment.salt)), None)
            if later is not None and later.durable >= expected and (upto is None or expected <= upto):
                self.report.problems.append(f"{path.name}: facts from sequence {expected} on cannot be read.")
        self._tell("log", len(paths), len(paths))

    def _check_values(self) -> None:
        folder = self._home / "values"
        files = sorted(p for p in folder.glob("*/*") if p.parent.name != "tmp") if folder.is_dir() else []
        for done, file in enumerate(files):
            if done % 20 == 0:
                self._tell("values", done, len(files))
            self.report.values += 1
            try:
                if hash_file(file) != file.name:
                    self.report.problems.append(f"The value {file.name} is not what its name says.")
            except FileNotFoundError:
                continue
        self._tell("values", len(files), len(files))

    # --- the tables -------------------------------------------------------------------------------------------------

    def _tables(self, folder: Path, newest: Copy | None) -> Any:
        """A copy of the tables that may be written: those of the owner's copy, or of the file and its own log."""
        copied = folder / "tables.duckdb"
        source = newest.file if newest is not None else self._home / FILE
        if not source.exists():
            self.report.problems.append(f"There is no database {source}; the next start makes it again.")
            return None
        shutil.copyfile(source, copied)
        wal = source.with_name(source.name + ".wal")
        if newest is None and wal.exists():
            shutil.copyfile(wal, folder / "tables.duckdb.wal")
        try:
            connection = open_database(copied)
            migrate(connection, self._migrations)
        except (duckdb.Error, Broken) as error:
            self.report.problems.append(f"The database cannot be opened ({error}); the next start replaces it.")
            return None
        return connection

    def _again(self, folder: Path, base: Copy | None, first: int) -> Any:
        """Tables that are to be made by the log alone: from a copy, or from nothing; None where it does not reach."""
        again = folder / "again.duckdb"
        if base is not None:
            shutil.copyfile(base.file, again)
        elif first > 1:
            self.report.compared = "nothing: the log does not reach back to a copy"
            return None
        connection = open_database(again)
        migrate(connection, self._migrations)
        return connection

    def _replays(self, tables: Any, again: Any, upto: int | None) -> Sequence[_Replay]:
        """What brings both to the log's end; none where a database cannot be read."""
        try:
            return self._replay(tables, upto), self._replay(again, upto)
        except duckdb.Error as error:
            self.report.problems.append(f"The database cannot be read: {error}")
            return ()

    def _replay(self, connection: Any, upto: int | None) -> _Replay:
        writer = Writer(connection, self._registry, self._encoding, self._clock)
        writer.retry_unknown()
        return _Replay(writer, applied_seq(connection), upto)

    def _compare(self, tables: Any, again: Any, replays: Sequence[_Replay]) -> None:
        try:
            for replay in replays:
                replay.finish()
            one, two = _fingerprints(tables), _fingerprints(again)
            self.report.tables = len(one)
            self.report.compared = f"{len(one)} tables with a replay from sequence {replays[-1].begin}"
            for name in sorted(one.keys() | two.keys()):
                (rows, _), (rows_by_log, _) = one.get(name, (0, 0)), two.get(name, (0, 0))
                if one.get(name) != two.get(name):
                    self.report.problems.append(
                        f"The table {name} is not what the log says: {rows} rows, {rows_by_log} by the log."
                    )
        except duckdb.Error as error:
            self.report.problems.append(f"The database cannot be read: {error}")


class _Replay:
    """Applies the log's facts to one database as they come, a batch at a time."""

    def __init__(self, writer: Writer, begin: int, upto: int | None) -> None:
        self._writer = writer
        self.begin = begin
        self._upto = upto
        self._batch: list[Entry] = []
        self._failure: duckdb.Error | None = None

    def take(self, entries: Sequence[Entry]) -> None:
        """Apply those that are not in the database yet; what goes wrong is told by `finish`."""
        self._batch += [e for e in entries if e[0] > self.begin and (self._upto is None or e[0] <= self._upto)]
        if len(self._batch) >= BATCH_FACTS:
            self._apply()

    def finish(self) -> None:
        """Apply the rest. Raises duckdb.Error."""
        self._apply()
        if self._failure is not None:
            raise self._failure

    def _apply(self) -> None:
        batch, self._batch = self._batch, []
        if batch and self._failure is None:
            try:
                self._writer.apply(batch)
            except duckdb.Error as error:
                self._failure = error


def _fingerprints(connection: Any) -> dict[str, tuple[int, int]]:
    """Rows and a hash over them, whatever their order, by table."""
    names = connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY 1").fetchall()
    found: dict[str, tuple[int, int]] = {}
    for (name,) in names:
        left_out = ", ".join(f'"{c}"' for c in _NOT_COMPARED.get(name, ()))
        columns = f"* EXCLUDE ({left_out})" if left_out else "*"
        rows, mixed = connection.execute(  # our own names
            f'SELECT count(*), sum(hash(t)::HUGEINT) FROM (SELECT {columns} FROM "{name}") t'  # noqa: S608
        ).fetchone()
        found[str(name)] = (int(rows), int(mixed or 0))
    return found

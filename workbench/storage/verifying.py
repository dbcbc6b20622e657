"""Looks at everything a store holds: each frame of the log, each value, and whether log and tables tell the same."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
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
from workbench.storage.segments import HEADER_BYTES, frame_at, frames_anywhere, list_segments, open_segment
from workbench.storage.value_files import hash_file
from workbench.storage.writing import Entry, Writer

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
        entries, first = self._read_log(upto)
        self._check_values()
        copies = list_copies(self._home)
        for copy in copies:
            self.report.copies += 1
            if not copy.is_whole():
                self.report.problems.append(f"The copy {copy.folder} has changed since it was verified.")
        with tempfile.TemporaryDirectory(prefix="workbench-verify-") as scratch:
            folder = Path(scratch)
            tables = self._tables(folder, newest)
            if tables is not None:
                older = [c for c in copies if c.is_whole() and c.seq + 1 >= first and (newest is None or c != newest)]
                self._compare(tables, folder, older[0] if older else None, entries, first, upto)
                tables.close()
        return self.report

    # --- the log and the values -------------------------------------------------------------------------------------

    def _read_log(self, upto: int | None) -> tuple[list[Entry], int]:
        disk, expected, first = SystemDisk(), 0, 0
        entries: list[Entry] = []
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
                first = first or found.first
                expected, position = found.first + found.count, found.end
                self.report.frames += 1
                self.report.facts += found.count
                workspace, facts = self._encoding.decode(found.payload) if found.count else (None, [])
                entries += [Entry(seq, workspace, fact) for seq, fact in enumerate(facts, found.first)]
            later = next(iter(frames_anywhere(data, position, segment.salt)), None)
            if later is not None and later.durable >= expected and (upto is None or expected <= upto):
                self.report.problems.append(f"{path.name}: facts from sequence {expected} on cannot be read.")
        self._tell("log", len(paths), len(paths))
        return entries, first or 1

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

    def _compare(
        self, tables: Any, folder: Path, base: Copy | None, entries: list[Entry], first: int, upto: int | None
    ) -> None:
        again = folder / "again.duckdb"
        if base is not None:
            shutil.copyfile(base.file, again)
        elif first > 1:
            self.report.compared = "nothing: the log does not reach back to a copy"
            return
        replayed = open_database(again)
        try:
            migrate(replayed, self._migrations)
            begin = applied_seq(replayed)
            self._replay(replayed, entries, upto)
            self._replay(tables, entries, upto)
            one, two = _fingerprints(tables), _fingerprints(replayed)
            self.report.tables = len(one)
            self.report.compared = f"{len(one)} tables with a replay from sequence {begin}"
            for name in sorted(one.keys() | two.keys()):
                (rows, _), (rows_by_log, _) = one.get(name, (0, 0)), two.get(name, (0, 0))
                if one.get(name) != two.get(name):
                    self.report.problems.append(
                        f"The table {name} is not what the log says: {rows} rows, {rows_by_log} by the log."
                    )
        except duckdb.Error as error:
            self.report.problems.append(f"The database cannot be read: {error}")
        finally:
            replayed.close()

    def _replay(self, connection: Any, entries: list[Entry], upto: int | None) -> None:
        writer = Writer(connection, self._registry, self._encoding, self._clock)
        writer.retry_unknown()
        applied = applied_seq(connection)
        todo = [e for e in entries if e.seq > applied and (upto is None or e.seq <= upto)]
        for start in range(0, len(todo), BATCH_FACTS):
            self._tell("replay", start, len(todo))
            writer.apply(todo[start : start + BATCH_FACTS])


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

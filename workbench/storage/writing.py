"""Writes batches of facts into DuckDB, one transaction each, with the applied sequence inside it."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, TypeAlias

import duckdb

from workbench.base.clock import Clock
from workbench.base.logs import get_logger
from workbench.base.probe import probe
from workbench.storage.columns import execute, rolled_back
from workbench.storage.database import is_databases_fault
from workbench.storage.encoding import UNKNOWN_KIND, Encoding, Unreadable
from workbench.storage.facts import Batch, Fact, FactRegistry, FactType, tag_of

_logger = get_logger("workbench.storage")


Entry: TypeAlias = tuple[int, str | None, Fact | Unreadable]
"""A fact with its place in the log and its workspace: ``(seq, workspace, fact)``."""


def entries_of(first: int, workspace: str | None, facts: Sequence[Fact | Unreadable]) -> list[Entry]:
    """Facts that stand one after another in the log, the first of them at `first`."""
    return list(zip(range(first, first + len(facts)), repeat(workspace), facts))


def _batch_of(entries: list[Entry]) -> Batch:
    batch = Batch(fact for _, _, fact in entries)
    batch.seqs = [seq for seq, _, _ in entries]
    batch.workspaces = [workspace for _, workspace, _ in entries]
    return batch


def _order(kind: FactType) -> int:
    return kind.order if kind.order is not None else tag_of(kind.cls)


class Writer:
    """Applies facts through the registry, on the writing connection."""

    def __init__(self, connection: Any, registry: FactRegistry, encoding: Encoding, clock: Clock) -> None:
        self._connection = connection
        self._types = registry.types
        self._encoding = encoding
        self._clock = clock
        self._orders = {cls: _order(kind) for cls, kind in registry.types.items()}
        self._leads: dict[type[Any], type[Any]] = {
            cls: kind.lead for cls, kind in registry.types.items() if kind.lead is not None
        }
        self.unapplied = 0
        self.unknown: dict[int, int] = {}
        """By tag that nobody knows: how many facts of it were put aside."""

    def count_unapplied(self) -> None:
        """Look how many facts were put aside before."""
        self.unapplied = int(self._connection.execute("SELECT count(*) FROM unapplied_facts").fetchone()[0])
        self.unknown = dict(
            self._connection.execute(
                "SELECT tag, count(*) FROM unapplied_facts WHERE starts_with(error, ?) GROUP BY tag", [UNKNOWN_KIND]
            ).fetchall()
        )

    def retry_unknown(self) -> int:
        """Apply the facts that were put aside as unknown and are known now; how many. What fails stays aside."""
        rows = self._connection.execute(
            "SELECT seq, workspace, fact FROM unapplied_facts WHERE starts_with(error, ?) ORDER BY seq", [UNKNOWN_KIND]
        ).fetchall()
        found = [(seq, workspace, self._encoding.decode_one(bytes(raw))) for seq, workspace, raw in rows]
        known: list[Entry] = [e for e in found if not isinstance(e[2], Unreadable)]
        for entry in known:
            try:
                self._connection.execute("BEGIN")
                self.run([entry])
                self._connection.execute("DELETE FROM unapplied_facts WHERE seq = ?", [entry[0]])
                self._connection.execute("COMMIT")
            except Exception as error:
                self.roll_back()
                if is_databases_fault(error):
                    raise
                self._connection.execute("UPDATE unapplied_facts SET error = ? WHERE seq = ?", [str(error), entry[0]])
        if known:
            _logger.info("apply.unknown_facts_known_now", count=len(known))
        return len(known)

    def apply(self, entries: Sequence[Entry]) -> None:
        """One transaction for all; if it fails, halves of it, down to the bad fact, which is put aside.

        Raises duckdb.Error when the fault is DuckDB's, not a fact's; then the entries are to be applied again.
        """
        if not entries:
            return
        try:
            self._connection.execute("BEGIN")
            self.run(entries)
            self.mark(entries[-1][0])
            probe("apply.before_commit")
            self._connection.execute("COMMIT")
        except Exception as error:
            self.roll_back()
            if is_databases_fault(error):
                raise
            if len(entries) == 1:
                self._put_aside(entries[0], error)
                return
            middle = len(entries) // 2
            self.apply(entries[:middle])
            self.apply(entries[middle:])
        else:
            probe("apply.after_commit")

    def run(self, entries: Sequence[Entry]) -> None:
        """Apply inside the open transaction. Raises what an `apply` raises."""
        for kind, batch in self._batches(entries):
            kind.apply(self._connection, batch)

    def mark(self, seq: int) -> None:
        """Write the applied sequence; inside the transaction that brings it there."""
        execute(self._connection, "UPDATE meta SET value = $1 WHERE key = 'applied_seq'", str(seq))

    def roll_back(self) -> None:
        """End the open transaction, if DuckDB has not done so itself."""
        with contextlib.suppress(duckdb.Error):
            self._connection.execute("ROLLBACK")
        rolled_back(self._connection)

    def _batches(self, entries: Sequence[Entry]) -> Iterator[tuple[FactType, Batch]]:
        gathered: dict[type[Any], list[Entry]] = {}
        """By class of fact; classes that go together have one list."""
        has_row = False
        """Whether `gathered` holds facts that keep their place and follow each other; then they are alone in it."""
        for entry in entries:
            fact = entry[2]
            group = gathered.get(type(fact))
            if group is not None:
                group.append(entry)
                continue
            if isinstance(fact, Unreadable):
                self._aside(entry[0], entry[1], fact.tag, fact.raw, fact.error)
                continue
            kind = self._kind_of(fact)
            if kind.keeps_place or has_row:
                yield from self._ordered(gathered)
                gathered = {}
            has_row = kind.in_a_row
            if kind.keeps_place and not has_row:
                yield kind, _batch_of([entry])
                continue
            group = gathered[type(fact)] = gathered.setdefault(self._leads.get(type(fact), type(fact)), [])
            group.append(entry)
        yield from self._ordered(gathered)

    def _kind_of(self, fact: Fact) -> FactType:
        kind = self._types.get(type(fact))
        if kind is None:
            raise LookupError(f"{type(fact).__name__} is not registered")
        return kind

    def _ordered(self, gathered: dict[type[Any], list[Entry]]) -> Iterator[tuple[FactType, Batch]]:
        leads = self._leads
        for cls in sorted((c for c in gathered if c not in leads), key=self._orders.__getitem__):
            yield self._types[cls], _batch_of(gathered[cls])

    def _put_aside(self, entry: Entry, error: Exception) -> None:
        seq, workspace, fact = entry
        assert isinstance(fact, Fact)
        _logger.error("apply.fact_put_aside", seq=seq, fact=type(fact).__name__, error=str(error))
        self._connection.execute("BEGIN")
        self._aside(seq, workspace, tag_of(type(fact)), self._encoding.encode_one(fact), str(error))
        self.mark(seq)
        self._connection.execute("COMMIT")
        self.unapplied += 1

    def _aside(self, seq: int, workspace: str | None, tag: int, raw: bytes, error: str) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO unapplied_facts VALUES (?, ?, ?, ?, ?, ?)",
            [seq, workspace, tag, raw, error, self._clock.now_us()],
        )

"""What the judges read of a run: its row and its journal, as the database has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from workbench.engine.journal_runs import read_stored
from workbench.storage.value_files import Stored, ValueStore

TERMINAL = frozenset({"completed", "failed", "cancelled", "timed_out", "dead_letter"})
LOST = "<the value is not kept>"


@dataclass
class Row:
    """A run's row."""

    id: str
    function_id: str
    status: str
    output: Any
    error: dict[str, Any] | None
    recoveries: int
    durability: str
    attempt: int
    is_fork: bool
    version: int
    debug: bool
    timeout_ms: int | None
    shortest_us: int
    """Of the times that it queued, ran and waited."""
    pins: dict[str, int]

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status in TERMINAL

    @property
    def is_cancelled_by_limit(self) -> bool:
        """Whether its function's limit had no room for it."""
        return self.status == "cancelled" and bool(self.error) and self.error["type"] in ("SKIPPED", "CANCELLED")


@dataclass
class Entry:
    """One line of the journal."""

    path: str
    attempt: int
    block: str
    type: str
    status: str
    port: str | None
    output: Any
    error: dict[str, Any] | None
    flags: str | None
    seq: int
    origin: str | None = None
    """How a fork came by it: `reused`, or `kept` though what went in differs."""


def rows(values: ValueStore) -> Callable[[Any], list[Row]]:
    """All runs, oldest first."""

    def query(cursor: Any) -> list[Row]:
        found = cursor.execute(
            """
            SELECT id::VARCHAR, function_id::VARCHAR, status, output, error, recoveries, durability, attempt,
                forked_from IS NOT NULL, version, debug, timeout_ms,
                least(coalesce(queue_us, 0), coalesce(run_us, 0), coalesce(wait_us, 0)), pins
            FROM runs ORDER BY created_at, id
            """
        ).fetchall()
        return [
            Row(
                run,
                function,
                status,
                _load(values, read_stored(output)),
                msgspec.json.decode(error) if error else None,
                recoveries,
                durability,
                attempt,
                *more,
                msgspec.json.decode(pins) if pins else {},
            )
            for run, function, status, output, error, recoveries, durability, attempt, *more, pins in found
        ]

    return query


def journals(values: ValueStore) -> Callable[[Any], dict[str, list[Entry]]]:
    """Each run's checkpoints in the log's order; the late place of a value stands where the value was promised."""

    def query(cursor: Any) -> dict[str, list[Entry]]:
        found = cursor.execute(
            """
            SELECT run_id::VARCHAR, path, attempt, block_id, block_type, status, port, output, output_ref, output_kind,
                error, flags, seq, origin
            FROM checkpoints ORDER BY seq
            """
        ).fetchall()
        entries: dict[str, list[Entry]] = defaultdict(list)
        for run, path, attempt, block, type_, status, port, inline, ref, kind, error, flags, *more in found:
            stored = Stored(inline, ref, kind) if kind and kind != "none" else None
            output = _load(values, stored)
            if flags == "kept":
                for entry in entries[run]:
                    if (entry.path, entry.attempt, entry.status) == (path, attempt, status):
                        entry.output = output
                continue
            failure = msgspec.json.decode(error) if error else None
            entries[run].append(Entry(path, attempt, block, type_, status, port, output, failure, flags, *more))
        return entries

    return query


def _load(values: ValueStore, stored: Stored | None) -> Any:
    if stored is None:
        return None
    if stored.kind == "pending":
        return LOST
    return values.load(stored)

"""The one module that writes timers and signals: what runs wait for, and what came for them."""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from workbench.base.ids import to_text
from workbench.engine.facts import SignalReceived, SignalTaken
from workbench.engine.signals import Mailbox, Signal
from workbench.engine.states import LIVE
from workbench.storage.columns import BIGINT, BLOB, TEXT, UUID, Table, execute, insert, last_by_key, update
from workbench.storage.facts import Batch, FactType
from workbench.storage.values import decode

TIMERS = Table(
    "timers",
    {"run_id": UUID, "path": TEXT, "due_at": BIGINT, "kind": TEXT, "about": TEXT, "since": BIGINT, "seq": BIGINT},
    key=("run_id", "path"),
)
SIGNALS = Table(
    "signals",
    {
        "id": UUID,
        "run_id": UUID,
        "event_type": TEXT,
        "payload": BLOB,
        "author": TEXT,
        "at": BIGINT,
        "seq": BIGINT,
        "path": TEXT,
        "taken_at": BIGINT,
        "taken_seq": BIGINT,
    },
)


def apply_timers(cursor: Any, facts: Batch) -> None:
    """Due rows, one for each run and path. `journal_runs` hands these facts over with those of their runs."""
    seqs = {(f.run, f.path): seq for f, seq in zip(facts, facts.seqs, strict=True)}
    last = last_by_key(facts, "run", "path")
    columns = {
        "run_id": [f.run for f in last],
        "path": [f.path for f in last],
        "due_at": [f.due_at for f in last],
        "kind": [f.kind for f in last],
        "about": [f.about for f in last],
        "since": [f.since for f in last],
        "seq": [seqs[f.run, f.path] for f in last],
    }
    insert(cursor, TIMERS, columns, "replace")


def _apply_received(cursor: Any, facts: Batch) -> None:
    columns = {
        "id": [f.id for f in facts],
        "run_id": [f.run for f in facts],
        "event_type": [f.event_type for f in facts],
        "payload": [f.payload for f in facts],
        "author": [f.author for f in facts],
        "at": [f.at for f in facts],
        "seq": facts.seqs,
    }
    insert(cursor, SIGNALS, columns, "ignore")


def _apply_taken(cursor: Any, facts: Batch) -> None:
    seqs = dict(zip((f.id for f in facts), facts.seqs, strict=True))
    last = last_by_key(facts, "id")
    columns = {
        "id": [f.id for f in last],
        "path": [f.path for f in last],
        "taken_at": [f.at for f in last],
        "taken_seq": [seqs[f.id] for f in last],
    }
    update(cursor, SIGNALS, columns)


def end_waits(cursor: Any, ended: str) -> None:
    """The runs whose ids stand in the view `ended` are over: they wait for nothing more. What came for them stays."""
    execute(cursor, f"DELETE FROM timers USING {ended} e WHERE timers.run_id = e.id")


def delete_waits(cursor: Any, functions: str) -> None:
    """Forget the waits and signals of functions' runs, before the runs themselves go.

    `functions` is the name of rows that have their `function_id`.
    """
    runs = f"run_id IN (SELECT r.id FROM runs r JOIN {functions} USING (function_id))"
    execute(cursor, f"DELETE FROM timers WHERE {runs}")
    execute(cursor, f"DELETE FROM signals WHERE {runs}")


WAIT_FACTS = (
    FactType(SignalReceived, _apply_received),
    FactType(SignalTaken, _apply_taken),
)


@dataclass(frozen=True, slots=True)
class OpenWait:
    """A wait that was not over when the run was left: its due time, its begin, and where it stands in the log."""

    due_us: int
    since_us: int
    seq: int


def open_waits(cursor: Any, run_id: str | None = None) -> Iterator[tuple[str, str, OpenWait]]:
    """Run id, path and wait of every due row, or of one run; a run's last ones may be over."""
    found = cursor.execute(
        """
        SELECT run_id::VARCHAR, path, due_at, coalesce(since, due_at), coalesce(seq, 0) FROM timers
        WHERE $run IS NULL OR run_id = $run::UUID
        """,
        {"run": run_id},
    ).fetchall()
    for run, path, *wait in found:
        yield run, path, OpenWait(*wait)


def mailboxes(
    cursor: Any,
    waits: dict[str, dict[str, OpenWait]],
    ended: dict[str, dict[str, int]],
    run_id: str | None = None,
) -> dict[str, Mailbox]:
    """The signals of every run that is not over, or of one run whatever its state, by run id.

    `waits` has the open waits by run and path; `ended` the place in the log of the last end at each path of a block.
    A signal that an open wait took before the restart is given to it again; one whose taker has ended is spent; any
    other waits for a taker.
    """
    table = cursor.execute(
        """
        SELECT s.run_id::VARCHAR, s.id, s.event_type, s.payload, s.author, s."at", s.path, s.taken_seq
        FROM signals s JOIN runs r ON r.id = s.run_id
        WHERE CASE WHEN $run IS NULL THEN list_contains($live, r.status) ELSE r.id = $run::UUID END
        ORDER BY s.seq
        """,
        {"live": [s.value for s in LIVE], "run": run_id},
    ).fetchall()
    found: dict[str, Mailbox] = {}
    for run, signal_id, event_type, payload, author, at, path, taken_seq in table:
        mailbox = found.setdefault(run, Mailbox())
        signal = Signal(to_text(signal_id.bytes), event_type, decode(payload), at, author)
        wait = waits.get(run, {}).get(path) if path is not None else None
        if path is None:
            mailbox.kept.append(signal)
        elif wait is not None and taken_seq > wait.seq:
            mailbox.taken[path] = signal
        elif ended.get(run, {}).get(path.partition("#")[0], 0) < taken_seq:
            mailbox.kept.append(signal)
    return found


def waits_of(cursor: Any, run_id: str, now: int) -> list[tuple[str, str, dict[str, Any], int, int | None]]:
    """Path, kind, event type and words, due time and begin of each wait of a run that is not over."""
    rows: Iterable[Any] = cursor.execute(
        """
        SELECT t.path, coalesce(t.kind, 'timer'), t.about, t.due_at, t.since FROM timers t
        WHERE t.run_id = $run::UUID AND t.path <> '' AND t.due_at > $now
            AND NOT EXISTS (
                SELECT 1 FROM checkpoints c
                WHERE c.run_id = $run::UUID AND c.path = split_part(t.path, '#', 1) AND c.seq > t.seq
                    AND (c.status IN ('completed', 'failed', 'skipped') OR c.error IS NOT NULL)
            )
            AND NOT EXISTS (SELECT 1 FROM signals s WHERE s.run_id = $run::UUID AND s.path = t.path
                AND s.taken_seq > t.seq)
        ORDER BY t.seq LIMIT 1000
        """,
        {"run": run_id, "now": now},
    ).fetchall()
    return [(r[0], r[1], msgspec.json.decode(r[2]) if r[2] else {}, r[3], r[4]) for r in rows]

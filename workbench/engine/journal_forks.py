"""Writes what second attempts and forks change in runs, checkpoints and logs, and reads what they need to begin.

Beside `journal.py` the one module that writes those tables; of `inherited` and `engine_life` the only one.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from workbench.engine.facts_forks import CheckpointReused, EngineSeen, RunDiscarded, RunForked, RunRetried
from workbench.engine.journal import FORCED
from workbench.engine.journal_branches import BRANCH_ENDED, BRANCH_HAD_ENDED
from workbench.engine.journal_reading import RUN_FIELDS, run_of_fields
from workbench.engine.records import RunRow
from workbench.storage.columns import BOOLEAN, TEXT, UUID, Table, execute, rows
from workbench.storage.facts import Batch, FactType

_COPIED = """
    path, attempt, block_id, block_type, status, port, step_key, output, output_ref, output_kind, output_summary,
    variables, names, error, flags, started_at, finished_at, queue_us, wait_us, seq, function_id
"""
_FROM_PARENT = ", ".join(f"i.{name.strip()}" for name in _COPIED.split(","))


def _apply_retried(cursor: Any, facts: Batch) -> None:
    """The run is in the queue again; times, output and error are those of the attempt that comes."""
    for fact, seq in zip(facts, facts.seqs, strict=True):
        cursor.execute(
            """
            UPDATE runs SET status = 'queued', attempt = ?, retried_seq = ?, queued_at = ?, recoveries = 0,
                started_at = NULL, finished_at = NULL, queue_us = NULL, run_us = NULL, wait_us = NULL, steps = NULL,
                output = NULL, error = NULL, discarded_at = NULL
            WHERE id = ?::BLOB::UUID AND attempt < ?
            """,
            [fact.attempt, seq, fact.at, fact.run, fact.attempt],
        )


def _apply_forked(cursor: Any, facts: Batch) -> None:
    """Copy what may be taken over, so that the fork does not need its parent any more."""
    for fact in facts:
        cursor.execute("UPDATE runs SET forked_from = ? WHERE id = ?::BLOB::UUID", [fact.origin, fact.run])
        known = cursor.execute("SELECT 1 FROM inherited WHERE run_id = ?::BLOB::UUID LIMIT 1", [fact.run]).fetchall()
        if known:
            continue
        cursor.execute(
            f"""
            INSERT INTO inherited (run_id, {_COPIED})
            SELECT ?::BLOB::UUID, {_COPIED} FROM checkpoints
            WHERE run_id = ?::BLOB::UUID AND (seq <= ? OR flags = 'kept')
            """,
            [fact.run, fact.parent, fact.up_to],
        )
        cursor.execute(
            """
            INSERT INTO run_logs (run_id, "at", level, message, data, seq)
            SELECT ?::BLOB::UUID, "at", level, message, data, seq FROM run_logs
            WHERE run_id = ?::BLOB::UUID AND message = ? AND seq <= ?
            """,
            [fact.run, fact.parent, FORCED, fact.up_to],
        )
        cursor.execute(
            """
            INSERT INTO run_logs (run_id, "at", level, block_id, path, message, data, seq)
            SELECT ?::BLOB::UUID, "at", level, block_id, path, ?, data, seq FROM run_logs
            WHERE run_id = ?::BLOB::UUID AND list_contains(?, message) AND level = 'debug' AND seq <= ?
            """,
            [fact.run, BRANCH_HAD_ENDED, fact.parent, [BRANCH_ENDED, BRANCH_HAD_ENDED], fact.up_to],
        )


def _apply_reused(cursor: Any, facts: Batch) -> None:
    """Make inherited checkpoints the fork's own, with the sequence that they have in the log."""
    columns = {
        "run_id": [f.run for f in facts],
        "path": [f.path for f in facts],
        "how": [f.how for f in facts],
        "whole": [f.whole for f in facts],
        "entered": [f.status == 0 for f in facts],
    }
    kinds = {"run_id": UUID, "path": TEXT, "how": TEXT, "whole": BOOLEAN, "entered": BOOLEAN}
    with rows(cursor, Table("reused", kinds), columns) as found:
        execute(
            cursor,
            f"""
            INSERT INTO checkpoints (run_id, {_COPIED}, origin)
            SELECT i.run_id, {_FROM_PARENT}, f.how
            FROM inherited i JOIN {found} f ON i.run_id = f.run_id AND i.path = f.path
            WHERE NOT f.entered OR i.status = 'running'
            """,
        )
        if any(f.whole for f in facts):
            execute(
                cursor,
                f"""
                INSERT INTO checkpoints (run_id, {_COPIED}, origin)
                SELECT i.run_id, {_FROM_PARENT}, f.how
                FROM inherited i JOIN (SELECT * FROM {found} WHERE whole) f
                    ON i.run_id = f.run_id AND starts_with(i.path, f.path || '[')
                """,
            )


def _apply_discarded(cursor: Any, facts: Batch) -> None:
    for fact in facts:
        cursor.execute(
            "UPDATE runs SET discarded_at = ? WHERE id = ?::BLOB::UUID AND status = 'dead_letter'", [fact.at, fact.run]
        )


def _apply_seen(cursor: Any, facts: Batch) -> None:
    cursor.execute("INSERT OR REPLACE INTO engine_life (name, seen_at) VALUES ('engine', ?)", [facts[-1].at])


FACT_TYPES = (
    FactType(RunRetried, _apply_retried, keeps_place=True),
    FactType(RunForked, _apply_forked, keeps_place=True),
    FactType(CheckpointReused, _apply_reused, order=4010),
    FactType(RunDiscarded, _apply_discarded, keeps_place=True),
    FactType(EngineSeen, _apply_seen),
)
"""Checkpoints are taken over before the ends of runs in the same batch, which let go of what is inherited."""


def find_run_row(cursor: Any, workspace: str, run_id: str) -> tuple[RunRow, str | None] | None:
    """A run as the engine knows it, whatever its state, with the block that it starts from."""
    found = cursor.execute(
        f"SELECT {RUN_FIELDS} FROM runs WHERE workspace_id = ?::UUID AND id = ?::UUID", [workspace, run_id]
    ).fetchone()
    return run_of_fields(found) if found is not None else None


def last_seq(cursor: Any, run_id: str) -> int:
    """The sequence of the last thing that a run's journal says; 0 for an empty one."""
    found = cursor.execute("SELECT max(seq) FROM checkpoints WHERE run_id = ?::UUID", [run_id]).fetchone()
    return found[0] or 0


def seq_of(cursor: Any, run_id: str, path: str, attempt: int) -> int | None:
    """The sequence with which a checkpoint was journaled; None where there is no such checkpoint."""
    found = cursor.execute(
        """
        SELECT max(seq) FROM checkpoints
        WHERE run_id = ?::UUID AND path = ? AND attempt = ? AND flags IS DISTINCT FROM 'kept'
        """,
        [run_id, path, attempt],
    ).fetchone()
    return found[0]


def last_completed(
    cursor: Any, run_id: str, blocks: Iterable[tuple[str | None, str]]
) -> tuple[str, int, int, int, str | None, str] | None:
    """Path, attempt, sequence, end, function and block of the last completed execution of one of these blocks.

    A block is named by its function (None for the run's own) and its id.
    """
    return cursor.execute(
        """
        SELECT path, attempt, seq, finished_at, function_id::VARCHAR, block_id FROM checkpoints
        WHERE run_id = ?::UUID AND list_contains(?, coalesce(function_id::VARCHAR, '') || '/' || block_id)
            AND status = 'completed' AND flags IS DISTINCT FROM 'kept'
        ORDER BY seq DESC LIMIT 1
        """,
        [run_id, [f"{function or ''}/{block}" for function, block in blocks]],
    ).fetchone()


def positions(cursor: Any, run_id: str) -> list[tuple[str, int]]:
    """Path and sequence of the beginning of every execution, in the order in which they began; skipped ones left out.

    A block that is over in one go is journaled with its end alone, which counts as its beginning.
    """
    return cursor.execute(
        """
        SELECT path, min(seq) FROM checkpoints WHERE run_id = ?::UUID AND status <> 'skipped'
        GROUP BY path ORDER BY min(seq)
        """,
        [run_id],
    ).fetchall()


def engine_seen(cursor: Any) -> int | None:
    """When the engine was last known to be at work."""
    found = cursor.execute("SELECT max(seen_at) FROM engine_life").fetchone()
    return found[0]


def signs_of_life(cursor: Any, run_ids: list[str]) -> dict[str, int]:
    """By run: the last time that its journal tells of."""
    found = cursor.execute(
        """
        SELECT run_id::VARCHAR, max(greatest(started_at, coalesce(finished_at, 0))) FROM checkpoints
        WHERE list_contains(?::UUID[], run_id) GROUP BY 1
        """,
        [run_ids],
    ).fetchall()
    return dict(found)


def origin_of(text: str | None) -> dict[str, Any] | None:
    """What a run was forked from, as `forkedFrom` shows it."""
    return msgspec.json.decode(text) if text else None

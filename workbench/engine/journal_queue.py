"""Writes queue_pauses; reads which runs have outlived their retention, which are open, and how large one is."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

from workbench.engine.facts_queue import QueuePaused, QueueResumed
from workbench.engine.states import LIVE, RunStatus
from workbench.storage.facts import Batch, FactType


def _apply_paused(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute(
            """INSERT OR REPLACE INTO queue_pauses (scope, "at", author, reason) VALUES (?, ?, ?, ?)""",
            [f.function.hex(), f.at, f.author, f.reason],
        )


def _apply_resumed(cursor: Any, facts: Batch) -> None:
    for f in facts:
        cursor.execute("DELETE FROM queue_pauses WHERE scope = ?", [f.function.hex()])


FACT_TYPES = (
    FactType(QueuePaused, _apply_paused, keeps_place=True),
    FactType(QueueResumed, _apply_resumed, keeps_place=True),
)


def queue_pauses(cursor: Any) -> list[tuple[str, int, str | None, str | None]]:
    """Scope (32 hex digits of a function's id, or empty), since when, by whom, why."""
    return cursor.execute("""SELECT scope, "at", author, reason FROM queue_pauses""").fetchall()


def outlived(cursor: Any, function_id: str | None, before: int | None, keep: int | None, most: int) -> list[bytes]:
    """Finished runs of a function (None: of any) that ended before `before` or are not among the last `keep`.

    At most `most`, oldest first. What stands in the dead letter is kept.
    """
    found = cursor.execute(
        """
        WITH ended AS (
            SELECT id, finished_at, row_number() OVER (PARTITION BY function_id ORDER BY finished_at DESC, id) AS place
            FROM runs
            WHERE finished_at IS NOT NULL AND ($function IS NULL OR function_id = $function::UUID)
                AND (status <> $dead OR discarded_at IS NOT NULL)
        )
        SELECT id FROM ended
        WHERE ($before IS NOT NULL AND finished_at < $before) OR ($keep IS NOT NULL AND place > $keep)
        ORDER BY finished_at LIMIT $most
        """,
        {
            "function": function_id,
            "dead": RunStatus.DEAD_LETTER.value,
            "before": before,
            "keep": keep,
            "most": most,
        },
    ).fetchall()
    return [run.bytes for (run,) in found]


def with_values(cursor: Any, keep: int, most: int) -> list[bytes]:
    """Completed runs, not for debugging, that still have large values of pure blocks and are not among their function's
    last `keep` that are over. At most `most`.
    """
    found = cursor.execute(
        """
        WITH ended AS (
            SELECT id, status, debug,
                row_number() OVER (PARTITION BY function_id ORDER BY finished_at DESC, id DESC) AS place
            FROM runs WHERE finished_at IS NOT NULL
        )
        SELECT id FROM ended
        WHERE place > $keep AND status = $completed AND NOT debug AND id IN (
            SELECT run_id FROM checkpoints WHERE flags = 'kept' AND output_ref IS NOT NULL
        )
        ORDER BY id LIMIT $most
        """,
        {"keep": keep, "completed": RunStatus.COMPLETED.value, "most": most},
    ).fetchall()
    return [run.bytes for (run,) in found]


def functions_with_runs(cursor: Any) -> list[str]:
    """Ids of the functions that have finished runs."""
    found = cursor.execute("SELECT DISTINCT function_id::VARCHAR FROM runs WHERE finished_at IS NOT NULL").fetchall()
    return [function for (function,) in found]


def open_run_ids(cursor: Any) -> set[str]:
    """Every run that the tables say is not over."""
    found = cursor.execute(
        "SELECT id::VARCHAR FROM runs WHERE list_contains(?, status)", [[s.value for s in LIVE]]
    ).fetchall()
    return {run for (run,) in found}


def size_of(cursor: Any, run_id: str) -> tuple[int, list[bytes]]:
    """Bytes of a run's rows and the values in them, about; the files it names by hash, each once."""
    run = {"run": run_id}
    inline = cursor.execute(
        """
        SELECT
            (SELECT coalesce(sum(120 + strlen(path) + strlen(block_id) + strlen(block_type)
                + coalesce(octet_length(output), 0) + coalesce(strlen(output_summary), 0)
                + coalesce(octet_length(variables), 0) + coalesce(octet_length(names), 0)
                + coalesce(strlen(error), 0)), 0) FROM checkpoints WHERE run_id = $run::UUID)
            + (SELECT coalesce(sum(40 + strlen(message) + coalesce(strlen(path), 0) + coalesce(strlen(data), 0)), 0)
                FROM run_logs WHERE run_id = $run::UUID)
            + (SELECT coalesce(sum(200 + coalesce(octet_length(inputs), 0) + coalesce(octet_length(output), 0)), 0)
                FROM runs WHERE id = $run::UUID)
        """,
        run,
    ).fetchone()[0]
    files = cursor.execute(
        "SELECT DISTINCT output_ref FROM checkpoints WHERE run_id = $run::UUID AND output_ref IS NOT NULL",
        run,
    ).fetchall()
    return int(inline), [bytes(ref) for (ref,) in files]

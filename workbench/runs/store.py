"""The SQL that reads runs, checkpoints, logs and the queue. The engine's journal writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

RUN_COLUMNS = """
    r.id::VARCHAR, r.function_id::VARCHAR, r.function_name, r.version, r.status, r.trigger, r.inputs, r.output,
    r.error, r.priority, r.debug, r.durability, r.attempt, r.parent_run_id::VARCHAR, r.forked_from, r.created_at,
    r.started_at, r.finished_at, r.queue_us, r.run_us, r.wait_us, r.steps, r.pending_reason
"""
CHECKPOINT_COLUMNS = """
    c.path, c.attempt, c.block_id, c.block_type, c.status, c.port, c.output, c.output_ref, c.output_kind,
    c.output_summary, c.names, c.error, c.started_at, c.finished_at, c.queue_us, c.wait_us, c.first_seq,
    c.origin, c.flags, c.is_earlier, c.function_id::VARCHAR
"""
LATEST = """
    SELECT *, min(seq) OVER (PARTITION BY path, attempt) AS first_seq,
        coalesce(seq < (SELECT retried_seq FROM runs WHERE id = $run::UUID), false) AS is_earlier
    FROM checkpoints
    WHERE run_id = $run::UUID
    QUALIFY row_number() OVER (PARTITION BY path, attempt ORDER BY seq DESC) = 1
"""
"""Each execution once: the last that was said of a path and attempt."""


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs a list shows; times in microseconds."""

    function_id: str | None = None
    status: str | None = None
    trigger: str | None = None
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class CheckpointFilter:
    """Which checkpoints a list shows."""

    block_id: str | None = None
    path: str | None = None
    prefix: str | None = None
    status: str | None = None


def find_run(cursor: Any, workspace: str, run_id: str) -> tuple[Any, ...] | None:
    """One run's row."""
    return cursor.execute(
        f"SELECT {RUN_COLUMNS} FROM runs r WHERE r.workspace_id = ? AND r.id = ?::UUID", [workspace, run_id]
    ).fetchone()


def pins_of(cursor: Any, run_id: str) -> dict[str, int]:
    """The versions of the functions that a run calls; see `engine.calls.pin_key`."""
    found = cursor.execute("SELECT pins FROM runs WHERE id = ?::UUID", [run_id]).fetchone()
    return msgspec.json.decode(found[0]) if found is not None and found[0] else {}


def has_run(cursor: Any, workspace: str, run_id: str) -> bool:
    """Whether there is such a run."""
    row = cursor.execute("SELECT 1 FROM runs WHERE workspace_id = ? AND id = ?::UUID", [workspace, run_id]).fetchone()
    return row is not None


def list_runs(
    cursor: Any, workspace: str, wanted: RunFilter, after: tuple[int, str] | None, limit: int
) -> tuple[list[tuple[Any, ...]], int]:
    """A page of runs, newest first, and how many there are."""
    matching = """
        r.workspace_id = $workspace
        AND ($function IS NULL OR r.function_id = $function::UUID)
        AND ($status IS NULL OR r.status = $status)
        AND ($trigger IS NULL OR json_extract_string(r.trigger, '$.type') = $trigger)
        AND ($since IS NULL OR r.created_at >= $since)
        AND ($until IS NULL OR r.created_at < $until)
    """
    given = {
        "workspace": workspace,
        "function": wanted.function_id,
        "status": wanted.status,
        "trigger": wanted.trigger,
        "since": wanted.since,
        "until": wanted.until,
    }
    total = cursor.execute(f"SELECT count(*) FROM runs r WHERE {matching}", given).fetchone()[0]
    rows = cursor.execute(
        f"""
        SELECT {RUN_COLUMNS} FROM runs r
        WHERE {matching} AND ($at IS NULL OR (r.created_at, r.id) < ($at, $id::UUID))
        ORDER BY r.created_at DESC, r.id DESC
        LIMIT $limit
        """,
        {**given, "at": after[0] if after else None, "id": after[1] if after else None, "limit": limit},
    ).fetchall()
    return rows, total


def list_checkpoints(
    cursor: Any, run_id: str, wanted: CheckpointFilter, after: tuple[int] | None, limit: int
) -> tuple[list[tuple[Any, ...]], int]:
    """A page of checkpoints in the order in which they began, and how many there are."""
    matching = """
        ($block IS NULL OR c.block_id = $block) AND ($path IS NULL OR c.path = $path)
        AND ($prefix IS NULL OR starts_with(c.path, $prefix)) AND ($status IS NULL OR c.status = $status)
    """
    given = {
        "run": run_id,
        "block": wanted.block_id,
        "path": wanted.path,
        "prefix": wanted.prefix,
        "status": wanted.status,
    }
    total = cursor.execute(f"SELECT count(*) FROM ({LATEST}) c WHERE {matching}", given).fetchone()[0]
    rows = cursor.execute(
        f"""
        SELECT {CHECKPOINT_COLUMNS} FROM ({LATEST}) c
        WHERE {matching} AND ($seq IS NULL OR c.first_seq > $seq)
        ORDER BY c.first_seq LIMIT $limit
        """,
        {**given, "seq": after[0] if after else None, "limit": limit},
    ).fetchall()
    return rows, total


def outputs_at(cursor: Any, run_id: str, paths: list[str]) -> list[tuple[Any, ...]]:
    """Path, port and stored output of the last completed execution at each of these paths."""
    return cursor.execute(
        """
        SELECT path, port, output, output_ref, output_kind, output_summary FROM checkpoints
        WHERE run_id = ?::UUID AND list_contains(?, path) AND port IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY path ORDER BY seq DESC) = 1
        """,
        [run_id, paths],
    ).fetchall()


def find_checkpoint(cursor: Any, run_id: str, path: str, attempt: int) -> tuple[Any, ...] | None:
    """One execution's row."""
    return cursor.execute(
        f"SELECT {CHECKPOINT_COLUMNS} FROM ({LATEST}) c WHERE c.path = $path AND c.attempt = $attempt",
        {"run": run_id, "path": path, "attempt": attempt},
    ).fetchone()


def block_states(cursor: Any, run_id: str) -> list[tuple[Any, ...]]:
    """By function and block: its last execution and how many ended how. No function: the run's own."""
    return cursor.execute(
        """
        WITH latest AS (
            SELECT * FROM checkpoints WHERE run_id = $run::UUID
            QUALIFY row_number() OVER (PARTITION BY path ORDER BY seq DESC) = 1
        ), counted AS (
            SELECT block_id, function_id, count(*) FILTER (status = 'completed') AS completed,
                count(*) FILTER (status IN ('failed', 'unknown')) AS failed,
                count(*) FILTER (status = 'skipped') AS skipped, max(seq) AS seq
            FROM latest GROUP BY function_id, block_id
        )
        SELECT l.block_id, l.status,
            c.completed, c.failed, c.skipped, l.path, l.attempt, l.port, l.output, l.output_kind,
            l.output_summary, l.error, l.finished_at - l.started_at, l.origin,
            coalesce(l.seq < (SELECT retried_seq FROM runs WHERE id = $run::UUID), false), l.function_id::VARCHAR
        FROM counted c JOIN latest l ON l.seq = c.seq
        ORDER BY l.seq
        """,
        {"run": run_id},
    ).fetchall()


def logs_of(cursor: Any, run_id: str, levels: list[str], block_id: str | None, limit: int) -> list[tuple[Any, ...]]:
    """A run's log entries in order, of these levels."""
    return cursor.execute(
        """
        SELECT "at", level, block_id, path, message, data FROM run_logs
        WHERE run_id = $run::UUID AND list_contains($levels, level) AND ($block IS NULL OR block_id = $block)
        ORDER BY seq LIMIT $limit
        """,
        {"run": run_id, "levels": levels, "block": block_id, "limit": limit},
    ).fetchall()


def timings_of(cursor: Any, run_id: str, block_id: str | None, limit: int) -> list[tuple[Any, ...]]:
    """Block, path, attempt, queue, run and wait microseconds of each finished execution."""
    return cursor.execute(
        f"""
        SELECT c.block_id, c.path, c.attempt, c.queue_us, c.finished_at - c.started_at - coalesce(c.wait_us, 0),
            c.wait_us
        FROM ({LATEST}) c
        WHERE c.finished_at IS NOT NULL AND c.status <> 'skipped' AND ($block IS NULL OR c.block_id = $block)
        ORDER BY c.first_seq LIMIT $limit
        """,
        {"run": run_id, "block": block_id, "limit": limit},
    ).fetchall()


def ends_since(cursor: Any, workspace: str, day: int, hour: int) -> tuple[dict[str, int], list[Any], int]:
    """Ends by status since `day`, queue time p50 and p95 in microseconds since `day`, runs ended since `hour`."""
    ends = cursor.execute(
        """
        SELECT status, count(*) FROM runs WHERE workspace_id = ? AND finished_at >= ? GROUP BY status
        """,
        [workspace, day],
    ).fetchall()
    quantiles = cursor.execute(
        """
        SELECT quantile_cont(queue_us, [0.5, 0.95]) FROM runs
        WHERE workspace_id = ? AND started_at >= ?
        """,
        [workspace, day],
    ).fetchone()[0]
    lately = cursor.execute(
        "SELECT count(*) FROM runs WHERE workspace_id = ? AND finished_at >= ?", [workspace, hour]
    ).fetchone()[0]
    return dict(ends), quantiles or [None, None], lately


def dead_letters(
    cursor: Any, workspace: str, after: tuple[int, str] | None, limit: int
) -> tuple[list[tuple[Any, ...]], int]:
    """A page of the dead letter, the last given up first, and how many runs are in it."""
    matching = "r.workspace_id = $workspace AND r.status = 'dead_letter' AND r.discarded_at IS NULL"
    given = {"workspace": workspace}
    total = cursor.execute(f"SELECT count(*) FROM runs r WHERE {matching}", given).fetchone()[0]
    rows = cursor.execute(
        f"""
        SELECT r.id::VARCHAR, r.function_id::VARCHAR, r.function_name, r.version, r.error, r.attempt, r.recoveries,
            r.created_at, r.started_at, r.finished_at
        FROM runs r WHERE {matching} AND ($at IS NULL OR (r.finished_at, r.id) < ($at, $id::UUID))
        ORDER BY r.finished_at DESC, r.id DESC LIMIT $limit
        """,
        {**given, "at": after[0] if after else None, "id": after[1] if after else None, "limit": limit},
    ).fetchall()
    return rows, total


def is_dead_letter(cursor: Any, workspace: str, run_id: str) -> bool:
    """Whether a run is in the dead letter now."""
    found = cursor.execute(
        """
        SELECT 1 FROM runs
        WHERE workspace_id = ? AND id = ?::UUID AND status = 'dead_letter' AND discarded_at IS NULL
        """,
        [workspace, run_id],
    ).fetchone()
    return found is not None

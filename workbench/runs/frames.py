"""A workspace's history as tables: for polars in the notebook, and for SQL in a worker process."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Literal, get_args

import polars as pl

from workbench.base.errors import BlockFailed, InvalidInput, Issue
from workbench.blocks.context import WorkerJob
from workbench.engine.interfaces import Workers
from workbench.rest.caller import Caller, id_bytes
from workbench.runs.models import Sql
from workbench.storage.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

FrameName = Literal["runs", "checkpoints", "logs", "queue"]
SQL_TIMEOUT_MS = 60_000
SQL_ROWS = 5_000_000

_QUERIES: dict[str, str] = {
    "runs": """
        SELECT r.id::VARCHAR AS run_id, r.function_id::VARCHAR AS function_id, r.function_name, r.version, r.status,
            json_extract_string(r.trigger, '$.type') AS "trigger", r.debug, r.priority, r.durability, r.attempt,
            json_extract_string(r.forked_from, '$.runId') AS forked_from, r.recoveries,
            make_timestamp(r.created_at) AS created_at,
            make_timestamp(r.started_at) AS started_at,
            make_timestamp(r.finished_at) AS finished_at, r.queue_us / 1000.0 AS queue_ms, r.run_us / 1000.0 AS run_ms,
            r.wait_us / 1000.0 AS wait_ms, r.steps, json_extract_string(r.error, '$.message') AS error,
            json_extract_string(r.error, '$.blockId') AS error_block
        FROM runs r
        WHERE r.workspace_id = $workspace AND ($function IS NULL OR r.function_id = $function::UUID)
          AND ($run IS NULL OR r.id = $run::UUID) AND ($since IS NULL OR r.created_at >= $since)
        ORDER BY r.created_at DESC, r.id DESC LIMIT $limit
    """,
    "checkpoints": """
        WITH latest AS (
            SELECT c.* FROM checkpoints c JOIN runs r ON r.id = c.run_id
            WHERE r.workspace_id = $workspace AND ($function IS NULL OR r.function_id = $function::UUID)
              AND ($run IS NULL OR r.id = $run::UUID) AND ($since IS NULL OR r.created_at >= $since)
            QUALIFY row_number() OVER (PARTITION BY c.run_id, c.path, c.attempt ORDER BY c.seq DESC) = 1
        )
        SELECT run_id::VARCHAR AS run_id, path, attempt, block_id, block_type, status, port, output_kind,
            make_timestamp(started_at) AS started_at, make_timestamp(finished_at) AS finished_at,
            queue_us / 1000.0 AS queue_ms,
            (finished_at - started_at - coalesce(wait_us, 0)) / 1000.0 AS run_ms, wait_us / 1000.0 AS wait_ms,
            json_extract_string(error, '$.message') AS error
        FROM latest ORDER BY seq LIMIT $limit
    """,
    "logs": """
        SELECT l.run_id::VARCHAR AS run_id, make_timestamp(l."at") AS "at", l.level, l.block_id, l.path, l.message
        FROM run_logs l JOIN runs r ON r.id = l.run_id
        WHERE r.workspace_id = $workspace AND ($function IS NULL OR r.function_id = $function::UUID)
          AND ($run IS NULL OR r.id = $run::UUID) AND ($since IS NULL OR r.created_at >= $since)
        ORDER BY l.seq LIMIT $limit
    """,
    "queue": """
        SELECT make_timestamp((r.created_at // 60000000) * 60000000) AS minute, r.function_name,
            count(*) AS submitted, count(r.started_at) AS started, count(r.finished_at) AS finished,
            count(*) FILTER (r.status = 'failed') AS failed, avg(r.queue_us) / 1000.0 AS queue_ms_mean,
            quantile_cont(r.queue_us, 0.5) / 1000.0 AS queue_ms_p50,
            quantile_cont(r.queue_us, 0.95) / 1000.0 AS queue_ms_p95, avg(r.run_us) / 1000.0 AS run_ms_mean
        FROM runs r
        WHERE r.workspace_id = $workspace AND ($function IS NULL OR r.function_id = $function::UUID)
          AND ($run IS NULL OR r.id = $run::UUID) AND ($since IS NULL OR r.created_at >= $since)
        GROUP BY 1, 2 ORDER BY 1, 2 LIMIT $limit
    """,
}


class Frames:
    """Reads history as Arrow; only this workspace's rows."""

    def __init__(self, store: Store, workers: Workers) -> None:
        self._store = store
        self._workers = workers

    async def read(
        self,
        caller: Caller,
        name: FrameName,
        *,
        function_id: str | None = None,
        run_id: str | None = None,
        since: int | None = None,
        limit: int = 100_000,
    ) -> pa.Table:
        """One frame: columns in snake_case, times as timestamps (UTC), durations in milliseconds."""
        for kind, text in (("function", function_id), ("run", run_id)):
            if text is not None:
                id_bytes(kind, text)
        given = {
            "workspace": caller.workspace_id,
            "function": function_id,
            "run": run_id,
            "since": since,
            "limit": limit,
        }
        return await self._store.read(lambda c: c.sql(_QUERIES[name], params=given).to_arrow_table())

    async def sql(self, caller: Caller, asked: Sql) -> pl.DataFrame:
        """One SELECT over the frames, in a worker process. Raises InvalidInput with what DuckDB says of it."""
        lower = asked.query.lower()
        named = [n for n in get_args(FrameName) if n in lower]
        tables = {n: pl.from_arrow(await self.read(caller, n, limit=SQL_ROWS)) for n in named}
        job = WorkerJob("sql", asked.query, tables, SQL_TIMEOUT_MS)
        try:
            answer = await self._workers.run(job, lambda *_: None, owner=caller.workspace_id)
        except BlockFailed as error:
            raise InvalidInput(
                f"The query cannot be answered: {error.message}",
                hint=f"Its tables are {', '.join(get_args(FrameName))}; send one SELECT.",
                details=[Issue("query", error.message)],
            ) from error
        return answer.head(asked.limit)


def arrow_bytes(table: pa.Table | pl.DataFrame) -> bytes:
    """A table as an Arrow IPC stream."""
    if isinstance(table, pl.DataFrame):
        buffer = io.BytesIO()
        table.write_ipc_stream(buffer, compat_level=pl.CompatLevel.oldest())
        return buffer.getvalue()
    import pyarrow as pa  # only here is it needed, and DuckDB has loaded it to make the table

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def as_rows(table: pa.Table | pl.DataFrame) -> list[dict[str, Any]]:
    """A table as row objects."""
    return table.to_dicts() if isinstance(table, pl.DataFrame) else table.to_pylist()

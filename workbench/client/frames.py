"""A workspace's history as polars frames."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

from workbench.client.api import Api
from workbench.client.faces import HasId

LIMIT = 1_000_000


class Frames:
    """Runs, checkpoints, logs and the queue as tables: times in UTC, durations in milliseconds."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def runs(
        self, function: HasId | str | None = None, *, since: datetime | None = None, limit: int = LIMIT
    ) -> pl.DataFrame:
        """One row a run, newest first."""
        return self._read("runs", function, None, since, limit)

    def checkpoints(
        self,
        run: HasId | str | None = None,
        *,
        function: HasId | str | None = None,
        since: datetime | None = None,
        limit: int = LIMIT,
    ) -> pl.DataFrame:
        """One row a block execution, in the order of their ends."""
        return self._read("checkpoints", function, run, since, limit)

    def logs(
        self,
        run: HasId | str | None = None,
        *,
        function: HasId | str | None = None,
        since: datetime | None = None,
        limit: int = LIMIT,
    ) -> pl.DataFrame:
        """One row a log entry."""
        return self._read("logs", function, run, since, limit)

    def queue(self, *, since: datetime | None = None, limit: int = LIMIT) -> pl.DataFrame:
        """One row a minute and function: how many runs came, began, ended and failed, and how long they queued."""
        return self._read("queue", None, None, since, limit)

    def sql(self, query: str, limit: int = 10_000) -> pl.DataFrame:
        """One SELECT over these tables. Raises InvalidInput with what is wrong with it."""
        return _timed(self._api.table("POST", "/frames/sql", {"query": query, "limit": limit}))

    def _read(self, name: str, function: Any, run: Any, since: datetime | None, limit: int) -> pl.DataFrame:
        query = {
            "functionId": getattr(function, "id", function),
            "runId": getattr(run, "id", run),
            "since": since.astimezone(UTC).isoformat() if since else None,
            "limit": limit,
        }
        return _timed(self._api.table("GET", f"/frames/{name}", **query))

    def __repr__(self) -> str:
        return "Frames: runs(), checkpoints(), logs(), queue(), and sql(query) over them"


def _timed(table: pl.DataFrame) -> pl.DataFrame:
    """Times on the wire are UTC without saying so."""
    naive = [name for name, kind in table.schema.items() if isinstance(kind, pl.Datetime) and kind.time_zone is None]
    return table.with_columns(pl.col(naive).dt.replace_time_zone("UTC").dt.cast_time_unit("us"))

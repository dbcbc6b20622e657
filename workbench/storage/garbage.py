"""Takes value files away that nothing names any more: not the tables, not the oldest kept copy, no work under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb

from workbench.base.logs import get_logger
from workbench.storage.copies import Copies
from workbench.storage.value_files import ValueStore

_INLINE = {("checkpoints", "output"), ("checkpoints", "variables"), ("inherited", "output"), ("inherited", "variables")}
"""Columns of values themselves, which name no other value; all other BLOB columns may."""
_REF = b"\xc4\x20"
"""How msgpack begins 32 bytes."""
_logger = get_logger("workbench.storage")


def referenced(connection: Any) -> set[bytes]:
    """Every 32 bytes in the tables that may name a value; some of them name none."""
    columns = connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE data_type = 'BLOB' AND NOT internal"
    ).fetchall()
    found: set[bytes] = set()
    for table, column in columns:
        if (table, column) in _INLINE:
            continue
        rows = connection.execute(  # our own names
            f'SELECT DISTINCT "{column}" FROM "{table}" WHERE octet_length("{column}") >= 32'  # noqa: S608
        )
        while batch := rows.fetchmany(1000):
            for (raw,) in batch:
                found |= _refs(bytes(raw))
    return found


def _refs(raw: bytes) -> set[bytes]:
    if len(raw) == 32:
        return {raw}
    found: set[bytes] = set()
    at = raw.find(_REF)
    while at >= 0:
        found.add(raw[at + 2 : at + 34])
        at = raw.find(_REF, at + 1)
    return found


class Collector:
    """Collects after each copy that let older ones go; in the copying thread."""

    def __init__(self, cursor: Any, copies: Copies, values: ValueStore) -> None:
        self._cursor = cursor
        self._copies = copies
        self._values = values
        self.on_collected: Callable[[int], None] = lambda _count: None
        copies.on_dropped = lambda _seq: self.collect()

    def close(self) -> None:
        """Let go of the database."""
        self._cursor.close()

    def collect(self) -> int:
        """Unlink what nothing names; how many files. A file that was written after the oldest copy stays."""
        oldest = self._copies.kept[0]
        try:
            with duckdb.connect(str(oldest.file), read_only=True) as copy:
                named = referenced(copy)
            named |= referenced(self._cursor)
        except duckdb.Error as error:
            _logger.warning("values.not_collected", error=str(error))
            return 0
        count = self._values.collect(named, oldest.made_at)
        if count:
            _logger.info("values.collected", files=count)
        self.on_collected(count)
        return count

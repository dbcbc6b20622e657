"""Which values stand in a checkpoint itself, and which are stored beside the run's path."""

from __future__ import annotations

from typing import Any, cast

import polars as pl

from workbench.storage.tables import columns_of
from workbench.storage.value_files import INLINE_BYTES, Stored, ValueStore
from workbench.storage.values import encode, is_flat, is_large

SMALL_TABLE_BYTES = 32 * 1024
"""A table that is smaller in memory is written into the fact at once: quicker than a hop to a thread."""


def small(values: ValueStore, value: Any) -> Stored | None:
    """The value as it stands in a fact, or None when it is too large for that. Raises BlockFailed for no wire value."""
    if not is_flat(value):
        if isinstance(value, pl.DataFrame):
            return values.put(value) if value.estimated_size() <= SMALL_TABLE_BYTES else None
        if is_large(value):  # never encoded, or looked through, on the engine's loop
            return None
        if isinstance(value, dict | list) and _holds_a_large_table(cast("dict[str, Any] | list[Any]", value)):
            return None
    data = encode(value)
    return Stored(data, None, "json", len(data)) if len(data) <= INLINE_BYTES else None


def pending(value: Any) -> Stored:
    """How a value stands in a fact before it is stored."""
    if isinstance(value, pl.DataFrame):
        return Stored(kind="pending", summary={"rows": value.height, "columns": columns_of(value)})
    return Stored(kind="pending")


def _holds_a_large_table(value: dict[str, Any] | list[Any]) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    total = 0
    for part in inner:
        if isinstance(part, pl.DataFrame):
            total += part.estimated_size()
        elif isinstance(part, dict | list) and _holds_a_large_table(cast("dict[str, Any] | list[Any]", part)):
            return True
        if total > SMALL_TABLE_BYTES:
            return True
    return False

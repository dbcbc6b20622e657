"""What code answers, made plain: tables of any library become polars, scalars of numpy become Python's."""

from __future__ import annotations

import enum
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import Any
from uuid import UUID

import polars as pl

_PLAIN = (bool, int, float, str)


def plain(value: Any, depth: int = 0) -> Any:
    """`value` with what has a plain counterpart replaced by it; all else is left for the framing to refuse."""
    kind: Any = type(value)  # pyright: ignore[reportUnknownVariableType]
    if value is None or kind in _PLAIN or depth > 200:
        return value
    if kind is list:
        return [plain(item, depth + 1) for item in value]
    if kind is dict:
        return {plain(key, depth + 1): plain(item, depth + 1) for key, item in value.items()}
    table = _table(value)
    if table is not None:
        return table
    if isinstance(value, pl.Series):
        return plain(value.to_list(), depth + 1)
    if isinstance(value, enum.Enum):
        return plain(value.value, depth + 1)
    if isinstance(value, tuple | set | frozenset):
        items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        return plain(items, depth)
    return _scalar(value, depth)


def _scalar(value: Any, depth: int) -> Any:
    if isinstance(value, datetime):  # pandas' Timestamp is one
        return datetime.fromisoformat(value.isoformat())
    if isinstance(value, date | time | timedelta):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, UUID | PurePath):
        return str(value)
    for base in _PLAIN:
        if isinstance(value, base):
            return base(value)
    return _of_numpy(value, depth)


def _table(value: Any) -> pl.DataFrame | None:
    if isinstance(value, pl.DataFrame):
        return value
    if isinstance(value, pl.LazyFrame):
        return value.collect()
    arrow = sys.modules.get("pyarrow")
    if arrow is not None and isinstance(value, arrow.Table | arrow.RecordBatch):
        answer: Any = pl.from_arrow(value)  # pyright: ignore[reportUnknownMemberType]
        return answer if isinstance(answer, pl.DataFrame) else None
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return pl.from_pandas(value, include_index=value.index.name is not None)
    return None


def _of_numpy(value: Any, depth: int) -> Any:
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        if isinstance(value, numpy.generic):
            return plain(value.item(), depth + 1)
        if isinstance(value, numpy.ndarray):
            return plain(value.tolist(), depth + 1)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.Series | pandas.Index):
        return plain(value.tolist(), depth + 1)
    return value

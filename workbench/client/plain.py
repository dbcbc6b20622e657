"""Python values as they can be sent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from workbench.base.errors import InvalidInput
from workbench.client.errors import short


def plain(value: Any) -> Any:
    """JSON-ready: paths and times as text, tuples as lists. Raises InvalidInput for what is no data."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        raise short(InvalidInput(f"{value} is no number of JSON.", hint="Send None for what is missing."))
    if isinstance(value, str) and not _is_text(value):
        raise short(InvalidInput(f"{value!r} holds half a character (a lone surrogate).", hint="Decode it again."))
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if hasattr(value, "tolist"):  # numpy's numbers and arrays
        return plain(value.tolist())
    if hasattr(value, "to_dicts"):
        hint = "Write the table to a file and read it with a read_table block, or send value.to_dicts()."
    else:
        hint = "Send text, numbers, lists and dicts."
    raise short(InvalidInput(f"A {type(value).__name__} cannot be sent as it is.", hint=hint))


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True

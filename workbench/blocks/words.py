"""Short texts for a block's card and for error messages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


def shorten(value: Any, limit: int = 60) -> str:
    """A value on one line: text as it is without outer braces, all else as JSON, cut at `limit` characters."""
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1:
            text = text[2:-2].strip()
    else:
        try:
            text = json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError):
            text = type(value).__name__
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def first_line(code: Any, limit: int = 60) -> str:
    """The first line of code that says something."""
    if not isinstance(code, str):
        return shorten(code, limit)
    lines = [line.strip() for line in code.splitlines()]
    return shorten(next((line for line in lines if line and not line.startswith(("#", "--"))), ""), limit)


def duration(ms: Any) -> str:
    """Milliseconds in words (``1.5 s``, ``2 days``); an expression as it stands."""
    if isinstance(ms, bool) or not isinstance(ms, int | float):
        return shorten(ms) if ms is not None else ""
    for size, one, many in (
        (86_400_000, "day", "days"),
        (3_600_000, "h", "h"),
        (60_000, "min", "min"),
        (1000, "s", "s"),
    ):
        if ms >= size:
            return f"{ms / size:g} {one if ms == size else many}"
    return f"{ms:g} ms"


def kind_of(value: Any) -> str:
    """What a value is, in a person's word: ``text``, ``a number``, ``a list``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return "a table" if type(value).__name__ == "DataFrame" else f"a {type(value).__name__}"


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Names in one line, the rest as a count."""
    every = list(names)
    text = ", ".join(every[:limit])
    return text if len(every) <= limit else f"{text} and {len(every) - limit} more"


def did_you_mean(name: str, available: Iterable[str]) -> str | None:
    """A hint with the nearest spelling, or None."""
    near = get_close_matches(name, list(available), n=1, cutoff=0.6)
    return f"Did you mean `{near[0]}`?" if near else None

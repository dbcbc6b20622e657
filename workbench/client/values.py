"""Values of a run as Python and polars objects, however large: previews on the wire are fetched whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from workbench.client.api import Api

Fetch = Callable[[str], Any]
"""Answers the part of a value at a JSON pointer (RFC 6901): a frame where it is a table."""


def whole(shown: Any, api: Api, path: str) -> Any:
    """The value that `shown` stands for; `path` is where the API has it whole."""
    if isinstance(shown, dict) and set(shown) == {"$value"}:
        page = api.get(path, limit=1)
        shown = page["value"] if page["type"] == "value" else {"$table": page}
    return _filled(shown, lambda pointer: _table(api, path, pointer), "")


def _table(api: Api, path: str, pointer: str) -> pl.DataFrame:
    return api.table("GET", path, at=pointer or None)


def _filled(shown: Any, fetch: Fetch, pointer: str) -> Any:
    if isinstance(shown, dict):
        if set(shown) == {"$table"}:
            return fetch(pointer)
        return {name: _filled(v, fetch, f"{pointer}/{_escaped(name)}") for name, v in shown.items()}
    if isinstance(shown, list):
        return [_filled(v, fetch, f"{pointer}/{i}") for i, v in enumerate(shown)]
    return shown


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def short_text(value: Any, limit: int = 60) -> str:
    """A value in a few words: ``336,776 × 19`` for a table, else its text, cut."""
    if isinstance(value, pl.DataFrame):
        return f"{value.height:,} × {value.width}"
    if isinstance(value, dict) and set(value) == {"$table"}:
        return f"{value['$table']['rows']:,} × {len(value['$table']['columns'])}"
    if isinstance(value, dict) and set(value) == {"$value"}:
        return f"{value['$value']['bytes']:,} bytes"
    if isinstance(value, dict):
        text = "{" + ", ".join(f"{k!r}: {short_text(v, 30)}" for k, v in list(value.items())[:8])
        text += ", …}" if len(value) > 8 else "}"
    elif isinstance(value, list):
        text = "[" + ", ".join(short_text(v, 30) for v in value[:8]) + (", …]" if len(value) > 8 else "]")
    else:
        text = repr(value)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"

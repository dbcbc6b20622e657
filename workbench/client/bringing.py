"""One value of a run brought under a name in a notebook, as the canvas's “to kernel” asks."""

from __future__ import annotations

import keyword
from collections.abc import MutableMapping
from typing import Any

import polars as pl

from workbench.base.errors import InvalidInput
from workbench.client.api import Api
from workbench.client.debug import put_into
from workbench.client.errors import short
from workbench.client.values import whole


def bring(api: Api, path: str, name: str, field: str | None, namespace: MutableMapping[str, Any]) -> str:
    """Fetch the value at `path` whole, or one field of it, and put it under `name`; what was put, in a few words.

    Raises InvalidInput for a name that cannot be a variable's, or that holds a function, a class or a module.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise short(
            InvalidInput(
                f"“{name}” cannot be a variable's name.",
                hint="Letters, digits and _ only, no digit first, and no word of Python's own.",
            )
        )
    kept = put_into(namespace, {name: _value(api, path, field)})
    if kept:
        raise short(
            InvalidInput(f"`{name}` is {kept[name]} in this notebook and was left alone.", hint="Choose another name.")
        )
    return f"{name}: {_words(namespace[name])}"


def _value(api: Api, path: str, field: str | None) -> Any:
    pointer = None if field is None else "/" + field.replace("~", "~0").replace("/", "~1")
    page = api.get(path, limit=1, at=pointer)
    if page["type"] == "table":
        return api.table("GET", path, at=pointer)
    return whole(page["value"], api, path) if field is None else whole({"$value": None}, api, path)[field]


def _words(value: Any) -> str:
    if isinstance(value, pl.DataFrame):
        return f"a polars frame of {value.height:,} × {value.width}"
    if isinstance(value, list | dict):
        return f"a {type(value).__name__} of {len(value):,}"
    text = repr(value)
    return text if len(text) <= 60 else f"{type(value).__name__}, {text[:50]}…"

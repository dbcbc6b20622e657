"""Bundles as files for git and for people: a field a line, a text of several lines as its lines, no checksum."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from workbench.flow.bundles.form import sorted_keys

LINES = "$lines"
"""``{"$lines": ["a", "b"]}`` is the text ``a\\nb``."""
PLAIN = "$plain"
"""``{"$plain": {…}}`` is the object itself, where it would be read as something else."""
MOST_DEPTH = 200


def to_text(bundle: Mapping[str, Any]) -> str:
    """A bundle as a file's text; the same content gives the same text."""
    parts = {k: v for k, v in bundle.items() if k != "checksum" and v not in ({}, [])}
    return _written(sorted_keys(_with_lines(parts)), "") + "\n"


def from_text(text: str) -> Any:
    """What a file holds, as it is sent. Raises ValueError for what is no JSON, or nested too deep."""
    try:
        return _without_lines(json.loads(text), 0)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _with_lines(value: Any) -> Any:
    if isinstance(value, str) and "\n" in value:
        return {LINES: value.split("\n")}
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        inner = {k: _with_lines(v) for k, v in pairs.items()}
        return {PLAIN: inner} if len(pairs) == 1 and not pairs.keys().isdisjoint((LINES, PLAIN)) else inner
    if isinstance(value, list):
        return [_with_lines(v) for v in cast("list[Any]", value)]
    return value


def _without_lines(value: Any, depth: int) -> Any:
    if depth > MOST_DEPTH:
        raise ValueError("it is nested too deep")
    if isinstance(value, list):
        return [_without_lines(v, depth + 1) for v in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    pairs = cast("dict[str, Any]", value)
    lines = pairs.get(LINES)
    if len(pairs) == 1 and isinstance(lines, list) and all(isinstance(v, str) for v in cast("list[Any]", lines)):
        return "\n".join(cast("list[str]", lines))
    if len(pairs) == 1 and isinstance(pairs.get(PLAIN), dict):
        pairs = cast("dict[str, Any]", pairs[PLAIN])
    return {k: _without_lines(v, depth + 1) for k, v in pairs.items()}


def _written(value: Any, indent: str, *, is_lines: bool = False) -> str:
    """JSON with a line for each field, and short things on one line; lines of a text have one each."""
    flat = json.dumps(value, ensure_ascii=False)
    is_short = len(flat) + len(indent) <= 100 and f'"{LINES}"' not in flat
    if not isinstance(value, dict | list) or not value or (is_short and not is_lines):
        return flat
    deeper = indent + "  "
    if isinstance(value, list):
        items = [_written(v, deeper) for v in cast("list[Any]", value)]
        return "[\n" + ",\n".join(f"{deeper}{item}" for item in items) + f"\n{indent}]"
    pairs = [
        f"{deeper}{json.dumps(k, ensure_ascii=False)}: {_written(v, deeper, is_lines=k == LINES)}"
        for k, v in cast("dict[str, Any]", value).items()
    ]
    return "{\n" + ",\n".join(pairs) + f"\n{indent}}}"

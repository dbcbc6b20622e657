"""Bundles of older format versions as the present one. A version that was written once is read for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from workbench.flow.bundles.form import VERSION

Bundle = dict[str, Any]


def migrated(bundle: Mapping[str, Any]) -> Bundle:
    """The bundle in the present format. Its version must be a known one; bears any content."""
    found = dict(bundle)
    while found["formatVersion"] < VERSION:
        found = MIGRATIONS[found["formatVersion"]](found)
    return found


def _layout_apart(bundle: Bundle) -> Bundle:
    """1 → 2: a function was ``{id, canvasId, name, …, flow}`` with the flow as the API has it, layout in it."""
    layout: dict[str, Any] = {}
    functions: list[Any] = []
    told = bundle.get("functions")
    for function in cast("list[Any]", told) if isinstance(told, list) else []:
        fields = cast("dict[str, Any]", function) if isinstance(function, dict) else {}
        flow: Any = fields.get("flow")
        if not isinstance(flow, dict):
            functions.append(function)
            continue
        does, where = _split(cast("dict[str, Any]", flow))
        head = {k: v for k, v in fields.items() if k != "flow"}
        functions.append({**head, **does})
        if isinstance(head.get("id"), str):
            layout[head["id"]] = where
    rest = {k: v for k, v in bundle.items() if k != "checksum"}
    return {**rest, "formatVersion": 2, "functions": functions, "layout": layout}


def _split(flow: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    positions: dict[str, Any] = {}
    blocks: list[Any] = []
    told: Any = flow.get("blocks")
    for block in cast("list[Any]", told) if isinstance(told, list) else []:
        if not isinstance(block, dict):
            blocks.append(block)
            continue
        fields = cast("dict[str, Any]", block)
        place: Any = fields.get("position")
        if isinstance(place, dict) and isinstance(fields.get("id"), str):
            at = cast("dict[str, Any]", place)
            positions[fields["id"]] = [at.get("x", 0), at.get("y", 0)]
        blocks.append({k: v for k, v in fields.items() if k != "position" and not (k == "policy" and v is None)})
    does = {k: v for k, v in flow.items() if k not in ("blocks", "notes", "groups")}
    if "blocks" in flow:
        does["blocks"] = blocks if isinstance(told, list) else told
    where = {"positions": positions, **{k: flow[k] for k in ("notes", "groups") if flow.get(k) is not None}}
    return does, where


MIGRATIONS: dict[int, Callable[[Bundle], Bundle]] = {1: _layout_apart}
"""By the version that each one reads."""

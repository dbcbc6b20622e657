"""The parts of a bundle from what is to be exported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.flow.bundles.form import SecretPaths, take_apart
from workbench.flow.copying import called_function
from workbench.flow.model import Flow


@dataclass(frozen=True, slots=True)
class CanvasToWrite:
    """A canvas; `is_whole` when it was exported as one, not only as the place of some functions."""

    id: str
    name: str
    description: str | None
    is_whole: bool


@dataclass(frozen=True, slots=True)
class FunctionToWrite:
    """A function; `settings` in wire names."""

    id: str
    canvas_id: str
    name: str
    description: str | None
    status: str
    settings: Mapping[str, Any]
    flow: Flow


def parts_of(
    canvases: Iterable[CanvasToWrite],
    functions: Iterable[FunctionToWrite],
    names: Mapping[str, str],
    secret_paths: SecretPaths,
) -> dict[str, Any]:
    """The parts, items by id. `names` are those of functions outside, for the references to them."""
    ordered = sorted(functions, key=lambda f: f.id)
    entries: list[Any] = []
    layout: dict[str, Any] = {}
    key_order: dict[str, Any] = {}
    withheld: dict[str, Any] = {}
    for function in ordered:
        taken = take_apart(function.flow, secret_paths)
        entries.append(
            {
                "id": function.id,
                "canvasId": function.canvas_id,
                "name": function.name,
                "description": function.description,
                "status": function.status,
                "settings": function.settings,
                **taken.does,
            }
        )
        layout[function.id] = taken.layout
        if taken.key_order:
            key_order[function.id] = taken.key_order
        if taken.withheld:
            withheld[function.id] = taken.withheld
    return {
        "canvases": [
            {"id": c.id, "name": c.name, "description": c.description, "isWhole": c.is_whole}
            for c in sorted(canvases, key=lambda c: c.id)
        ],
        "functions": entries,
        "layout": layout,
        "keyOrder": key_order,
        "references": _references(ordered, names),
        "withheld": withheld,
    }


def _references(functions: list[FunctionToWrite], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Functions outside that these call or run on failure, and where."""
    inside = {f.id for f in functions}
    used: dict[str, list[dict[str, str]]] = {}
    for function in functions:
        for block in function.flow.blocks:
            called = called_function(block)
            if called is not None and called not in inside:
                used.setdefault(called, []).append({"functionId": function.id, "blockId": block.id})
        other = function.settings.get("onFailure")
        if isinstance(other, str) and other not in inside:
            used.setdefault(other, []).append({"functionId": function.id, "setting": "onFailure"})
    return [{"functionId": i, "name": names.get(i), "usedBy": used[i]} for i in sorted(used)]

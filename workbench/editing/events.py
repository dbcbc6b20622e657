"""How edits look to those who listen."""

from __future__ import annotations

from typing import Any

import msgspec

from workbench.base.ids import to_text
from workbench.editing.facts import (
    BreakpointsSet,
    CanvasChanged,
    CanvasCreated,
    CanvasDeleted,
    CanvasesReordered,
    FunctionChanged,
    FunctionCreated,
    FunctionDeleted,
    FunctionEdited,
)
from workbench.rest.events import EventType


def _canvas(fact: Any, change: str, version: int) -> dict[str, Any]:
    return {"canvasId": to_text(fact.id), "change": change, "version": version}


def _function(fact: Any, change: str, version: int, author: str | None, source: str | None) -> dict[str, Any]:
    return {
        "functionId": to_text(fact.id),
        "canvasId": to_text(fact.canvas),
        "change": change,
        "version": version,
        "updatedBy": author,
        "origin": source,
    }


EVENT_TYPES = (
    EventType(CanvasCreated, "canvas", lambda f: _canvas(f, "created", 1)),
    EventType(CanvasChanged, "canvas", lambda f: _canvas(f, "updated", f.version)),
    EventType(CanvasDeleted, "canvas", lambda f: _canvas(f, "deleted", 0)),
    EventType(
        CanvasesReordered,
        "canvas",
        lambda f: {"canvasId": None, "change": "reordered", "version": 0, "canvasIds": [to_text(i) for i in f.ids]},
    ),
    EventType(FunctionCreated, "function", lambda f: _function(f, "created", 1, f.author, f.source)),
    EventType(FunctionChanged, "function", lambda f: _function(f, "updated", f.version, f.author, f.source)),
    EventType(
        FunctionEdited,
        "function",
        lambda f: {
            **_function(f, "updated", f.version, f.author, f.source),
            "groupId": to_text(f.group),
            "kind": f.kind,
            "label": f.label,
        },
    ),
    EventType(FunctionDeleted, "function", lambda f: _function(f, "deleted", 0, None, None)),
    EventType(
        BreakpointsSet,
        "breakpoints",
        lambda f: {"functionId": to_text(f.id), "breakpoints": msgspec.json.decode(f.breakpoints)},
    ),
)

"""How edits look to those who listen."""

from __future__ import annotations

from typing import Any

import msgspec

from workbench.base.ids import to_text
from workbench.editing.canvas_facts import CanvasChanged, CanvasCreated, CanvasDeleted, CanvasesReordered
from workbench.editing.facts import BreakpointsSet, FunctionChanged, FunctionCreated, FunctionDeleted, FunctionEdited
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


LARGEST_CHANGES = 16 * 1024
"""Characters of changes that an event carries, so that viewers need not read the function again."""


def _changes(fact: FunctionEdited) -> list[Any] | None:
    """What made this version of the one before, in order; None where that is too much to tell."""
    if sum(len(entry.changes) for entry in fact.entries) > LARGEST_CHANGES:
        return None
    return [change for entry in fact.entries for change in msgspec.json.decode(entry.changes)]


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
            "changes": _changes(f),
        },
    ),
    EventType(FunctionDeleted, "function", lambda f: _function(f, "deleted", 0, None, None)),
    EventType(
        BreakpointsSet,
        "breakpoints",
        lambda f: {"functionId": to_text(f.id), "breakpoints": msgspec.json.decode(f.breakpoints)},
    ),
)

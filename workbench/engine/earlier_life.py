"""What a run that goes on has of an earlier life, beside its journal."""

from __future__ import annotations

from workbench.engine.gate import Gate, StoodAt
from workbench.engine.queue import Entry
from workbench.engine.walk import Walk


def bring_back(walk: Walk, entry: Entry) -> None:
    """Give a walk what an earlier life of its run left, beside the journal."""
    walk.careful = walk.careful or int(entry.may_have_begun)
    if entry.overlay:
        walk.overlay.update(entry.overlay)
    if entry.mailbox is not None:
        walk.attempts.mailbox = entry.mailbox
    if entry.debug_state is not None:
        walk.countdowns.stood_since = entry.debug_state.get("pausedAt")


def gate_for(entry: Entry) -> Gate | None:
    """The gate of a debug run; one that goes on after a restart stops where it stood, or runs as it ran."""
    if not entry.row.debug:
        return None
    state = entry.debug_state
    if state is not None:
        return Gate(entry.breakpoints, "run", StoodAt(state["path"], state["when"], state.get("holds", False)))
    has_begun = entry.journal is not None and len(entry.journal) > 0
    return Gate(entry.breakpoints, "run" if has_begun else None)

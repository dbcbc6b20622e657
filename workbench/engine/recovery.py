"""What to take up again at start: every run that was not over, with its journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from workbench.engine.engine import Engine
from workbench.engine.journal import forced_variables, journals, open_runs
from workbench.engine.pen import Pen
from workbench.engine.queue import Entry
from workbench.engine.records import Breakpoint, RunRow
from workbench.engine.replay import Journal
from workbench.engine.states import RunStatus
from workbench.flow.model import Flow

log = structlog.get_logger("workbench.engine")

MOST_RECOVERIES = 3
"""A run that has been taken up so often inside one block is given up: it may be what kills the server."""

LoadFlow = Callable[[str, int], Awaitable[tuple[Flow, tuple[Breakpoint, ...]] | None]]
"""``load(function_id, version)``: the flow of a version and the function's breakpoints; None when it is gone."""


async def find_open_runs(engine: Engine, load: LoadFlow) -> list[Entry]:
    """The entries of all runs that were not over, running ones first; hopeless ones are ended here."""
    rows = await engine.store.read(open_runs)
    if not rows:
        return []
    found = await engine.store.read(lambda cursor: journals(cursor, engine.store.values))
    forced = await engine.store.read(forced_variables)
    entries: list[Entry] = []
    for row, start_block in rows:
        journal, open_attempts = found.get(row.id, (None, {}))
        if row.status is RunStatus.CANCELLING:
            await _end(engine, row, RunStatus.CANCELLED, "CANCELLED", "Cancelled.")
            continue
        loaded = await load(row.function_id, row.version)
        if loaded is None:
            text = f"Version {row.version} of the function is gone, so the run cannot go on."
            await _end(engine, row, RunStatus.FAILED, "FUNCTION_GONE", text)
            continue
        stuck = next((path for path, times in open_attempts.items() if times > MOST_RECOVERIES), None)
        if stuck is not None and _is_leaf(stuck, open_attempts):
            text = f"The server ended {MOST_RECOVERIES + 1} times while {stuck!r} ran; the run was given up."
            await _end(engine, row, RunStatus.DEAD_LETTER, "RECOVERY_LIMIT", text, stuck)
            continue
        entries.append(_entry(row, start_block, journal, loaded, forced.get(row.id, {}), engine))
    entries.sort(key=lambda e: e.row.status is RunStatus.QUEUED)
    return entries


def _is_leaf(path: str, open_attempts: dict[str, int]) -> bool:
    """A scope is open as often as its innermost block; only the block itself is to blame."""
    return not any(other.startswith(f"{path}[") for other in open_attempts)


def _entry(
    row: RunRow,
    start_block: str | None,
    journal: Journal | None,
    loaded: tuple[Flow, tuple[Breakpoint, ...]],
    forced: dict[str, object],
    engine: Engine,
) -> Entry:
    flow, breakpoints = loaded
    was_paused = row.status is RunStatus.PAUSED
    if journal is None and row.status is not RunStatus.QUEUED:
        journal = Journal({}, {}, {}, engine.store.values)
    return Entry(row, flow, breakpoints, start_block, journal, dict(forced), was_paused)


async def _end(engine: Engine, row: RunRow, status: RunStatus, kind: str, text: str, path: str | None = None) -> None:
    log.warning("run.not_recovered", run=row.id, status=status, reason=text)
    pen = Pen(row, engine.store, engine.services.clock, engine.services.threads)
    block = path.rsplit("/", 1)[-1] if path else None
    await engine.end(row, pen, status, None, {"type": kind, "message": text, "blockId": block, "path": path})

"""What to take up again at start: every run that was not over, with its journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

from workbench.base.errors import WorkbenchError
from workbench.base.logs import get_logger
from workbench.blocks.registry import BlockRegistry
from workbench.engine.engine import Engine
from workbench.engine.forking import block_at, past_of
from workbench.engine.journal_forks import engine_seen, signs_of_life
from workbench.engine.journal_reading import RunJournal, forced_variables, journals, open_runs, paused_at
from workbench.engine.queue import Entry
from workbench.engine.records import Breakpoint, RunRow
from workbench.engine.states import RunStatus
from workbench.flow.model import Flow

log = get_logger("workbench.engine")

MOST_RECOVERIES = 3
"""A run that has been taken up so often inside one block is given up: it may be what kills the server."""
FIRST_RUNS = 256
"""Of the runs that only waited so many are begun with care: whichever ended the server at once was among the first."""

Loaded: TypeAlias = tuple[Flow, tuple[Breakpoint, ...]]
LoadFlow = Callable[[str, int], Awaitable[Loaded | None]]
"""``load(function_id, version)``: the flow of a version and the function's breakpoints; None when it is gone."""


async def find_open_runs(engine: Engine, load: LoadFlow) -> list[Entry]:
    """The entries of all runs that are not over and that nobody walks, running ones first; hopeless ones are ended."""
    known = frozenset((*engine.live, *(row.id for row in engine.intake.rows())))
    rows = [
        found
        for found in await engine.store.read(open_runs)
        # one that was known before may have ended since: what was read of it is old
        if found[0].id not in known and engine.find(found[0].id) is None
    ]
    if not rows:
        return []
    found = await engine.store.read(lambda cursor: journals(cursor, engine.store.values))
    forced = await engine.store.read(forced_variables)
    paused = await engine.store.read(paused_at)
    limited = [row.id for row, _ in rows if row.timeout_ms is not None]
    signs = await engine.store.read(lambda cursor: signs_of_life(cursor, limited)) if limited else {}
    seen_at = await engine.store.read(engine_seen) or 0
    entries: list[Entry] = []
    load = _remembering(load)
    for row, start_block in rows:
        if row.status is RunStatus.CANCELLING:
            await _end(engine, row, RunStatus.CANCELLED, "CANCELLED", "Cancelled.")
            continue
        loaded = await _load_version(load, row.function_id, row.version, "the function")
        called = await _load_called(load, row) if not isinstance(loaded, str) else loaded
        if isinstance(called, str):
            loaded = called
        if isinstance(loaded, str) or isinstance(called, str):
            await _end(engine, row, RunStatus.FAILED, "FUNCTION_GONE", str(loaded))
            continue
        known = found.get(row.id)
        stuck = _stuck_at(known, engine.registry) if known is not None else None
        if stuck is not None:
            text = (
                f"The server ended {MOST_RECOVERIES + 1} times while “{_name_at(stuck, loaded[0])}” ran ({stuck}); "
                "the run was given up."
            )
            await _end(engine, row, RunStatus.DEAD_LETTER, "RECOVERY_LIMIT", text, stuck)
            continue
        flow, breakpoints = loaded
        points = breakpoints + tuple(point for _, inner in called.values() for point in inner)
        entry = Entry(row, flow, points, start_block, debug_state=paused.get(row.id))
        entry.called = {key: inner for key, (inner, _) in called.items()}
        before = (row.forked_from or {}).get("before")
        if row.debug and before and (known is None or before not in known.journal.begun):
            entry.debug_state = entry.debug_state or {"path": before, "when": "before", "holds": True}
        if known is not None or row.started_at is not None or row.forked_from is not None:
            journal = known.journal if known is not None else None
            past = past_of(row, flow, engine.registry, journal, forced.get(row.id, []), engine.store)
            entry.journal, entry.overlay = past.journal, past.overlay
        entry.mailbox = known.mailbox if known is not None else None
        entry.seen_at = max(seen_at, signs.get(row.id, 0), row.started_at or 0)
        entries.append(entry)
    # what had begun counts against its function's limit before anything that has not is judged by it
    entries.sort(key=lambda e: e.row.started_at is None or e.row.status is RunStatus.QUEUED)
    for entry in sorted(entries, key=lambda e: -e.row.priority)[:FIRST_RUNS]:
        entry.may_have_begun = entry.row.started_at is None
    return entries


def _remembering(load: LoadFlow) -> LoadFlow:
    """Read each version once, however many runs are of it."""
    known: dict[tuple[str, int], Loaded] = {}

    async def remembered(function_id: str, version: int) -> Loaded | None:
        found = known.get((function_id, version)) or await load(function_id, version)
        if found is not None:
            known[function_id, version] = found
        return found

    return remembered


async def _load_called(load: LoadFlow, row: RunRow) -> dict[tuple[str, int], Loaded] | str:
    """The flows and breakpoints of every function that the run may call, by function and version, or why not."""
    found: dict[tuple[str, int], Loaded] = {}
    for pin, version in row.pins.items():
        key = (pin.partition("@")[0], version)
        loaded = await _load_version(load, *key, "a called function")
        if isinstance(loaded, str):
            return loaded
        flow, points = loaded
        found[key] = (flow, tuple(replace(point, function_id=key[0]) for point in points))
    return found


async def _load_version(load: LoadFlow, function_id: str, version: int, what: str) -> Loaded | str:
    try:
        loaded = await load(function_id, version)
    except WorkbenchError as error:
        return f"Version {version} of {what} cannot be read: {error.message}"
    return loaded or f"Version {version} of {what} is gone, so the run cannot go on."


def _stuck_at(known: RunJournal, registry: BlockRegistry) -> str | None:
    """The path of a block in which the server has ended too often.

    Attempts that began before the due time of a wait at their path do not count: they waited. Scopes neither: they are
    open as long as any block inside is.
    """
    for path, attempts in known.open_attempts.items():
        due = known.journal.due(path)
        working = [t for t, started_at in attempts if (due is None or started_at >= due) and not _is_scope(registry, t)]
        if len(working) > MOST_RECOVERIES:
            return path
    return None


def _name_at(path: str, flow: Flow) -> str:
    block_id = block_at(path)
    return next((block.name for block in flow.blocks if block.id == block_id), block_id)


def _is_scope(registry: BlockRegistry, block_type: str) -> bool:
    kind = registry.find(block_type)
    return kind is not None and kind.is_scope


async def _end(engine: Engine, row: RunRow, status: RunStatus, kind: str, text: str, path: str | None = None) -> None:
    log.warning("run.not_recovered", run=row.id, status=status, reason=text)
    pen = engine.lives.pen(row)
    block = block_at(path) if path else None
    await engine.lives.ends.end(
        row, pen, status, None, {"type": kind, "message": text, "blockId": block, "path": path}, "recovery"
    )

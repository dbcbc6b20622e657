"""The rules of runs: what may start, what is shown of them, what may be cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from workbench.base.clock import Clock
from workbench.base.errors import InvalidState
from workbench.blocks.registry import BlockRegistry
from workbench.editing.functions import Functions, require_not_archived
from workbench.editing.starting import start_block
from workbench.engine.engine import Engine
from workbench.engine.journal import FORCED
from workbench.engine.journal_queue import size_of
from workbench.engine.journal_waits import waits_of
from workbench.engine.records import RunRequest, RunRow
from workbench.rest import once
from workbench.rest.caller import Caller, id_bytes, missing
from workbench.rest.paging import Page, Paged
from workbench.runs import store as sql
from workbench.runs.inputs import Inputs
from workbench.runs.models import (
    BlockState,
    Cancelled,
    CancelRun,
    Checkpoint,
    LogEntry,
    NewRun,
    OpenWait,
    Pause,
    Percentiles,
    QueueStats,
    Run,
    RunInDetail,
    RunLogs,
    Timing,
)
from workbench.runs.queue import Queueing
from workbench.runs.shaping import (
    block_state_of_row,
    checkpoint_with_wait,
    ms,
    not_yet,
    run_of_live,
    run_of_row,
    wait_of_row,
    with_wait,
)
from workbench.storage.store import Store

FIRST_CHECKPOINTS = 200
MOST_LOG_ENTRIES = 5000
LEVELS: tuple[str, ...] = ("debug", "info", "warning", "error")
HOUR_US = 3_600_000_000
DEFAULT_WAIT_MS = 30_000


UNDER_WAY = frozenset({"running", "waiting", "paused"})


class Runs:
    """Executions of functions."""

    def __init__(
        self, store: Store, engine: Engine, functions: Functions, registry: BlockRegistry, clock: Clock
    ) -> None:
        self._store = store
        self._engine = engine
        self._functions = functions
        self._registry = registry
        self._clock = clock
        self.inputs = Inputs(store, functions)
        self.queueing = Queueing(engine, functions)

    # Starting and ending

    async def create(self, caller: Caller, new: NewRun, trigger: dict[str, Any] | None = None) -> Run:
        """Start a run. Raises NotFound, InvalidState (archived), FlowInvalid, InvalidInput (inputs)."""
        request = await self.request(caller, new, trigger)
        facts_for = once.answer_facts()
        row = await self._engine.submit(request, lambda r: facts_for(self._live(r)) if new.is_async else ())
        if new.is_async and not new.wait_ms:
            return self._live(row)
        ended = await self._engine.wait(row.id, (DEFAULT_WAIT_MS if new.wait_ms is None else new.wait_ms) / 1000)
        return self._live(ended or row)

    async def request(
        self, caller: Caller, new: NewRun, trigger: dict[str, Any] | None = None, parent_run_id: str | None = None
    ) -> RunRequest:
        """What the engine needs for a run. Raises NotFound, InvalidState (archived), FlowInvalid."""
        function = self._functions.head(caller, new.function_id)
        require_not_archived(function)
        version = new.version or function.version
        flow = await self._functions.flow(caller, function, version)
        self._functions.require_valid_version(function, version, flow)
        start = start_block(flow, self._registry)
        called = await self._functions.calls.pin(caller, function, version, flow)
        points = self._functions.breakpoints(caller, function, called.pins) if new.debug else ()
        return RunRequest(
            workspace_id=caller.workspace_id,
            function_id=function.id,
            function_name=function.name,
            version=version,
            flow=flow,
            inputs=new.inputs,
            trigger=trigger or {"type": "debug" if new.debug else "manual", "author": caller.author},
            debug=new.debug,
            breakpoints=points,
            priority=new.priority,
            durability=new.durability,
            timeout_ms=new.timeout_ms,
            start_block=start,
            parent_run_id=parent_run_id,
            pins=called.pins,
            called=called.flows,
        )

    def _live(self, row: RunRow) -> Run:
        return run_of_live(row, self._clock.now_us())

    async def cancel(self, caller: Caller, run_id: str, asked: CancelRun) -> Cancelled:
        """Cancel a run that is not over. Raises NotFound, InvalidState."""
        row = self._engine.find(run_id.lower())
        if row is None or row.workspace_id != caller.workspace_id:
            run = await self.get(caller, run_id)
            raise InvalidState(
                f"The run is already {run.status.value}.", hint="Only a run that is not over can be cancelled."
            )
        before = await self._engine.cancel(row.id, asked.reason)
        message = f"“{row.function_name}” is being cancelled." if self._engine.find(row.id) else "The run is cancelled."
        return Cancelled(
            run_id=row.id,
            function_id=row.function_id,
            function_name=row.function_name,
            previous_status=before,
            message=message,
        )

    # Reading

    async def exists(self, caller: Caller, run_id: str) -> None:
        """Raise NotFound unless there is such a run."""
        id_bytes("run", run_id)
        row = self._engine.find(run_id.lower())
        if row is not None and row.workspace_id == caller.workspace_id:
            return
        if not await self._store.read(lambda c: sql.has_run(c, caller.workspace_id, run_id)):
            raise missing("run", run_id)

    async def get(self, caller: Caller, run_id: str) -> Run:
        """One run. Raises NotFound."""
        id_bytes("run", run_id)
        row = self._engine.find(run_id.lower())
        if row is not None and row.workspace_id == caller.workspace_id:
            return self._live(row)
        found = await self._store.read(lambda c: sql.find_run(c, caller.workspace_id, run_id))
        if found is None:
            raise missing("run", run_id)
        return run_of_row(found)

    async def detail(self, caller: Caller, run_id: str) -> RunInDetail:
        """One run with its first checkpoints and where each block is. Raises NotFound."""
        run = await self.get(caller, run_id)
        first = await self._checkpoints(caller, run, Page(FIRST_CHECKPOINTS), sql.CheckpointFilter())
        states = await self._store.read(lambda c: sql.block_states(c, run.id))
        waits = await self._waits(caller, run)
        by_path = {wait.path: wait for wait in waits}
        fields = {name: getattr(run, name) for name in Run.model_fields}
        fields["checkpoint_count"] = first.total
        return RunInDetail.model_construct(
            **fields,
            checkpoints=tuple(first.items),
            block_states=self._with_standing(
                run,
                [with_wait(self._with_progress(run, block_state_of_row(s, run.function_id)), by_path) for s in states],
            ),
            waiting=waits,
            size_bytes=await self._size_of(run.id),
        )

    async def _size_of(self, run_id: str) -> int:
        """Bytes of a run's rows and values, about; a value that other runs share counts for each."""
        inline, files = await self._store.read(lambda c: size_of(c, run_id))
        return inline + await asyncio.to_thread(lambda: sum(map(self._store.values.size, files)))

    async def _waits(self, caller: Caller, run: Run) -> tuple[OpenWait, ...]:
        """What a run waits for now; nothing once it is over."""
        if run.finished_at is not None:
            return ()
        rows = await self._store.read(lambda c: waits_of(c, run.id, self._clock.now_us()))
        if not rows:
            return ()
        return await self.inputs.named(caller, run, [wait_of_row(row) for row in rows], await self._pins(run))

    async def _pins(self, run: Run) -> Mapping[str, int]:
        """The versions of the functions that a run calls."""
        row = self._engine.find(run.id)
        return row.pins if row is not None else await self._store.read(lambda c: sql.pins_of(c, run.id))

    def _with_standing(self, run: Run, states: list[BlockState]) -> tuple[BlockState, ...]:
        """The states with the block before which the debugger stands, which is paused.

        Once a run is over nothing in it goes on: what was under way when it was given up has an unknown outcome.
        """
        if run.finished_at is not None:
            return tuple(s.model_copy(update={"status": "unknown"}) if s.status in UNDER_WAY else s for s in states)
        live = self._engine.live.get(run.id)
        position = live.gate.position if live is not None and live.gate is not None else None
        if position is None or position.when != "before":
            return tuple(states)
        node, path = position.step.node, position.step.path
        function = position.step.region.frame.function_id or run.function_id
        known = next((s for s in states if (s.function_id, s.block_id) == (function, node.id)), None)
        standing = (known or not_yet(function, node.id)).model_copy(update={"status": "paused", "last_path": path})
        return (*(s for s in states if s is not known), standing)

    def _with_progress(self, run: Run, state: BlockState) -> BlockState:
        known = self._engine.tally(run.id)
        tally = known.of(None if state.function_id == run.function_id else state.function_id) if known else None
        if tally is None or state.block_id not in tally.progress:
            return state
        done, total = tally.progress[state.block_id]
        return state.model_copy(update={"done": done, "total": total})

    async def list(self, caller: Caller, page: Page, wanted: sql.RunFilter) -> Paged[Run]:
        """A page of runs, newest first; those that are not over as they are now."""
        after: Any = page.after(int, str)
        if wanted.function_id is not None:
            id_bytes("function", wanted.function_id)
        rows, total = await self._store.read(lambda c: sql.list_runs(c, caller.workspace_id, wanted, after, page.fetch))
        runs = [self._now(run_of_row(row, is_brief=True)) for row in rows]
        return page.cut(runs, lambda r: (r.created_at, r.id), total)

    def _now(self, run: Run) -> Run:
        row = self._engine.find(run.id)
        return self._live(row).model_copy(update={"inputs": run.inputs}) if row is not None else run

    async def checkpoints(
        self, caller: Caller, run_id: str, page: Page, wanted: sql.CheckpointFilter
    ) -> Paged[Checkpoint]:
        """A page of a run's checkpoints, in order. Raises NotFound."""
        return await self._checkpoints(caller, await self.get(caller, run_id), page, wanted)

    async def _checkpoints(
        self, caller: Caller, run: Run, page: Page, wanted: sql.CheckpointFilter
    ) -> Paged[Checkpoint]:
        after: Any = page.after(int)
        rows, total = await self._store.read(lambda c: sql.list_checkpoints(c, run.id, wanted, after, page.fetch))
        paged = page.cut(rows, lambda row: (row[16],), total)
        shapes = await self.inputs.checkpoints(caller, run, paged.items, await self._pins(run))
        waits = {wait.path: wait for wait in await self._waits(caller, run)}
        shapes = [checkpoint_with_wait(shape, waits) for shape in shapes] if waits else shapes
        return Paged(shapes, paged.total, paged.limit, paged.next_cursor)

    async def logs(self, caller: Caller, run_id: str, level: str | None, block_id: str | None) -> RunLogs:
        """A run's log from `level` up, and its timings. Raises NotFound."""
        await self.exists(caller, run_id)
        levels = list(LEVELS[LEVELS.index(level) :]) if level else list(LEVELS)
        entries, timings = await self._store.read(
            lambda c: (
                sql.logs_of(c, run_id, levels, block_id, MOST_LOG_ENTRIES),
                sql.timings_of(c, run_id, block_id, MOST_LOG_ENTRIES),
            )
        )
        return RunLogs(
            entries=tuple(_log_entry(row) for row in entries),
            timings=tuple(
                Timing(block_id=r[0], path=r[1], attempt=r[2], queue_ms=ms(r[3]), run_ms=ms(r[4]), wait_ms=ms(r[5]))
                for r in timings
            ),
        )

    async def queue_stats(self, caller: Caller) -> QueueStats:
        """The queue of the workspace now, and what ended lately."""
        now = self._clock.now_us()
        ends, quantiles, lately = await self._store.read(
            lambda c: sql.ends_since(c, caller.workspace_id, now - 24 * HOUR_US, now - HOUR_US)
        )
        _, dead = await self._store.read(lambda c: sql.dead_letters(c, caller.workspace_id, None, 0))
        counts = self._engine.counts(caller.workspace_id)
        return QueueStats(
            pending=counts["pending"],
            queued=counts["queued"],
            active=counts["running"] + counts["cancelling"],
            waiting=counts["waiting"],
            paused=counts["paused"],
            completed=ends.get("completed", 0),
            failed=ends.get("failed", 0) + ends.get("timed_out", 0),
            cancelled=ends.get("cancelled", 0),
            dead_letter=dead,
            concurrency_limit=self._engine.slots.limit,
            server_limit=self._engine.slots.total,
            pauses=tuple(
                Pause.model_validate(p)
                for p in self._engine.holds.pauses()
                if p["functionId"] is None or self._functions.has(caller, p["functionId"])
            ),
            queue_ms=Percentiles(p50=ms(quantiles[0]), p95=ms(quantiles[1])),
            throughput_per_minute=round(lately / 60, 3),
        )


def _log_entry(row: tuple[Any, ...]) -> LogEntry:
    data = None
    if row[5]:
        data = None if row[4] == FORCED else msgspec.json.decode(row[5])
    return LogEntry(at=row[0], level=row[1], block_id=row[2], path=row[3], message=row[4], data=data)

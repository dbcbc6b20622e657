"""The rules of second attempts and forks: which runs may go on, from where, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.base.clock import Clock
from workbench.base.errors import InvalidInput, InvalidState, Issue, NotFound
from workbench.blocks.registry import BlockRegistry
from workbench.editing.functions import Functions, require_not_archived
from workbench.editing.models import Function
from workbench.editing.starting import start_block
from workbench.engine import again
from workbench.engine.checkpoints import parse_checkpoint_id
from workbench.engine.engine import Engine
from workbench.engine.foresight import Foresight, Plan, Seen, changes, foresee
from workbench.engine.forking import origin, runs_anew
from workbench.engine.journal_forks import find_run_row, last_completed, last_seq, seq_of
from workbench.engine.journal_reading import journals
from workbench.engine.program import compile_flow
from workbench.engine.queue import Entry
from workbench.engine.records import ForkOf, RunRequest, RunRow
from workbench.engine.states import TERMINAL, RunStatus
from workbench.flow.handles import handle
from workbench.flow.model import Flow
from workbench.flow.regions import find_regions
from workbench.rest import once
from workbench.rest.caller import Caller, id_bytes, missing
from workbench.runs.models import ForkRun, RetryRun, Reuse, ReuseCounts, RunGoesOn
from workbench.runs.shaping import run_of_live
from workbench.storage.store import Store

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class _Parent:
    """A run that another attempt or a fork goes on from."""

    row: RunRow
    start: str | None
    function: Function
    flow: Flow


class Again:
    """Runs that need not run it all again."""

    def __init__(
        self, store: Store, engine: Engine, functions: Functions, registry: BlockRegistry, clock: Clock
    ) -> None:
        self._store = store
        self._engine = engine
        self._functions = functions
        self._registry = registry
        self._clock = clock
        self._retrying: set[str] = set()

    async def retry(self, caller: Caller, run_id: str, asked: RetryRun) -> RunGoesOn:
        """Another attempt of a run, or a fork where something is asked for.

        Raises NotFound, InvalidState (not over, completed, archived), InvalidInput, FlowInvalid.
        """
        parent = await self._parent(caller, run_id)
        is_fork = any(value is not None for value in (asked.from_block_id, asked.inputs, asked.version, asked.effects))
        _require_over(parent.row, is_fork=is_fork)
        if is_fork:
            return await self._fork_of_all(caller, parent, asked)
        if parent.row.id in self._retrying:
            raise InvalidState("The run is being retried already.", hint="Look at the run.")
        self._retrying.add(parent.row.id)
        try:
            return await self._retry(caller, parent)
        finally:
            self._retrying.discard(parent.row.id)

    async def _retry(self, caller: Caller, parent: _Parent) -> RunGoesOn:
        row = parent.row
        found = await self._foresee(parent, parent.flow, Plan())
        breakpoints = self._functions.breakpoints(caller, parent.function, row.pins) if row.debug else ()
        called = await self._functions.calls.pinned(caller, row.pins)
        facts_for = once.answer_facts()
        entry = Entry(row, parent.flow, breakpoints, parent.start, called=called.flows)
        await again.retry(self._engine, entry, lambda r: facts_for(self._told(r, found)))
        return self._told(row, found)

    async def _fork_of_all(self, caller: Caller, parent: _Parent, asked: RetryRun) -> RunGoesOn:
        row = parent.row
        flow = await self._flow(caller, parent, asked.version)
        up_to = await self._store.read(lambda c: last_seq(c, row.id))
        told = origin(row.id, up_to, fromBlockId=asked.from_block_id, effects=asked.effects)
        is_anew = None
        if asked.from_block_id is not None:
            _require_block(flow, asked.from_block_id)
            is_anew = runs_anew(find_regions(flow, self._registry), asked.from_block_id, self._registry)
        plan = Plan(is_fork=True, is_anew=is_anew, repeats_effects=asked.effects == "repeat")
        return await self._fork(
            caller, parent, flow, plan, ForkOf(row.id, up_to, told), asked.version, asked.inputs, debug=row.debug
        )

    async def fork(self, caller: Caller, run_id: str, asked: ForkRun) -> RunGoesOn:
        """A new run that shares every checkpoint up to one of a run's, which may be under way.

        Raises NotFound (no such run, checkpoint or restore point), InvalidState, InvalidInput, FlowInvalid.
        """
        parent = await self._parent(caller, run_id)
        flow = await self._flow(caller, parent, asked.version)
        path, attempt, seq = await self._place(parent, asked)
        shown: dict[str, Any] = {"path": path, "attempt": attempt, "checkpointId": asked.checkpoint_id}
        told = origin(parent.row.id, seq, restorePoint=asked.restore_point, **shown)
        fork = ForkOf(parent.row.id, seq, told, asked.variables)
        plan = Plan(is_fork=True, up_to=seq)
        return await self._fork(caller, parent, flow, plan, fork, asked.version, asked.inputs, debug=asked.debug)

    async def _fork(
        self,
        caller: Caller,
        parent: _Parent,
        flow: Flow,
        plan: Plan,
        fork: ForkOf,
        version: int | None,
        inputs: dict[str, Any] | None,
        *,
        debug: bool,
    ) -> RunGoesOn:
        row, function = parent.row, parent.function
        found = await self._foresee(parent, flow, plan, inputs)
        triggers = {block.id for block in flow.blocks}
        calls = self._functions.calls
        if version is None or version == row.version:
            called = await calls.pinned(caller, row.pins)
        else:
            called = await calls.pin(caller, function, version, flow)
        request = RunRequest(
            workspace_id=caller.workspace_id,
            function_id=function.id,
            function_name=function.name,
            version=version or row.version,
            flow=flow,
            inputs=row.inputs if inputs is None else inputs,
            trigger={"type": "fork", "id": row.id, "author": caller.author},
            debug=debug,
            breakpoints=self._functions.breakpoints(caller, function, called.pins) if debug else (),
            priority=row.priority,
            durability=row.durability,
            timeout_ms=row.timeout_ms,
            start_block=parent.start if parent.start in triggers else start_block(flow, self._registry),
            fork=fork,
            pins=called.pins,
            called=called.flows,
        )
        facts_for = once.answer_facts()
        new = await self._engine.submit(request, lambda r: facts_for(self._told(r, found)))
        return self._told(new, found)

    # What it goes on from

    async def _parent(self, caller: Caller, run_id: str) -> _Parent:
        id_bytes("run", run_id)
        known = await self._store.read(lambda c: find_run_row(c, caller.workspace_id, run_id))
        if known is None:
            raise missing("run", run_id)
        row, start = known
        live = self._engine.find(row.id)
        if live is not None:
            row.status = live.status
        function = self._functions.head(caller, row.function_id)
        require_not_archived(function)
        return _Parent(row, start, function, await self._functions.flow(caller, function, row.version))

    async def _flow(self, caller: Caller, parent: _Parent, version: int | None) -> Flow:
        flow = parent.flow
        if version is not None and version != parent.row.version:
            flow = await self._functions.flow(caller, parent.function, version)
        self._functions.require_valid_version(parent.function, version or parent.row.version, flow)
        return flow

    async def _place(self, parent: _Parent, asked: ForkRun) -> tuple[str, int, int]:
        """Path, attempt and sequence of the checkpoint to fork at."""
        run_id = parent.row.id
        if (asked.checkpoint_id is None) == (asked.restore_point is None):
            raise InvalidInput(
                "Say where to fork: at one checkpoint or at one restore point.",
                hint="Send checkpointId (R/checkpoints lists them) or restorePoint (the name of a checkpoint block).",
                details=[Issue("checkpointId", "exactly one of checkpointId and restorePoint is needed")],
            )
        if asked.checkpoint_id is not None:
            path, attempt = parse_checkpoint_id(asked.checkpoint_id)
            seq = await self._store.read(lambda c: seq_of(c, run_id, path, attempt))
            if seq is None:
                raise missing("checkpoint", asked.checkpoint_id)
            return path, attempt, seq
        assert asked.restore_point is not None
        return await self._restore_point(parent, asked.restore_point)

    async def _restore_point(self, parent: _Parent, name: str) -> tuple[str, int, int]:
        points = [block for block in parent.flow.blocks if block.type == "checkpoint"]
        meant = [b for b in points if name in (b.name, handle(b.name), b.id, b.config.get("checkpointId"))]
        if not meant:
            names = ", ".join(f"“{b.name}”" for b in points) or "none"
            raise NotFound(
                f"Version {parent.row.version} of “{parent.function.name}” has no restore point “{name}”.",
                hint=f"It has {names}. A `checkpoint` block makes one; checkpointId forks at any checkpoint.",
            )
        found = await self._store.read(lambda c: last_completed(c, parent.row.id, [b.id for b in meant]))
        if found is None:
            raise InvalidState(
                f"The run did not come to the restore point “{name}”.", hint="Fork at a checkpoint that it came to."
            )
        path, attempt, seq, finished_at = found
        ttl = meant[0].config.get("ttlMinutes")
        if isinstance(ttl, int | float) and self._clock.now_us() > finished_at + ttl * 60_000_000:
            raise InvalidState(
                f"The restore point “{name}” was good for {ttl:g} minutes.", hint="Fork at a checkpoint instead."
            )
        return path, attempt, seq

    # What is told

    async def _foresee(
        self, parent: _Parent, flow: Flow, plan: Plan, inputs: dict[str, Any] | None = None
    ) -> Foresight:
        row = parent.row
        other_inputs = inputs is not None and inputs != row.inputs

        def look(cursor: Any) -> Foresight:
            program = compile_flow(flow, self._registry)
            changed: Mapping[str, str] = {}
            if flow is not parent.flow or other_inputs:
                changed = changes(compile_flow(parent.flow, self._registry), program, other_inputs=other_inputs)
            known = journals(cursor, self._store.values, row.id).get(row.id)
            if known is None:
                return Foresight()
            full = Plan(plan.is_fork, changed, plan.is_anew, plan.up_to, plan.repeats_effects)
            return foresee(program, known.journal.known, known.journal.begun, full)

        # In a reader's thread: a long journal must not hold the loop.
        return await self._store.read(look)

    def _told(self, row: RunRow, found: Foresight) -> RunGoesOn:
        run = run_of_live(row, self._clock.now_us())
        return RunGoesOn(
            **{name: getattr(run, name) for name in type(run).model_fields},
            reused=_listed(found.reused),
            rerun=_listed(found.rerun),
            kept=_listed(found.kept),
            counts=ReuseCounts(reused=len(found.reused), rerun=len(found.rerun), kept=len(found.kept)),
        )


def _listed(places: list[Seen]) -> tuple[Reuse, ...]:
    return tuple(
        Reuse(path=p.path, block_id=p.block_id, block_name=p.block_name, reason=p.reason) for p in places[:MOST_LISTED]
    )


def _require_over(row: RunRow, *, is_fork: bool) -> None:
    if row.status not in TERMINAL:
        raise InvalidState(
            f"The run is {row.status.value}, not over.",
            hint="Wait for its end, or cancel it; POST R/fork forks a run that is under way.",
        )
    if row.status is RunStatus.COMPLETED and not is_fork:
        raise InvalidState(
            "The run has completed: there is nothing to try again.",
            hint="Send inputs, version or fromBlockId to fork it, or start a new run.",
        )


def _require_block(flow: Flow, block_id: str) -> None:
    if all(block.id != block_id for block in flow.blocks):
        raise InvalidInput(
            f"There is no block `{block_id}` in this version.",
            hint="Send the id of one of the function's own blocks.",
            details=[Issue("fromBlockId", "must be the id of a block of the version that runs")],
        )

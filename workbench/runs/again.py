"""The rules of second attempts and forks: which runs may go on, from where, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.base.clock import Clock
from workbench.base.errors import FlowInvalid, InvalidInput, InvalidState, Issue
from workbench.blocks.registry import BlockRegistry
from workbench.editing.calls import NOTHING, Called
from workbench.editing.functions import Functions, require_not_archived
from workbench.editing.models import Function
from workbench.editing.starting import start_block
from workbench.engine import again
from workbench.engine.calls import Calls
from workbench.engine.comparing import Compared, Version
from workbench.engine.engine import Engine
from workbench.engine.foresight import Foresight, Plan, Seen, foresee, journal_past
from workbench.engine.forking import origin, runs_anew
from workbench.engine.journal_forks import find_run_row, last_seq
from workbench.engine.program import compile_flow
from workbench.engine.programs import Programs
from workbench.engine.queue import Entry
from workbench.engine.records import ForkOf, RunRequest, RunRow
from workbench.engine.states import TERMINAL, RunStatus
from workbench.flow.model import Flow
from workbench.rest import once
from workbench.rest.caller import Caller, id_bytes, missing
from workbench.runs.models import CalledVersion, ForkRun, RetryRun, Reuse, ReuseCounts, Run, RunGoesOn
from workbench.runs.places import Places
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
        self._places = Places(store, functions, clock)
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
        called = await self._functions.calls.pinned(caller, row.pins)
        found = await self._foresee(parent, parent.flow, Plan(), called, called)
        breakpoints = self._functions.breakpoints(caller, parent.function, row.pins) if row.debug else ()
        facts_for = once.answer_facts()
        versions = self._versions(caller, row.pins, called)
        entry = Entry(row, parent.flow, breakpoints, parent.start, called=called.flows)
        await again.retry(self._engine, entry, lambda r: facts_for(_told(self._shown(r), found, versions)))
        return _told(self._shown(row), found, versions)

    async def _fork_of_all(self, caller: Caller, parent: _Parent, asked: RetryRun) -> RunGoesOn:
        row = parent.row
        flow = await self._flow(caller, parent, asked.version)
        up_to = await self._store.read(lambda c: last_seq(c, row.id))
        if asked.from_block_id is not None:
            _require_block(flow, asked.from_block_id)
        changed = _changed(row, asked.version, asked.inputs)
        told = origin(row.id, up_to, fromBlockId=asked.from_block_id, effects=asked.effects, changed=changed)
        fork = ForkOf(row.id, up_to, told)
        return await self._fork(caller, parent, flow, fork, asked.version, asked.inputs, debug=row.debug)

    async def fork(self, caller: Caller, run_id: str, asked: ForkRun) -> RunGoesOn:
        """A new run that shares every checkpoint up to one of a run's, which may be under way.

        Raises NotFound (no such run, checkpoint or restore point), InvalidState, InvalidInput, FlowInvalid.
        """
        parent = await self._parent(caller, run_id)
        flow = await self._flow(caller, parent, asked.version)
        place = await self._places.of(caller, parent.row, parent.function, parent.flow, asked)
        fresh = [*(parent.row.forked_from or {}).get("freshVariablesAt", ()), *([place.path] * place.is_fresh)]
        told = origin(
            parent.row.id,
            place.seq,
            path=place.path,
            attempt=place.attempt,
            checkpointId=asked.checkpoint_id,
            restorePoint=asked.restore_point,
            changed=_changed(parent.row, asked.version, asked.inputs),
            freshVariablesAt=fresh or None,
        )
        fork = ForkOf(parent.row.id, place.seq, told, asked.variables)
        return await self._fork(caller, parent, flow, fork, asked.version, asked.inputs, debug=asked.debug)

    async def _fork(
        self,
        caller: Caller,
        parent: _Parent,
        flow: Flow,
        fork: ForkOf,
        version: int | None,
        inputs: dict[str, Any] | None,
        *,
        debug: bool,
    ) -> RunGoesOn:
        row, function = parent.row, parent.function
        triggers = {block.id for block in flow.blocks}
        before, called = await self._called(caller, parent, flow, version)
        asked = fork.origin
        plan = Plan(
            is_fork=True,
            is_anew=runs_anew(flow, asked.get("fromBlockId"), self._registry),
            up_to=fork.up_to if "path" in asked else None,
            repeats_effects=asked.get("effects") == "repeat",
        )
        found = await self._foresee(parent, flow, plan, before, called, fork, inputs)
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
        versions = self._versions(caller, row.pins, called)
        new = await self._engine.submit(request, lambda r: facts_for(_told(self._shown(r), found, versions)))
        return _told(self._shown(new), found, versions)

    async def _called(self, caller: Caller, parent: _Parent, flow: Flow, version: int | None) -> tuple[Called, Called]:
        """What the run called, and what its fork calls: the same, or what the version asked for calls as of now."""
        calls, pins = self._functions.calls, parent.row.pins
        if version is None:
            called = await calls.pinned(caller, pins)
            return called, called
        called = await calls.pin(caller, parent.function, version, flow)
        try:
            return await calls.pinned(caller, pins), called
        except FlowInvalid:  # what the parent called is gone: nothing of it can be compared
            return NOTHING, called

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
        await self._engine.settle_values(row.id)
        function = self._functions.head(caller, row.function_id)
        require_not_archived(function)
        return _Parent(row, start, function, await self._functions.flow(caller, function, row.version))

    async def _flow(self, caller: Caller, parent: _Parent, version: int | None) -> Flow:
        flow = parent.flow
        if version is not None and version != parent.row.version:
            flow = await self._functions.flow(caller, parent.function, version)
        self._functions.require_valid_version(parent.function, version or parent.row.version, flow)
        return flow

    # What is told

    async def _foresee(
        self,
        parent: _Parent,
        flow: Flow,
        plan: Plan,
        before: Called,
        called: Called,
        fork: ForkOf | None = None,
        inputs: dict[str, Any] | None = None,
    ) -> Foresight:
        row, registry, values = parent.row, self._registry, self._store.values
        other_inputs = inputs is not None and inputs != row.inputs

        def look(cursor: Any) -> Foresight:
            programs = Programs(registry)
            was = Version(
                programs.get((row.function_id, row.version), parent.flow), Calls(before.pins, before.flows, programs)
            )
            will = was
            if flow is not parent.flow or called is not before:
                program = was.program if flow is parent.flow else compile_flow(flow, registry)
                will = Version(program, Calls(called.pins, called.flows, programs))
            compared = Compared(was, will, other_inputs=other_inputs)
            return foresee(compared, journal_past(cursor, values, row.id, fork, flow, registry), plan)

        # In a reader's thread: a long journal must not hold the loop.
        return await self._store.read(look)

    def _shown(self, row: RunRow) -> Run:
        return run_of_live(row, self._clock.now_us())

    def _versions(self, caller: Caller, before: Mapping[str, int], called: Called) -> tuple[CalledVersion, ...]:
        found: list[CalledVersion] = []
        for pin, version in sorted(called.pins.items()):
            function_id = pin.partition("@")[0]
            name = self._functions.head(caller, function_id).name
            found.append(
                CalledVersion(
                    function_id=function_id, function_name=name, version=version, previous_version=before.get(pin)
                )
            )
        return tuple(found)


def _told(run: Run, found: Foresight, calls: tuple[CalledVersion, ...]) -> RunGoesOn:
    return RunGoesOn(
        **{name: getattr(run, name) for name in type(run).model_fields},
        reused=_listed(found.reused),
        rerun=_listed(found.rerun),
        kept=_listed(found.kept),
        counts=ReuseCounts(reused=len(found.reused), rerun=len(found.rerun), kept=len(found.kept)),
        calls=calls,
    )


def _changed(row: RunRow, version: int | None, inputs: dict[str, Any] | None) -> list[str] | None:
    """What a fork has otherwise than its parent; None for nothing."""
    found = ["inputs"] if inputs is not None and inputs != row.inputs else []
    return [*found, "version"] if version is not None else found or None


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

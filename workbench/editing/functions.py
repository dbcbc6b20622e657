"""The rules of functions: versions, status, breakpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from workbench.base.clock import Clock
from workbench.base.errors import FlowInvalid, InvalidInput, InvalidState, Issue, NotFound
from workbench.base.ids import Ids, to_bytes, to_text
from workbench.blocks.registry import BlockRegistry
from workbench.editing import store as sql
from workbench.editing.calls import Calls
from workbench.editing.canvas_facts import CanvasCreated
from workbench.editing.canvases import check_version, end_runs
from workbench.editing.cards import cards_of
from workbench.editing.completing import complete, fill
from workbench.editing.edits import close_edit, open_edit, typing_group
from workbench.editing.facts import BreakpointsSet, FunctionCreated, FunctionDeleted
from workbench.editing.flow_store import find_flow
from workbench.editing.memory import Memory
from workbench.editing.models import (
    Breakpoint,
    BreakpointsChange,
    Function,
    FunctionChange,
    FunctionWithFlow,
    NewFunction,
    ToValidate,
)
from workbench.editing.secret_uses import SecretNames
from workbench.engine.calls import pinned_functions
from workbench.engine.engine import Engine
from workbench.engine.records import Breakpoint as EngineBreakpoint
from workbench.flow.changes import HEAD_FIELDS, between, set_head
from workbench.flow.model import Flow
from workbench.flow.telling import as_commands
from workbench.flow.validation import Validation, validate
from workbench.rest import once
from workbench.rest.caller import Caller, id_bytes, missing
from workbench.rest.deleted import Deleted
from workbench.rest.paging import Page, Paged
from workbench.storage.facts import Fact
from workbench.storage.store import Store

Decision = tuple[list[Fact], Any]
DEFAULT_CANVAS_NAME = "My canvas"


class Functions:
    """Flows with a name, a status and numbered versions."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        registry: BlockRegistry,
        memory: Memory,
        clock: Clock,
        ids: Ids,
        secret_names: SecretNames | None,
    ) -> None:
        self._secret_names = secret_names
        self._store = store
        self._engine = engine
        self._registry = registry
        self._memory = memory
        self._clock = clock
        self._ids = ids
        self.calls = Calls(self, registry)

    # Reading

    def head(self, caller: Caller, function_id: str) -> Function:
        """A function without its flow, from memory. Raises NotFound."""
        id_bytes("function", function_id)
        function = self._memory.head(caller.workspace_id, function_id)
        if function is None:
            raise missing("function", function_id)
        return function

    def has(self, caller: Caller, function_id: str) -> bool:
        """Whether the workspace has such a function."""
        return self._memory.head(caller.workspace_id, function_id) is not None

    async def flow(self, caller: Caller, function: Function, version: int) -> Flow:
        """A version's flow. Raises NotFound."""
        flow = self._memory.flow(function.id, version)
        if flow is None:
            if version <= function.version:
                flow = await self._store.read(lambda c: find_flow(c, caller.workspace_id, function.id, version))
            if flow is None:
                raise NotFound(
                    f"“{function.name}” has no version {version}.", hint=f"Its latest version is {function.version}."
                )
            self._memory.keep_flow(function.id, version, flow)
        return flow

    def known_flow(self, head: Function) -> tuple[int, Flow] | None:
        """The newest version that memory knows, and its flow, if it was used lately; see `open_edit`."""
        flow = self._memory.flow(head.id, head.version)
        return (head.version, flow) if flow is not None else None

    async def get(self, caller: Caller, function_id: str, version: int | None = None) -> FunctionWithFlow:
        """A function with the flow of its latest, or of an old, version. Raises NotFound."""
        function = self.head(caller, function_id)
        flow = await self.flow(caller, function, version or function.version)
        shown = function if version is None else function.model_copy(update={"version": version})
        return self.with_flow(shown, flow)

    def with_flow(self, function: Function, flow: Flow) -> FunctionWithFlow:
        """A function with this flow and its cards."""
        return FunctionWithFlow.model_construct(
            **{name: getattr(function, name) for name in Function.model_fields},
            flow=flow,
            cards=cards_of(flow, self._registry),
        )

    async def list(self, caller: Caller, page: Page, wanted: sql.FunctionFilter) -> Paged[Function]:
        """A page of functions, newest first."""
        after: Any = page.after(int, str)
        if wanted.canvas_id is not None:
            id_bytes("canvas", wanted.canvas_id)
        rows, total = await self._store.read(
            lambda c: sql.list_functions(c, caller.workspace_id, wanted, after, page.fetch)
        )
        return page.cut(rows, lambda f: (f.created_at, f.id), total)

    async def validate(self, caller: Caller, asked: ToValidate) -> Validation:
        """All that is wrong with a flow or a function. Raises InvalidInput, NotFound."""
        if (asked.flow is None) == (asked.function_id is None):
            raise InvalidInput(
                "Send either `flow` or `functionId`.", details=[Issue("flow", "is needed, or else functionId")]
            )
        if asked.function_id is not None:
            function = self.head(caller, asked.function_id)
            return await self._validated(caller, await self.flow(caller, function, function.version), function)
        assert asked.flow is not None
        return await self._validated(caller, fill(asked.flow, self._registry))

    async def _validated(self, caller: Caller, flow: Flow, function: Function | None = None) -> Validation:
        secrets = self._secret_names(caller.workspace_id) if self._secret_names is not None else None
        found = validate(flow, self._registry, secrets)
        warnings = await self.calls.problems(caller, flow, function)
        return found.model_copy(update={"warnings": (*found.warnings, *warnings)}) if warnings else found

    def require_valid_version(self, function: Function, version: int, flow: Flow) -> None:
        """`require_valid` for a version's flow; a version never changes, so one that was found valid stays so."""
        if not self._memory.is_valid(function.id, version):
            self.require_valid(flow)
            self._memory.keep_valid(function.id, version)

    def require_valid(self, flow: Flow) -> None:
        """Raise FlowInvalid with every error of a flow that cannot run."""
        found = validate(flow, self._registry)
        if found.valid:
            return
        at = {b.id: i for i, b in enumerate(flow.blocks)}
        raise FlowInvalid(
            f"The flow cannot run: {found.errors[0].message}"
            + (f" (and {len(found.errors) - 1} more)" if len(found.errors) > 1 else ""),
            hint="POST /validate lists every problem with a fix where one is certain.",
            details=[
                Issue(
                    ".".join(filter(None, [f"flow.blocks[{at[p.block_id]}]" if p.block_id in at else "flow", p.field])),
                    p.message,
                )
                for p in found.errors
            ],
            data={"problems": [p.to_wire() for p in found.errors]},
        )

    # Writing

    async def create(self, caller: Caller, new: NewFunction) -> FunctionWithFlow:
        """Make a function, version 1. Raises NotFound for a canvas that is not there, InvalidInput."""
        flow = complete(new.flow, self._registry) if new.flow is not None else Flow()
        raw, now = to_bytes(self._ids.new()), self._clock.now_us()
        canvas_raw = id_bytes("canvas", new.canvas_id) if new.canvas_id is not None else None
        spare_canvas = to_bytes(self._ids.new())
        text = flow.model_dump_json(by_alias=True)

        def decide(cursor: Any) -> Decision:
            facts: list[Fact] = []
            canvas = canvas_raw
            if canvas is not None:
                if sql.find_canvas(cursor, caller.workspace_id, to_text(canvas)) is None:
                    raise missing("canvas", to_text(canvas))
            else:
                first = sql.first_canvas(cursor, caller.workspace_id)
                canvas = to_bytes(first) if first else spare_canvas
                if first is None:
                    facts.append(CanvasCreated(canvas, caller.workspace, DEFAULT_CANVAS_NAME, None, 0, now))
            fact = FunctionCreated(
                raw, caller.workspace, canvas, new.name, new.description, "draft", text, caller.author, "edit", now
            )
            return [*facts, fact], self.with_flow(created_function(fact), flow)

        function: FunctionWithFlow = await once.transact(self._store, decide, caller.workspace_id)
        self._memory.keep(caller.workspace_id, _bare(function))
        self._memory.keep_flow(function.id, 1, flow)
        return function

    async def update(self, caller: Caller, function_id: str, change: FunctionChange) -> FunctionWithFlow:
        """Change what is sent: one new version. Raises NotFound, InvalidInput, VersionConflict, FlowInvalid."""
        now = self._clock.now_us()
        sent = change.model_fields_set
        for field in ("name", "status", "flow"):
            if field in sent and getattr(change, field) is None:
                raise InvalidInput(f"A function needs a {field}.", details=[Issue(field, "cannot be null")])
        head = self.head(caller, function_id)
        sent_flow = complete(change.flow, self._registry) if change.flow is not None else None
        check_version(change.expected_version, head.version, "function")
        known = self.known_flow(head)
        group = self._ids.new()

        def decide(cursor: Any) -> tuple[list[Fact], tuple[FunctionWithFlow, Flow]]:
            edit = open_edit(cursor, caller, head.id, known, change.expected_version)
            after = {f: getattr(change, f) for f in HEAD_FIELDS if f in sent}
            changes = set_head(edit.draft.head, after)
            if sent_flow is not None:
                changes += between(edit.draft.flow, sent_flow)
            edit.draft.apply(changes)
            if change.status == "active":
                self.require_valid(edit.draft.flow)
            for type_, payload, made in as_commands(changes):
                edit.add(type_, payload, made)
            facts: list[Fact] = []
            if edit.done:
                joined = typing_group(cursor, edit, now)
                facts = [close_edit(edit, now, self._ids.new, to_bytes(joined or group))]
            return facts, (self.with_flow(edit.edited(now), edit.draft.flow), edit.draft.flow)

        answer, flow = await once.transact(self._store, decide, caller.workspace_id, lambda result: result[0])
        self._memory.keep(caller.workspace_id, _bare(answer))
        self._memory.keep_flow(answer.id, answer.version, flow)
        return answer

    async def delete(self, caller: Caller, function_id: str, *, force: bool) -> Deleted:
        """Delete a function with its versions and runs. Raises NotFound, InvalidState while it runs."""
        head = self.head(caller, function_id)
        await end_runs(self._engine, [head.id], force=force)
        fact = FunctionDeleted(to_bytes(head.id), caller.workspace, to_bytes(head.canvas_id), self._clock.now_us())

        def decide(cursor: Any) -> Decision:
            if sql.find_function(cursor, caller.workspace_id, head.id) is None:
                raise missing("function", function_id)
            theirs = sql.counts_of(cursor, caller.workspace_id, [head.id])
            return [fact], Deleted(id=head.id, counts={"functions": 1, **theirs})

        answer = await once.transact(self._store, decide, caller.workspace_id, frees=True)
        self._memory.drop(head.id)
        return answer

    # Breakpoints

    def breakpoints(self, caller: Caller, function: Function, pins: Mapping[str, int]) -> tuple[EngineBreakpoint, ...]:
        """Those of a function and of all that a run of it may call."""
        points = for_engine(function.breakpoints)
        for called in sorted(pinned_functions(pins) - {function.id}):
            inside = for_engine(self.head(caller, called).breakpoints)
            points += tuple(replace(point, function_id=called) for point in inside)
        return points

    async def set_breakpoints(self, caller: Caller, function_id: str, change: BreakpointsChange) -> Function:
        """Replace the breakpoints. Raises NotFound, InvalidInput for blocks that are not there."""
        head = self.head(caller, function_id)
        if (change.breakpoints is None) == (change.block_ids is None):
            raise InvalidInput(
                "Send either `breakpoints` or `blockIds`.",
                details=[Issue("breakpoints", "is needed, or else blockIds")],
            )
        points = tuple(Breakpoint.model_validate(b.model_dump()) for b in change.breakpoints or ()) or tuple(
            Breakpoint(block_id=i) for i in change.block_ids or ()
        )
        flow = await self.flow(caller, head, head.version)
        known = {b.id for b in flow.blocks}
        field: Callable[[int], str] = (
            (lambda i: f"breakpoints[{i}].blockId") if change.breakpoints is not None else (lambda i: f"blockIds[{i}]")
        )
        unknown = [
            Issue(field(i), f"no block has the id “{p.block_id}”")
            for i, p in enumerate(points)
            if p.block_id not in known
        ]
        if unknown:
            raise InvalidInput("A breakpoint names a block that is not in the function.", details=unknown)
        return await self._put_breakpoints(caller, head, points)

    async def clear_breakpoints(self, caller: Caller, function_id: str) -> Function:
        """Remove all breakpoints. Raises NotFound."""
        return await self._put_breakpoints(caller, self.head(caller, function_id), ())

    async def _put_breakpoints(self, caller: Caller, head: Function, points: tuple[Breakpoint, ...]) -> Function:
        text = msgspec.json.encode([p.to_wire() for p in points]).decode()
        fact = BreakpointsSet(to_bytes(head.id), caller.workspace, text)
        await self._store.append([fact], caller.workspace_id)
        function = self.head(caller, head.id).model_copy(update={"breakpoints": points})
        self._memory.keep(caller.workspace_id, function)
        self._engine.set_breakpoints(head.id, for_engine(points))
        return function


def for_engine(points: tuple[Breakpoint, ...]) -> tuple[EngineBreakpoint, ...]:
    """Breakpoints as the engine takes them."""
    return tuple(
        EngineBreakpoint(p.block_id, p.when, p.condition, p.hit_count, p.log_message, p.enabled) for p in points
    )


def require_not_archived(function: Function) -> None:
    """Raise InvalidState for a function that no longer runs."""
    if function.status == "archived":
        raise InvalidState(f"“{function.name}” is archived.", hint="Set its status to draft or active to run it.")


def created_function(fact: FunctionCreated) -> Function:
    """The function that a fact makes."""
    return Function(
        id=to_text(fact.id),
        canvas_id=to_text(fact.canvas),
        name=fact.title,
        description=fact.description,
        status=fact.status,  # type: ignore[arg-type]  # as the fact was made
        version=1,
        breakpoints=(),
        created_at=fact.at,
        updated_at=fact.at,
        updated_by=fact.author,
    )


def _bare(function: Function) -> Function:
    return Function.model_construct(**{name: getattr(function, name) for name in Function.model_fields})

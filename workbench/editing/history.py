"""The rules of the history: batches of commands, undo and redo, versions and what differs between them."""

from __future__ import annotations

from typing import Any

from workbench.base.clock import Clock
from workbench.base.errors import InvalidInput, InvalidState, Issue, NotFound, WorkbenchError
from workbench.base.ids import Ids, to_bytes
from workbench.blocks.registry import BlockRegistry
from workbench.editing import history_store as sql
from workbench.editing.canvases import check_version
from workbench.editing.completing import new_block, new_edge_id
from workbench.editing.edits import FunctionEdit, close_edit, open_edit, typing_group
from workbench.editing.facts import FunctionEdited
from workbench.editing.functions import Functions
from workbench.editing.memory import Memory
from workbench.editing.models import (
    Batch,
    BatchResult,
    CommandEntry,
    CommandResult,
    FunctionWithFlow,
    RestoreVersion,
    TakeBack,
    TakeBackTo,
    Version,
)
from workbench.editing.store import find_function
from workbench.editing.taking_back import Again
from workbench.flow.changes import HEAD_FIELDS, Put, Set, between
from workbench.flow.commands import with_ids
from workbench.flow.diff import Diff, diff
from workbench.flow.editor import Editor
from workbench.flow.model import Flow
from workbench.flow.validation import check_structure
from workbench.rest import once
from workbench.rest.caller import Caller, id_bytes, missing
from workbench.rest.paging import Page, Paged
from workbench.storage.facts import Fact
from workbench.storage.store import Store

MOST_TAKEN_BACK = 1000
"""So many changes one request takes back; each is an edit of its own, with its version."""


class History:
    """Every edit as a command, with what takes it back."""

    def __init__(
        self, store: Store, functions: Functions, registry: BlockRegistry, memory: Memory, clock: Clock, ids: Ids
    ) -> None:
        self._store = store
        self._functions = functions
        self._registry = registry
        self._memory = memory
        self._clock = clock
        self._ids = ids

    # Commands

    async def batch(self, caller: Caller, batch: Batch) -> BatchResult:
        """Carry out commands, all or none. Raises NotFound, InvalidInput, Conflict, VersionConflict, FlowInvalid."""
        group, now = self._ids.new(), self._clock.now_us()
        asked = list(dict.fromkeys(c.payload.function_id for c in batch.commands))
        known = {i: self._known_flow(caller, i) for i in asked}

        def decide(cursor: Any) -> tuple[list[Fact], tuple[BatchResult, list[FunctionEdit]]]:
            edits = {i: open_edit(cursor, caller, i, known[i]) for i in asked}
            results = self._carry_out(batch, edits)
            for i, edit in edits.items():
                self._require_sound(edit, [n for n, c in enumerate(batch.commands) if c.payload.function_id == i])
            changed = [e for e in edits.values() if e.done]
            joined = typing_group(cursor, changed[0], now) if len(changed) == 1 else None
            raw = to_bytes(joined or group)
            facts = [close_edit(e, now, self._ids.new, raw, message=batch.message) for e in changed]
            answer = BatchResult(
                group_id=(joined or group) if facts else None,
                label=facts[0].label if len(facts) == 1 else f"Changes in {len(facts)} functions" if facts else None,
                versions={e.function.id: e.edited(now).version for e in edits.values()},
                results=results,
            )
            return list(facts), (answer, changed)

        return await self._transact(caller, decide, now)

    def _carry_out(self, batch: Batch, edits: dict[str, FunctionEdit]) -> tuple[CommandResult, ...]:
        results: list[CommandResult] = []

        def id_of(at: int) -> str:
            told = results[at] if at < len(results) else None
            made = (told.block_id or told.edge_id or told.note_id or told.group_id) if told is not None else None
            if made is None:
                raise NotFound(f"“${at}” names no id: command {at} made none before this one.")
            return made

        for index, command in enumerate(batch.commands):
            edit = edits[command.payload.function_id]
            try:
                check_version(command.expected_version, edit.function.version, "function")
                results.append(self._one(index, command.type, with_ids(command.payload, id_of), edit))
            except WorkbenchError as error:
                issues = [Issue(f"commands[{index}].payload.{i.field}", i.issue) for i in error.details]
                error.details = issues or [Issue(f"commands[{index}]", error.message)]
                raise
        return tuple(results)

    def _one(self, index: int, type_: str, payload: Any, edit: FunctionEdit) -> CommandResult:
        editor = Editor(
            edit.draft, self._registry, lambda flow, sent: new_block(flow, sent, self._registry), new_edge_id
        )
        changes = editor.do(payload)
        told = payload.model_dump(mode="json", by_alias=True, exclude_unset=True)
        del told["functionId"]
        made: dict[str, str] = {}
        for kind in ("block", "edge", "note", "group"):
            if type_ == f"ADD_{kind.upper()}":
                first = changes[0]  # as it was made whole; where ids tell no notes apart, the list has it at its end
                told[kind] = first.value if isinstance(first, Put) else first.after[-1]  # type: ignore[union-attr]
                made[f"{kind}_id"] = told[kind]["id"]
            elif f"{kind}Id" in told:
                made[f"{kind}_id"] = told[f"{kind}Id"]
        edit.add(type_, told, changes)
        return CommandResult(index=index, type=type_, **made)

    def _require_sound(self, edit: FunctionEdit, indexes: list[int]) -> None:
        issues = check_structure(edit.draft.flow)
        if issues:
            where = f"commands[{indexes[-1]}]" if indexes else "commands"
            raise InvalidInput(
                f"The flow cannot be saved after that: {issues[0].field} {issues[0].issue}.",
                details=[Issue(f"{where}.{i.field}", i.issue) for i in issues],
            )
        if edit.has_new_status and edit.draft.head["status"] == "active":
            self._functions.require_valid(edit.draft.flow)

    # Undo and redo

    async def undo(self, caller: Caller, asked: TakeBackTo) -> BatchResult:
        """Take back the last change that stands, a named one, or all from one on.

        Raises NotFound, InvalidState, Conflict, InvalidInput.
        """
        if asked.to_group_id is not None and (asked.group_id is not None or asked.function_id is None):
            raise InvalidInput(
                "`toGroupId` goes with `functionId` and without `groupId`.",
                details=[
                    Issue("toGroupId", "needs functionId" if asked.function_id is None else "goes without groupId")
                ],
            )
        return await self._again(caller, asked, "undo", asked.to_group_id)

    async def redo(self, caller: Caller, asked: TakeBack) -> BatchResult:
        """Make again what was taken back last. Raises NotFound, InvalidState, Conflict."""
        return await self._again(caller, asked, "redo")

    async def _again(self, caller: Caller, asked: TakeBack, kind: str, down_to: str | None = None) -> BatchResult:
        if asked.expected_version is not None and asked.function_id is None:
            raise InvalidInput(
                "`expectedVersion` is the version of a function.",
                details=[Issue("expectedVersion", "needs functionId")],
            )
        known = self._known_flow(caller, asked.function_id) if asked.function_id is not None else None
        for named in (asked.group_id, down_to):
            if named is not None:
                id_bytes("change", named)
        now = self._clock.now_us()

        def decide(cursor: Any) -> tuple[list[Fact], tuple[BatchResult, list[FunctionEdit]]]:
            _require_version(cursor, caller, asked)
            if down_to is not None:
                group_ids = _from(cursor, caller, asked, down_to)
            else:
                group_ids = [asked.group_id or _next(cursor, caller, asked, kind)]
            is_alone = down_to is None and (asked.group_id is not None or asked.function_id is None)
            again = Again(cursor, caller, kind, asked, known, is_alone)
            facts: list[FunctionEdited] = []
            for group_id in group_ids:
                raw = to_bytes(self._ids.new())
                for edit, label in again.group(group_id, self._require_sound):
                    of = to_bytes(group_id)
                    facts.append(close_edit(edit, now, self._ids.new, raw, kind=kind, of=of, label=label))
                again.go_on(now)
            label = facts[0].label if len(group_ids) == 1 else f"{len(group_ids)} changes"
            answer = BatchResult(
                group_id=group_ids[-1],
                label=label,
                versions={e.function.id: e.function.version for e in again.edits},
            )
            return list(facts), (answer, again.edits)

        return await self._transact(caller, decide, now)

    # Versions

    async def versions(self, caller: Caller, function_id: str, page: Page) -> Paged[Version]:
        """A page of versions, newest first. Raises NotFound."""
        head = self._functions.head(caller, function_id)
        after: Any = page.after(int)
        rows, total = await self._store.read(
            lambda c: sql.versions(c, caller.workspace_id, head.id, after[0] if after else None, page.fetch)
        )
        return page.cut(rows, lambda v: (v.number,), total)

    async def diff(self, caller: Caller, function_id: str, before: int, after: int) -> Diff:
        """What differs between two versions. Raises NotFound."""
        head = self._functions.head(caller, function_id)
        old = await self._functions.flow(caller, head, before)
        new = await self._functions.flow(caller, head, after)
        now = {name: getattr(head, name) for name in HEAD_FIELDS}
        edits = await self._store.read(
            lambda c: sql.since(c, caller.workspace_id, head.id, min(before, after), every=True)
        )
        heads = (_head_at(now, edits, before), _head_at(now, edits, after))
        return diff(old, new, (before, after), heads)

    async def restore(self, caller: Caller, function_id: str, number: int, asked: RestoreVersion) -> FunctionWithFlow:
        """Make an old version's flow the newest. Raises NotFound, VersionConflict."""
        head = self._functions.head(caller, function_id)
        flow = await self._functions.flow(caller, head, number)
        return await self.put_flow(
            caller, head.id, flow, "restore", f"Restore of version {number}", asked.message, asked.expected_version
        )

    async def put_flow(
        self,
        caller: Caller,
        function_id: str,
        flow: Flow,
        kind: str,
        label: str,
        message: str | None = None,
        expected: int | None = None,
    ) -> FunctionWithFlow:
        """Make a whole flow the newest version, as one change that can be taken back."""
        now, group = self._clock.now_us(), self._ids.new()
        known = self._known_flow(caller, function_id)

        def decide(cursor: Any) -> tuple[list[Fact], tuple[FunctionWithFlow, list[FunctionEdit]]]:
            edit = open_edit(cursor, caller, function_id, known, expected)
            changes = between(edit.draft.flow, flow)
            edit.draft.apply(changes)
            edit.add(kind.upper(), {"label": label}, changes)
            facts: list[Fact] = []
            if edit.done:
                facts = [close_edit(edit, now, self._ids.new, to_bytes(group), kind=kind, label=label, message=message)]
            return facts, (self._functions.with_flow(edit.edited(now), edit.draft.flow), [edit])

        return await self._transact(caller, decide, now)

    # The history

    async def entries(
        self, caller: Caller, function_id: str | None, page: Page
    ) -> tuple[Paged[CommandEntry], dict[str, Any]]:
        """A page of the history, newest first, and what can be undone and redone. Raises NotFound."""
        function = self._functions.head(caller, function_id).id if function_id is not None else None
        after: Any = page.after(int, int, str)
        rows, total, undo, redo = await self._store.read(
            lambda c: (
                sql.history(c, caller.workspace_id, function, after, page.fetch)
                if function is not None
                else sql.workspace_history(c, caller.workspace_id, caller.author, after, page.fetch)
            )
        )
        meta = {"canUndo": undo is not None, "canRedo": redo is not None, "undo": _told(undo), "redo": _told(redo)}
        return page.cut(rows, lambda e: (e.created_at, e.position, e.id), total), meta

    # Common

    def _known_flow(self, caller: Caller, function_id: str) -> tuple[int, Flow] | None:
        return self._functions.known_flow(self._functions.head(caller, function_id))

    async def _transact(self, caller: Caller, decide: Any, now: int) -> Any:
        answer, edits = await once.transact(self._store, decide, caller.workspace_id, lambda result: result[0])
        for edit in edits:
            after = edit.edited(now)
            self._memory.keep(caller.workspace_id, after)
            self._memory.keep_flow(after.id, after.version, edit.draft.flow)
        return answer


def _require_version(cursor: Any, caller: Caller, asked: TakeBack) -> None:
    """Raise VersionConflict before anything else is said of a function that was expected at another version."""
    if asked.expected_version is not None and asked.function_id is not None:
        function = find_function(cursor, caller.workspace_id, asked.function_id)
        if function is None:
            raise missing("function", asked.function_id)
        check_version(asked.expected_version, function.version, "function")


def _next(cursor: Any, caller: Caller, asked: TakeBack, kind: str) -> str:
    find = sql.to_undo if kind == "undo" else sql.to_redo
    step = find(cursor, caller.workspace_id, asked.function_id, caller.author)
    if step is None:
        where = "in this function" if asked.function_id else "of yours"
        raise InvalidState(
            f"There is nothing {where} to {kind}.",
            hint="The history lists every change; any that stands can be taken back by its `groupId`."
            if kind == "undo"
            else "Only what was undone since the last change can be made again.",
        )
    return step.group_id


def _from(cursor: Any, caller: Caller, asked: TakeBack, down_to: str) -> list[str]:
    """The changes of the function that stand, from the newest down to this one."""
    assert asked.function_id is not None
    groups = sql.standing_from(cursor, caller.workspace_id, asked.function_id, down_to, MOST_TAKEN_BACK + 1)
    if not groups:
        raise missing("change", down_to)
    if len(groups) > MOST_TAKEN_BACK:
        raise InvalidInput(
            f"More than {MOST_TAKEN_BACK:,} changes came after it.",
            hint="POST /functions/{functionId}/versions/{number}/restore brings an old version back in one step.",
            details=[Issue("toGroupId", "is too far back")],
        )
    return groups


def _head_at(now: dict[str, Any], edits: list[sql.Edit], number: int) -> dict[str, Any]:
    """The function's name, description and status as they were at a version; `edits` are those since, latest first."""
    head = dict(now)
    for edit in edits:
        if edit.version <= number:
            break
        for change in reversed(edit.changes):
            if isinstance(change, Set) and change.kind == "function":
                head[change.path[0]] = change.before
    return head


def _told(step: sql.Step | None) -> dict[str, Any] | None:
    if step is None:
        return None
    return {"groupId": step.group_id, "label": step.label, "author": step.author, "functionId": step.function_id}

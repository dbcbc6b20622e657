"""The rules of the history: batches of commands, undo and redo, versions and what differs between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.base.clock import Clock
from workbench.base.errors import Conflict, InvalidInput, InvalidState, Issue, NotFound, WorkbenchError
from workbench.base.ids import Ids, to_bytes
from workbench.blocks.registry import BlockRegistry
from workbench.editing import history_store as sql
from workbench.editing.canvases import check_version
from workbench.editing.completing import new_block, new_edge_id
from workbench.editing.edits import FunctionEdit, close_edit, open_edit, open_edits, typing_group
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
    Version,
)
from workbench.flow.changes import HEAD_FIELDS, Change, Set, Standing, between, inverse, touched
from workbench.flow.commands import Editor
from workbench.flow.diff import Diff, diff
from workbench.flow.model import Flow
from workbench.flow.validation import check_structure
from workbench.rest import once
from workbench.rest.caller import Caller, id_bytes, missing
from workbench.rest.paging import Page, Paged
from workbench.storage.facts import Fact
from workbench.storage.store import Store


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
        if len({i.lower() for i in asked}) != len(asked):
            raise InvalidInput(
                "One function is named in two spellings.", details=[Issue("commands", "use one spelling")]
            )

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

        def resolve(reference: str) -> str:
            if not reference.startswith("$"):
                return reference
            at = int(reference[1:])
            made = (results[at].block_id or results[at].edge_id) if at < len(results) else None
            if made is None:
                raise NotFound(f"“{reference}” names no id: command {at} made none before this one.")
            return made

        for index, command in enumerate(batch.commands):
            edit = edits[command.payload.function_id]
            try:
                check_version(command.expected_version, edit.function.version, "function")
                results.append(self._one(index, command, edit, resolve))
            except WorkbenchError as error:
                issues = [Issue(f"commands[{index}].payload.{i.field}", i.issue) for i in error.details]
                error.details = issues or [Issue(f"commands[{index}]", error.message)]
                raise
        return tuple(results)

    def _one(self, index: int, command: Any, edit: FunctionEdit, resolve: Callable[[str], str]) -> CommandResult:
        editor = Editor(
            edit.draft, self._registry, lambda flow, sent: new_block(flow, sent, self._registry), new_edge_id, resolve
        )
        payload = command.payload
        changes = editor.do(payload)
        told = payload.model_dump(mode="json", by_alias=True, exclude_unset=True)
        del told["functionId"]
        made: dict[str, str] = {}
        for kind in ("block", "edge"):
            if kind in told:
                told[kind] = changes[0].value  # type: ignore[union-attr]  # as it was made whole
                made[f"{kind}_id"] = told[kind]["id"]
            elif f"{kind}Id" in told:
                made[f"{kind}_id"] = told[f"{kind}Id"] = resolve(told[f"{kind}Id"])
        edit.add(command.type, told, changes)
        return CommandResult(index=index, type=command.type, **made)

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

    async def undo(self, caller: Caller, asked: TakeBack) -> BatchResult:
        """Take back the last change that stands, or a named one. Raises NotFound, InvalidState, Conflict."""
        return await self._again(caller, asked, "undo")

    async def redo(self, caller: Caller, asked: TakeBack) -> BatchResult:
        """Make again what was taken back last. Raises NotFound, InvalidState, Conflict."""
        return await self._again(caller, asked, "redo")

    async def _again(self, caller: Caller, asked: TakeBack, kind: str) -> BatchResult:
        known = self._known_flow(caller, asked.function_id) if asked.function_id is not None else None
        if asked.group_id is not None:
            id_bytes("change", asked.group_id)
        now, new_group = self._clock.now_us(), self._ids.new()

        def decide(cursor: Any) -> tuple[list[Fact], tuple[BatchResult, list[FunctionEdit]]]:
            group_id = asked.group_id or _next(cursor, caller, asked, kind)
            steps = sql.group(cursor, caller.workspace_id, group_id)
            if not steps or (asked.function_id and all(s.function_id != asked.function_id.lower() for s in steps)):
                raise missing("change", group_id)
            _require_standing(steps, kind)
            by_function: dict[str, list[sql.Edit]] = {}
            for step in steps:
                by_function.setdefault(step.function_id, []).append(step)
            if len(by_function) > 1:
                opened = open_edits(cursor, caller, list(by_function))
            else:
                (only,) = by_function
                opened = {only: open_edit(cursor, caller, only, known)}
            for function_id, edit in opened.items():
                if asked.function_id is not None and function_id == asked.function_id.lower():
                    check_version(asked.expected_version, edit.function.version, "function")
                self._apply(cursor, edit, by_function[function_id], kind, group_id)
            edits = list(opened.values())
            label, raw, of = steps[-1].label, to_bytes(new_group), to_bytes(group_id)
            facts = [close_edit(e, now, self._ids.new, raw, kind=kind, of=of, label=label) for e in edits]
            answer = BatchResult(
                group_id=group_id, label=label, versions={e.function.id: e.edited(now).version for e in edits}
            )
            return list(facts), (answer, edits)

        return await self._transact(caller, decide, now)

    def _apply(self, cursor: Any, edit: FunctionEdit, steps: list[sql.Edit], kind: str, group_id: str) -> None:
        forward = [change for step in steps for change in step.changes]
        changes = inverse(forward) if kind == "undo" else forward
        try:
            edit.draft.apply(changes)
        except Standing as standing:
            raise _in_the_way(cursor, edit, steps, standing, kind) from None
        edit.add(kind.upper(), {"groupId": group_id, "label": steps[-1].label}, changes)
        self._require_sound(edit, [])

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


def _next(cursor: Any, caller: Caller, asked: TakeBack, kind: str) -> str:
    find = sql.to_undo if kind == "undo" else sql.to_redo
    step = find(cursor, caller.workspace_id, asked.function_id, caller.author)
    if step is None:
        where = "in this function" if asked.function_id else "of yours"
        raise InvalidState(
            f"There is nothing {where} to {kind}.",
            hint="GET /commands/history lists every change; send its `groupId` to take back an earlier one."
            if kind == "undo"
            else "Only what was undone since the last change can be made again.",
        )
    return step.group_id


def _require_standing(steps: list[sql.Edit], kind: str) -> None:
    first = steps[0]
    if first.kind in ("undo", "redo"):
        raise InvalidState(f"“{first.label}” is an {first.kind} itself.", hint="Name the change that it is about.")
    if first.undone and kind == "undo":
        raise InvalidState(f"“{first.label}” is undone already.", hint="POST /commands/redo makes it again.")
    if not first.undone and kind == "redo":
        raise InvalidState(f"“{first.label}” is not undone.", hint="Only what was undone can be made again.")


def _in_the_way(cursor: Any, edit: FunctionEdit, steps: list[sql.Edit], standing: Standing, kind: str) -> Conflict:
    """Who changed since what this needs, and when."""
    at = touched(standing.change)
    later = sql.since(cursor, edit.caller.workspace_id, edit.function.id, max(s.version for s in steps))
    blame = next((e for e in later if any(_is_near(c, standing.change) for c in e.changes)), None)
    block = edit.draft.flow.block(at[1]) if at[0] == "block" else None
    named = f"block “{block.name}”" if block is not None else f"{at[0]} “{at[1]}”" if at[1] else f"{at[0]}"
    who = f" “{blame.label}” by {blame.author} (version {blame.version}) came after it." if blame else ""
    value = getattr(standing.change, "value", None)
    return Conflict(
        f"“{steps[-1].label}” cannot be {'undone' if kind == 'undo' else 'made again'}: {named}: {standing.why}.{who}",
        hint=f"Undo “{blame.label}” first, or change the {at[0]} by hand." if blame else "Change it by hand.",
        details=[Issue(f"{at[0]}s.{at[1]}" if at[1] else at[0], standing.why)],
        data={
            "blockId": at[1] if at[0] == "block" else (value or {}).get("source") if at[0] == "edge" else None,
            "groupId": blame.group_id if blame else None,
            "version": blame.version if blame else None,
            "author": blame.author if blame else None,
        },
    )


def _is_near(change: Change, wanted: Change) -> bool:
    """Whether a change is about the place of another: the same field, or the block or edge as a whole."""
    kind, item = touched(wanted)
    if touched(change) == (kind, item):
        return not isinstance(change, Set) or not isinstance(wanted, Set) or change.path == wanted.path
    value = getattr(change, "value", None)
    return isinstance(value, dict) and kind == "block" and item in (value.get("source"), value.get("target"))


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

"""One edit of one function while it is decided: opened, changed, and closed into the fact of its new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from workbench.base.ids import to_bytes
from workbench.editing import history_store, store
from workbench.editing.canvases import check_version
from workbench.editing.facts import Entry, FunctionEdited
from workbench.editing.flow_store import find_flow, latest_flows
from workbench.editing.models import Function
from workbench.flow.changes import HEAD_FIELDS, Change, Draft, Set, to_text
from workbench.flow.model import Flow
from workbench.flow.telling import label_of, label_of_head
from workbench.rest.caller import Caller, missing

KEEP_EVERY = 20
"""So many versions apart a flow is kept whole; those between are made again by at most so many commands."""
KEEP_OVER_BYTES = 32 * 1024
"""A version whose changes are larger is kept whole too."""
TYPING_US = 3_000_000
"""Changes of one field of one block by one author that follow each other within this time are one step to take back."""
SOURCES = {"command": "edit", "undo": "undo", "redo": "redo", "restore": "restore", "import": "import"}


@dataclass(slots=True)
class FunctionEdit:
    """One function under edit: as it stands, and the draft that commands change."""

    caller: Caller
    function: Function
    draft: Draft
    done: list[tuple[str, dict[str, Any], list[Change]]] = field(default_factory=list)
    """Commands so far: type, payload as on the wire, changes."""

    def add(self, type_: str, payload: dict[str, Any], changes: list[Change]) -> None:
        """A command that the draft has carried out; without changes it leaves no trace."""
        if changes:
            self.done.append((type_, payload, changes))

    @property
    def changes(self) -> list[Change]:
        """All changes so far, in order."""
        return [change for _, _, changes in self.done for change in changes]

    @property
    def has_new_status(self) -> bool:
        """Whether the status changes."""
        return self.draft.head["status"] != self.function.status

    def edited(self, now: int) -> Function:
        """The function with its new version."""
        if not self.done:
            return self.function
        return self.function.model_copy(
            update={
                **self.draft.head,
                "version": self.function.version + 1,
                "updated_at": now,
                "updated_by": self.caller.author,
            }
        )


def open_edit(
    cursor: Any, caller: Caller, function_id: str, known: tuple[int, Flow] | None = None, expected: int | None = None
) -> FunctionEdit:
    """Begin. `known` is a version and its flow, used if it is the latest. Raises NotFound, VersionConflict."""
    function = store.find_function(cursor, caller.workspace_id, function_id)
    if function is None:
        raise missing("function", function_id)
    check_version(expected, function.version, "function")
    if known is not None and known[0] == function.version:
        flow = known[1]
    else:
        flow = find_flow(cursor, caller.workspace_id, function.id, function.version) or Flow()
    return _opened(caller, function, flow)


def open_edits(cursor: Any, caller: Caller, function_ids: Sequence[str]) -> dict[str, FunctionEdit]:
    """Begin edits of many functions, by id, with a few queries for all of them. Raises NotFound."""
    functions = store.find_functions(cursor, caller.workspace_id, function_ids)
    flows = latest_flows(cursor, caller.workspace_id, function_ids)
    for function_id in function_ids:
        if function_id not in functions:
            raise missing("function", function_id)
    return {i: _opened(caller, functions[i], flows.get(i) or Flow()) for i in function_ids}


def _opened(caller: Caller, function: Function, flow: Flow) -> FunctionEdit:
    return FunctionEdit(caller, function, Draft(flow, {name: getattr(function, name) for name in HEAD_FIELDS}))


def close_edit(
    edit: FunctionEdit,
    now: int,
    new_id: Any,
    group: bytes,
    *,
    kind: str = "command",
    of: bytes | None = None,
    label: str | None = None,
    message: str | None = None,
) -> FunctionEdited:
    """The fact of the new version; there must be a change."""
    after = edit.edited(now)
    entries = [
        Entry(to_bytes(new_id()), type_, msgspec.json.encode(payload).decode(), to_text(changes))
        for type_, payload, changes in edit.done
    ]
    is_kept = (
        after.version % KEEP_EVERY == 0
        or kind in ("restore", "import")
        or sum(len(e.changes) for e in entries) > KEEP_OVER_BYTES
    )
    return FunctionEdited(
        to_bytes(after.id),
        edit.caller.workspace,
        to_bytes(after.canvas_id),
        after.name,
        after.description,
        after.status,
        after.version,
        edit.draft.flow.model_dump_json(by_alias=True) if is_kept else None,
        edit.caller.author,
        SOURCES[kind],
        edit.caller.origin,
        message,
        now,
        group,
        kind,
        of,
        label or label_for(edit),
        entries,
    )


def label_for(edit: FunctionEdit) -> str:
    """What the commands do, in a few words."""
    if all(type_ == "UPDATE_FUNCTION" for type_, _, _ in edit.done):
        return label_of_head({name: getattr(edit.function, name) for name in HEAD_FIELDS}, edit.draft.head)
    names = {b.id: b.name for b in edit.draft.flow.blocks}
    touched: dict[str, str] = {}
    for type_, payload, _ in edit.done:
        if type_ in ("ADD_EDGE", "REMOVE_EDGE"):
            continue
        block = payload.get("block")
        block_id = payload.get("blockId") or (block.get("id") if isinstance(block, dict) else None)
        if block_id is not None:
            name = block.get("name") if isinstance(block, dict) else None
            touched[block_id] = names.get(block_id) or name or payload.get("name") or _gone(edit, block_id)
    return label_of([type_ for type_, _, _ in edit.done], list(touched.values()))


def _gone(edit: FunctionEdit, block_id: str) -> str:
    for change in edit.changes:
        value = getattr(change, "value", None)
        if isinstance(value, dict) and value.get("id") == block_id:
            return str(value.get("name", block_id))
    return block_id


def typing_group(cursor: Any, edit: FunctionEdit, now: int) -> str | None:
    """The group that this edit goes on with: typing in one field of one block is one step to take back."""
    field_ = _typed(edit.done[0][0], edit.changes) if len(edit.done) == 1 else None
    if field_ is None or now - edit.function.updated_at >= TYPING_US:
        return None
    last = history_store.latest(cursor, edit.caller.workspace_id, edit.function.id, edit.function.version)
    if len(last) != 1 or last[0].undone or last[0].kind != "command":
        return None
    before = last[0]
    is_mine = (before.author, before.origin) == (edit.caller.author, edit.caller.origin)
    if is_mine and _typed(before.type, before.changes) == field_:
        return before.group_id
    return None


def _typed(type_: str, changes: list[Change]) -> tuple[str, tuple[str, ...]] | None:
    """The block and the text field that a command typed in, if that is all it did."""
    if type_ != "UPDATE_BLOCK" or len(changes) != 1:
        return None
    (change,) = changes
    if not isinstance(change, Set) or not isinstance(change.after, str):
        return None
    return change.id, tuple(change.path)

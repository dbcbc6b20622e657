"""Undo and redo of groups of commands, while it is decided: what is applied, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workbench.base.errors import Conflict, InvalidState, Issue
from workbench.editing import history_store as sql
from workbench.editing.edits import FunctionEdit, open_edit, open_edits
from workbench.editing.models import TakeBack
from workbench.flow.changes import HEAD_FIELDS, Change, Draft, Set, Standing, inverse, touched
from workbench.flow.meeting import Places
from workbench.flow.model import Flow
from workbench.rest.caller import Caller, missing


@dataclass(slots=True)
class Again:
    """Groups that are taken back, or made again, one after another, each on what the one before has left."""

    cursor: Any
    caller: Caller
    kind: str
    asked: TakeBack
    known: tuple[int, Flow] | None
    """A version of the named function and its flow; see `open_edit`."""
    is_alone: bool = False
    """Whether what is taken back need not be the newest that stands."""
    _open: dict[str, FunctionEdit] = field(default_factory=dict[str, FunctionEdit])
    _done: set[str] = field(default_factory=set[str])

    @property
    def edits(self) -> list[FunctionEdit]:
        """The functions as they are after all that was done."""
        return list(self._open.values())

    def group(
        self, group_id: str, require_sound: Callable[[FunctionEdit, list[int]], None]
    ) -> list[tuple[FunctionEdit, str]]:
        """The edits of one group, each with its label. Raises NotFound, InvalidState, Conflict."""
        steps = sql.group(self.cursor, self.caller.workspace_id, group_id)
        of_function = self.asked.function_id
        if not steps or (of_function and all(s.function_id != of_function for s in steps)):
            raise missing("change", group_id)
        _require_standing(steps, self.kind)
        by_function: dict[str, list[sql.Edit]] = {}
        for step in steps:
            by_function.setdefault(step.function_id, []).append(step)
        self._begin([i for i in by_function if i not in self._open])
        found: list[tuple[FunctionEdit, str]] = []
        for function_id, mine in by_function.items():
            edit = self._open[function_id]
            self._apply(edit, mine, group_id)
            require_sound(edit, [])
            found.append((edit, steps[-1].label))
        self._done.add(group_id)
        return found

    def go_on(self, now: int) -> None:
        """Take the edits so far for made: what follows is made on them."""
        for function_id, edit in self._open.items():
            if edit.done:
                function = edit.edited(now)
                head = {name: getattr(function, name) for name in HEAD_FIELDS}
                self._open[function_id] = FunctionEdit(self.caller, function, Draft(edit.draft.flow, head))

    def _begin(self, function_ids: list[str]) -> None:
        if len(function_ids) > 1:
            self._open |= open_edits(self.cursor, self.caller, function_ids)
        elif function_ids:
            (only,) = function_ids
            known = self.known if only == self.asked.function_id else None
            self._open[only] = open_edit(self.cursor, self.caller, only, known)

    def _apply(self, edit: FunctionEdit, steps: list[sql.Edit], group_id: str) -> None:
        forward = [change for step in steps for change in step.changes]
        changes = inverse(forward) if self.kind == "undo" else forward
        try:
            edit.draft.apply(changes)
        except Standing as standing:
            raise self._in_the_way(edit, steps, standing) from None
        if self.kind == "undo" and self.is_alone:
            self._require_last_word(edit, steps)
        edit.add(self.kind.upper(), {"groupId": group_id, "label": steps[-1].label}, changes)

    def _require_last_word(self, edit: FunctionEdit, steps: list[sql.Edit]) -> None:
        """Raise Conflict where a later change that stands is about the same place, even if it is as it was again.

        That change could not be taken back any more otherwise.
        """
        later = self._since(edit, steps)
        if later:
            mine = Places(change for step in steps for change in step.changes)
            blame = _blamed(later, mine.meeting, {steps[-1].group_id})
            if blame is not None:
                change = next(c for c in blame.changes if mine.meeting(c))
                raise _conflict(edit, steps, Standing(change, "it was changed since"), self.kind, later, blame)

    def _in_the_way(self, edit: FunctionEdit, steps: list[sql.Edit], standing: Standing) -> Conflict:
        """Who changed since what this needs, and when; what is done already stands no more."""
        later = self._since(edit, steps)
        done = {*self._done, steps[-1].group_id}
        blame = _blamed(later, lambda change: _is_near(change, standing.change), done)
        return _conflict(edit, steps, standing, self.kind, later, blame)

    def _since(self, edit: FunctionEdit, steps: list[sql.Edit]) -> list[sql.Edit]:
        """Every edit of the function since these were made, or made again; the latest first."""
        workspace, function_id = self.caller.workspace_id, edit.function.id
        version = max(s.version for s in steps)
        if self.kind == "undo":
            version = max(version, sql.redone_at(self.cursor, workspace, function_id, steps[-1].group_id))
        if version == edit.function.version:
            return []
        return sql.since(self.cursor, workspace, function_id, version, every=True)


def _require_standing(steps: list[sql.Edit], kind: str) -> None:
    first = steps[0]
    if first.kind in ("undo", "redo"):
        article = "an" if first.kind == "undo" else "a"
        raise InvalidState(
            f"“{first.label}” is {article} {first.kind} itself.", hint="Name the change that it is about."
        )
    if first.undone and kind == "undo":
        raise InvalidState(f"“{first.label}” is undone already.", hint="Redo makes it again.")
    if not first.undone and kind == "redo":
        raise InvalidState(f"“{first.label}” is not undone.", hint="Only what was undone can be made again.")


def _conflict(
    edit: FunctionEdit,
    steps: list[sql.Edit],
    standing: Standing,
    kind: str,
    later: list[sql.Edit],
    blame: sql.Edit | None,
) -> Conflict:
    at = touched(standing.change)
    block = edit.draft.flow.block(at[1]) if at[0] == "block" else None
    name = block.name if block is not None else _name_then(at[1], later) or at[1]
    named = f"{at[0]} “{name}”" if at[1] else at[0]
    who = f" “{blame.label}” by {blame.author} (version {blame.version}) came after it." if blame else ""
    value = getattr(standing.change, "value", None)
    return Conflict(
        f"“{steps[-1].label}” cannot be {'undone' if kind == 'undo' else 'made again'}: {named}: {standing.why}.{who}",
        hint=f"{'Redo' if blame.kind == 'undo' else 'Undo'} “{blame.label}” first, or change the {at[0]} by hand."
        if blame
        else "Change it by hand.",
        details=[Issue(f"{at[0]}s.{at[1]}" if at[1] else at[0], standing.why)],
        data={
            "blockId": at[1] if at[0] == "block" else (value or {}).get("source") if at[0] == "edge" else None,
            "groupId": blame.about if blame else None,
            "version": blame.version if blame else None,
            "author": blame.author if blame else None,
        },
    )


def _blamed(later: list[sql.Edit], is_wanted: Callable[[Change], bool], done: set[str]) -> sql.Edit | None:
    """The last of the later edits that stands in the way; one that was made later too speaks for its undo and redo."""
    own = {e.group_id for e in later if e.of_group is None} | done
    left = (e for e in later if not e.undone and (e.of_group not in own if e.of_group else e.group_id not in done))
    return next((e for e in left if any(map(is_wanted, e.changes))), None)


def _name_then(item_id: str, later: list[sql.Edit]) -> str | None:
    """What was called so before one of these took it away."""
    values = (getattr(change, "value", None) for edit in later for change in edit.changes)
    gone = (v for v in values if isinstance(v, dict) and v.get("id") == item_id)
    return next((v["name"] for v in gone if isinstance(v.get("name"), str)), None)


def _is_near(change: Change, wanted: Change) -> bool:
    """Whether a change is about the place of another: the same field, or the block or edge as a whole."""
    kind, item = touched(wanted)
    if touched(change) == (kind, item):
        return not isinstance(change, Set) or not isinstance(wanted, Set) or change.path == wanted.path
    value = getattr(change, "value", None)
    return isinstance(value, dict) and kind == "block" and item in (value.get("source"), value.get("target"))

"""The facts that an import is: new canvases and functions, and the edits of those that are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.base.ids import to_bytes
from workbench.editing.bundle_matching import Matching
from workbench.editing.bundle_plan import Planned
from workbench.editing.canvas_facts import CanvasChanged, CanvasCreated
from workbench.editing.edits import FunctionEdit, close_edit
from workbench.editing.facts import FunctionCreated, FunctionEdited
from workbench.editing.functions import DEFAULT_CANVAS_NAME, created_function
from workbench.editing.models import Function
from workbench.editing.settings import FunctionSettings, settings_fact
from workbench.editing.store import next_order
from workbench.flow.changes import Draft
from workbench.flow.model import Flow
from workbench.rest.caller import Caller
from workbench.storage.facts import Fact

LABEL = "Import"


@dataclass(slots=True)
class Writing:
    """What is to be written for the functions, and the functions as they are then."""

    created: list[FunctionCreated] = field(default_factory=list[FunctionCreated])
    edits: list[FunctionEdited] = field(default_factory=list[FunctionEdited])
    settings: dict[str, FunctionSettings] = field(default_factory=dict[str, FunctionSettings])
    after: list[tuple[Function, Flow]] = field(default_factory=list[tuple[Function, Flow]])
    spare_canvas: str | None = None
    """The id of the default canvas where there was none."""

    def facts(self, caller: Caller) -> list[Fact]:
        """Those of the functions, in order."""
        settings = [settings_fact(caller, i, s) for i, s in self.settings.items()]
        return [*self.created, *self.edits, *settings]


def written(
    caller: Caller,
    functions: Sequence[Planned],
    matching: Matching,
    ids: Mapping[str, str],
    message: str | None,
    now: int,
    new_id: Callable[[], str],
) -> Writing:
    """The functions' part of an import. `ids` are what items are here, by source id in lower case."""
    found, group = Writing(), to_bytes(new_id())
    for planned in functions:
        match = planned.match
        if match.action not in ("create", "update"):
            continue
        target = ids[match.source.id.lower()]
        if match.action == "create":
            canvas = ids[match.canvas.source.id.lower()] if match.canvas is not None else matching.default_canvas
            if canvas is None:
                canvas = found.spare_canvas = found.spare_canvas or new_id()
            fact = _created(caller, planned, target, canvas, now)
            found.created.append(fact)
            found.after.append((created_function(fact), planned.flow))
        elif planned.changes:
            edit = _edit(caller, planned)
            found.edits.append(close_edit(edit, now, new_id, group, kind="import", label=LABEL, message=message))
            found.after.append((edit.edited(now), planned.flow))
        if planned.settings is not None and (match.action == "update" or planned.settings != FunctionSettings()):
            found.settings[target] = planned.settings
    return found


def canvas_facts(
    cursor: Any, caller: Caller, matching: Matching, ids: Mapping[str, str], spare_canvas: str | None, now: int
) -> list[Fact]:
    """The canvases' part of an import, while it is decided: new ones stand behind the last."""
    order = next_order(cursor, caller.workspace_id)
    facts: list[Fact] = []
    for match in matching.canvases:
        source, raw = match.source, to_bytes(ids[match.source.id.lower()]) if match.action != "skip" else b""
        if match.action == "create":
            facts.append(CanvasCreated(raw, caller.workspace, match.name, source.description, order, now))
            order += 1
        elif match.action == "update" and match.here is not None:
            version = match.here.version + 1
            facts.append(CanvasChanged(raw, caller.workspace, match.name, source.description, version, now))
    if spare_canvas is not None:
        facts.append(CanvasCreated(to_bytes(spare_canvas), caller.workspace, DEFAULT_CANVAS_NAME, None, order, now))
    return facts


def _created(caller: Caller, planned: Planned, target: str, canvas: str, now: int) -> FunctionCreated:
    return FunctionCreated(
        to_bytes(target),
        caller.workspace,
        to_bytes(canvas),
        planned.head["name"],
        planned.head["description"],
        planned.head["status"],
        planned.flow.model_dump_json(by_alias=True),
        caller.author,
        "import",
        now,
    )


def _edit(caller: Caller, planned: Planned) -> FunctionEdit:
    here = planned.match.here
    assert here is not None
    function = here.function
    head = {name: getattr(function, name) for name in planned.head}
    edit = FunctionEdit(caller, function, Draft(planned.old or Flow(), head))
    edit.draft.apply(planned.changes)
    edit.add("IMPORT", {"label": LABEL}, planned.changes)
    return edit

"""Which item of a bundle is which canvas or function here, and what is to be done with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.base.errors import InvalidInput, Issue
from workbench.base.ids import is_uuid
from workbench.editing.bundle_models import Action, Override, Strategy, ToImport
from workbench.editing.bundle_store import CanvasHead, FunctionHead, Present
from workbench.flow.bundles.reading import BundleCanvas, ReadBundle, ReadFunction, why_not

_NONE = Override()
HOW = {"id": "found by its id", "name": "found by its name", "target": "as you said"}


@dataclass(slots=True)
class CanvasMatch:
    """A canvas of the bundle and what it is here; `target_id` None: it is made with a new id."""

    source: BundleCanvas
    name: str
    action: Action
    reason: str
    here: CanvasHead | None
    target_id: str | None
    errors: list[Issue] = field(default_factory=list[Issue])


@dataclass(slots=True)
class FunctionMatch:
    """A function of the bundle and what it is here; `target_id` None: it is made with a new id.

    `canvas` is the match of its canvas; None: the workspace's default canvas.
    """

    source: ReadFunction
    name: str
    action: Action
    reason: str
    here: FunctionHead | None
    target_id: str | None
    canvas: CanvasMatch | None
    errors: list[Issue] = field(default_factory=list[Issue])


@dataclass(frozen=True, slots=True)
class Matching:
    """All items of a bundle, matched."""

    canvases: tuple[CanvasMatch, ...]
    functions: tuple[FunctionMatch, ...]
    default_canvas: str | None

    def key(self) -> tuple[object, ...]:
        """What must still be so when the import is written."""
        return (
            self.default_canvas,
            *((c.action, c.target_id, c.here) for c in self.canvases),
            *((f.action, f.target_id, f.here and (f.here.function.version, f.here.settings)) for f in self.functions),
        )


def kept_ids(bundle: ReadBundle) -> list[str]:
    """Ids that the bundle's items keep, unless something else has them."""
    return [i.lower() for i in (*(c.id for c in bundle.canvases), *(f.id for f in bundle.functions)) if is_uuid(i)]


def match(bundle: ReadBundle, present: Present, asked: ToImport) -> Matching:
    """Match every item. Raises InvalidInput for overrides that name no item."""
    known = {c.id for c in bundle.canvases} | {f.id for f in bundle.functions}
    unknown = [Issue(f"overrides.{i[:80]}", "names no item of the bundle") for i in asked.overrides if i not in known]
    if unknown:
        raise InvalidInput("`overrides` names what is not in the bundle.", details=unknown[:100])
    canvases = [_canvas(c, present, asked) for c in bundle.canvases]
    functions = _functions(bundle, present, asked, {c.source.id: c for c in canvases})
    return Matching(tuple(canvases), tuple(functions), asked.target_canvas_id or present.default_canvas)


def _canvas(source: BundleCanvas, present: Present, asked: ToImport) -> CanvasMatch:
    wish = asked.overrides.get(source.id, _NONE)
    by_id = {c.id: c for c in present.canvases}
    name = wish.name or source.name
    if asked.target_canvas_id is not None:
        target = by_id[asked.target_canvas_id]
        return CanvasMatch(source, name, "skip", f"Its functions go to “{target.name}”.", target, target.id)
    how, here = "id", by_id.get(source.id.lower())
    if wish.target_id is not None:
        how, here = "target", by_id.get(wish.target_id)
    elif here is None:
        how, here = "name", next((c for c in present.canvases if c.name == name), None)
    found = CanvasMatch(source, name, "skip", "", here, here.id if here else None)
    if wish.target_id is not None and here is None:
        _wrong(found, "targetId names no canvas of this workspace")
        return found
    strategy = asked.conflict_strategy
    if strategy == "create" and not source.is_whole:  # the canvas is told only to say where its functions stood
        strategy = "skip"
    _decide(found, wish, strategy, how, present)
    is_same = here is not None and (here.name, here.description) == (name, source.description)
    if found.action == "update" and is_same:
        found.action, found.reason = "skip", "Nothing differs."
    return found


def _functions(
    bundle: ReadBundle, present: Present, asked: ToImport, canvases: dict[str, CanvasMatch]
) -> list[FunctionMatch]:
    by_id = {f.function.id: f for f in present.functions}
    by_name: dict[tuple[str, str], list[FunctionHead]] = {}
    for head in present.functions:
        by_name.setdefault((head.function.canvas_id, head.function.name), []).append(head)
    wanted = {f.id: (asked.overrides.get(f.id, _NONE).target_id or f.id).lower() for f in bundle.functions}
    used = {i for i in wanted.values() if i in by_id}
    found: list[FunctionMatch] = []
    for source in bundle.functions:
        wish = asked.overrides.get(source.id, _NONE)
        canvas = canvases.get(source.canvas_id) if source.canvas_id is not None else None
        name = wish.name or source.name
        how, here = "target" if wish.target_id else "id", by_id.get(wanted[source.id])
        if here is None and wish.target_id is None:
            place = canvas.target_id if canvas else asked.target_canvas_id or present.default_canvas
            if canvas is not None and canvas.action == "create":
                place = None
            left = [h for h in by_name.get((place or "", name), ()) if h.function.id not in used]
            if left:
                how, here = "name", left[0]
                used.add(here.function.id)
        item = FunctionMatch(source, name, "skip", "", here, here.function.id if here else None, canvas)
        found.append(item)
        if source.errors:
            item.errors = source.errors
            if wish.action == "skip":
                item.reason = "It cannot be imported, and is left out."
            else:
                item.action, item.reason = "error", why_not(source, source.errors[0])
        elif wish.target_id is not None and here is None:
            _wrong(item, "targetId names no function of this workspace")
        else:
            _decide(item, wish, asked.conflict_strategy, how, present)
            if item.action == "create" and canvas is not None and canvas.action == "skip" and canvas.here is None:
                item.action, item.reason, item.target_id = "skip", "Its canvas is left out.", None
    _require_one_each(found)
    return found


def _require_one_each(functions: list[FunctionMatch]) -> None:
    seen: set[str] = set()
    for item in functions:
        if item.action == "update" and item.target_id is not None:
            if item.target_id in seen:
                _wrong(item, "targetId is what another item of the bundle updates")
            seen.add(item.target_id)


def _decide(item: CanvasMatch | FunctionMatch, wish: Override, strategy: Strategy, how: str, present: Present) -> None:
    action = wish.action or (strategy if item.here is not None else "create")
    if item.here is None:
        source_id = item.source.id.lower()
        item.action, item.reason = action, "It is not here yet."
        if action == "create":
            item.target_id = source_id if is_uuid(source_id) and source_id not in present.taken else None
        elif action == "update":
            _wrong(item, "there is nothing here to update")
        else:
            item.reason = "It is left out."
        return
    item.action = action
    named = item.here.name if isinstance(item.here, CanvasHead) else item.here.function.name
    if action == "create":
        item.target_id = None
        item.reason = f"A second one is made: “{named}” is here already, {HOW[how]}."
    elif action == "update":
        item.reason = f"“{named}” is here already, {HOW[how]}."
    else:
        item.reason = f"“{named}” is here already, {HOW[how]}, and stays as it is."


def _wrong(item: CanvasMatch | FunctionMatch, issue: str) -> None:
    item.action, item.reason = "error", f"It cannot be imported: {issue}."
    item.errors = [*item.errors, Issue(f"overrides.{item.source.id}", issue)]

"""What an import makes of each matched item: the flow it will have here, what differs, what to look after. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
from pydantic import ValidationError

from workbench.base.errors import InvalidInput, Issue
from workbench.blocks.registry import BlockRegistry
from workbench.editing.bundle_matching import CanvasMatch, FunctionMatch, Matching
from workbench.editing.bundle_models import ImportItem, ItemIssue
from workbench.editing.bundle_store import Present
from workbench.editing.secret_uses import named_by
from workbench.editing.settings import FunctionSettings, checked_policy
from workbench.flow.bundles.form import keys_of
from workbench.flow.bundles.reading import ReadBundle, issues_of, why_not
from workbench.flow.changes import Change, between, set_head
from workbench.flow.copying import called_function, repointed
from workbench.flow.diff import Diff, ValueDiff, diff
from workbench.flow.layout import completed
from workbench.flow.model import Block, Flow
from workbench.flow.validation import validate

ON_FAILURE = "onFailure"
HOW_IT_STAYS = {"draft": "a draft", "archived": "archived"}
Head = dict[str, Any]


@dataclass(slots=True)
class Planned:
    """One function of the bundle as it is to be here."""

    match: FunctionMatch
    flow: Flow
    head: Head
    """Name, description, status."""
    settings: FunctionSettings | None
    """None: they stay as they are."""
    changes: list[Change] = field(default_factory=list[Change])
    """Of an update."""
    diff: Diff | None = None
    warnings: list[Issue] = field(default_factory=list[Issue])
    old: Flow | None = None
    """The flow of the function here that it is."""


class Planner:
    """Makes the plan of one import, function by function."""

    def __init__(
        self,
        bundle: ReadBundle,
        matching: Matching,
        present: Present,
        flows: Mapping[str, Flow],
        ids: Mapping[str, str],
        registry: BlockRegistry,
        secrets: frozenset[str] | None = None,
    ) -> None:
        """`flows` are those of the functions here that items are, `ids` what the bundle's functions are here; `secrets`
        are the names of those that there are, None where that is not looked at.
        """
        self._bundle = bundle
        self._matching = matching
        self._here = {f.function.id: f.function.name for f in present.functions}
        self._flows = flows
        self._ids = ids
        self._registry = registry
        self._secrets = secrets

    def plan(self, on_function: Callable[[int, int], object] = lambda done, total: None) -> list[Planned]:
        """Every function; those that cannot be imported after all become errors."""
        found: list[Planned] = []
        for at, match in enumerate(self._matching.functions):
            found.append(self._one(match))
            on_function(at + 1, len(self._matching.functions))
        return found

    def _one(self, match: FunctionMatch) -> Planned:
        source, here = match.source, match.here
        head = {"name": match.name, "description": source.description, "status": source.status}
        planned = Planned(match, source.flow, head, None)
        if match.action == "error" or source.errors:
            return planned
        old = self._flows.get(here.function.id) if here is not None else None
        planned.old = old
        planned.flow = self._flow(source.flow, old, planned)
        planned.settings = self._settings(source.settings, planned)
        if match.action == "error" or (match.action == "skip" and here is None):
            return planned
        self._status(planned, old)
        self._note_types(planned)
        self._note_calls(planned)
        self._note_secrets(planned)
        if here is not None and old is not None and match.action != "create":
            self._compare(planned, old)
        return planned

    def _flow(self, flow: Flow, old: Flow | None, planned: Planned) -> Flow:
        source = planned.match.source
        flow = repointed(flow, self._ids)
        known = {b.id: b for b in old.blocks} if old is not None else {}
        flow = self._placed(flow, known, source.places)
        if old is not None:
            flow = flow.model_copy(update={part: getattr(old, part) for part in source.untold})
        for text in source.withheld:
            flow = _given_back(flow, keys_of(text), known, planned)
        return flow

    def _placed(self, flow: Flow, known: Mapping[str, Block], told: Collection[str]) -> Flow:
        """With the places that are `told`; other blocks stay where they are here, or are placed."""
        if all(b.id in told for b in flow.blocks):
            return flow
        placed = {b.id: b if b.id in told else known.get(b.id) for b in flow.blocks}
        return completed(flow, {i: b.position for i, b in placed.items() if b is not None}, self._registry)

    def _settings(self, told: dict[str, Any] | None, planned: Planned) -> FunctionSettings | None:
        """The settings here. Those that cannot be make the item an error."""
        match, where = planned.match, f"bundle.functions[{planned.match.source.at}].settings"
        if told is None:
            return None
        other = told.get(ON_FAILURE)
        if isinstance(other, str):
            target = self._ids.get(other.lower(), other.lower())
            if self._is_known(other.lower()):
                told = {**told, ON_FAILURE: target}
            else:
                told = {k: v for k, v in told.items() if k != ON_FAILURE}
                text = f"{self._called(other)}: no function runs when this one fails"
                planned.warnings.append(Issue(f"{where}.{ON_FAILURE}", text))
        try:
            settings = FunctionSettings.model_validate(told)
            checked_policy(settings)
        except InvalidInput as error:
            return self._refused(match, [Issue(f"{where}.{i.field}", i.issue) for i in error.details])
        except ValidationError as error:
            return self._refused(match, issues_of(error, where))
        return settings

    def _refused(self, match: FunctionMatch, issues: list[Issue]) -> None:
        match.errors = [*match.errors, *issues]
        match.action, match.reason = "error", why_not(match.source, issues[0])

    def _is_known(self, function_id: str) -> bool:
        return function_id in self._ids or function_id in self._here

    def _called(self, function_id: str) -> str:
        name = self._bundle.names.get(function_id.lower())
        return f"calls “{name or function_id[:80]}”, which is neither imported nor here"

    def _status(self, planned: Planned, old: Flow | None) -> None:
        match, status = planned.match, planned.head["status"]
        where = f"bundle.functions[{match.source.at}].status"
        if match.action == "create" and old is not None and status == "active":
            planned.head["status"] = "draft"
            planned.warnings.append(Issue(where, "a second one is made as a draft, so that no trigger fires twice"))
            return
        if match.action == "skip" or status != "active":
            return
        problems = validate(planned.flow, self._registry).errors
        if not problems:
            return
        here = match.here.function.status if match.here is not None and match.action == "update" else None
        if here != "active":
            planned.head["status"] = here or "draft"
            what = "is made as a draft" if here is None else f"stays {HOW_IT_STAYS[here]}"
            planned.warnings.append(Issue(where, f"it {what}, for it cannot run: {problems[0].message}"))
            return
        match.action, match.reason = "error", f"It is active and could not run any more: {problems[0].message}"
        match.errors = [*match.errors, Issue(where, f"is active, but the flow cannot run: {problems[0].message}")]

    def _note_types(self, planned: Planned) -> None:
        for at, block in enumerate(planned.flow.blocks):
            where = f"bundle.functions[{planned.match.source.at}].blocks[{at}].type"
            if self._registry.find(block.type) is None:
                planned.warnings.append(Issue(where, f"there is no block type `{block.type}` here"))
            elif reason := self._registry.disabled_reason(block.type):
                planned.warnings.append(Issue(where, f"`{block.type}` cannot be used here: {reason}"))

    def _note_calls(self, planned: Planned) -> None:
        source = planned.match.source
        for at, block in enumerate(source.flow.blocks):
            called = called_function(block)
            if called is None or self._is_known(called):
                continue
            where = f"bundle.functions[{source.at}].blocks[{at}].config.functionId"
            planned.warnings.append(Issue(where, self._called(called)))

    def _note_secrets(self, planned: Planned) -> None:
        """Each secret once that the function names and that is not here."""
        if self._secrets is None:
            return
        noted = set(self._secrets)
        for at, block in enumerate(planned.flow.blocks):
            for name, path in sorted(named_by(block, self._registry).items()):
                if name in noted:
                    continue
                noted.add(name)
                where = f"bundle.functions[{planned.match.source.at}].blocks[{at}].config.{path}"
                text = f"“{block.name}” needs the secret `{name}`, which is not here"
                how = f"set it before a run, by the key button of its field or PUT /secrets/{name}"
                planned.warnings.append(Issue(where, f"{text}: {how}"))

    def _compare(self, planned: Planned, old: Flow) -> None:
        match, here = planned.match, planned.match.here
        assert here is not None
        before = {name: getattr(here.function, name) for name in planned.head}
        planned.changes = [*set_head(before, planned.head), *between(old, planned.flow)]
        found = diff(old, planned.flow, (here.function.version, None), (before, planned.head))
        was = _settings_of(here.settings)
        now = _wire(planned.settings) if planned.settings is not None else was
        if was != now:
            function = (*found.function, ValueDiff(name="settings", before=was, after=now))
            found = found.model_copy(update={"function": function, "is_empty": False})
        else:
            planned.settings = None
        planned.diff = found
        if match.action == "update" and not planned.changes and was == now:
            match.action, match.reason = "skip", "Nothing differs."


def _given_back(flow: Flow, keys: tuple[str, ...], known: Mapping[str, Block], planned: Planned) -> Flow:
    """What was withheld because it is secret, as the function here has it; else it is to be filled in."""
    if len(keys) < 4 or keys[0] != "blocks" or keys[2] != "config":
        return flow
    at = next((i for i, b in enumerate(flow.blocks) if b.id == keys[1]), None)
    if at is None:
        return flow
    path = keys[3:]
    value = _at(known[keys[1]].config, path) if keys[1] in known else None
    config = _with(flow.blocks[at].config, path, value) if value is not None else None
    if config is None:
        where = f"bundle.functions[{planned.match.source.at}].blocks[{at}].config.{'.'.join(path)}"
        planned.warnings.append(Issue(where, "is secret and not in the bundle: fill it in here"))
        return flow
    blocks = list(flow.blocks)
    blocks[at] = blocks[at].model_copy(update={"config": config})
    return flow.model_copy(update={"blocks": tuple(blocks)})


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if isinstance(value, dict):
            value = cast("dict[str, Any]", value).get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(cast("list[Any]", value)):
            value = value[int(key)]
        else:
            return None
    return value


def _with(value: Any, path: tuple[str, ...], secret: Any) -> Any:
    """A copy with the secret at its place; None where the place is no more."""
    key, rest = path[0], path[1:]
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        if rest and key not in pairs:
            return None
        inner = _with(pairs[key], rest, secret) if rest else secret
        return {**pairs, key: inner} if inner is not None else None
    if isinstance(value, list) and key.isdecimal() and int(key) < len(cast("list[Any]", value)):
        items = list(cast("list[Any]", value))
        items[int(key)] = _with(items[int(key)], rest, secret) if rest else secret
        return items if items[int(key)] is not None else None
    return None


def _settings_of(text: str | None) -> dict[str, Any]:
    return msgspec.json.decode(text) if text else {}


def _wire(settings: FunctionSettings) -> dict[str, Any]:
    return settings.model_dump(mode="json", by_alias=True, exclude_none=True)


# As answers


def canvas_item(match: CanvasMatch) -> ImportItem:
    """How a canvas is told."""
    return ImportItem(
        kind="canvas",
        source_id=match.source.id,
        name=match.name,
        action=match.action,
        reason=match.reason,
        target_id=match.here.id if match.here is not None and match.action != "create" else None,
        issues=_issues(match.errors),
    )


def function_item(planned: Planned) -> ImportItem:
    """How a function is told."""
    match = planned.match
    here = match.here.function.id if match.here is not None and match.action != "create" else None
    return ImportItem(
        kind="function",
        source_id=match.source.id,
        name=match.name,
        action=match.action,
        reason=match.reason,
        target_id=here,
        diff=planned.diff,
        issues=_issues([*match.errors, *planned.warnings]),
    )


def _issues(issues: list[Issue]) -> tuple[ItemIssue, ...]:
    return tuple(ItemIssue(field=i.field, issue=i.issue) for i in issues[:100])

"""Export, preview and import: bundles of functions against what a workspace holds."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from workbench.base.clock import Clock
from workbench.base.errors import InvalidInput, Issue, Unavailable
from workbench.base.ids import Ids, to_text
from workbench.blocks.registry import BlockRegistry
from workbench.editing.bundle_matching import Matching, kept_ids, match
from workbench.editing.bundle_models import ImportItem, ImportPreview, ImportResult, ToExport, ToImport
from workbench.editing.bundle_plan import Planned, Planner, canvas_item, function_item
from workbench.editing.bundle_store import FunctionHead, Present, present
from workbench.editing.bundle_writing import Writing, canvas_facts, written
from workbench.editing.flow_store import latest_flows
from workbench.editing.functions import Functions
from workbench.editing.memory import Memory
from workbench.editing.secret_uses import SecretNames
from workbench.editing.settings import Settings
from workbench.flow.bundles.form import finished
from workbench.flow.bundles.reading import ReadBundle, read_bundle, refused
from workbench.flow.bundles.writing import CanvasToWrite, FunctionToWrite, parts_of
from workbench.flow.model import Flow
from workbench.rest import once
from workbench.rest.caller import Caller, id_bytes, missing
from workbench.storage.facts import Fact
from workbench.storage.store import Store

TRIES = 5
"""So often an import is compared anew when the workspace changed while it was."""
Progress = Callable[[str, int, int], None]
"""``(phase, done, total)``; phases are reading, comparing, writing."""


class _Changed(Exception):
    """What the import was compared with has changed meanwhile."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """A bundle compared with a workspace."""

    matching: Matching
    key: tuple[object, ...]
    """What must still be so when it is written; see `Matching.key`."""
    functions: list[Planned]
    ids: Mapping[str, str]
    """What each item of the bundle is here, by its source id in lower case."""

    def items(self) -> tuple[ImportItem, ...]:
        return (*map(canvas_item, self.matching.canvases), *map(function_item, self.functions))


class Bundles:
    """Functions as documents that go out and come in."""

    def __init__(
        self,
        store: Store,
        functions: Functions,
        settings: Settings,
        registry: BlockRegistry,
        memory: Memory,
        clock: Clock,
        ids: Ids,
        secret_names: SecretNames | None = None,
    ) -> None:
        self._secret_names = secret_names
        self._store = store
        self._functions = functions
        self._settings = settings
        self._registry = registry
        self._memory = memory
        self._clock = clock
        self._ids = ids

    # Out

    async def export(self, caller: Caller, asked: ToExport) -> dict[str, Any]:
        """A bundle of these functions, or of a canvas with all of its functions. Raises NotFound, InvalidInput."""
        if (asked.function_ids is None) == (asked.canvas_id is None):
            raise InvalidInput(
                "Send either `functionIds` or `canvasId`.",
                details=[Issue("functionIds", "is needed, or else canvasId")],
            )
        wanted = [self._functions.head(caller, i).id for i in dict.fromkeys(asked.function_ids or ())]
        if asked.canvas_id is not None:
            id_bytes("canvas", asked.canvas_id)
        return await self._store.read(lambda c: self._bundle(c, caller, wanted, asked.canvas_id))

    def _bundle(self, cursor: Any, caller: Caller, wanted: Sequence[str], canvas_id: str | None) -> dict[str, Any]:
        there = present(cursor, caller.workspace_id, ())
        canvas_ids = {c.id for c in there.canvases}
        if canvas_id is not None and canvas_id not in canvas_ids:
            raise missing("canvas", canvas_id)
        chosen = [
            h
            for h in there.functions
            if h.function.id in wanted or (canvas_id is not None and h.function.canvas_id == canvas_id)
        ]
        ids = {h.function.id for h in chosen}
        of = {h.function.canvas_id for h in chosen} | ({canvas_id} if canvas_id is not None else set())
        flows = latest_flows(cursor, caller.workspace_id, ids)
        return finished(
            parts_of(
                [
                    CanvasToWrite(c.id, c.name, c.description, canvas_id is not None)
                    for c in there.canvases
                    if c.id in of
                ],
                [_to_write(h, flows[h.function.id]) for h in chosen],
                {h.function.id: h.function.name for h in there.functions},
                self._registry.secrets,
            )
        )

    # In

    async def preview(self, caller: Caller, asked: ToImport) -> ImportPreview:
        """What an import would do; nothing is written. Raises InvalidInput, NotFound for the target canvas."""
        bundle = await asyncio.to_thread(read_bundle, asked.bundle)
        compared = await self._compare(caller, bundle, asked, _silent)
        return _preview(compared.items())

    async def import_(self, caller: Caller, asked: ToImport, progress: Progress | None = None) -> ImportResult:
        """Write all of a bundle, or nothing. Raises InvalidInput that names each item which stands against it."""
        told = progress or _silent
        bundle = await asyncio.to_thread(read_bundle, asked.bundle, lambda n, of: told("reading", n, of))
        for _ in range(TRIES):
            compared = await self._compare(caller, bundle, asked, told)
            _require_no_errors(compared)
            told("writing", 0, len(compared.functions))
            try:
                result = await self._write(caller, asked, bundle, compared)
            except _Changed:
                continue
            told("writing", len(compared.functions), len(compared.functions))
            return result
        raise Unavailable("The workspace changes faster than the bundle can be compared with it.", hint="Try again.")

    async def _compare(self, caller: Caller, bundle: ReadBundle, asked: ToImport, told: Progress) -> _Compared:
        if asked.target_canvas_id is not None:
            id_bytes("canvas", asked.target_canvas_id)
        secrets = self._secret_names(caller.workspace_id) if self._secret_names is not None else None

        def compare(cursor: Any) -> _Compared:
            there = _present(cursor, caller, bundle, asked)
            matching = match(bundle, there, asked)
            key = matching.key()
            ids = self._targets(matching)
            here = [f.here.function.id for f in matching.functions if f.here is not None]
            flows = latest_flows(cursor, caller.workspace_id, here)
            planner = Planner(bundle, matching, there, flows, ids, self._registry, secrets)
            return _Compared(matching, key, planner.plan(lambda n, of: told("comparing", n, of)), ids)

        return await self._store.read(compare)

    def _targets(self, matching: Matching) -> dict[str, str]:
        found: dict[str, str] = {}
        for item in (*matching.canvases, *matching.functions):
            if item.action in ("create", "update") or item.target_id is not None:
                found[item.source.id.lower()] = item.target_id or self._ids.new()
        return found

    async def _write(self, caller: Caller, asked: ToImport, bundle: ReadBundle, compared: _Compared) -> ImportResult:
        now, matching, ids = self._clock.now_us(), compared.matching, compared.ids
        writing = await asyncio.to_thread(
            written, caller, compared.functions, matching, ids, asked.message, now, self._ids.new
        )
        matches = (*matching.canvases, *matching.functions)
        id_map = {m.source.id: ids[m.source.id.lower()] for m in matches if m.source.id.lower() in ids}
        group = to_text(writing.edits[0].group) if writing.edits else None
        answer = ImportResult(**dict(_preview(compared.items())), id_map=id_map, group_id=group)

        def decide(cursor: Any) -> tuple[list[Fact], ImportResult]:
            if match(bundle, _present(cursor, caller, bundle, asked), asked).key() != compared.key:
                raise _Changed
            canvases = canvas_facts(cursor, caller, matching, ids, writing.spare_canvas, now)
            return [*canvases, *writing.facts(caller)], answer

        await once.transact(self._store, decide, caller.workspace_id)
        self._remember(caller, writing)
        return answer

    def _remember(self, caller: Caller, writing: Writing) -> None:
        for function, flow in writing.after:
            self._memory.keep(caller.workspace_id, function)
            self._memory.keep_flow(function.id, function.version, flow)
        for function_id, settings in writing.settings.items():
            self._settings.take(function_id, settings)


def _silent(phase: str, done: int, total: int) -> None:
    del phase, done, total


def _present(cursor: Any, caller: Caller, bundle: ReadBundle, asked: ToImport) -> Present:
    there = present(cursor, caller.workspace_id, kept_ids(bundle))
    target = asked.target_canvas_id
    if target is not None and all(c.id != target for c in there.canvases):
        raise missing("canvas", target)
    return there


def _to_write(head: FunctionHead, flow: Flow) -> FunctionToWrite:
    f = head.function
    settings: dict[str, Any] = msgspec.json.decode(head.settings) if head.settings else {}
    return FunctionToWrite(f.id, f.canvas_id, f.name, f.description, f.status, settings, flow)


def _preview(items: tuple[ImportItem, ...]) -> ImportPreview:
    counts = Counter(i.action for i in items)
    return ImportPreview(items=items, counts={a: counts[a] for a in ("create", "update", "skip", "error")})


def _require_no_errors(compared: _Compared) -> None:
    matches = (*compared.matching.canvases, *compared.matching.functions)
    issues = [i for m in matches if m.action == "error" for i in m.errors]
    if issues:
        raise refused(issues, "POST /import/preview shows every item; leave one out with an override of “skip”.")

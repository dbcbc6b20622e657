"""Copies of functions and canvases: fresh ids, and every expression and reference still means what it meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.base.clock import Clock
from workbench.base.ids import Ids, to_bytes, to_text
from workbench.editing import store as sql
from workbench.editing.canvas_facts import CanvasCreated
from workbench.editing.canvases import created_canvas
from workbench.editing.facts import FunctionCreated
from workbench.editing.flow_store import latest_flows
from workbench.editing.functions import Functions, created_function
from workbench.editing.memory import Memory
from workbench.editing.models import (
    Canvas,
    CanvasCopy,
    Function,
    FunctionClone,
    FunctionCopy,
    FunctionWithFlow,
)
from workbench.editing.settings import FunctionSettings, Settings, settings_fact
from workbench.flow.copying import fresh_ids, repointed
from workbench.flow.model import Flow
from workbench.rest import once
from workbench.rest.caller import Caller, id_bytes, missing
from workbench.storage.facts import Fact
from workbench.storage.store import Store

NAME_LIMIT = 200
SUFFIX = " (copy)"


class Copies:
    """Copies have the settings of what they are of, and start as drafts, so that no trigger fires twice for a copy."""

    def __init__(
        self, store: Store, functions: Functions, settings: Settings, memory: Memory, clock: Clock, ids: Ids
    ) -> None:
        self._store = store
        self._functions = functions
        self._settings = settings
        self._memory = memory
        self._clock = clock
        self._ids = ids

    async def duplicate(self, caller: Caller, function_id: str, asked: FunctionCopy) -> FunctionWithFlow:
        """A copy on the same canvas. Raises NotFound."""
        head = self._functions.head(caller, function_id)
        flow = await self._functions.flow(caller, head, head.version)
        return await self._add(caller, head, flow, head.canvas_id, asked.name or copy_name(head.name), "duplicate")

    async def clone(self, caller: Caller, function_id: str, asked: FunctionClone) -> FunctionWithFlow:
        """A copy on another canvas, with fresh block and edge ids. Raises NotFound, for the canvas too."""
        head = self._functions.head(caller, function_id)
        id_bytes("canvas", asked.target_canvas_id)
        flow = fresh_ids(await self._functions.flow(caller, head, head.version))
        return await self._add(caller, head, flow, asked.target_canvas_id, asked.name or head.name, "clone")

    async def _add(
        self, caller: Caller, of: Function, flow: Flow, canvas_id: str, name: str, source: str
    ) -> FunctionWithFlow:
        now, new_id = self._clock.now_us(), self._ids.new()
        fact = _created(caller, new_id, canvas_id, name, of.description, flow, source, now)
        settings = self._settings_for(of.id, {})

        def decide(cursor: Any) -> tuple[list[Fact], FunctionWithFlow]:
            if sql.find_canvas(cursor, caller.workspace_id, canvas_id) is None:
                raise missing("canvas", canvas_id)
            if sql.find_function(cursor, caller.workspace_id, of.id) is None:
                raise missing("function", of.id)
            with_it = [settings_fact(caller, new_id, settings)] if settings is not None else []
            return [fact, *with_it], self._functions.with_flow(created_function(fact), flow)

        answer = await once.transact(self._store, decide, caller.workspace_id)
        self._remember(caller, _Made(fact, flow, settings))
        return answer

    async def duplicate_canvas(self, caller: Caller, canvas_id: str, asked: CanvasCopy) -> Canvas:
        """A canvas with copies of all its functions; subflow references among them are re-pointed. Raises NotFound."""
        id_bytes("canvas", canvas_id)
        now, new_canvas = self._clock.now_us(), self._ids.new()
        new_id = self._ids.new

        def decide(cursor: Any) -> tuple[list[Fact], tuple[Canvas, list[_Made]]]:
            canvas = sql.find_canvas(cursor, caller.workspace_id, canvas_id)
            if canvas is None:
                raise missing("canvas", canvas_id)
            fact = CanvasCreated(
                to_bytes(new_canvas),
                caller.workspace,
                asked.name or copy_name(canvas.name),
                canvas.description,
                sql.next_order(cursor, caller.workspace_id),
                now,
            )
            functions = sql.functions_of(cursor, caller.workspace_id, canvas_id)
            ids = {f.id: new_id() for f in functions}
            flows = latest_flows(cursor, caller.workspace_id, ids)
            made: list[_Made] = []
            for f in functions:
                flow = repointed(flows.get(f.id) or Flow(), ids)
                copy = _created(caller, ids[f.id], new_canvas, f.name, f.description, flow, "duplicate", now)
                made.append(_Made(copy, flow, self._settings_for(f.id, ids)))
            shown = created_canvas(fact).model_copy(update={"function_count": len(made)})
            settings = [settings_fact(caller, to_text(m.fact.id), m.settings) for m in made if m.settings is not None]
            return [fact, *(m.fact for m in made), *settings], (shown, made)

        shown, made = await once.transact(self._store, decide, caller.workspace_id, lambda result: result[0])
        for each in made:
            self._remember(caller, each)
        return shown

    def _settings_for(self, function_id: str, ids: Mapping[str, str]) -> FunctionSettings | None:
        """The settings of a copy; the handler of failures is the copy of what it was, if there is one."""
        settings = self._settings.stored(function_id)
        handler = settings.on_failure if settings is not None else None
        if settings is None or handler is None:
            return settings
        return settings.model_copy(update={"on_failure": ids.get(handler, handler)})

    def _remember(self, caller: Caller, made: _Made) -> None:
        function = created_function(made.fact)
        self._memory.keep(caller.workspace_id, function)
        self._memory.keep_flow(function.id, 1, made.flow)
        if made.settings is not None:
            self._settings.take(function.id, made.settings)


@dataclass(frozen=True, slots=True)
class _Made:
    """A copy of a function as it is stored."""

    fact: FunctionCreated
    flow: Flow
    settings: FunctionSettings | None


def copy_name(name: str) -> str:
    """The name of a copy, within the limit."""
    return name[: NAME_LIMIT - len(SUFFIX)].rstrip() + SUFFIX


def _created(
    caller: Caller,
    new_id: str,
    canvas_id: str,
    name: str,
    description: str | None,
    flow: Flow,
    source: str,
    now: int,
) -> FunctionCreated:
    return FunctionCreated(
        to_bytes(new_id),
        caller.workspace,
        to_bytes(canvas_id),
        name,
        description,
        "draft",
        flow.model_dump_json(by_alias=True),
        caller.author,
        source,
        now,
    )

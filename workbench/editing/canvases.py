"""The rules of canvases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from workbench.base.clock import Clock
from workbench.base.errors import InvalidInput, InvalidState, Issue, VersionConflict
from workbench.base.ids import Ids, to_bytes, to_text
from workbench.editing import store as sql
from workbench.editing.canvas_facts import CanvasChanged, CanvasCreated, CanvasDeleted, CanvasesReordered
from workbench.editing.facts import FunctionDeleted
from workbench.editing.memory import Memory
from workbench.editing.models import Canvas, CanvasChange, CanvasOrder, CanvasStats, CanvasWithFunctions, NewCanvas
from workbench.engine.engine import Engine
from workbench.rest import once
from workbench.rest.caller import Caller, id_bytes, missing
from workbench.rest.deleted import Deleted
from workbench.rest.paging import Page, Paged
from workbench.storage.facts import Fact
from workbench.storage.store import Store

Decision = tuple[list[Fact], Any]


class Canvases:
    """Named boards of functions."""

    def __init__(self, store: Store, engine: Engine, memory: Memory, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._engine = engine
        self._memory = memory
        self._clock = clock
        self._ids = ids

    async def list(self, caller: Caller, page: Page, q: str | None) -> Paged[Canvas]:
        """A page of canvases in display order."""
        after: Any = page.after(int, str)
        rows, total = await self._store.read(lambda c: sql.list_canvases(c, caller.workspace_id, q, after, page.fetch))
        return page.cut(rows, lambda c: (c.order, c.id), total)

    async def get(self, caller: Caller, canvas_id: str) -> CanvasWithFunctions:
        """A canvas and its functions. Raises NotFound."""
        id_bytes("canvas", canvas_id)

        def query(cursor: Any) -> CanvasWithFunctions:
            canvas = _require(cursor, caller, canvas_id)
            functions = sql.functions_of(cursor, caller.workspace_id, canvas_id)
            return CanvasWithFunctions(**canvas.model_dump(), functions=tuple(functions))

        return await self._store.read(query)

    async def create(self, caller: Caller, new: NewCanvas) -> Canvas:
        """Make a canvas, behind the last one."""
        raw, now = to_bytes(self._ids.new()), self._clock.now_us()

        def decide(cursor: Any) -> Decision:
            order = sql.next_order(cursor, caller.workspace_id)
            fact = CanvasCreated(raw, caller.workspace, new.name, new.description, order, now)
            return [fact], created_canvas(fact)

        return await once.transact(self._store, decide, caller.workspace_id)

    async def update(self, caller: Caller, canvas_id: str, change: CanvasChange) -> Canvas:
        """Change what is sent. Raises NotFound, VersionConflict."""
        raw, now = id_bytes("canvas", canvas_id), self._clock.now_us()
        sent = change.model_fields_set
        if "name" in sent and change.name is None:
            raise InvalidInput("A canvas needs a name.", details=[Issue("name", "cannot be null")])

        def decide(cursor: Any) -> Decision:
            canvas = _require(cursor, caller, canvas_id)
            check_version(change.expected_version, canvas.version, "canvas")
            name = change.name if "name" in sent and change.name else canvas.name
            description = change.description if "description" in sent else canvas.description
            if (name, description) == (canvas.name, canvas.description):
                return [], canvas
            fact = CanvasChanged(raw, caller.workspace, name, description, canvas.version + 1, now)
            after = {"name": name, "description": description, "version": fact.version, "updated_at": now}
            return [fact], canvas.model_copy(update=after)

        return await once.transact(self._store, decide, caller.workspace_id)

    async def reorder(self, caller: Caller, asked: CanvasOrder) -> list[Canvas]:
        """Put all canvases in this order. Raises InvalidInput unless it is a permutation of all of them."""
        now = self._clock.now_us()
        wanted = asked.canvas_ids

        def decide(cursor: Any) -> Decision:
            known = sql.canvas_ids(cursor, caller.workspace_id)
            if sorted(known) != sorted(wanted):
                raise InvalidInput(
                    f"The order must name each of the {len(known)} canvases once.",
                    details=_wrong_order(known, wanted),
                )
            before = sql.list_canvases(cursor, caller.workspace_id, None, None, len(known))[0]
            if known == list(wanted):
                return [], before
            after = {c.id: c for c in before}
            changed = [
                after[i].model_copy(update={"order": n, "version": after[i].version + 1, "updated_at": now})
                for n, i in enumerate(wanted)
            ]
            return [CanvasesReordered(caller.workspace, [to_bytes(i) for i in wanted], now)], changed

        return await once.transact(self._store, decide, caller.workspace_id)

    async def stats(self, caller: Caller, canvas_id: str, since: int | None) -> CanvasStats:
        """How its functions fare. Raises NotFound."""
        id_bytes("canvas", canvas_id)
        return await self._store.read(
            lambda c: sql.canvas_stats(c, caller.workspace_id, _require(c, caller, canvas_id), since)
        )

    async def delete(self, caller: Caller, canvas_id: str, *, force: bool) -> Deleted:
        """Delete a canvas with its functions and their runs. Raises NotFound, InvalidState while one runs."""
        raw, now = id_bytes("canvas", canvas_id), self._clock.now_us()
        canvas = await self.get(caller, canvas_id)
        await end_runs(self._engine, [f.id for f in canvas.functions], force=force)

        def decide(cursor: Any) -> tuple[list[Fact], tuple[Deleted, list[str]]]:
            _require(cursor, caller, canvas_id)
            functions = sql.functions_of(cursor, caller.workspace_id, canvas_id)
            gone: list[Fact] = [FunctionDeleted(to_bytes(f.id), caller.workspace, raw, now) for f in functions]
            theirs = sql.counts_of(cursor, caller.workspace_id, [f.id for f in functions])
            answer = Deleted(id=canvas.id, counts={"canvases": 1, "functions": len(functions), **theirs})
            return [*gone, CanvasDeleted(raw, caller.workspace, now)], (answer, [f.id for f in functions])

        answer, gone = await once.transact(
            self._store, decide, caller.workspace_id, lambda result: result[0], frees=True
        )
        for function_id in gone:
            self._memory.drop(function_id)
        return answer


def created_canvas(fact: CanvasCreated) -> Canvas:
    """The canvas that a fact makes."""
    return Canvas(
        id=to_text(fact.id),
        name=fact.title,
        description=fact.description,
        order=fact.order,
        function_count=0,
        version=1,
        created_at=fact.at,
        updated_at=fact.at,
    )


def check_version(expected: int | None, current: int, what: str) -> None:
    """Raise VersionConflict when a writer saw another version than the current one."""
    if expected is not None and expected != current:
        raise VersionConflict(
            f"The {what} has changed since you read it: it is at version {current}, you expected {expected}.",
            hint="Read it again and apply your change to what is there now.",
            data={"currentVersion": current},
        )


async def end_runs(engine: Engine, function_ids: list[str], *, force: bool) -> None:
    """Make sure that none of these functions runs: with `force` their runs are cancelled, else InvalidState."""
    open_runs = engine.open_runs_of(frozenset(function_ids))
    if open_runs and not force:
        raise InvalidState(
            f"{len(open_runs)} of its runs are not over.",
            hint="Cancel them first, or delete with ?force=true.",
            data={"runIds": open_runs[:20]},
        )
    # All at once: one after the other, each would give its worker process to the next that is to be cancelled.
    await asyncio.gather(*(engine.cancel_and_wait(run_id, "Its function is deleted.") for run_id in open_runs))


def _wrong_order(known: list[str], wanted: Sequence[str]) -> list[Issue]:
    issues = [Issue("canvasIds", f"leaves {i} out") for i in known if i not in wanted]
    seen: set[str] = set()
    for at, canvas_id in enumerate(wanted):
        if canvas_id not in known:
            issues.append(Issue(f"canvasIds[{at}]", "names no canvas of this workspace"))
        elif canvas_id in seen:
            issues.append(Issue(f"canvasIds[{at}]", "is named twice"))
        seen.add(canvas_id)
    return issues[:100]


def _require(cursor: Any, caller: Caller, canvas_id: str) -> Canvas:
    canvas = sql.find_canvas(cursor, caller.workspace_id, canvas_id)
    if canvas is None:
        raise missing("canvas", canvas_id)
    return canvas

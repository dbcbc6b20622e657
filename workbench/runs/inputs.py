"""What went into each block execution: read back from the checkpoints of the blocks before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.base.errors import FlowInvalid, NotFound
from workbench.editing.calls import Calls, Key
from workbench.editing.functions import Functions
from workbench.engine.calls import pin_key
from workbench.flow.handles import handle
from workbench.flow.model import Edge, Flow
from workbench.rest.caller import Caller
from workbench.runs import store as sql
from workbench.runs.models import Checkpoint, OpenWait, Run
from workbench.runs.shaping import checkpoint_of_row, shown, stored_of
from workbench.storage.store import Store
from workbench.storage.values import decode, to_json

Row = tuple[Any, ...]


class Made:
    """What checkpoints need of a flow."""

    __slots__ = ("calls", "edges", "names", "starts")

    def __init__(self, flow: Flow, calls: Calls) -> None:
        self.names: dict[str, str] = {b.id: b.name for b in flow.blocks}
        self.starts = {b.id for b in flow.blocks if b.type == "start"}
        self.edges: dict[str, list[Edge]] = {}
        for edge in flow.edges:
            self.edges.setdefault(edge.target, []).append(edge)
        self.calls = {site.block_id: site.call for site in calls.sites(flow)}


class Places:
    """Which flow each path of a run is in: the function's own, or that of one it calls."""

    def __init__(self, flow: Flow, called: Mapping[Key, Flow], pins: Mapping[str, int], calls: Calls) -> None:
        self._calls = calls
        self._called = called
        self._pins = pins
        self._own = Made(flow, calls)
        self._made: dict[Key, Made] = {}

    def at(self, path: str) -> Made:
        """The flow that the block at `path` is in."""
        made = self._own
        if self._pins:
            for part in path.split("/")[:-1]:
                call = made.calls.get(part.partition("[")[0])
                if call is not None:
                    made = self._of((call.function_id, self._pins.get(pin_key(call), 0)))
        return made

    def _of(self, key: Key) -> Made:
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = Made(self._called.get(key, Flow()), self._calls)
        return made


class Inputs:
    """Joins checkpoints with what flowed into them; nothing of it is stored twice."""

    def __init__(self, store: Store, functions: Functions) -> None:
        self._store = store
        self._functions = functions

    async def checkpoints(self, caller: Caller, run: Run, rows: list[Row], pins: Mapping[str, int]) -> list[Checkpoint]:
        """The checkpoints of these rows, with block names and inputs."""
        places = await self._places(caller, run, pins)
        wanted = {path for row in rows for path, _, _ in _sources(row[0], places.at(row[0]).edges)}
        found = await self._store.read(lambda c: sql.outputs_at(c, run.id, sorted(wanted))) if wanted else []
        outputs = {row[0]: row for row in found}
        shapes: list[Checkpoint] = []
        for row in rows:
            made = places.at(row[0])
            if row[2] in made.starts:  # what a call gives is, but for defaults, what its start answers
                given = run.inputs if row[20] is None else shown(stored_of(row[6], row[7], row[8], row[9]))
            else:
                given = _given(row, made.edges, outputs, made.names)
            shapes.append(checkpoint_of_row(run, row, made.names.get(str(row[2])) or str(row[2]), given))
        return shapes

    async def named(
        self, caller: Caller, run: Run, waits: list[OpenWait], pins: Mapping[str, int]
    ) -> tuple[OpenWait, ...]:
        """These waits with the names of their blocks."""
        places = await self._places(caller, run, pins)
        return tuple(
            w.model_copy(update={"block_name": places.at(w.path).names.get(w.block_id, w.block_id)}) for w in waits
        )

    async def _places(self, caller: Caller, run: Run, pins: Mapping[str, int]) -> Places:
        try:
            flow = await self._functions.flow(caller, self._functions.head(caller, run.function_id), run.version)
            called = (await self._functions.calls.pinned(caller, pins)).flows if pins else {}
        except (NotFound, FlowInvalid):
            flow, called = Flow(), {}
        return Places(flow, called, pins, self._functions.calls)


def _sources(path: str, edges: dict[str, list[Edge]]) -> list[tuple[str, str, Edge]]:
    """Path, source block and edge of everything in the same region that leads to the block at `path`."""
    prefix, block = _split(path)
    return [(f"{prefix}{edge.source}", edge.source, edge) for edge in edges.get(block, ())]


def _split(path: str) -> tuple[str, str]:
    at = path.rfind("/") + 1
    return path[:at], path[at:]


def _given(row: Row, edges: dict[str, list[Edge]], outputs: dict[str, Row], names: dict[str, str]) -> Any:
    """The joined input: nothing → null, one → its value, several → an object by handle."""
    arrived: dict[str, Any] = {}
    for path, source, edge in _sources(row[0], edges):
        found = outputs.get(path)
        if found is not None and found[1] == edge.source_port:
            arrived[handle(names.get(source, source))] = shown(stored_of(found[2], found[3], found[4], found[5]))
    if row[10]:
        scope_names = to_json(decode(row[10]))
        return scope_names.get("item", next(iter(scope_names.values()), None))
    if len(arrived) == 1:
        return next(iter(arrived.values()))
    return arrived or None

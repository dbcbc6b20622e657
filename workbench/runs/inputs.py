"""What went into each block execution: read back from the checkpoints of the blocks before it."""

from __future__ import annotations

from typing import Any

from workbench.base.errors import NotFound
from workbench.editing.functions import Functions
from workbench.flow.handles import handle
from workbench.flow.model import Edge, Flow
from workbench.rest.caller import Caller
from workbench.runs import store as sql
from workbench.runs.models import Checkpoint, OpenWait, Run
from workbench.runs.shaping import checkpoint_of_row, shown, stored_of
from workbench.storage.store import Store
from workbench.storage.values import decode, to_json

Row = tuple[Any, ...]


class Inputs:
    """Joins checkpoints with what flowed into them; nothing of it is stored twice."""

    def __init__(self, store: Store, functions: Functions) -> None:
        self._store = store
        self._functions = functions

    async def checkpoints(self, caller: Caller, run: Run, rows: list[Row]) -> list[Checkpoint]:
        """The checkpoints of these rows, with block names and inputs."""
        flow = await self._flow(caller, run)
        edges: dict[str, list[Edge]] = {}
        for edge in flow.edges:
            edges.setdefault(edge.target, []).append(edge)
        wanted = {path for row in rows for path, _, _ in _sources(row[0], edges)}
        found = await self._store.read(lambda c: sql.outputs_at(c, run.id, sorted(wanted))) if wanted else []
        outputs = {row[0]: row for row in found}
        names: dict[str, str] = {b.id: b.name for b in flow.blocks}
        starts = {b.id for b in flow.blocks if b.type == "start"}
        shapes: list[Checkpoint] = []
        for row in rows:
            given = run.inputs if row[2] in starts else _given(row, edges, outputs, names)
            shapes.append(checkpoint_of_row(run.id, row, names.get(str(row[2])) or str(row[2]), given))
        return shapes

    async def named(self, caller: Caller, run: Run, waits: list[OpenWait]) -> tuple[OpenWait, ...]:
        """These waits with the names of their blocks."""
        names = {b.id: b.name for b in (await self._flow(caller, run)).blocks}
        return tuple(w.model_copy(update={"block_name": names.get(w.block_id, w.block_id)}) for w in waits)

    async def _flow(self, caller: Caller, run: Run) -> Flow:
        try:
            return await self._functions.flow(caller, self._functions.head(caller, run.function_id), run.version)
        except NotFound:
            return Flow()


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

"""Every function's head and the flows in use, in memory, so that starting a run reads no DuckDB."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from workbench.editing.models import Function
from workbench.editing.store import all_functions
from workbench.flow.model import Flow

FLOWS_KEPT = 512


class Memory:
    """Heads by id with their workspace; flows by id and version. Kept in step by the service's own decisions."""

    def __init__(self) -> None:
        self._heads: dict[str, tuple[str, Function]] = {}
        self._flows: OrderedDict[tuple[str, int], Flow] = OrderedDict()
        self._valid: set[tuple[str, int]] = set()
        """Those of the flows that were found able to run."""
        self.on_drop: list[Callable[[str], object]] = []
        """Called with the id of each function that is gone: an import may give the id to another one."""

    def load(self, cursor: Any) -> None:
        """Read every head, at start."""
        self._heads = {f.id: (workspace, f) for workspace, f in all_functions(cursor)}

    def head(self, workspace: str, function_id: str) -> Function | None:
        """A function of this workspace."""
        found = self._heads.get(function_id.lower())
        return found[1] if found is not None and found[0] == workspace else None

    def keep(self, workspace: str, function: Function) -> None:
        """A function as it is now; an older version than the one kept is passed over."""
        found = self._heads.get(function.id)
        if found is None or found[1].version <= function.version:
            self._heads[function.id] = (workspace, function)

    def drop(self, function_id: str) -> None:
        """A function is gone, with its versions."""
        self._heads.pop(function_id, None)
        for key in [key for key in self._flows if key[0] == function_id]:
            del self._flows[key]
            self._valid.discard(key)
        for tell in self.on_drop:
            tell(function_id)

    def flow(self, function_id: str, version: int) -> Flow | None:
        """A version's flow, if it was used lately."""
        flow = self._flows.get((function_id, version))
        if flow is not None:
            self._flows.move_to_end((function_id, version))
        return flow

    def keep_flow(self, function_id: str, version: int, flow: Flow) -> None:
        """Remember a version's flow."""
        self._flows[function_id, version] = flow
        while len(self._flows) > FLOWS_KEPT:
            dropped, _ = self._flows.popitem(last=False)
            self._valid.discard(dropped)

    def is_valid(self, function_id: str, version: int) -> bool:
        """Whether a version's flow is known to be able to run."""
        return (function_id, version) in self._valid

    def keep_valid(self, function_id: str, version: int) -> None:
        """Remember that a version's flow can run, as long as the flow itself is remembered."""
        if (function_id, version) in self._flows:
            self._valid.add((function_id, version))

"""Versions compiled for walking, the last few hundred of them."""

from __future__ import annotations

from collections import OrderedDict

from workbench.blocks.registry import BlockRegistry
from workbench.engine.program import Program, compile_flow
from workbench.engine.records import RunRow
from workbench.flow.model import Flow

PROGRAMS_KEPT = 256


class Programs:
    """Compiles a version once for all its runs."""

    def __init__(self, registry: BlockRegistry) -> None:
        self.registry = registry
        self._kept: OrderedDict[tuple[str, int], Program] = OrderedDict()

    def of(self, row: RunRow, flow: Flow) -> Program:
        """The program of a run. Raises the error of the first thing that is not valid after all."""
        return self.get((row.function_id, row.version), flow)

    def get(self, key: tuple[str, int], flow: Flow) -> Program:
        """The program of a version, by its function's id and its number. Raises likewise."""
        program = self._kept.get(key)
        if program is None:
            program = self._kept[key] = compile_flow(flow, self.registry)
            while len(self._kept) > PROGRAMS_KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return program

    def forget(self, function_id: str) -> None:
        """Drop all versions of a function that is gone."""
        for key in [key for key in self._kept if key[0] == function_id]:
            del self._kept[key]

    def empty(self) -> Program:
        """A program of no blocks, for a run whose flow cannot be compiled."""
        return compile_flow(Flow(), self.registry)

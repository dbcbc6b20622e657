"""One function inside a run: the run's own, or one that a subflow calls. Blocks and expressions see only their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.base.ids import to_bytes
from workbench.engine.calls import Key
from workbench.engine.program import Program
from workbench.engine.tally import Tally


class Frame:
    """A function under way: its program, what it was started with, and what it has returned so far."""

    __slots__ = (
        "caller",
        "depth",
        "function",
        "function_id",
        "inputs",
        "keys",
        "program",
        "returned",
        "root",
        "tally",
        "version",
        "writers_before",
    )

    def __init__(self, program: Program, inputs: Mapping[str, Any], tally: Tally) -> None:
        self.program = program
        self.inputs = inputs
        self.tally = tally
        self.writers_before = program.writers_before
        """By node number: the variable writers upstream of it, as a bit set."""
        self.root: Any = None
        """The RegionRun of the function's own region."""
        self.returned: Any = None
        """The Outcome of the first `return`."""
        self.keys: Any = None
        """What makes the keys of its steps."""
        self.caller: Any = None
        """The Step that calls it; None for the run's own function."""
        self.depth = 0
        """How many regions are around its own."""
        self.function_id: str | None = None
        """None for the run's own function."""
        self.function: bytes | None = None
        """The same as it stands in facts."""
        self.version = 0

    def call(self, step: Any, key: Key, program: Program, inputs: Mapping[str, Any]) -> Frame:
        """The frame of a function that a step of this one calls."""
        frame = Frame(program, inputs, self.tally.root.inside(key[0]))
        frame.caller = step
        frame.depth = depth_of(step.region) + 1
        frame.function_id, frame.version = key
        frame.function = to_bytes(key[0])
        return frame


def depth_of(region: Any) -> int:
    """How many regions are around a RegionRun, calls counted too."""
    return region.frame.depth + region.plan.depth

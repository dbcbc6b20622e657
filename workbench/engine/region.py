"""One run of one region: which blocks are done, what they gave, and which variables are in sight."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Mapping
from typing import Any

from workbench.base.errors import BlockFailed
from workbench.engine.program import Node, RegionPlan
from workbench.engine.records import Outcome
from workbench.engine.states import StepStatus
from workbench.storage.values import encode


class VariableRace:
    """Stands for a variable that two unordered writers have set; reading it fails."""

    __slots__ = ("writers",)

    def __init__(self, writers: tuple[str, str]) -> None:
        self.writers = writers


NAMES_BYTES = 4096
"""Larger items are not journaled again with each iteration; they stand in the value that the scope went through."""

Variables = dict[str, tuple[int, Any]]
"""By name: the number of the node that wrote it (-1: from outside) and the value."""


class RegionRun:
    """State of one run of a region; made anew for each iteration, so it is small."""

    __slots__ = (
        "arrived",
        "body",
        "children",
        "failure",
        "names",
        "names_key",
        "names_raw",
        "outcomes",
        "parent",
        "pending",
        "plan",
        "prefix",
        "ready",
        "stopping",
        "tasks",
        "variables",
    )

    def __init__(
        self,
        plan: RegionPlan,
        prefix: str,
        parent: RegionRun | None,
        names: Mapping[str, Any],
        body: Outcome | None,
        variables: Variables,
    ) -> None:
        self.plan = plan
        self.prefix = prefix
        self.parent = parent
        self.names = names
        self.names_key: bytes | None = None
        self.names_raw: bytes | None = None
        self.body = body
        """What flows in on the body wire."""
        self.variables = variables
        self.pending = list(plan.counts)
        self.arrived: list[list[Outcome] | None] = [None] * len(plan.counts)
        self.outcomes: list[Outcome | None] = [None] * len(plan.counts)
        self.ready: deque[Node] = deque()
        self.tasks: dict[asyncio.Task[Outcome], Node] = {}
        self.children: set[RegionRun] = set()
        self.stopping = False
        self.failure: dict[str, Any] | None = None

    def input_of(self, node: Node) -> Any:
        """The joined input: nothing → null, one → its value, several → an object by handle."""
        arrived = self.arrived[node.local]
        if not arrived:
            return None
        if len(arrived) == 1:
            return arrived[0].output
        handles = {id(self.outcomes[local]): name for local, name in node.sources.items()}
        return {handles.get(id(o), "input"): o.output for o in arrived}

    def result(self) -> Any:
        """The region's result by the joining rule, over its last blocks that completed."""
        done = [
            (self.plan.nodes[local].handle, outcome.output)
            for local in self.plan.lasts
            if (outcome := self.outcomes[local]) is not None and outcome.status is StepStatus.COMPLETED
        ]
        if len(done) == 1:
            return done[0][1]
        return dict(done) if done else None

    def key_of_names(self) -> bytes:
        """Identity of `names` (item, index, last…), computed when first asked for."""
        if self.names_key is None:
            try:
                raw = encode(dict(self.names))
                self.names_raw = raw if len(raw) <= NAMES_BYTES else None
            except BlockFailed:
                raw = self.prefix.encode()
            self.names_key = hashlib.blake2b(raw, digest_size=16).digest()
        return self.names_key

    def names_of(self, node: Node) -> bytes | None:
        """The iteration's names as they are journaled: with the blocks that it starts with, where they are small."""
        return self.names_raw if self.names and node.local in self.plan.entries else None

    def variables_before(self, node: Node, numbers: Mapping[int, int]) -> Variables:
        """The variables in sight of `node`: what came along its live wires, nearest writer first.

        `numbers` gives by node number the writers upstream of that node, as a bit set.
        """
        if not node.upstream_writers:
            return self.variables
        merged: Variables | None = None
        for outcome in self.arrived[node.local] or ():
            carried = outcome.scope_variables
            if carried is None:
                continue
            merged = carried if merged is None else _merge(merged, carried, numbers)
        return self.variables if merged is None else merged

    def variables_after(self, numbers: Mapping[int, int]) -> Variables:
        """The variables at the region's end, over all blocks that completed."""
        merged: Variables | None = None
        for outcome in self.outcomes:
            if outcome is not None and outcome.scope_variables is not None:
                carried = outcome.scope_variables
                merged = carried if merged is None else _merge(merged, carried, numbers)
        return self.variables if merged is None else merged


def _merge(left: Variables, right: Variables, numbers: Mapping[int, int]) -> Variables:
    merged = dict(left)
    for name, (writer, value) in right.items():
        here = merged.get(name)
        if here is None or here[0] == writer:
            merged[name] = (writer, value)
        elif here[0] == -1 or numbers.get(writer, 0) >> max(here[0], 0) & 1:
            merged[name] = (writer, value)
        elif not (writer == -1 or numbers.get(here[0], 0) >> max(writer, 0) & 1):
            merged[name] = (writer, VariableRace((str(here[0]), str(writer))))
    return merged

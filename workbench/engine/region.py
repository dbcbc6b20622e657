"""One run of one region: which blocks are done, what they gave, and which variables are in sight."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.base.errors import BlockFailed
from workbench.engine.frames import Frame
from workbench.engine.joined import Joined
from workbench.engine.program import Node, RegionPlan
from workbench.engine.records import Outcome
from workbench.engine.states import StepStatus
from workbench.storage.values import encode


class VariableRace:
    """Stands for a variable that unordered writers have set; reading it fails. Holds each one's value."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[int, Any]) -> None:
        self.values = values


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
        "frame",
        "joined",
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
        "waits",
    )

    def __init__(
        self,
        plan: RegionPlan,
        prefix: str,
        parent: RegionRun | None,
        names: Mapping[str, Any],
        body: Outcome | None,
        variables: Variables,
        frame: Frame,
    ) -> None:
        self.plan = plan
        self.frame = frame
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
        self.waits: set[asyncio.Future[None]] | None = None
        """Durable waits under way in steps of this region; they end when it is stopped."""
        self.failure: dict[str, Any] | None = None
        self.joined: Joined | None = None

    def input_of(self, node: Node) -> Any:
        """The joined input: nothing → null, one → its value, several → an object by handle, in the wires' order."""
        arrived = self.arrived[node.local]
        if not arrived:
            return None
        if len(arrived) == 1:
            return arrived[0].output
        return {name: outcome.output for name, outcome in self.named(node, arrived)}

    def named(self, node: Node, arrived: Sequence[Outcome]) -> list[tuple[str, Outcome]]:
        """What arrived at `node`, by the handle of its source and in the wires' order, whatever came first."""
        there = {id(outcome) for outcome in arrived}
        found: list[tuple[str, Outcome]] = []
        if self.body is not None and id(self.body) in there:
            found.append((self.plan.scope_handle, self.body))
        for local, name in node.sources.items():
            outcome = self.outcomes[local]
            if outcome is not None and id(outcome) in there:
                found.append((name, outcome))
            elif self.joined is not None and (share := self.joined.shares.get((local, node.local))) is not None:
                found.append((name, share))
        return found

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
    """Both sides' variables; of two writers the later one counts, and of unordered ones neither."""
    merged = dict(left)
    for name, theirs in right.items():
        ours = merged.get(name)
        if ours is None:
            merged[name] = theirs
        elif ours is not theirs:
            merged[name] = _nearest({**_candidates(ours), **_candidates(theirs)}, numbers)
    return merged


def _candidates(held: tuple[int, Any]) -> Mapping[int, Any]:
    writer, value = held
    return value.values if isinstance(value, VariableRace) else {writer: value}


def _nearest(candidates: Mapping[int, Any], numbers: Mapping[int, int]) -> tuple[int, Any]:
    left = {
        writer: value
        for writer, value in candidates.items()
        if not any(other != writer and _is_before(writer, other, numbers) for other in candidates)
    }
    last = max(left)
    return last, left[last] if len(left) == 1 else VariableRace(left)


def _is_before(writer: int, other: int, numbers: Mapping[int, int]) -> bool:
    return writer == -1 or (other != -1 and bool(numbers.get(other, 0) >> writer & 1))

"""Two versions side by side, with all that they call: what differs of a block, and of what a scope runs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from workbench.base.errors import WorkbenchError
from workbench.engine.calls import Calls
from workbench.engine.keys import Inside, inside_of
from workbench.engine.program import Node, Program


@dataclass(frozen=True, slots=True)
class Version:
    """A function as a run walks it: its program, and what it may call."""

    program: Program
    calls: Calls


class Compared:
    """One function of a run, as it was and as it will be: the run's own, or one that a block of it calls."""

    def __init__(self, before: Version | None, after: Version, *, other_inputs: bool = False) -> None:
        self.before = before
        self.program = after.program
        self._calls = after.calls
        self._inside: dict[str, Compared | None] = {}
        self._made_of: dict[str, str | None] = {}
        self._names: dict[str, Inside] = {}
        is_same = before is not None and before.program is after.program and not other_inputs
        self.changed: Mapping[str, str] = (
            {} if before is None or is_same else changes(before.program, after.program, other_inputs=other_inputs)
        )
        """By block id: what is different about it."""

    @cached_property
    def leads_to_writers(self) -> frozenset[str]:
        """The blocks that set variables, and those on which it depends whether others do."""
        layout = self.program.layout
        found: set[str] = set()
        for node in self._writers(self.program):
            found |= {node.id, *layout.scopes_around(node.id), *layout.visible(node.id)}
        return frozenset(found)

    @cached_property
    def other_writer(self) -> str | None:
        """A block that sets variables in one of the versions only."""
        if self.before is None:
            return None
        before = {node.id: node for node in self._writers(self.before.program)}
        after = {node.id: node for node in self._writers(self.program)}
        for block_id in before.keys() ^ after.keys():
            return (after.get(block_id) or before[block_id]).block.name
        return None

    @staticmethod
    def _writers(program: Program) -> Iterator[Node]:
        return (node for region in program.regions for node in region.nodes if node.writes_variables)

    def is_new(self, node: Node) -> bool:
        """Whether the version before did not have a block."""
        return self.before is not None and node.id not in self.before.program.places

    def may_fail_before(self, node: Node) -> Iterator[Node]:
        """The blocks in sight of one that may have handed a failure on."""
        for block_id in self.program.layout.visible(node.id):
            other = self.program.node(block_id)
            if other.has_error_wire or other.kind.is_scope:
                yield other

    def node(self, block_id: str) -> Node | None:
        """The block in the version that will run; None where it has none."""
        return self.program.node(block_id) if block_id in self.program.places else None

    def inside(self, block_id: str) -> Compared | None:
        """The function that a block calls; None where it calls none, or one that is gone."""
        if block_id not in self._inside:
            self._inside[block_id] = self._called(block_id)
        return self._inside[block_id]

    def _called(self, block_id: str) -> Compared | None:
        node = self.node(block_id)
        after = _version(self._calls, node)
        if after is None:
            return None
        before = self.before
        was = before.program.node(block_id) if before is not None and block_id in before.program.places else None
        return Compared(_version(before.calls, was) if before is not None else None, after)

    def inside_of(self, scope: Node) -> Inside:
        """What the regions of a scope read, and are made of."""
        found = self._names.get(scope.id)
        if found is None:
            found = self._names[scope.id] = inside_of(self.program, scope, self._calls)
        return found

    def why_inside_differs(self, scope: Node) -> str | None:
        """What is different in the regions of a scope, or in what is called there; None where nothing is."""
        if scope.id not in self._made_of:
            self._made_of[scope.id] = self._difference_inside(scope)
        return self._made_of[scope.id]

    def _difference_inside(self, scope: Node) -> str | None:
        before = self.before
        if before is None or scope.id not in before.program.places:
            return None
        was = before.program.node(scope.id)
        if inside_of(before.program, was, before.calls).made_of == self.inside_of(scope).made_of:
            return None
        for node in (scope, *nodes_inside(self.program, scope)):
            if node is not scope and node.id in self.changed:
                return f"“{node.block.name}” in it is another in this version"
            older = before.program.node(node.id) if node.id in before.program.places else None
            if older is not None and _identity(before.calls, older) != _identity(self._calls, node):
                return f"“{node.block.name}” calls another version of its function"
        return "what is in it is wired otherwise, or has more or fewer blocks, in this version"


def nodes_inside(program: Program, scope: Node) -> Iterator[Node]:
    """The blocks in the regions of a scope, those of the scopes inside them too."""
    left = list(scope.bodies.values())
    while left:
        for node in program.regions[left.pop()].nodes:
            yield node
            left += node.bodies.values()


def changes(old: Program, new: Program, *, other_inputs: bool) -> dict[str, str]:
    """What differs between the version that ran and the one that will, and what other inputs mean for triggers."""
    found: dict[str, str] = {}
    known = old.places
    for region in new.regions:
        for node in region.nodes:
            before = old.node(node.id) if node.id in known else None
            if node.kind.is_trigger and other_inputs:
                found[node.id] = "the inputs are others"
            elif before is None:
                continue
            elif before.plan.static_key != node.plan.static_key or before.block.disabled != node.block.disabled:
                found[node.id] = "its config is another in this version"
            elif set(before.sources.values()) != set(node.sources.values()):
                found[node.id] = "it is wired otherwise in this version"
            elif "vars" in node.plan.names and old.flow.variables != new.flow.variables:
                found[node.id] = "the function's variables are others in this version"
    return found


def _version(calls: Calls, node: Node | None) -> Version | None:
    if node is None or node.call is None:
        return None
    try:
        return Version(calls.program(node), calls)
    except WorkbenchError:
        return None


def _identity(calls: Calls, node: Node) -> bytes:
    if node.call is None or node.block.disabled:
        return b""
    try:
        return calls.identity(node)
    except WorkbenchError:
        return b"-"

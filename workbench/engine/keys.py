"""Step keys: equal keys mean equal outputs, so that a journaled one may stand for a step that need not run again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.base.errors import WorkbenchError
from workbench.blocks.kind import Effect
from workbench.engine.calls import Calls
from workbench.engine.frames import Frame
from workbench.engine.program import Node, Place, Program
from workbench.engine.records import RunRow
from workbench.engine.region import RegionRun
from workbench.engine.step import Step, failure_in_sight
from workbench.storage.values import encode


@dataclass(frozen=True, slots=True)
class Inside:
    """What a scope's regions are made of and read, all scopes inside them too."""

    made_of: bytes
    names: frozenset[str]
    sees: tuple[tuple[str, Place], ...] | None
    """Blocks in sight of code that may read them all; None where there is none."""


def inside_of(program: Program, scope: Node, calls: Calls | None = None) -> Inside:
    """Look through the regions of a scope, and (with `calls`) at what is called there."""
    digest = hashlib.blake2b(digest_size=16)
    names: set[str] = set()
    _add_call(digest, scope, names, calls)
    sees: dict[str, Place] | None = None
    left = [(port, index) for port, index in sorted(scope.bodies.items())]
    while left:
        port, index = left.pop()
        digest.update(port.encode())
        for node in program.regions[index].nodes:
            digest.update(f"{node.id}\0{node.block.disabled}\0{node.wires}{node.special}".encode())
            digest.update(node.plan.static_key)
            names |= node.plan.names
            _add_call(digest, node, names, calls)
            if node.sees is not None:
                sees = {**(sees or {}), **dict(node.sees)}
            left += [(port, inner) for port, inner in sorted(node.bodies.items())]
    # Where a block that is not in sight has come to is a matter of chance, and no expression can read it.
    by_handle, layout = program.by_handle, program.layout
    seen = {n for n in names if n not in by_handle or layout.sees(scope.id, _at(program, by_handle[n]).id)}
    return Inside(digest.digest(), frozenset(seen), tuple(sees.items()) if sees is not None else None)


def _add_call(digest: Any, node: Node, names: set[str], calls: Calls | None) -> None:
    """What a node that calls a function stands for: that function, and perhaps the variables in sight."""
    if node.call is None or node.block.disabled:
        return
    try:
        digest.update(calls.identity(node) if calls is not None else b"")
    except WorkbenchError:  # a function that is gone: the call itself fails, and says so
        digest.update(b"-")
    if node.block.config.get("inheritContext"):
        names.add("vars")


def _at(program: Program, place: Place) -> Node:
    return program.regions[place.region].nodes[place.local]


class Keys:
    """Makes the keys of the steps of one function in a run."""

    __slots__ = ("_calls", "_inputs_key", "_inside", "frame", "program", "row")

    def __init__(self, frame: Frame, row: RunRow, calls: Calls) -> None:
        self.frame = frame
        self.program = frame.program
        self.row = row
        self._calls = calls
        self._inputs_key: bytes | None = None
        self._inside: dict[str, Inside] = {}

    def of(self, step: Step) -> bytes:
        """Identity of a step's output; its first half tells what went in (see `went_in`).

        A pure step's output follows from what went in. That of any other follows from where it ran besides, which the
        second half tells; of a scope, what its regions read and are made of went in too.
        """
        node, region = step.node, step.region
        arrived = region.arrived[node.local]
        if node.reads_input_only and region.parent is None and arrived is not None and len(arrived) == 1:
            return hashlib.blake2b(node.plan.static_key + arrived[0].key, digest_size=16).digest()
        parts = [node.plan.static_key]
        if arrived is not None:
            self._add_arrived(parts, region, node)
        if node.kind.is_trigger:
            parts.append(self._key_of_inputs())
        names, reads, sees = node.plan.names, node.reads, node.sees
        if node.kind.is_scope:
            inside = self._inside.get(node.id)
            if inside is None:
                inside = self._inside[node.id] = inside_of(self.program, node, self._calls)
            parts.append(inside.made_of)
            names, sees = names | inside.names, inside.sees if inside.sees is not None else sees
            by_handle = self.program.by_handle
            reads = tuple(by_handle[n] for n in sorted(names) if n in by_handle and n not in node.hidden)
        if names or sees is not None:
            self._add_names(parts, step, names, reads, sees)
        went_in = hashlib.blake2b(b"".join(parts), digest_size=16).digest()
        if node.effect is Effect.PURE and not node.kind.is_scope:
            return went_in
        where = hashlib.blake2b(f"{self.row.id}\0{step.path}".encode(), digest_size=8).digest()
        return went_in[:8] + where

    def of_failure(self, step: Step, description: str) -> bytes:
        """Identity of a failed step's outcome, told likewise."""
        came_out = hashlib.blake2b(f"{step.path}\0{description}".encode("utf-8", "replace"), digest_size=8)
        return self.of(step)[:8] + came_out.digest()

    def _add_arrived(self, parts: list[bytes], region: RegionRun, node: Node) -> None:
        arrived = region.arrived[node.local]
        if not arrived:
            return
        if len(arrived) == 1:
            parts.append(arrived[0].key)
            return
        for name, outcome in region.named(node, arrived):
            parts.append(name.encode())
            parts.append(outcome.key)

    def _key_of_inputs(self) -> bytes:
        if self._inputs_key is None:
            self._inputs_key = hashlib.blake2b(encode(dict(self.frame.inputs)), digest_size=16).digest()
        return self._inputs_key

    def _add_names(
        self,
        parts: list[bytes],
        step: Step,
        names: frozenset[str],
        reads: Sequence[Place],
        sees: Sequence[tuple[str, Place]] | None,
    ) -> None:
        for place in (*(p for _, p in sees), *reads) if sees is not None else reads:
            outcome = step.outcome_at(place)
            parts.append(outcome.key if outcome is not None else b"-")
        sees_all = sees is not None
        if "vars" in names or sees_all:
            parts.append(_key_of_variables(step))
        if "run" in names or sees_all:
            parts.append(self.row.id.encode())
        if sees_all or not names.isdisjoint(self.program.error_names):
            parts.append(repr(failure_in_sight(self.program, step.region, step.node)).encode("utf-8", "replace"))
        region: RegionRun | None = step.region
        while region is not None:
            if region.names and (sees_all or not names.isdisjoint(region.names)):
                parts.append(region.key_of_names())
            region = region.parent

    def of_input(self, step: Step) -> bytes:
        """Identity of what flows into a scope, and so of what its body wire carries."""
        parts = [step.path.encode()]
        self._add_arrived(parts, step.region, step.node)
        return hashlib.blake2b(b"".join(parts), digest_size=16).digest()


def _key_of_variables(step: Step) -> bytes:
    variables = step.found_variables()
    try:
        raw = encode(variables)
    except WorkbenchError:
        raw = repr(variables).encode("utf-8", "replace")
    return hashlib.blake2b(raw, digest_size=16).digest()

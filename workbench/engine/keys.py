"""Step keys: equal keys mean equal outputs, so that a journaled one may stand for a step that need not run again."""

from __future__ import annotations

import hashlib
from typing import Any

from workbench.base.errors import WorkbenchError
from workbench.blocks.kind import Effect
from workbench.engine.program import Node, Program
from workbench.engine.records import RunRow
from workbench.engine.region import RegionRun
from workbench.engine.step import Step, failure_in_sight
from workbench.storage.values import encode


class Keys:
    """Makes the keys of one run's steps."""

    __slots__ = ("_inputs_key", "program", "row")

    def __init__(self, program: Program, row: RunRow) -> None:
        self.program = program
        self.row = row
        self._inputs_key: bytes | None = None

    def of(self, step: Step) -> bytes:
        """Identity of a step's output: for pure steps made from what went in, for others from where it ran."""
        node = step.node
        digest = hashlib.blake2b(node.plan.static_key, digest_size=16)
        if node.effect is not Effect.PURE or node.kind.is_scope:
            digest.update(self.row.id.encode())
            digest.update(step.path.encode())
            return digest.digest()
        self._add_arrived(digest, step.region, node)
        if node.kind.is_trigger:
            digest.update(self._key_of_inputs())
        names = node.plan.names
        if names or node.sees is not None:
            self._add_names(digest, step, names)
        return digest.digest()

    def _add_arrived(self, digest: Any, region: RegionRun, node: Node) -> None:
        arrived = region.arrived[node.local]
        if not arrived:
            return
        if len(arrived) == 1:
            digest.update(arrived[0].key)
            return
        for name, outcome in region.named(node, arrived):
            digest.update(name.encode())
            digest.update(outcome.key)

    def _key_of_inputs(self) -> bytes:
        if self._inputs_key is None:
            self._inputs_key = hashlib.blake2b(encode(self.row.inputs), digest_size=16).digest()
        return self._inputs_key

    def _add_names(self, digest: Any, step: Step, names: frozenset[str]) -> None:
        node = step.node
        places = [p for _, p in node.sees] if node.sees is not None else []
        by_handle = self.program.by_handle
        places += [by_handle[n] for n in sorted(names) if n in by_handle]
        for place in places:
            outcome = step.outcome_at(place)
            digest.update(outcome.key if outcome is not None else b"-")
        sees_all = node.sees is not None
        if "vars" in names or sees_all:
            digest.update(_key_of_variables(step))
        if "run" in names or sees_all:
            digest.update(f"{self.row.id} {self.row.attempt}".encode())
        if sees_all or not names.isdisjoint(self.program.error_names):
            digest.update(repr(failure_in_sight(self.program, step.region, node)).encode("utf-8", "replace"))
        region: RegionRun | None = step.region
        while region is not None:
            if region.names and (sees_all or not names.isdisjoint(region.names)):
                digest.update(region.key_of_names())
            region = region.parent

    def of_input(self, step: Step) -> bytes:
        """Identity of what flows into a scope, and so of what its body wire carries."""
        digest = hashlib.blake2b(step.path.encode(), digest_size=16)
        self._add_arrived(digest, step.region, step.node)
        return digest.digest()


def _key_of_variables(step: Step) -> bytes:
    variables = step.found_variables()
    try:
        raw = encode(variables)
    except WorkbenchError:
        raw = repr(variables).encode("utf-8", "replace")
    return hashlib.blake2b(raw, digest_size=16).digest()

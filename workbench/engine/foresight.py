"""What another attempt or a fork will reuse, run again and keep, told before it runs: a dry walk over the journal.

It knows which blocks are done, what was changed, and what comes after what. What a block that runs again will give is
not known before it does: what comes after it is told as running again, and is reused after all where the value is the
same as before. Which way a condition that runs again goes is not known either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from workbench.blocks.kind import Effect, ScopeType
from workbench.engine.forking import block_at, region_of
from workbench.engine.keys import Inside, inside_of
from workbench.engine.program import Node, Place, Program
from workbench.engine.replay import Kept, scopes_of
from workbench.engine.states import StepStatus

Verdict = Literal["reused", "rerun", "kept"]

_UNFINISHED = {
    StepStatus.CANCELLED: "it was cancelled",
    StepStatus.UNKNOWN: "its outcome is not known; it has the same idempotency key again",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One place of a journal, and what becomes of it."""

    path: str
    block_id: str
    block_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Foresight:
    """Every place where something has run, by what becomes of it, in the order in which they began."""

    reused: list[Seen] = field(default_factory=list[Seen])
    rerun: list[Seen] = field(default_factory=list[Seen])
    kept: list[Seen] = field(default_factory=list[Seen])


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be done with a journal."""

    is_fork: bool = False
    changed: Mapping[str, str] = field(default_factory=dict[str, str])
    """By block id: what is different about it."""
    is_anew: Callable[[str], bool] | None = None
    """Whether the block at a path was asked to run anew."""
    up_to: int | None = None
    """The last sequence that a fork shares."""
    repeats_effects: bool = False


def foresee(program: Program, kept: Mapping[str, Kept], begun: Mapping[str, int], plan: Plan) -> Foresight:
    """Go through a journal's places in the order in which they began."""
    walk = _DryWalk(program, kept, plan)
    for path, seq in sorted(begun.items(), key=lambda item: item[1]):
        walk.see(path, seq)
    return walk.found


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


class _DryWalk:
    def __init__(self, program: Program, kept: Mapping[str, Kept], plan: Plan) -> None:
        self.found = Foresight()
        self._program = program
        self._kept = kept
        self._plan = plan
        self._verdicts: dict[str, Verdict] = {}
        self._differs: dict[str, str] = {}
        """By path of a scope: why what went into it differs."""
        self._whole: set[str] = set()
        self._inside: dict[str, Inside] = {}
        self._last_writer: str | None = None

    def see(self, path: str, seq: int) -> None:
        """Decide about one place."""
        kept = self._kept.get(path)
        if kept is not None and kept.status is StepStatus.SKIPPED:
            return
        block_id = block_at(path)
        place = self._program.places.get(block_id)
        node = self._program.node(block_id) if place is not None else None
        verdict, reason = self._decide(path, seq, node, kept)
        self._verdicts[path] = verdict
        if node is not None and node.writes_variables and verdict == "rerun":
            self._last_writer = node.block.name
        name = node.block.name if node is not None else block_id
        {"reused": self.found.reused, "rerun": self.found.rerun, "kept": self.found.kept}[verdict].append(
            Seen(path, block_id, name, reason)
        )

    def _decide(self, path: str, seq: int, node: Node | None, kept: Kept | None) -> tuple[Verdict, str]:
        outer = next(scopes_of(path), None)
        if outer is not None and outer in self._whole:
            return "reused", f"it is part of “{self._name(outer)}”, which is reused"
        plan = self._plan
        is_done = kept is not None and kept.port is not None
        if plan.is_anew is not None and plan.is_anew(path):
            return "rerun", "it is the block to begin from, or comes after it, or is around it"
        if kept is None or not is_done:
            return "rerun", _why_unfinished(kept)
        if plan.up_to is not None and seq > plan.up_to:
            return "rerun", "it comes after the place of the fork"
        if not plan.is_fork or node is None:
            return self._reuse(path, node, "it is done")
        if kept.block_type != node.block.type:
            return "rerun", f"it was a {kept.block_type} block"
        why = self._why_differs(path, node)
        if node.kind.is_scope:
            return self._decide_scope(path, node, why)
        if why is None:
            return self._reuse(path, node, "nothing before it differs")
        if node.effect is Effect.EFFECT and kept.status is StepStatus.COMPLETED and not plan.repeats_effects:
            return "kept", f"an effect that is done is not repeated, although {why}"
        return "rerun", why

    def _reuse(self, path: str, node: Node | None, reason: str) -> tuple[Verdict, str]:
        if node is not None and node.kind.is_scope:
            self._whole.add(path)
        return "reused", reason

    def _decide_scope(self, path: str, node: Node, why: str | None) -> tuple[Verdict, str]:
        inner = [n.block.name for n in self._nodes_inside(node) if n.id in self._plan.changed]
        if why is not None:
            self._differs[path] = why
            return "rerun", f"it is entered again: {why}"
        if inner:
            return "rerun", f"it is entered again: “{inner[0]}” in it is another in this version"
        return self._reuse(path, node, "nothing before it, or in it, differs")

    def _nodes_inside(self, scope: Node) -> list[Node]:
        found: list[Node] = []
        left = list(scope.bodies.values())
        while left:
            for node in self._program.regions[left.pop()].nodes:
                found.append(node)
                left += node.bodies.values()
        return found

    def _why_differs(self, path: str, node: Node) -> str | None:
        """What differs of that which goes into a block; None where nothing does as far as can be told."""
        plan, prefix = self._plan, region_of(path)
        if node.id in plan.changed:
            return plan.changed[node.id]
        for local in node.sources:
            source = self._program.regions[node.region].nodes[local]
            if self._verdicts.get(prefix + source.id) == "rerun":
                return _runs_again(source)
        names, sees = node.plan.names, node.sees
        if node.kind.is_scope:
            inside = self._inside.get(node.id)
            if inside is None:
                inside = self._inside[node.id] = inside_of(self._program, node)
            names, sees = names | inside.names, inside.sees or sees
        outer = next(scopes_of(path), None)
        if outer is not None and outer in self._differs:
            scope = self._program.node(block_at(outer))
            given = _given_by(scope)
            if node.local in self._program.regions[node.region].entries or not names.isdisjoint(given):
                return f"what “{scope.block.name}” gives it may be another: {self._differs[outer]}"
        return self._why_read_differs(path, names, sees)

    def _why_read_differs(
        self, path: str, names: frozenset[str], sees: tuple[tuple[str, Place], ...] | None
    ) -> str | None:
        by_handle = self._program.by_handle
        for place in [p for _, p in sees or ()] + [by_handle[n] for n in sorted(names) if n in by_handle]:
            read = self._program.regions[place.region].nodes[place.local]
            around = [path, *scopes_of(path)]
            if any(self._verdicts.get(region_of(p) + read.id) == "rerun" for p in around):
                return _runs_again(read)
        if self._last_writer is not None and (sees is not None or "vars" in names):
            return f"“{self._last_writer}”, which sets variables, runs again"
        if "run" in names or sees is not None:
            return "it reads `run`, and that is another one"
        return None

    def _name(self, path: str) -> str:
        block_id = block_at(path)
        return self._program.node(block_id).block.name if block_id in self._program.places else block_id


def _given_by(scope: Node) -> frozenset[str]:
    """The names that a scope gives to what it runs."""
    named = scope.kind.region_names(scope.block.config) if isinstance(scope.kind, ScopeType) else ()
    return frozenset(named) | {"item", "index", "last", "accumulator"}


def _runs_again(node: Node) -> str:
    return f"“{node.block.name}” before it runs again (it is reused after all where that gives the same value)"


def _why_unfinished(kept: Kept | None) -> str:
    if kept is None:
        return "it was not finished"
    if kept.status is StepStatus.FAILED:
        return f"it failed: {(kept.error or {}).get('message', 'no reason is known')}"
    return _UNFINISHED.get(kept.status, "it was not finished")

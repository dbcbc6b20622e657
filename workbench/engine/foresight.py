"""What another attempt or a fork will reuse, run again and keep, told before it runs: a dry walk over the journal.

It knows which blocks are done, what was changed, and what comes after what, in called functions too. What a block that
runs again will give is not known before it does: what comes after it is told as running again, and is reused after all
where the value is the same as before. Which way a condition that runs again goes is not known either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from workbench.blocks.kind import Effect, ScopeType
from workbench.blocks.registry import BlockRegistry
from workbench.engine.comparing import Compared
from workbench.engine.forking import abide, block_at, region_of
from workbench.engine.journal_reading import inheritance, journals
from workbench.engine.program import Node, Place
from workbench.engine.records import ForkOf
from workbench.engine.replay import Kept, is_final, scopes_of
from workbench.engine.states import StepStatus
from workbench.flow.model import Flow
from workbench.storage.value_files import ValueStore

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
    is_anew: Callable[[str], bool] | None = None
    """Whether the block at a path was asked to run anew."""
    up_to: int | None = None
    """The last sequence that a fork at a place shares."""
    repeats_effects: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """A run's journal by path: what was there last, where each began, and what of it may be taken over."""

    there: Mapping[str, Kept]
    begun: Mapping[str, int]
    taken: Mapping[str, Kept]


def journal_past(
    cursor: Any, values: ValueStore, run_id: str, fork: ForkOf | None, flow: Flow, registry: BlockRegistry
) -> Past:
    """A run's journal as another attempt of it has it, or (with `fork`) as that fork, which walks `flow`."""
    known = journals(cursor, values, run_id).get(run_id)
    if known is None:
        return Past({}, {}, {})
    there, begun = known.journal.known, known.journal.begun
    if fork is None:
        again = journals(cursor, values, run_id, is_retried=True).get(run_id)
        return Past(there, begun, again.journal.known if again is not None else {})
    inherited = inheritance(cursor, run_id, fork.up_to)
    abide(inherited, fork.origin, flow, registry)
    return Past(there, begun, inherited.kept)


def foresee(compared: Compared, past: Past, plan: Plan) -> Foresight:
    """Go through a journal's places in the order in which they began."""
    walk = _DryWalk(compared, past, plan)
    for path, seq in sorted(past.begun.items(), key=lambda item: item[1]):
        walk.see(path, seq)
    return walk.found


class _Spot(NamedTuple):
    """Where a path leads: the function that it ends in, that function's prefix there, and the block."""

    function: Compared
    prefix: str
    node: Node


class _DryWalk:
    def __init__(self, compared: Compared, past: Past, plan: Plan) -> None:
        self.found = Foresight()
        self._own = compared
        self._past = past
        self._plan = plan
        self._verdicts: dict[str, Verdict] = {}
        self._differs: dict[str, str] = {}
        """By path of a scope: why what went into it differs."""
        self._whole: set[str] = set()
        self._writers: dict[str, str] = {}
        """By prefix of a function: the last block in it that runs again and after which variables may be set."""
        self._since: dict[str, int] = {}
        """By path of a scope: the first iteration in which something runs again."""
        self._newly: dict[str, bool] = {}
        self._places: dict[str, tuple[Compared, str] | None] = {}

    def see(self, path: str, seq: int) -> None:
        """Decide about one place; one that the version that will run does not have is left out."""
        before = self._past.there.get(path)
        if before is not None and before.status is StepStatus.SKIPPED:
            return
        spot = self._find(path)
        if spot is None:
            return
        verdict, reason = self._decide(path, seq, spot)
        self._verdicts[path] = verdict
        node = spot.node
        if node.kind.is_scope and verdict == "rerun" and self._plan.is_fork:
            why = self._why_differs(path, spot)
            if why is not None:
                self._differs[path] = why
        if verdict == "rerun":
            if node.id in spot.function.leads_to_writers:
                self._writers[spot.prefix] = node.block.name
            for outer in scopes_of(path):
                self._since[outer] = min(_iteration(path, outer), self._since.get(outer, 1 << 62))
        listed = {"reused": self.found.reused, "rerun": self.found.rerun, "kept": self.found.kept}[verdict]
        listed.append(Seen(path, node.id, node.block.name, reason))

    def _find(self, path: str) -> _Spot | None:
        """Where a path leads; None for a block, a scope or a function that is not there any more."""
        place = self._place(region_of(path))
        node = place[0].node(block_at(path)) if place is not None else None
        return _Spot(*place, node) if place is not None and node is not None else None

    def _place(self, region: str) -> tuple[Compared, str] | None:
        """The function that a region's prefix is in, and the prefix of that function's own region."""
        if not region:
            return self._own, ""
        if region not in self._places:
            scope = self._find(region[: region.rindex("[")])
            if scope is None:
                self._places[region] = None
            elif scope.node.call is None:
                self._places[region] = scope.function, scope.prefix
            else:
                inside = scope.function.inside(scope.node.id)
                self._places[region] = (inside, region) if inside is not None else None
        return self._places[region]

    def _decide(self, path: str, seq: int, spot: _Spot) -> tuple[Verdict, str]:
        node, plan = spot.node, self._plan
        outer = next(scopes_of(path), None)
        if outer is not None and outer in self._whole:
            return self._reuse(path, node, f"it is part of “{self._name(outer)}”, which is reused")
        if plan.is_anew is not None and plan.is_anew(path):
            return "rerun", "it is the block to begin from, or comes after it, or is around it"
        kept = self._past.taken.get(path)
        if kept is None or not is_final(kept):
            return "rerun", self._why_unfinished(path, seq)
        if kept.output is not None and kept.output.kind == "pending":
            return "rerun", "its value was not kept"
        if not plan.is_fork:
            return self._reuse(path, node, "it is done")
        if kept.block_type != node.block.type:
            return "rerun", f"it was a {kept.block_type} block"
        if node.race_limit_ms and kept.status is StepStatus.FAILED:
            return "rerun", "its race is run again"
        why = self._why_differs(path, spot)
        if node.kind.is_scope:
            return self._decide_scope(path, spot, why)
        if why is None:
            return self._reuse(path, node, "nothing before it differs")
        if node.effect is Effect.EFFECT and kept.status is StepStatus.COMPLETED and not plan.repeats_effects:
            return "kept", f"an effect that is done is not repeated, although {why}"
        return "rerun", why

    def _why_unfinished(self, path: str, seq: int) -> str:
        there, up_to = self._past.there.get(path), self._plan.up_to
        if up_to is not None and seq > up_to:
            return "it comes after the place of the fork"
        if there is None:
            return "it was not finished"
        if up_to is not None and is_final(there) and there.port is not None:
            return "it was not finished at the place of the fork"
        if there.status is StepStatus.FAILED:
            return f"it failed: {(there.error or {}).get('message', 'no reason is known')}"
        return _UNFINISHED.get(there.status, "it was not finished")

    def _reuse(self, path: str, node: Node, reason: str) -> tuple[Verdict, str]:
        if node.kind.is_scope:
            self._whole.add(path)
        return "reused", reason

    def _decide_scope(self, path: str, spot: _Spot, why: str | None) -> tuple[Verdict, str]:
        inside = spot.function.why_inside_differs(spot.node)
        if why is not None:
            return "rerun", f"it is entered again: {why}"
        if inside is not None:
            return "rerun", f"it is entered again: {inside}"
        return self._reuse(path, spot.node, "nothing before it, or in it, differs")

    def _why_differs(self, path: str, spot: _Spot) -> str | None:
        """What differs of that which goes into a block; None where nothing does as far as can be told."""
        function, node = spot.function, spot.node
        if node.id in function.changed:
            return function.changed[node.id]
        here = region_of(path)
        for local in node.sources:
            source = function.program.regions[node.region].nodes[local]
            if self._reruns(here, source, function):
                return _runs_again(source)
        names, sees = node.plan.names, node.sees
        if node.kind.is_scope:
            inside = function.inside_of(node)
            names, sees = names | inside.names, inside.sees if inside.sees is not None else sees
        return self._why_given_differs(path, spot, names, reads_all=sees is not None) or self._why_read_differs(
            path, spot, names, sees
        )

    def _why_given_differs(self, path: str, spot: _Spot, names: frozenset[str], *, reads_all: bool) -> str | None:
        """What differs of that which the scopes around a block give it."""
        function, prefix, node = spot
        is_entry = node.local in function.program.regions[node.region].entries
        for outer in scopes_of(path):
            if len(outer) < len(prefix):  # the call itself: a called function sees its inputs, and nothing else around
                is_told = is_entry and outer in self._differs
                return (
                    f"what “{self._name(outer)}” gives it may be another: {self._differs[outer]}" if is_told else None
                )
            scope = self._find(outer)
            given = _given_by(scope.node) if scope is not None else names
            if outer in self._differs and (is_entry or reads_all or not names.isdisjoint(given)):
                return f"what “{self._name(outer)}” gives it may be another: {self._differs[outer]}"
            carried = given & {"last", "accumulator"}
            reads_carried = carried and (is_entry or reads_all or not names.isdisjoint(carried))
            if reads_carried and self._since.get(outer, 1 << 62) < _iteration(path, outer):
                return f"“{self._name(outer)}” hands on what the iteration before gives, where something runs again"
            is_entry = False
        return None

    def _reruns(self, here: str, node: Node, function: Compared) -> bool:
        """Whether a block of the region `here` runs again, or may run now though it had not before."""
        path = here + node.id
        verdict = self._verdicts.get(path)
        if verdict is not None:
            return verdict == "rerun"
        if path not in self._newly:
            self._newly[path] = function.is_new(node) or any(
                self._reruns(here, function.program.regions[node.region].nodes[local], function)
                for local in node.sources
            )
        return self._newly[path]

    def _why_read_differs(
        self, path: str, spot: _Spot, names: frozenset[str], sees: tuple[tuple[str, Place], ...] | None
    ) -> str | None:
        function, prefix, node = spot
        program = function.program
        by_handle = program.by_handle
        regions = [here for p in (path, *scopes_of(path)) if len(here := region_of(p)) >= len(prefix)]
        for place in [p for _, p in sees or ()] + [
            by_handle[n] for n in sorted(names) if n in by_handle and n not in node.hidden
        ]:
            read = program.regions[place.region].nodes[place.local]
            if any(self._reruns(here, read, function) for here in regions):
                return _runs_again(read)
        if sees is not None or not names.isdisjoint(program.error_names):
            for failed in function.may_fail_before(node):
                if any(self._reruns(here, failed, function) for here in regions):
                    return _runs_again(failed)
        if sees is not None or "vars" in names:
            writer = self._writer_in_sight(prefix)
            if writer is not None:
                return f"“{writer}” runs again, and variables may be set otherwise since"
        if "run" in names or sees is not None:
            return "it reads `run`, and that is another one"
        return None

    def _writer_in_sight(self, prefix: str) -> str | None:
        """A block that runs again and sets variables of a function, or of those whose variables it inherits."""
        while True:
            if prefix in self._writers:
                return self._writers[prefix]
            place = self._place(prefix)
            if place is not None and place[0].other_writer is not None:
                return place[0].other_writer
            if not prefix:
                return None
            call = self._find(prefix[: prefix.rindex("[")])
            if call is None or not call.node.block.config.get("inheritContext"):
                return None
            prefix = call.prefix

    def _name(self, path: str) -> str:
        spot = self._find(path)
        return spot.node.block.name if spot is not None else block_at(path)


def _given_by(scope: Node) -> frozenset[str]:
    """The names that a scope gives to what it runs."""
    if scope.call is not None:
        return frozenset()
    named = scope.kind.region_names(scope.block.config) if isinstance(scope.kind, ScopeType) else ()
    return frozenset(named) | {"item", "index", "last", "accumulator"}


def _runs_again(node: Node) -> str:
    return f"“{node.block.name}” before it runs again (it is reused after all where that gives the same value)"


def _iteration(path: str, scope: str) -> int:
    """In which iteration of the scope at `scope` a path is."""
    return int(path[len(scope) + 1 : path.index("]", len(scope))])

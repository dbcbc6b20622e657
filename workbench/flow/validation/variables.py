"""The check of variables: two writers of one name of which neither comes first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, cast

from workbench.flow.graph import Graph
from workbench.flow.model import Block
from workbench.flow.regions import Regions, positions
from workbench.flow.validation.problems import Code, Problem
from workbench.flow.validation.subject import Subject

WRITER = "set_variables"
FIRES_ALL = "split"
"""The one type that fires several of its ports at once; every other fires one."""

_MAX_PAIRS = 100
_MAX_WALKS = 5
"""Bounds on the work: a flow where every block races with every other gets its warnings, not all of them."""


def check_variables(subject: Subject) -> Iterator[Problem]:
    """Warn where two `set_variables` may both run, in no order, and set one name."""
    writers: dict[str, list[Block]] = {}
    for block in subject.graph.blocks:
        if block.type == WRITER and not block.disabled:
            for name in _names_set(block):
                writers.setdefault(name, []).append(block)
    pairs = 0
    for name, blocks in writers.items():
        for one, other in combinations(blocks, 2):
            pairs += 1
            if pairs > _MAX_PAIRS:
                return
            if _races(subject.regions, one.id, other.id):
                yield Problem(
                    code=Code.VARIABLE_RACE,
                    severity="warning",
                    message=f'"{one.name}" and "{other.name}" both set `{name}` and neither comes first: a block '
                    "behind both fails if both ran. Wire one before the other, or set two names.",
                    block_id=other.id,
                    field="config.values",
                )


def _names_set(block: Block) -> list[str]:
    values: Any = block.config.get("values")
    return list(cast("dict[str, Any]", values)) if isinstance(values, dict) else []


def _races(regions: Regions, one: str, other: str) -> bool:
    """Whether both can complete, unordered, and be read at one place behind both."""
    pair = _in_one_region(regions, one, other)
    if pair is None:
        return False
    one, other = pair
    if one == other or regions.sees(one, other) or regions.sees(other, one):
        return False
    return not _excluded(regions, one, other)


def _in_one_region(regions: Regions, one: str, other: str) -> tuple[str, str] | None:
    """The two blocks, or the scopes that stand for them where they meet; None when their variables never meet."""
    around = [other, *regions.scopes_around(other)]
    at = {regions.key_of(block_id): block_id for block_id in around}
    for mine in (one, *regions.scopes_around(one)):
        theirs = at.get(regions.key_of(mine))
        if theirs is not None:
            inside = [*_up_to(regions, one, mine), *_up_to(regions, other, theirs)]
            return None if any(_keeps_inside(regions.graph.block(s)) for s in inside) else (mine, theirs)
    return None


def _up_to(regions: Regions, block_id: str, end: str) -> list[str]:
    if block_id == end:
        return []
    around = list(regions.scopes_around(block_id))
    return around[: around.index(end) + 1]


def _keeps_inside(scope: Block) -> bool:
    """Whether variables set inside the scope stay there: parallel, and loops that run several at once."""
    return scope.type == "parallel" or (scope.type == "loop" and scope.config.get("concurrency", 1) not in {1, "1"})


def _excluded(regions: Regions, one: str, other: str) -> bool:
    """Whether some block upstream of both fires only one of the ports that lead to them, and no way leads past it."""
    graph = regions.graph
    first, second = graph.index[one], graph.index[other]
    before_first = regions.upstream_bits[first] | 1 << first
    before_second = regions.upstream_bits[second] | 1 << second
    shared = before_first & before_second
    walks = 0
    for at in positions(shared):
        if graph.blocks[at].type == FIRES_ALL or len(graph.outgoing[at]) < 2:
            continue
        if _ports_to(graph, at, before_first) & _ports_to(graph, at, before_second):
            continue
        walks += 1
        if walks > _MAX_WALKS or not _is_passed_by(regions, at, {first, second}):
            return True
    return False


def _ports_to(graph: Graph, at: int, before: int) -> set[str]:
    """The ports of a block that lead to one of the blocks `before`, a bit set."""
    return {edge.source_port for edge in graph.outgoing[at] if before >> graph.index[edge.target] & 1}


def _is_passed_by(regions: Regions, at: int, targets: set[int]) -> bool:
    """Whether a way leads from the region's entries to a target without `at`."""
    graph = regions.graph
    region = regions.regions[regions.key_of(graph.blocks[at].id)]
    closed = graph.blocks[at].id
    entries = [graph.index[block_id] for block_id in region.entries]
    return bool(targets & graph.reached_from(entries, lambda block: block.id != closed))

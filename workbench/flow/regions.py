"""Which region each block stands in, what is upstream of it, and so which blocks its expressions may name.

Only ports marked `region` (`body`, `branch-…`) start regions. A block belongs to the region that its incoming edges
lead into; an edge whose ends disagree about that is a *crossing* and takes part in nothing else. Sets of blocks are
Python ints used as bit sets, which keeps 2,000 blocks quick.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from workbench.flow.catalogue import Catalogue, Shape
from workbench.flow.graph import Graph, build_graph
from workbench.flow.model import Edge, Flow


class RegionKey(NamedTuple):
    """A region's name: the scope block's id and the port that starts it; `ROOT` is the function's own region."""

    scope: str
    port: str


ROOT = RegionKey("", "")

Hidden: TypeAlias = Literal["itself", "after", "beside", "inside", "around"]
"""Why a block is not in sight: it is the block itself, comes later in the region, stands beside (neither before nor
after), inside a region that the block is not in, or is a scope around the block (not finished while the block runs)."""


@dataclass(frozen=True, slots=True)
class Region:
    """The blocks that run as one unit. Tuples are in an order in which a block comes after all that lead to it."""

    key: RegionKey
    parent: RegionKey | None
    depth: int
    """0 for the root."""
    blocks: tuple[str, ...]
    entries: tuple[str, ...]
    """Where it starts: the root's blocks without incoming edges, else the targets of the scope's port."""
    lasts: tuple[str, ...]
    """Blocks with no edge out of a port other than regions' and `error`: their values make the region's result."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """An edge that joins two regions without being a scope's port."""

    edge: Edge
    kind: Literal["leaves", "enters", "repeats"]
    """`repeats`: from inside a scope back to that scope, as if one had to close a loop by hand."""
    scope: str
    """The scope whose region is left or entered."""


class Regions:
    """The regions of one flow. Made by `find_regions`; every method bears any flow but only known block ids."""

    def __init__(
        self,
        graph: Graph,
        shapes: dict[str, Shape | None],
        region_of: list[RegionKey],
        crossings: tuple[Crossing, ...],
    ) -> None:
        self.graph = graph
        self.shapes = shapes
        """By block id; None where the type is unknown."""
        self.crossings = crossings
        self._region_of = region_of
        crossed = {id(crossing.edge) for crossing in crossings}
        self.inner_incoming: tuple[tuple[Edge, ...], ...] = tuple(
            tuple(e for e in entering if id(e) not in crossed and not is_region_port(shapes, e))
            for entering in graph.incoming
        )
        """By position: the incoming edges from blocks of the same region."""

    def key_of(self, block_id: str) -> RegionKey:
        """The region that a block stands in."""
        return self._region_of[self.graph.index[block_id]]

    def scopes_around(self, block_id: str) -> Iterator[str]:
        """The enclosing scopes' ids, innermost first."""
        scope = self.key_of(block_id).scope
        while scope:
            yield scope
            scope = self.key_of(scope).scope

    @cached_property
    def regions(self) -> dict[RegionKey, Region]:
        """All regions: the root first, a scope's after the one that it stands in. Wired ones only."""
        members: dict[RegionKey, list[int]] = {ROOT: []}
        for at in self.graph.order:
            members.setdefault(self._region_of[at], []).append(at)
        found: dict[RegionKey, Region] = {}
        for key, inside in members.items():
            parent = self.key_of(key.scope) if key.scope else None
            found[key] = self._region(key, parent, found[parent].depth + 1 if parent else 0, inside)
        return found

    def _region(self, key: RegionKey, parent: RegionKey | None, depth: int, members: list[int]) -> Region:
        ids = tuple(self.graph.blocks[at].id for at in members)
        if key == ROOT:
            entries = tuple(self.graph.blocks[at].id for at in members if not self.graph.incoming[at])
        else:
            targets = {
                edge.target for edge in self.graph.outgoing[self.graph.index[key.scope]] if edge.source_port == key.port
            }
            entries = tuple(block_id for block_id in ids if block_id in targets)
        return Region(
            key=key,
            parent=parent,
            depth=depth,
            blocks=ids,
            entries=entries,
            lasts=tuple(self.graph.blocks[at].id for at in members if self._is_last(at)),
        )

    def _is_last(self, at: int) -> bool:
        return not any(
            edge.source_port != "error" and not is_region_port(self.shapes, edge) for edge in self.graph.outgoing[at]
        )

    @cached_property
    def upstream_bits(self) -> list[int]:
        """By position: the blocks of the same region from which a way leads here, as a bit set; without itself."""
        before = [0] * len(self.graph.blocks)
        index = self.graph.index
        for at in self.graph.order:
            bits = 0
            for edge in self.inner_incoming[at]:
                source = index[edge.source]
                bits |= before[source] | 1 << source
            before[at] = bits & ~(1 << at)
        return before

    @cached_property
    def visible_bits(self) -> list[int]:
        """By position: the blocks whose results an expression may name: upstream here and of each enclosing scope."""
        sight = [0] * len(self.graph.blocks)
        for at in self._outside_in():
            scope = self._region_of[at].scope
            around = sight[self.graph.index[scope]] if scope else 0
            sight[at] = self.upstream_bits[at] | around
        return sight

    def _outside_in(self) -> Iterator[int]:
        """Positions with each scope before the blocks in its regions."""
        for region in self.regions.values():
            for block_id in region.blocks:
                yield self.graph.index[block_id]

    def upstream(self, block_id: str) -> frozenset[str]:
        """Ids of the blocks in the same region from which a way leads to this one."""
        return self._ids(self.upstream_bits[self.graph.index[block_id]])

    def visible(self, block_id: str) -> frozenset[str]:
        """Ids of the blocks that an expression in this block may name."""
        return self._ids(self.visible_bits[self.graph.index[block_id]])

    def sees(self, block_id: str, other_id: str) -> bool:
        """Whether an expression in `block_id` may name `other_id`."""
        index = self.graph.index
        return bool(self.visible_bits[index[block_id]] >> index[other_id] & 1)

    def why_hidden(self, block_id: str, other_id: str) -> Hidden | None:
        """Why `block_id` may not name `other_id`; None when it may."""
        if self.sees(block_id, other_id):
            return None
        if block_id == other_id:
            return "itself"
        around = set(self.scopes_around(block_id))
        if other_id in around:
            return "around"
        other_scope = self.key_of(other_id).scope
        same_or_around = {self.key_of(block_id), *(self.key_of(scope) for scope in around)}
        if self.key_of(other_id) not in same_or_around and other_scope:
            return "inside"
        standing_for = next((s for s in (block_id, *around) if self.key_of(s) == self.key_of(other_id)), block_id)
        return "after" if self.sees(other_id, standing_for) else "beside"

    def outermost_hiding(self, block_id: str, other_id: str) -> str | None:
        """The outermost scope around `other_id` that is not around `block_id`: what `block_id` may name instead."""
        around = {*self.scopes_around(block_id)}
        hiding = [scope for scope in self.scopes_around(other_id) if scope not in around]
        return hiding[-1] if hiding else None

    def _ids(self, bits: int) -> frozenset[str]:
        blocks = self.graph.blocks
        return frozenset(blocks[at].id for at in positions(bits))


def positions(bits: int) -> Iterator[int]:
    """The positions of the set bits, lowest first."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def is_region_port(shapes: dict[str, Shape | None], edge: Edge) -> bool:
    """Whether the edge starts a scope's region."""
    shape = shapes[edge.source]
    return shape is not None and any(port.region and port.name == edge.source_port for port in shape.outputs)


def find_regions(flow: Flow, catalogue: Catalogue) -> Regions:
    """Find the regions of `flow`; linear in blocks and edges."""
    shapes: dict[str, Shape | None] = {}
    for block in flow.blocks:
        if block.id not in shapes:
            shapes[block.id] = catalogue.shape(block.type, block.config)

    graph = build_graph(flow, starts_first=lambda block: _has_regions(shapes[block.id]))
    nest = _Nest()
    region_of = _assign(graph, shapes, nest)
    return Regions(graph, shapes, region_of, tuple(_crossings(graph, shapes, region_of, nest)))


class _Nest:
    """The regions found so far, each with those around it as bits: a region's bit is above those around it."""

    def __init__(self) -> None:
        self.keys = [ROOT]
        self.around: dict[RegionKey, int] = {ROOT: 1}
        """The region and those around it, as bits of `keys`."""
        self.scopes: dict[RegionKey, int] = {ROOT: 0}
        """The scopes around what stands in the region, as bits of block positions."""
        self.owned: dict[str, int] = {}
        """By scope: its regions, as bits of `keys`."""

    def add(self, key: RegionKey, parent: RegionKey, scope_at: int) -> None:
        """Note the region `key`, whose scope stands in `parent` at the position `scope_at`."""
        if key not in self.around:
            bit = 1 << len(self.keys)
            self.keys.append(key)
            self.around[key] = self.around[parent] | bit
            self.scopes[key] = self.scopes[parent] | 1 << scope_at
            self.owned[key.scope] = self.owned.get(key.scope, 0) | bit

    def is_around(self, outer: RegionKey, inner: RegionKey) -> bool:
        """Whether `inner` is `outer` or stands in it."""
        return not self.around[outer] & ~self.around[inner]


def _assign(graph: Graph, shapes: dict[str, Shape | None], nest: _Nest) -> list[RegionKey]:
    """The region of each block, by position. Blocks come in order, so a region's scope is always placed before it."""
    region_of = [ROOT] * len(graph.blocks)
    placed = bytearray(len(graph.blocks))
    behind = [0] * len(graph.blocks)
    for at in graph.order:
        wishes: dict[RegionKey, int] = {}
        for edge in graph.incoming[at]:
            source = graph.index[edge.source]
            if not placed[source]:
                continue
            passed = behind[source]
            key = region_of[source]
            if is_region_port(shapes, edge):
                key = RegionKey(edge.source, edge.source_port)
                nest.add(key, region_of[source], source)
            elif _has_regions(shapes[edge.source]):
                passed |= 1 << source
            wishes[key] = wishes.get(key, 0) | passed
            behind[at] |= passed
        if wishes:
            region_of[at] = next(iter(wishes)) if len(wishes) == 1 else _settle(nest, wishes)
        placed[at] = 1
    return region_of


def _settle(nest: _Nest, wishes: dict[RegionKey, int]) -> RegionKey:
    """Choose among the regions that lead to one block: the innermost, unless another wish comes after its scope.

    `wishes` has for each region the scopes that its edges come after, as bits: ``loop.out → total`` beside
    ``loop.body → a → total`` says that `total` stands after the loop, so that ``a → total`` is the edge at fault.
    """
    ordered = sorted(wishes, key=lambda key: nest.around[key].bit_count(), reverse=True)
    for key in ordered[:-1]:
        scopes = nest.scopes[key]
        if not any(passed & scopes and not nest.is_around(key, other) for other, passed in wishes.items()):
            return key
    return ordered[-1]


def _crossings(
    graph: Graph, shapes: dict[str, Shape | None], region_of: list[RegionKey], nest: _Nest
) -> Iterator[Crossing]:
    for edge in graph.edges:
        source = graph.index[edge.source]
        leads = region_of[source]
        if is_region_port(shapes, edge):
            leads = RegionKey(edge.source, edge.source_port)
            nest.add(leads, region_of[source], source)
        stands = region_of[graph.index[edge.target]]
        if leads == stands:
            continue
        left = nest.around[leads] & ~nest.around[stands]
        entered = nest.around[stands] & ~nest.around[leads]
        if nest.around[leads] & nest.owned.get(edge.target, 0):
            yield Crossing(edge, "repeats", edge.target)
        elif left:
            yield Crossing(edge, "leaves", nest.keys[_lowest(left)].scope)
        else:
            yield Crossing(edge, "enters", nest.keys[_lowest(entered)].scope)


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _has_regions(shape: Shape | None) -> bool:
    return shape is not None and any(port.region for port in shape.outputs)

"""A flow version compiled for walking: nodes with wires, regions with counts, configs with compiled expressions.

Compiled once per version and shared by all its runs; holds nothing of any run.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias, cast

import msgspec

from workbench.blocks.kind import BlockType, Call, Effect
from workbench.blocks.registry import BlockRegistry
from workbench.engine.secret_fields import Fill, Get, with_secrets
from workbench.flow.expressions import Template, parse_as, parse_expression
from workbench.flow.handles import handle
from workbench.flow.model import Block, Edge, Flow
from workbench.flow.regions import ROOT, RegionKey, Regions, find_regions, positions

QUICK_BLOCKS = 200
"""A flow of more may take more than one slice."""

Keys: TypeAlias = tuple[str | int, ...]


class Wire(NamedTuple):
    """An edge inside one region: fires when its source fires `port`."""

    port: str
    target: int
    """The target's place in the region."""


class JoinWire(NamedTuple):
    """An edge out of a split or into a merge; see `joins`."""

    port: str
    target: int
    branch: str
    """What the merge calls it: the source's handle, ``handle.port`` where several come from there."""
    number: int
    """Its place among the edges into the target."""


@dataclass(frozen=True, slots=True)
class Special:
    """What a block's end does besides firing plain wires."""

    wires: tuple[JoinWire, ...] = ()
    races: tuple[int, ...] = ()
    """Merges whose race begins here, by place."""


class Place(NamedTuple):
    """Where a block stands: its region and its place there."""

    region: int
    local: int


class ConfigPlan:
    """A block's config with its expressions compiled.

    `static` is the parsed model where nothing is dynamic; else `resolve(get)` fills the expressions in and parses.
    `late` holds the fields that the block evaluates itself (``deferred`` and ``code``), by path.
    """

    __slots__ = ("_fill", "_registry", "_type", "late", "names", "static", "static_key")

    def __init__(self, registry: BlockRegistry, block: Block) -> None:
        fields = registry.expressions(block.type, block.config)
        early = {f.keys: parse_as(f.mode, f.text) for f in fields if f.mode in ("template", "expression")}
        may_name = {f.keys for f in fields if f.takes_secrets}
        self.late: dict[str, Template] = {
            f.path: parse_expression(f.text) for f in fields if f.mode in ("deferred", "code")
        }
        self.names: frozenset[str] = frozenset().union(
            *(t.names for t in early.values()), *(t.names for t in self.late.values())
        )
        self._registry = registry
        self._type = block.type
        opened = {k: with_secrets(t) if k in may_name and t.secrets else t.evaluate for k, t in early.items()}
        self._fill = _filler(block.config, (), opened)
        self.static: Any = registry.parse(block.type, block.config) if self._fill is None else None
        self.static_key = hashlib.blake2b(
            msgspec.json.encode([block.type, block.config], order="deterministic"), digest_size=16
        ).digest()

    def resolve(self, get: Get) -> Any:
        """The parsed config with every expression replaced by its value. Raises BlockFailed or ExpressionError."""
        if self._fill is None:
            return self.static
        return self._registry.parse(self._type, self._fill(get))


def _filler(raw: Any, keys: Keys, templates: Mapping[Keys, Fill]) -> Fill | None:
    """A function that makes `raw` with its templates evaluated, or None where it holds none."""
    if isinstance(raw, str):
        return templates.get(keys)
    if isinstance(raw, dict):
        return _object_filler(cast("dict[str, Any]", raw), keys, templates)
    if isinstance(raw, list):
        return _list_filler(cast("list[Any]", raw), keys, templates)
    return None


def _object_filler(raw: dict[str, Any], keys: Keys, templates: Mapping[Keys, Fill]) -> Fill | None:
    parts = [(k, f) for k, v in raw.items() if (f := _filler(v, (*keys, k), templates)) is not None]
    if not parts:
        return None

    def fill(get: Get) -> dict[str, Any]:
        return {**raw, **{k: f(get) for k, f in parts}}

    return fill


def _list_filler(raw: list[Any], keys: Keys, templates: Mapping[Keys, Fill]) -> Fill | None:
    parts = [(i, f) for i, v in enumerate(raw) if (f := _filler(v, (*keys, i), templates)) is not None]
    if not parts:
        return None

    def fill(get: Get) -> list[Any]:
        filled = list(raw)
        for i, f in parts:
            filled[i] = f(get)
        return filled

    return fill


@dataclass(slots=True)
class Node:
    """One block, compiled."""

    block: Block
    id: str
    handle: str
    kind: BlockType[Any]
    effect: Effect
    plan: ConfigPlan
    region: int
    local: int
    wires: tuple[Wire, ...] = ()
    has_error_wire: bool = False
    waits_for: int = 0
    """How many edges from its own region lead here."""
    sources: dict[int, str] = field(default_factory=dict)
    """Handles of the blocks that lead here, by place."""
    bodies: dict[str, int] = field(default_factory=dict)
    """A scope's regions by port."""
    sees: tuple[tuple[str, Place], ...] | None = None
    """Handles in sight, where the block's code may read them all; None where only named ones matter."""
    is_quick: bool = False
    """Pure, no scope, no policy: runs without a task and without an intent."""
    is_plain: bool = False
    """Quick, with plain wires only, and nothing about it that a walk must look at."""
    block_type: str = ""
    reads: tuple[Place, ...] = ()
    """Blocks in sight that its expressions name, by the order of their names."""
    reads_input_only: bool = False
    """Nothing but what flows in decides what it gives."""
    hidden: frozenset[str] = frozenset()
    """Handles that its expressions name although they are not in sight; a valid flow has none."""
    writes_variables: bool = False
    call: Call | None = None
    """The function that it runs inside the run."""
    upstream_writers: int = 0
    """Variable writers that come before this block, as a bit set of node numbers."""
    number: int = 0
    special: Special | None = None
    enters: tuple[JoinWire, ...] = ()
    """A merge's wires."""
    fires_every_port: bool = False
    joins: bool = False
    joins_at_first: bool = False
    race_limit_ms: int = 0


@dataclass(slots=True)
class RegionPlan:
    """One region, compiled: its nodes in order and how many edges each waits for."""

    key: RegionKey
    nodes: tuple[Node, ...]
    counts: tuple[int, ...]
    entries: tuple[int, ...]
    lasts: tuple[int, ...]
    depth: int
    scope_handle: str = ""
    """The handle of the scope whose region this is; empty for the root."""
    races: tuple[int, ...] = ()
    """Merges whose race begins with the region."""
    has_joins: bool = False


@dataclass(slots=True)
class Program:
    """A version ready to walk. `regions[0]` is the root."""

    flow: Flow
    regions: tuple[RegionPlan, ...]
    places: dict[str, Place]
    """By block id."""
    by_handle: dict[str, Place]
    has_writers: bool
    triggers: tuple[str, ...]
    layout: Regions
    is_quick: bool = False
    """Few blocks, and each is over in one go: a run mostly ends within the slice in which it begins."""
    writers_before: Mapping[int, int] = field(default_factory=dict[int, int])
    """By node number: the variable writers upstream of it, as a bit set; empty where nothing writes variables."""
    error_names: frozenset[str] = frozenset({"error"})
    """What expressions behind an `error` or `caught` port may call the failure."""

    @property
    def start(self) -> str | None:
        """The trigger from which a call begins: `start`, else the first; None in a flow without triggers."""
        kinds = {self.node(block_id).block.type: block_id for block_id in reversed(self.triggers)}
        return kinds.get("start") or (self.triggers[0] if self.triggers else None)

    def node(self, block_id: str) -> Node:
        """The node of a block that is in the flow."""
        place = self.places[block_id]
        return self.regions[place.region].nodes[place.local]


def compile_flow(flow: Flow, registry: BlockRegistry) -> Program:
    """Compile a valid flow. Raises the error of the first thing that is not valid after all."""
    layout = find_regions(flow, registry)
    keys = list(layout.regions)
    places: dict[str, Place] = {
        block_id: Place(r, i) for r, key in enumerate(keys) for i, block_id in enumerate(layout.regions[key].blocks)
    }
    nodes = {b.id: _node(b, places[b.id], registry) for b in flow.blocks}
    for number, node in enumerate(nodes.values()):
        node.number = number
    _wire(flow, layout, nodes, places, keys)
    _see(layout, nodes, places)
    for node in nodes.values():
        _mark_plain(node)
    writers = _mark_writers(layout, nodes, keys)
    regions = tuple(_region(layout, key, nodes, places) for key in keys)
    return Program(
        flow=flow,
        regions=regions,
        places=places,
        by_handle={n.handle: places[n.id] for n in nodes.values()},
        has_writers=writers,
        triggers=tuple(n.id for n in nodes.values() if n.kind.is_trigger and places[n.id].region == 0),
        layout=layout,
        is_quick=len(nodes) <= QUICK_BLOCKS and all(n.is_quick for n in nodes.values()),
        writers_before={n.number: n.upstream_writers for n in nodes.values()} if writers else {},
        error_names=frozenset(
            {"error"} | {v for b in flow.blocks if isinstance(v := b.config.get("errorVariable"), str)}
        ),
    )


def _node(block: Block, place: Place, registry: BlockRegistry) -> Node:
    kind = registry.get(block.type)
    effect = kind.effect_of(block.config)
    return Node(
        block=block,
        id=block.id,
        handle=handle(block.name),
        kind=kind,
        effect=effect,
        plan=ConfigPlan(registry, block),
        region=place.region,
        local=place.local,
        block_type=block.type,
        is_quick=effect is Effect.PURE and not kind.is_scope and block.policy is None,
        writes_variables=kind.may_set_variables(block.config),
        fires_every_port=kind.fires_every_port,
        joins=kind.joins,
        joins_at_first=kind.joins_at_first(block.config),
        race_limit_ms=kind.race_limit_ms(block.config),
        call=kind.calls(block.config),
    )


def _mark_plain(node: Node) -> None:
    kind = node.kind
    joins = node.joins or node.fires_every_port or node.special is not None
    node.is_plain = node.is_quick and not (joins or node.block.disabled or kind.ends_function)
    node.reads_input_only = node.is_plain and node.plan.names <= {"input"} and node.sees is None and not kind.is_trigger


def _wire(flow: Flow, layout: Regions, nodes: dict[str, Node], places: dict[str, Place], keys: list[RegionKey]) -> None:
    wires: dict[str, list[Wire]] = {block_id: [] for block_id in nodes}
    joining: list[Edge] = []
    for edge in flow.edges:
        source, target = nodes[edge.source], nodes[edge.target]
        key = RegionKey(edge.source, edge.source_port)
        if key in layout.regions:
            source.bodies[edge.source_port] = keys.index(key)
            continue
        if source.region != target.region:
            continue
        if source.fires_every_port or target.joins:
            joining.append(edge)
        else:
            wires[source.id].append(Wire(edge.source_port, target.local))
        target.waits_for += 1
        target.sources[source.local] = source.handle
        source.has_error_wire = source.has_error_wire or edge.source_port == "error"
    for block_id, found in wires.items():
        nodes[block_id].wires = tuple(found)
    wire_joins(joining, nodes, layout)


def wire_joins(edges: list[Edge], nodes: dict[str, Node], layout: Regions) -> None:
    """The wires out of splits and into merges, and where races begin."""
    wires: dict[str, list[JoinWire]] = {}
    pairs = Counter((edge.source, edge.target) for edge in edges)
    for edge in edges:
        source, target = nodes[edge.source], nodes[edge.target]
        branch = source.handle if pairs[edge.source, edge.target] == 1 else f"{source.handle}.{edge.source_port}"
        wire = JoinWire(edge.source_port, target.local, branch, len(target.enters))
        target.enters = (*target.enters, wire)
        wires.setdefault(source.id, []).append(wire)
    races: dict[str, list[int]] = {}
    for node in nodes.values():
        parting = parting_of(node, layout) if node.race_limit_ms else None
        if parting is not None:
            races.setdefault(parting, []).append(node.local)
    for block_id in {**wires, **races}:
        nodes[block_id].special = Special(tuple(wires.get(block_id, ())), tuple(races.get(block_id, ())))


def parting_of(node: Node, layout: Regions) -> str | None:
    """The last block of the region that all ways into `node` come through or from; None where there is none."""
    graph = layout.graph
    shared: int | None = None
    for edge in layout.inner_incoming[graph.index[node.id]]:
        source = graph.index[edge.source]
        before = layout.upstream_bits[source] | 1 << source
        shared = before if shared is None else shared & before
    if not shared:
        return None
    rank = {at: place for place, at in enumerate(graph.order)}
    return graph.blocks[max(positions(shared), key=rank.__getitem__)].id


def races_from_the_start(node: Node, layout: Regions) -> bool:
    """Whether the ways into `node` have nothing in common but the region."""
    return bool(node.enters) and parting_of(node, layout) is None


def _see(layout: Regions, nodes: dict[str, Node], places: dict[str, Place]) -> None:
    by_handle = {node.handle: node.id for node in nodes.values()}
    for node in nodes.values():
        named = sorted(n for n in node.plan.names if n in by_handle)
        node.hidden = frozenset(n for n in named if not layout.sees(node.id, by_handle[n]))
        node.reads = tuple(places[by_handle[n]] for n in named if n not in node.hidden)
        if node.kind.reads_everything(node.block.config):
            node.sees = tuple((nodes[i].handle, places[i]) for i in sorted(layout.visible(node.id)))


def _mark_writers(layout: Regions, nodes: dict[str, Node], keys: list[RegionKey]) -> bool:
    """Scopes whose regions write variables pass them out, so they are writers too; innermost regions come last."""
    for key in reversed(keys):
        if key != ROOT and any(nodes[i].writes_variables for i in layout.regions[key].blocks):
            nodes[key.scope].writes_variables = True
    writers = {n.id for n in nodes.values() if n.writes_variables}
    if writers:
        for node in nodes.values():
            for before in layout.upstream(node.id) & writers:
                node.upstream_writers |= 1 << nodes[before].number
    return bool(writers)


def _region(layout: Regions, key: RegionKey, nodes: dict[str, Node], places: dict[str, Place]) -> RegionPlan:
    region = layout.regions[key]
    members = tuple(nodes[i] for i in region.blocks)
    return RegionPlan(
        key=key,
        nodes=members,
        counts=tuple(n.waits_for for n in members),
        entries=tuple(places[i].local for i in sorted(region.entries, key=lambda i: nodes[i].number)),
        lasts=tuple(places[i].local for i in sorted(region.lasts, key=lambda i: nodes[i].number)),
        depth=region.depth,
        scope_handle=nodes[key.scope].handle if key.scope else "",
        races=tuple(n.local for n in members if n.race_limit_ms and races_from_the_start(n, layout)),
        has_joins=any(n.joins for n in members),
    )

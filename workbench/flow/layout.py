"""Where each block goes when nobody has placed it: left to right in rows, regions in frames below their scopes.

The canvas's “tidy” does the same: what a scope owns stands in a frame under the scope's card, so that a loop reads like
indented code; what follows the scope stands beside its card, above the frame.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from workbench.flow.catalogue import Catalogue, Shape
from workbench.flow.model import Block, Flow, Position
from workbench.flow.placing import FRAME_SIDE, FRAME_TOP, GAP_X, GAP_Y, ROW_WIDTH, Item, Level, Link, Size, place
from workbench.flow.regions import RegionKey, Regions, find_regions

CARD_WIDTH = 208
CARD_HEIGHT = 56
TRIGGER_HEIGHT = 36
TRIGGER_LEAST = 104
PORT_PITCH = 22
ROOM_INSIDE = 860
"""How wide a region's row may be."""


def size_of(block: Block, shape: Shape | None) -> Size:
    """A card's size: triggers are pills as wide as their names, other cards grow with their output ports."""
    if shape is not None and shape.is_trigger:
        return Size(min(CARD_WIDTH, max(TRIGGER_LEAST, 72 + math.ceil(7.2 * len(block.name)))), TRIGGER_HEIGHT)
    ports = sum(1 for port in shape.outputs if not port.region) if shape else 0
    return Size(CARD_WIDTH, max(CARD_HEIGHT, 12 + ports * PORT_PITCH))


def arrange(flow: Flow, catalogue: Catalogue) -> Flow:
    """The same flow with new positions for all its blocks. Deterministic; bears any flow; cards never overlap."""
    regions = find_regions(flow, catalogue)
    if not regions.graph.blocks:
        return flow
    levels: dict[RegionKey, Level] = {}
    for key in reversed(regions.regions):  # the innermost first: a scope's size is known before its own level's
        levels[key] = _lay_level(regions, key, levels)
    spots: dict[str, Position] = {}
    todo: list[tuple[Level, float, float]] = [(levels[next(iter(regions.regions))], 0, 0)]
    while todo:
        level, left, top = todo.pop()
        for item in level.items:
            spots[item.id] = Position(x=math.floor(left + item.x + 0.5), y=math.floor(top + item.y + 0.5))
            inside = left + item.x + item.indent + FRAME_SIDE
            todo += [(box.inner, inside, top + item.y + box.top + FRAME_TOP) for box in item.boxes]
    placed = tuple(block.model_copy(update={"position": spots[block.id]}) for block in flow.blocks)
    return flow.model_copy(update={"blocks": placed})


def completed(flow: Flow, spots: Mapping[str, Position], catalogue: Catalogue) -> Flow:
    """The flow with the places that are told by block id; the rest stand beside what they come from.

    Where no place is told at all, the whole flow is laid out.
    """
    if not spots:
        return arrange(flow, catalogue)
    known = dict(spots)
    for block in flow.blocks:
        if block.id not in known:
            sources = (known[e.source] for e in flow.edges if e.target == block.id and e.source in known)
            known[block.id] = free_spot(next(sources, None), known.values())
    blocks = tuple(b.model_copy(update={"position": known[b.id]}) for b in flow.blocks)
    return flow.model_copy(update={"blocks": blocks})


def free_spot(source: Position | None, taken: Collection[Position]) -> Position:
    """Where a new card stands clear of the others: right of the one that it comes from, else below all."""
    if source is not None:
        x, y = source.x + CARD_WIDTH + GAP_X, source.y
    else:
        x, y = 0.0, max((p.y for p in taken), default=-CARD_HEIGHT - GAP_Y) + CARD_HEIGHT + GAP_Y
    while any(abs(p.x - x) < CARD_WIDTH and abs(p.y - y) < CARD_HEIGHT + GAP_Y / 2 for p in taken):
        y += CARD_HEIGHT + GAP_Y
    return Position(x=x, y=y)


def has_positions(flow: Flow) -> bool:
    """Whether somebody has placed the blocks: no two stand at one spot."""
    return len({(block.position.x, block.position.y) for block in flow.blocks}) == len(flow.blocks)


def _lay_level(regions: Regions, key: RegionKey, levels: dict[RegionKey, Level]) -> Level:
    index = regions.graph.index
    ids = sorted(regions.regions[key].blocks, key=index.__getitem__)
    inside = set(ids)
    links = [
        Link(edge.source, edge.target, _port_height(regions.shapes[edge.source], edge.source_port))
        for edge in regions.graph.edges
        if edge.source in inside and edge.target in inside and edge.source != edge.target
    ]
    items = [_measure(regions, block_id, levels) for block_id in ids]
    return place(items, links, ROOM_INSIDE if key.scope else ROW_WIDTH)


def _measure(regions: Regions, block_id: str, levels: dict[RegionKey, Level]) -> Item:
    shape = regions.shapes[block_id]
    right = sum(1 for port in shape.outputs if not port.region) if shape else 1
    item = Item(block_id, size_of(regions.graph.block(block_id), shape), fans=right > 1)
    for port in shape.outputs if shape else ():
        inner = levels.get(RegionKey(block_id, port.name)) if port.region else None
        if inner is not None:
            item.hang(inner)
    return item


def _port_height(shape: Shape | None, port: str) -> float:
    """How far down its card a port is, from 0 to below 1: blocks behind `true` go above those behind `error`."""
    names = [p.name for p in shape.outputs if not p.region] if shape else []
    place = names.index(port) if port in names else len(names)
    return place / (len(names) + 1)

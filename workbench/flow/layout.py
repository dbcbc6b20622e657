"""Where each block goes when nobody has placed it: left to right in layers, regions in frames below their scopes.

The same geometry as the canvas's own “tidy”: what a scope owns stands in a box under the scope's card, so that a loop
reads like indented code and the wire from its `out` port passes above its body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.flow.catalogue import Catalogue, Shape
from workbench.flow.model import Block, Flow, Position
from workbench.flow.regions import RegionKey, Regions, find_regions

CARD_WIDTH = 208
CARD_HEIGHT = 56
TRIGGER_HEIGHT = 36
PORT_PITCH = 22
GAP_X = 72
GAP_Y = 40
APART = 16

FRAME_SIDE = 20
FRAME_TOP = 44
FRAME_BOTTOM = 30
FRAME_INDENT = 28
FRAME_DROP = 36
"""Room inside a region's frame, its title bar, how far it is set in from the scope's card and how far below it."""

_SWEEPS = 5


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels."""

    width: float
    height: float


def size_of(block: Block, shape: Shape | None) -> Size:
    """A card's size: triggers are pills as wide as their names, other cards grow with their output ports."""
    if shape is not None and shape.is_trigger:
        return Size(min(CARD_WIDTH, max(96, 60 + 7 * len(block.name))), TRIGGER_HEIGHT)
    ports = sum(1 for port in shape.outputs if not port.region) if shape else 0
    return Size(CARD_WIDTH, max(CARD_HEIGHT, 12 + ports * PORT_PITCH))


@dataclass(slots=True)
class _Box:
    """One region laid out, hung `top` below its scope's upper edge."""

    inner: _Level
    top: float


@dataclass(slots=True)
class _Item:
    """A card with the boxes below it."""

    block: Block
    card: Size
    width: float
    height: float
    boxes: list[_Box] = field(default_factory=list)
    x: float = 0
    y: float = 0


@dataclass(slots=True)
class _Level:
    """The items of one region, placed from (0, 0) on."""

    items: list[_Item]
    width: float
    height: float


def arrange(flow: Flow, catalogue: Catalogue) -> Flow:
    """The same flow with new positions for all its blocks. Deterministic; bears any flow; cards never overlap."""
    regions = find_regions(flow, catalogue)
    if not regions.graph.blocks:
        return flow
    levels: dict[RegionKey, _Level] = {}
    for key in reversed(regions.regions):  # the innermost first: a scope's size is known before its own level's
        levels[key] = _lay_level(regions, key, levels)
    spots: dict[str, Position] = {}
    todo: list[tuple[_Level, float, float]] = [(levels[next(iter(regions.regions))], 0, 0)]
    while todo:
        level, left, top = todo.pop()
        for item in level.items:
            spots[item.block.id] = Position(x=round(left + item.x), y=round(top + item.y))
            for box in item.boxes:
                x = left + item.x + FRAME_INDENT + FRAME_SIDE
                todo.append((box.inner, x, top + item.y + box.top + FRAME_TOP))
    placed = tuple(block.model_copy(update={"position": spots[block.id]}) for block in flow.blocks)
    return flow.model_copy(update={"blocks": placed})


def has_positions(flow: Flow) -> bool:
    """Whether somebody has placed the blocks: no two stand at one spot."""
    return len({(block.position.x, block.position.y) for block in flow.blocks}) == len(flow.blocks)


def _lay_level(regions: Regions, key: RegionKey, levels: dict[RegionKey, _Level]) -> _Level:
    ids = regions.regions[key].blocks
    items = {block_id: _measure(regions, block_id, levels) for block_id in ids}
    following: dict[str, list[str]] = {block_id: [] for block_id in ids}
    entering: dict[str, list[str]] = {block_id: [] for block_id in ids}
    port_heights: dict[str, list[float]] = {block_id: [] for block_id in ids}
    rank = {block_id: place for place, block_id in enumerate(ids)}
    for block_id in ids:
        for edge in regions.inner_incoming[regions.graph.index[block_id]]:
            if rank[edge.source] < rank[block_id]:  # edges that close a loop bend back
                entering[block_id].append(edge.source)
                following[edge.source].append(block_id)
                port_heights[block_id].append(_port_height(regions.shapes[edge.source], edge.source_port))
    columns = _columns(ids, entering, following)
    _order(columns, entering, following, port_heights)
    _place(columns, items, entering)
    ordered = [items[block_id] for column in columns for block_id in column]
    return _Level(ordered, max(i.x + i.width for i in ordered), max(i.y + i.height for i in ordered))


def _measure(regions: Regions, block_id: str, levels: dict[RegionKey, _Level]) -> _Item:
    block = regions.graph.block(block_id)
    shape = regions.shapes[block_id]
    card = size_of(block, shape)
    item = _Item(block, card, card.width, card.height)
    for port in shape.outputs if shape else ():
        inner = levels.get(RegionKey(block_id, port.name)) if port.region else None
        if inner is not None:
            item.boxes.append(_Box(inner, item.height + FRAME_DROP))
            item.width = max(item.width, FRAME_INDENT + inner.width + 2 * FRAME_SIDE)
            item.height += FRAME_DROP + FRAME_TOP + inner.height + FRAME_BOTTOM
    return item


def _columns(ids: Sequence[str], entering: dict[str, list[str]], following: dict[str, list[str]]) -> list[list[str]]:
    """Blocks by longest way from an entry; entries are drawn to just before what they feed. `ids` are in order."""
    layer: dict[str, int] = {}
    for block_id in ids:
        layer[block_id] = max((layer[source] + 1 for source in entering[block_id]), default=0)
    for block_id in ids:
        if not entering[block_id] and following[block_id]:
            layer[block_id] = max(layer[block_id], min(layer[target] for target in following[block_id]) - 1)
    columns: list[list[str]] = [[] for _ in range(max(layer.values()) + 1)]
    for block_id in ids:
        columns[layer[block_id]].append(block_id)
    return columns


def _port_height(shape: Shape | None, port: str) -> float:
    """How far down its card a port is, from 0 to below 1: blocks behind `true` go above those behind `error`."""
    names = [p.name for p in shape.outputs if not p.region] if shape else []
    place = names.index(port) if port in names else len(names)
    return place / (len(names) + 1)


def _order(
    columns: list[list[str]],
    entering: dict[str, list[str]],
    following: dict[str, list[str]],
    port_heights: dict[str, list[float]],
) -> None:
    """Order each column by the barycenters of its neighbours, sweeping there, back and there (Sugiyama 1981)."""
    place = {block_id: float(at) for column in columns for at, block_id in enumerate(column)}

    def sort(column: list[str], centre: dict[str, float]) -> None:
        column.sort(key=lambda block_id: (centre[block_id], place[block_id]))
        place.update((block_id, float(at)) for at, block_id in enumerate(column))

    for sweep in range(_SWEEPS):
        if sweep % 2:
            for column in reversed(columns):
                sort(column, {b: _mean([place[n] for n in following[b]], place[b]) for b in column})
        else:
            for column in columns:
                sort(column, {b: _mean(_heights(place, entering[b], port_heights[b]), place[b]) for b in column})


def _heights(place: dict[str, float], sources: list[str], port_heights: list[float]) -> list[float]:
    return [place[source] + height for source, height in zip(sources, port_heights, strict=True)]


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _place(columns: list[list[str]], items: dict[str, _Item], entering: dict[str, list[str]]) -> None:
    """Columns side by side; in a column each card as level with what leads to it as those above it allow."""
    left = 0.0
    for column in columns:
        below = float("-inf")
        for block_id in column:
            item = items[block_id]
            item.x = left
            wish = _mean([_middle(items[source]) for source in entering[block_id]], 0) - item.card.height / 2
            if not entering[block_id] and below == float("-inf"):
                wish = -item.card.height / 2
            item.y = max(wish, below)
            below = item.y + item.height + GAP_Y
        _recentre([items[block_id] for block_id in column], entering, items)
        left += max(items[block_id].width for block_id in column) + GAP_X
    top = min(item.y for item in items.values())
    for item in items.values():
        item.y -= top


def _recentre(column: list[_Item], entering: dict[str, list[str]], items: dict[str, _Item]) -> None:
    """Move a whole column up so that it is centred on what leads to it, not hung from its first card.

    A column with a frame in it stays: its card keeps the row straight and the frame hangs below.
    """
    if any(item.boxes for item in column):
        return
    wishes = [
        _mean([_middle(items[source]) for source in entering[item.block.id]], _middle(item)) - _middle(item)
        for item in column
        if entering[item.block.id]
    ]
    shift = min(0.0, _mean(wishes, 0.0))
    for item in column:
        item.y += shift


def _middle(item: _Item) -> float:
    return item.y + item.card.height / 2

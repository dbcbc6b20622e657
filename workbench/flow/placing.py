"""Places the cards of one region: columns to the right, long flows in rows like a text, frames below their scopes.

Pure geometry, no flow and no catalogue. `widgets/src/core/placing.ts` is the same in the browser; both are held to the
pictures in `tests/flow/layouts.json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

GAP_X = 72
GAP_Y = 40
FAN_GAP = 40
"""How much more room is behind a card whose ports have names."""
ROW_GAP = 72
ROW_INDENT = 32
"""Between two rows there is room for the wires that go back to the left, and before the second too."""
ROW_WIDTH = 1400
ROW_MOST = 1700
ROW_LEAST = 620
"""A row is about so wide, ends where the fewest wires cross, and is never broken where more than `ROW_WIRES` do."""
ROW_WIRES = 3
APART = 16

FRAME_SIDE = 20
FRAME_TOP = 44
FRAME_BOTTOM = 30
FRAME_INDENT = 28
FRAME_DROP = 36
"""Room inside a region's frame, its title bar, how far it is set in from the scope's card and how far below it."""
REGION_PITCH = 18
"""How far apart the region ports of one scope are; its frames are set in by so much more for each."""

_SWEEPS = 5


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels."""

    width: float
    height: float


@dataclass(slots=True)
class Box:
    """One region's frame, `top` below its scope's upper edge."""

    inner: Level
    top: float = 0

    @property
    def width(self) -> float:
        return self.inner.width + 2 * FRAME_SIDE

    @property
    def height(self) -> float:
        return FRAME_TOP + self.inner.height + FRAME_BOTTOM


@dataclass(slots=True)
class Item:
    """A card with the frames below it; frames of one scope stand one under another, edge to edge."""

    id: str
    card: Size
    fans: bool
    """Whether its right ports have names, which need room."""
    boxes: list[Box] = field(default_factory=list)
    x: float = 0
    y: float = 0

    def hang(self, inner: Level) -> None:
        """Hang one more region below."""
        last = self.boxes[-1] if self.boxes else None
        self.boxes.append(Box(inner, last.top + last.height if last else self.card.height + FRAME_DROP))

    @property
    def indent(self) -> float:
        """How far its frames are set in."""
        return FRAME_INDENT + max(0, len(self.boxes) - 1) * REGION_PITCH

    @property
    def width(self) -> float:
        return max([self.card.width, *(self.indent + box.width for box in self.boxes)])

    @property
    def height(self) -> float:
        return self.boxes[-1].top + self.boxes[-1].height if self.boxes else self.card.height


@dataclass(slots=True)
class Level:
    """The items of one region, placed from (0, 0) on."""

    items: list[Item]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Link:
    """A wire between two items; `height` is its port's place on the source, from 0 to below 1."""

    source: str
    target: str
    height: float


def place(items: Sequence[Item], links: Sequence[Link], room: float = ROW_WIDTH) -> Level:
    """Place the items; they stand in the flow's own order, and so do the links. `room` is how wide a row may be."""
    by_id = {item.id: item for item in items}
    rank = _ranks(by_id, links)
    order = sorted(by_id, key=rank.__getitem__)
    onward = [link for link in links if rank[link.source] < rank[link.target]]  # those that close a loop bend back
    entering: dict[str, list[Link]] = {item_id: [] for item_id in by_id}
    following: dict[str, list[str]] = {item_id: [] for item_id in by_id}
    for link in onward:
        entering[link.target].append(link)
        following[link.source].append(link.target)
    layer = _layers(order, entering, following)
    columns: list[list[str]] = [[] for _ in range(max(layer.values()) + 1)]
    for item_id in order:
        columns[layer[item_id]].append(item_id)
    _order(columns, entering, following)
    sheet = [[by_id[item_id] for item_id in column] for column in columns]
    crossing = [0] * (len(columns) + 1)
    for link in onward:
        for at in range(layer[link.source] + 1, layer[link.target] + 1):
            crossing[at] += 1
    top = width = 0.0
    for row, columns_here in enumerate(_rows(sheet, crossing, room)):
        here = [item for column in columns_here for item in column]
        _set_columns(columns_here, ROW_INDENT if row else 0)
        _set_lines(columns_here, entering, is_first=not row)
        _hang_boxes(here)
        rise = top - min(item.y for item in here)
        for item in here:
            item.y += rise
        top = max(item.y + item.height for item in here) + ROW_GAP
        width = max(width, *(item.x + item.width for item in here))
    return Level([item for column in sheet for item in column], width, top - ROW_GAP)


def _ranks(items: dict[str, Item], links: Sequence[Link]) -> dict[str, int]:
    """Each item's place in an order in which it comes after all that lead to it; a loop is opened at its first item."""
    waits = dict.fromkeys(items, 0)
    targets: dict[str, list[str]] = {item_id: [] for item_id in items}
    for link in links:
        waits[link.target] += 1
        targets[link.source].append(link.target)
    ready = [item_id for item_id, count in waits.items() if not count]
    rank: dict[str, int] = {}
    at = 0
    for first in items:
        while at < len(ready):
            item_id = ready[at]
            at += 1
            rank[item_id] = len(rank)
            for target in targets[item_id]:
                waits[target] -= 1
                if not waits[target] and target not in rank:
                    ready.append(target)
        if len(rank) == len(items):
            break
        if first not in rank:
            waits[first] = -1
            ready.append(first)
    return rank


def _layers(order: Sequence[str], entering: dict[str, list[Link]], following: dict[str, list[str]]) -> dict[str, int]:
    """Columns by longest way from an entry; entries are drawn to just before what they feed."""
    layer: dict[str, int] = {}
    for item_id in order:
        layer[item_id] = max((layer[link.source] + 1 for link in entering[item_id]), default=0)
    for item_id in order:
        if not entering[item_id] and following[item_id]:
            layer[item_id] = max(layer[item_id], min(layer[target] for target in following[item_id]) - 1)
    return layer


def _order(columns: list[list[str]], entering: dict[str, list[Link]], following: dict[str, list[str]]) -> None:
    """Order each column by the barycenters of its neighbours, sweeping there, back and there (Sugiyama 1981)."""
    place = {item_id: float(at) for column in columns for at, item_id in enumerate(column)}

    def sort(column: list[str], centre: dict[str, float]) -> None:
        column.sort(key=lambda item_id: (centre[item_id], place[item_id]))
        place.update((item_id, float(at)) for at, item_id in enumerate(column))

    for sweep in range(_SWEEPS):
        if sweep % 2:
            for column in reversed(columns):
                sort(column, {i: _mean([place[n] for n in following[i]], place[i]) for i in column})
        else:
            for column in columns:
                sort(column, {i: _mean([place[e.source] + e.height for e in entering[i]], place[i]) for i in column})


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _rows(sheet: list[list[Item]], crossing: list[int], room: float) -> list[list[list[Item]]]:
    """Break a long flow into rows, where few wires cross; what fits into one row, or nearly, stays there."""
    scale = room / ROW_WIDTH
    rows: list[list[list[Item]]] = []
    first = 0
    while first < len(sheet):
        ends = _set_columns(sheet[first:], ROW_INDENT if rows else 0)
        last = len(sheet)
        if ends[-1] > ROW_MOST * scale:
            choices = [
                (crossing[first + n], abs(end - room), first + n)
                for n, end in enumerate(ends[:-1], 1)
                if ROW_LEAST * scale <= end <= ROW_MOST * scale and crossing[first + n] <= ROW_WIRES
            ]
            if not choices:  # rather a row too long than wires everywhere
                choices = [
                    (0, 0, first + n)
                    for n, end in enumerate(ends[:-1], 1)
                    if end > ROW_MOST * scale and crossing[first + n] <= ROW_WIRES
                ][:1]
            last = min(choices)[2] if choices else last
        rows.append(sheet[first:last])
        first = last
    return rows


def _set_columns(columns: list[list[Item]], left: float) -> list[float]:
    """Set the columns side by side from `left` on; answers how far right each column, and all before it, reach."""
    reach = framed = -float(APART)
    ends: list[float] = []
    for column in columns:
        boxed = any(item.boxes for item in column)
        if boxed and framed > 0:  # two frames never share a stretch; cards may stand above one
            left = max(left, framed + GAP_X)
        for item in column:
            item.x = left
            reach = max(reach, left + item.width)
            framed = max(framed, left + item.width) if item.boxes else framed
        gap = GAP_X + FAN_GAP if any(item.fans for item in column) else GAP_X
        left += max(item.card.width for item in column) + gap
        ends.append(reach)
    return ends


def _set_lines(columns: list[list[Item]], entering: dict[str, list[Link]], *, is_first: bool) -> None:
    """In a column each card as level with what leads to it from this row as those above it allow.

    In a later row nothing stands higher than its first column: there run the wires that lead to it.
    """
    lines: dict[str, float] = {}
    highest = float("-inf")
    for column in columns:
        below = highest
        for item in column:
            sources = [lines[link.source] for link in entering[item.id] if link.source in lines]
            wish = _mean(sources, 0) - item.card.height / 2
            item.y = max(wish, below)
            below = item.y + item.height + GAP_Y
        if not any(item.boxes for item in column):
            _recentre(column, entering, lines, highest)
        for item in column:
            lines[item.id] = item.y + item.card.height / 2
        if not is_first and column is columns[0]:
            highest = column[0].y


def _recentre(column: list[Item], entering: dict[str, list[Link]], lines: dict[str, float], highest: float) -> None:
    """Move a whole column up so that it is centred on what leads to it, not hung from its first card."""
    off: list[float] = []
    for item in column:
        sources = [lines[link.source] for link in entering[item.id] if link.source in lines]
        if sources:
            off.append(_mean(sources, 0) - item.y - item.card.height / 2)
    shift = max(min(0.0, _mean(off, 0.0)), highest - column[0].y)
    for item in column:
        item.y += shift


def _hang_boxes(row: list[Item]) -> None:
    """Frames go below the cards of the row that they reach under; what stands lower in the row makes room for them."""
    for item in sorted((item for item in row if item.boxes), key=lambda item: (item.y, item.x)):
        line = item.y + item.card.height
        left = item.x + item.indent - APART
        right = item.x + item.width + APART
        met = [o for o in row if o is not item and o.x < right and left < o.x + o.card.width]
        floor = max([line, *(o.y + o.card.height for o in met if o.y <= line)])
        if floor > line:
            for box in item.boxes:
                box.top += floor - line
        lower = [o for o in met if o.y > line]
        need = item.y + item.height + GAP_Y - min((o.y for o in lower), default=float("inf"))
        if need > 0:
            for other in row:
                if other is not item and other.y > line:
                    other.y += need

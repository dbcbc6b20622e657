"""The whole picture: ground, frames of regions, wires, cards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from workbench.flow.catalogue import Catalogue
from workbench.flow.drawing import palette
from workbench.flow.drawing.cards import draw_card
from workbench.flow.drawing.svg import clean, element, fit, width_of
from workbench.flow.drawing.wires import ERROR_PORT_X, Box, Card, wire_path
from workbench.flow.layout import arrange, has_positions, size_of
from workbench.flow.model import Block, Edge, Flow
from workbench.flow.placing import FRAME_BOTTOM, FRAME_SIDE, FRAME_TOP
from workbench.flow.regions import ROOT, Region, RegionKey, Regions, find_regions

MAX_DRAWN = 500
"""More blocks than this are told, not drawn."""
_MARGIN = 24.0
_LABEL_SIZE = 10
_TITLE_SIZE = 11
_HALO: dict[str, str | float] = {"stroke": palette.GROUND, "stroke_width": 3, "paint_order": "stroke"}
"""Keeps a label legible where a wire runs through it."""


def draw(
    flow: Flow,
    catalogue: Catalogue,
    states: Mapping[str, str] | None = None,
    describe: Callable[[Block], str] | None = None,
) -> str:
    """The flow as one `<svg>` element, as wide as its place allows. Bears any flow.

    `states` are block statuses by id (``completed``, ``failed``, …); `describe` gives the line on a block's card.
    Blocks that nobody has placed are laid out first.
    """
    if not flow.blocks:
        return _told("No blocks yet")
    if len(flow.blocks) > MAX_DRAWN:
        return _told(f"{len(flow.blocks):,} blocks are too many for a still picture: open the canvas")
    placed = flow if has_positions(flow) else arrange(flow, catalogue)
    regions = find_regions(placed, catalogue)
    cards = {
        block.id: Card(
            block.position.x, block.position.y, size_of(block, regions.shapes[block.id]), regions.shapes[block.id]
        )
        for block in regions.graph.blocks
    }
    frames = frames_of(regions, cards)
    parts = [_draw_frame(regions, key, box) for key, box in frames.items()]
    parts += [_draw_wire(edge, cards, states or {}, frames.values()) for edge in regions.graph.edges]
    parts += [
        draw_card(block, cards[block.id], describe(block) if describe else "", (states or {}).get(block.id))
        for block in regions.graph.blocks
    ]
    parts += [_draw_ports(regions, block, cards[block.id]) for block in regions.graph.blocks]
    around = [(card.x, card.y, card.right, card.bottom) for card in cards.values()]
    return _svg("".join(parts), _union([*around, *frames.values()]), _label(flow))


def _label(flow: Flow) -> str:
    names = ", ".join(block.name for block in flow.blocks[:12])
    more = ", …" if len(flow.blocks) > 12 else ""
    count = len(flow.blocks)
    return f"Flow of {count} block{'' if count == 1 else 's'}: {names}{more}"


def _union(boxes: list[Box]) -> Box:
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _svg(inside: str, box: Box, label: str) -> str:
    left, top = box[0] - _MARGIN, box[1] - _MARGIN
    width, height = box[2] - box[0] + 2 * _MARGIN, box[3] - box[1] + 2 * _MARGIN
    ground = element(
        "rect",
        x=left + 0.5,
        y=top + 0.5,
        width=width - 1,
        height=height - 1,
        rx=4,
        fill=palette.GROUND,
        stroke=palette.FAINT_LINE,
    )
    return element(
        "svg",
        f"{ground}{inside}",
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_label=label,
        width=width,
        height=height,
        viewBox=f"{left:.1f} {top:.1f} {width:.1f} {height:.1f}",
        style=f"max-width:100%;height:auto;font-family:{palette.FONT}",
    )


def _told(text: str) -> str:
    width = width_of(text, 13) + 40
    words = element(
        "text", clean(text), x=width / 2, y=24.5, font_size=13, text_anchor="middle", fill=palette.FAINT_INK
    )
    return _svg(words, (_MARGIN, _MARGIN, width - _MARGIN, 40 - _MARGIN), text)


def frames_of(regions: Regions, cards: Mapping[str, Card]) -> dict[RegionKey, Box]:
    """The frame of each region, outer ones first; a frame holds the cards inside and the frames of nested regions."""
    boxes: dict[RegionKey, Box] = {}
    nested: dict[RegionKey, list[Box]] = {}
    for key, region in reversed(regions.regions.items()):
        if key == ROOT or region.parent is None:
            continue
        box = _frame(region, cards, nested.get(key, []))
        boxes[key] = box
        nested.setdefault(region.parent, []).append(box)
    return dict(reversed(_as_lanes(boxes).items()))


def _as_lanes(boxes: dict[RegionKey, Box]) -> dict[RegionKey, Box]:
    """The frames of one scope are lanes: each as wide as the widest."""
    lanes: dict[str, list[Box]] = {}
    for key, box in boxes.items():
        lanes.setdefault(key.scope, []).append(box)
    widest = {scope: _union(group) for scope, group in lanes.items()}
    return {key: (widest[key.scope][0], box[1], widest[key.scope][2], box[3]) for key, box in boxes.items()}


def _frame(region: Region, cards: Mapping[str, Card], nested: list[Box]) -> Box:
    inside = [cards[block_id] for block_id in region.blocks]
    left, top, right, bottom = _union([*((c.x, c.y, c.right, c.bottom) for c in inside), *nested])
    return left - FRAME_SIDE, top - FRAME_TOP, right + FRAME_SIDE, bottom + FRAME_BOTTOM


def _draw_frame(regions: Regions, key: RegionKey, box: Box) -> str:
    left, top, right, bottom = box
    scope = regions.graph.block(key.scope)
    title = scope.name if key.port == "body" else f"{scope.name} · {branch_label(scope, key.port)}"
    return element(
        "rect",
        x=left,
        y=top,
        width=right - left,
        height=bottom - top,
        rx=6,
        fill=palette.BRAND,
        fill_opacity=0.06,
        stroke=palette.BRAND,
        stroke_opacity=0.4,
    ) + element(
        "text",
        clean(fit(title, right - left - 28, _TITLE_SIZE)),
        x=left + 14,
        y=top + 24,
        font_size=_TITLE_SIZE,
        font_weight="600",
        fill=palette.BRAND,
    )


def _draw_wire(edge: Edge, cards: Mapping[str, Card], states: Mapping[str, str], frames: Iterable[Box]) -> str:
    source, target = cards[edge.source], cards[edge.target]
    is_error = edge.source_port == "error"
    more: dict[str, str | float] = {}
    if "skipped" in {states.get(edge.source), states.get(edge.target)}:
        more["stroke_dasharray"] = "2 4"
    elif is_error:
        more["stroke_dasharray"] = "5 3"
    return element(
        "path",
        d=wire_path(source, edge.source_port, target, frames),
        fill="none",
        stroke=palette.ERROR if is_error else palette.WIRE,
        stroke_width=1.5,
        **more,
    )


def _draw_ports(regions: Regions, block: Block, card: Card) -> str:
    """A dot for each port; named where there is more than one."""
    at = regions.graph.index[block.id]
    dots: list[str] = []
    if card.shape is None or card.shape.inputs:
        dots.append(_dot(card.x, card.middle))
    names = card.outputs()
    for name in names:
        x, y = card.output_at(name)
        dots.append(_dot(x, y))
        if len(names) > 1:
            text = clean(fit(name, 90, _LABEL_SIZE))
            label = element("text", text, x=x + 7, y=y - 4, font_size=_LABEL_SIZE, fill=palette.FAINT_INK, **_HALO)
            dots.append(label)
    leaving = {edge.source_port for edge in regions.graph.outgoing[at]}
    dots += [_dot(*card.region_at(name), palette.BRAND) for name in card.regions() if name in leaving]
    if "error" in leaving:
        dots.append(_dot(card.right - ERROR_PORT_X, card.bottom, palette.ERROR))
    return "".join(dots)


def _dot(x: float, y: float, colour: str = palette.WIRE) -> str:
    return element("circle", cx=x, cy=y, r=3.2, fill=palette.CARD, stroke=colour, stroke_width=1.4)


def branch_label(scope: Block, port: str) -> str:
    """What a scope's branch is called: its label where the config gives one, else its id."""
    branch_id = port.removeprefix("branch-")
    given: Any = scope.config.get("branches")
    branches = cast("list[Any]", given) if isinstance(given, list) else []
    for branch in branches:
        told = cast("dict[str, Any]", branch) if isinstance(branch, dict) else {}
        if told.get("id") == branch_id and told.get("label"):
            return str(told["label"])
    return branch_id

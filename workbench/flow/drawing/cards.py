"""The cards: pills for triggers, a cut corner for conditions, name, a line that says what it does, the state's sign."""

from __future__ import annotations

from workbench.flow.drawing import palette
from workbench.flow.drawing.glyphs import GLYPHS
from workbench.flow.drawing.palette import Look, look_of
from workbench.flow.drawing.svg import clean, element, fit
from workbench.flow.drawing.wires import Card
from workbench.flow.model import Block

NAME_SIZE = 13
LINE_SIZE = 11
_BOLD = 1.1
"""How much wider bold text runs."""
_CUT = 14
_GLYPH_BOX = 28
_HATCH = 9


def draw_card(block: Block, card: Card, line: str, status: str | None) -> str:
    """One card as a group with a tooltip."""
    look = look_of(status)
    is_pill = card.shape is not None and card.shape.is_trigger
    parts = [_tooltip(block, line, look), _outline(block, card, look, is_pill=is_pill)]
    parts += [_hatching(card, look.colour)] if look and look.hatched else []
    parts += _pill_inside(block, card, look) if is_pill else _card_inside(block, card, line, look)
    faded = block.disabled or (look is not None and look.faded)
    more: dict[str, str | float] = {"opacity": 0.55} if faded else {}
    return element("g", "".join(parts), **more)


def _tooltip(block: Block, line: str, look: Look | None) -> str:
    words = [f"{block.name} ({block.type})"]
    words += [line] if line else []
    words += ["switched off"] if block.disabled else []
    words += [look.words] if look else []
    return element("title", clean("\n".join(words)))


def _outline(block: Block, card: Card, look: Look | None, *, is_pill: bool) -> str:
    stroke: dict[str, str | float] = {
        "fill": palette.CARD,
        "stroke": look.colour if look and not look.faded else palette.LINE,
        "stroke_width": 2.5 if look and look.thick else 1.5 if look else 1,
    }
    if block.disabled or (look and look.dashed):
        stroke["stroke_dasharray"] = "4 3"
    x, y, width, height = card.x, card.y, card.size.width, card.size.height
    if block.type == "condition":
        points = [(x + 4, y), (x + width - _CUT, y), (x + width, y + _CUT), (x + width, y + height - 4)]
        path = "M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}V{:.1f}".format(
            *points[0], *points[1], *points[2], points[3][1]
        )
        path += f"q0 4 -4 4H{x + 4:.1f}q-4 0 -4 -4V{y + 4:.1f}q0 -4 4 -4z"
        return element("path", d=path, **stroke)
    return element("rect", x=x, y=y, width=width, height=height, rx=height / 2 if is_pill else 4.0, **stroke)


def _hatching(card: Card, colour: str) -> str:
    """Diagonal lines over the card: its value was put there by hand, not computed."""
    left, top, width, height = card.x, card.y + 1, card.size.width, card.size.height - 2
    lines: list[str] = []
    for start in range(int(-height) + _HATCH, int(width), _HATCH):
        low, high = max(start, 1.0), min(start + height, width - 1)
        lines.append(f"M{left + low:.1f} {top + low - start:.1f}L{left + high:.1f} {top + high - start:.1f}")
    return element("path", d="".join(lines), stroke=colour, stroke_opacity=0.22, stroke_width=1)


def _pill_inside(block: Block, card: Card, look: Look | None) -> list[str]:
    room = card.size.width - 44 - (14 if look else 0)
    sign = _sign(card.right - 17, card.middle, look)
    return [_glyph(block, card.x + 12, card.middle - 8), _name(block, card.x + 34, card.middle + 4.5, room), *sign]


def _card_inside(block: Block, card: Card, line: str, look: Look | None) -> list[str]:
    top = card.middle - 28
    left = card.x + 10 + _GLYPH_BOX + 9
    room = card.right - left - 10
    box = element(
        "rect",
        x=card.x + 10,
        y=card.middle - _GLYPH_BOX / 2,
        width=_GLYPH_BOX,
        height=_GLYPH_BOX,
        rx=4,
        fill=palette.SUNKEN,
    )
    parts = [box, _glyph(block, card.x + 10 + (_GLYPH_BOX - 16) / 2, card.middle - 8)]
    parts.append(_name(block, left, top + 24, room - (18 if look or block.type == "condition" else 0)))
    second = fit(line or block.type.replace("_", " "), room, LINE_SIZE)
    parts.append(element("text", clean(second), x=left, y=top + 41, font_size=LINE_SIZE, fill=palette.FAINT_INK))
    return parts + _sign(card.right - (20 if block.type == "condition" else 15), top + 20, look)


def _name(block: Block, x: float, y: float, room: float) -> str:
    text = clean(fit(block.name, room, NAME_SIZE * _BOLD))
    return element("text", text, x=x, y=y, font_size=NAME_SIZE, font_weight="600", fill=palette.INK)


def _glyph(block: Block, x: float, y: float) -> str:
    path = GLYPHS.get(block.type)
    if path is None:
        letter = clean(block.type[:1].upper())
        return element(
            "text",
            letter,
            x=x + 8,
            y=y + 12.5,
            font_size=12,
            font_weight="600",
            text_anchor="middle",
            fill=palette.FAINT_INK,
        )
    return element(
        "path",
        d=path,
        transform=f"translate({x:.1f} {y:.1f})",
        fill="none",
        stroke=palette.BRAND if block.type.endswith("trigger") or block.type == "start" else palette.FAINT_INK,
        stroke_width=1.3,
        stroke_linecap="round",
        stroke_linejoin="round",
    )


def _sign(x: float, y: float, look: Look | None) -> list[str]:
    """The state's sign around (x, y)."""
    if look is None:
        return []
    return [
        element(
            "path",
            d=look.sign,
            transform=f"translate({x - 6:.1f} {y - 6:.1f})",
            fill="none",
            stroke=look.colour,
            stroke_width=1.6,
            stroke_linecap="round",
            stroke_linejoin="round",
        )
    ]

"""SVG as text: escaped elements, and text that is cut to fit because nothing here can measure a font."""

from __future__ import annotations

import unicodedata
from xml.sax.saxutils import escape as _escape

_NARROW = frozenset("iljtf|.,:;'!()[]{}I ")
_BROAD = frozenset("mwMW@%—…")


def clean(text: str) -> str:
    """Text fit for XML: escaped, without the characters that XML 1.0 forbids."""
    kept = "".join(
        c if c in "\t\n" or (ord(c) >= 32 and not 0xD800 <= ord(c) <= 0xDFFF and ord(c) not in _NEVER) else " "
        for c in text
    )
    return _escape(kept, {'"': "&quot;"})


_NEVER = frozenset({0xFFFE, 0xFFFF})


def element(tag: str, inside: str | None = None, /, **attributes: str | float) -> str:
    """One element; `_` in an attribute's name becomes `-`; `inside` is markup already."""
    given = "".join(f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"' for name, value in attributes.items())
    return f"<{tag}{given}/>" if inside is None else f"<{tag}{given}>{inside}</{tag}>"


def _value(value: str | float) -> str:
    return clean(value) if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def width_of(text: str, size: float) -> float:
    """About how wide `text` is in a sans-serif font of `size` pixels; rather too wide than too narrow."""
    return sum(map(_em, text)) * size


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.34
    if character in _BROAD:
        return 0.92
    if unicodedata.combining(character):
        return 0.0
    if not character.isascii() and unicodedata.east_asian_width(character) in "WF":
        return 1.05
    return 0.7 if character.isupper() else 0.57


def fit(text: str, room: float, size: float) -> str:
    """`text` on one line, cut with “…” to `room` pixels."""
    text = " ".join(text[:400].split())
    if width_of(text, size) <= room:
        return text
    used = _em("…") * size
    kept: list[str] = []
    for character in text:
        used += _em(character) * size
        if used > room:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"

"""Text with `{{ expressions }}` in it: split, compiled once, evaluated to a value or joined as text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from workbench.flow.expressions.compiled import Compiled, Get
from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.limits import MAX_PARTS, MAX_SOURCE, MAX_TEMPLATE, Budget
from workbench.flow.expressions.text import template_text

Part: TypeAlias = "str | Compiled"
_OPEN, _CLOSE, _LITERAL = "{{", "}}", "\\{{"
_MOST_TRIES = 50
_KEPT, _KEPT_LENGTH = 4096, 4096
"""So many texts that were compiled lately are kept, if they have at most so many characters: an edit changes one block,
and the flow is looked at as a whole."""


class Template:
    """Plain text, one whole expression, or a mix. Immutable; made by parse_template and parse_expression."""

    __slots__ = ("_whole", "evaluate", "names", "optional_names", "parts", "secrets", "text")

    def __init__(self, text: str, parts: tuple[Part, ...]) -> None:
        self.text = text
        self.parts = parts
        compiled = [p for p in parts if isinstance(p, Compiled)]
        self.names: frozenset[str] = frozenset().union(*(c.names for c in compiled))
        """Root names that the expressions use."""
        sure = frozenset[str]().union(*(c.names - c.optional for c in compiled))
        self.optional_names: frozenset[str] = self.names - sure
        """Those of `names` that stand only inside default(…), so that they may be missing."""
        self.secrets: frozenset[str] = frozenset().union(*(c.secrets for c in compiled))
        """Names of the secrets that the expressions read."""
        self._whole = compiled[0] if len(parts) == 1 and compiled else None
        self.evaluate = self._whole.evaluate if self._whole else self._join
        """`evaluate(get) -> value`: `get(name)` gives a root name's value. Raises ExpressionError."""

    @property
    def has_expressions(self) -> bool:
        """Whether there is anything to evaluate."""
        return any(isinstance(p, Compiled) for p in self.parts)

    @property
    def is_whole(self) -> bool:
        """Whether it is one expression and nothing else, so that its value keeps its type."""
        return self._whole is not None

    def _join(self, get: Get) -> Any:
        budget = Budget()
        made: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                made.append(part)
                continue
            try:
                made.append(template_text(part.evaluate(get)))
                budget.text(len(made[-1]))
            except ExpressionError as error:
                if not error.is_located:
                    error.position, error.expression, error.is_located = part.start, part.source, True
                raise
        return "".join(made)

    def __repr__(self) -> str:
        return f"Template({self.text!r})"


def parse_template(text: str) -> Template:
    """Split and compile `text`. Raises ExpressionError with the position in `text`.

    Spaces around one whole expression do not make it text.
    """
    return _kept_template(text) if len(text) <= _KEPT_LENGTH else _new_template(text)


def _new_template(text: str) -> Template:
    parts = tuple(split(text))
    solid = [p for p in parts if isinstance(p, Compiled) or p.strip()]
    if len(solid) == 1 and isinstance(solid[0], Compiled):
        parts = (solid[0],)
    return Template(text, parts)


def parse_expression(text: str) -> Template:
    """Compile `text` as one expression, in `{{ }}` or bare. Raises ExpressionError with the position in `text`."""
    return _kept_expression(text) if len(text) <= _KEPT_LENGTH else _new_expression(text)


def parse_as(mode: str, text: str) -> Template:
    """What a field of this mode holds: a template, or one expression. Raises ExpressionError."""
    return parse_template(text) if mode == "template" else parse_expression(text)


def _new_expression(text: str) -> Template:
    bare = text.strip()
    if bare.startswith(_OPEN):
        template = parse_template(text)
        if template.is_whole:
            return template
        raise ExpressionError(
            "SYNTAX",
            "This field takes one expression and no other text.",
            "Write one {{ … }}, or leave the braces out.",
            0,
        )
    return Template(text, (Compiled(text),))


_kept_template = lru_cache(_KEPT)(_new_template)
_kept_expression = lru_cache(_KEPT)(_new_expression)


def split(text: str) -> Iterator[Part]:
    """The parts in order: literal texts and compiled expressions. Raises ExpressionError."""
    if len(text) > MAX_TEMPLATE:
        raise ExpressionError("TOO_LARGE", f"A text with expressions may have {MAX_TEMPLATE:,} characters.", position=0)
    literal: list[str] = []
    place = count = 0
    while True:
        start = text.find(_OPEN, place)
        if start < 0:
            break
        if start and text[start - 1] == "\\":
            literal.append(text[place : start - 1] + _OPEN)
            place = start + 2
            continue
        count += 1
        if count > MAX_PARTS:
            raise ExpressionError("TOO_LARGE", f"A text may hold at most {MAX_PARTS:,} expressions.", None, start)
        literal.append(text[place:start])
        if any(literal):
            yield "".join(literal)
        literal = []
        compiled, place = _expression(text, start + 2)
        yield compiled
    literal.append(text[place:])
    if any(literal):
        yield "".join(literal)


def _expression(text: str, start: int) -> tuple[Compiled, int]:
    """The expression from `start` to the first `}}` where it parses, and where the text goes on."""
    first: ExpressionError | None = None
    end = text.find(_CLOSE, start)
    if end < 0:
        raise ExpressionError(
            "SYNTAX", "`{{` is never closed.", "Close it with `}}`, or write `\\{{` for the two signs.", start - 2
        )
    tries = 0
    while 0 <= end <= start + MAX_SOURCE and tries < _MOST_TRIES:
        tries += 1
        try:
            return Compiled(text[start:end], start), end + 2
        except ExpressionError as error:
            if error.code != "SYNTAX":
                raise
            first = first or error
        end = text.find(_CLOSE, end + 1)
    raise first or ExpressionError(
        "TOO_LARGE", f"An expression may have at most {MAX_SOURCE:,} characters.", None, start
    )

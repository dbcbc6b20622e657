"""Rename a root name in the expressions of a text, and nothing else in it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Literal

from workbench.flow.expressions.compiled import Compiled
from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.templates import split

Mode = Literal["template", "expression", "deferred"]
"""template: text with `{{ }}`; expression and deferred: one expression, in braces or bare."""

_WORD = re.compile(r"[^\W\d]\w*")
_OPEN = re.compile(r"(?<!\\)\{\{")
_FRESH = "zz_renamed_zz"


def rename(text: str, mode: Mode, old: str, new: str) -> str:
    """`text` with the root name `old` written `new`; texts, fields and loop names of the same spelling stay.

    An expression that does not parse stays as it is. Raises ExpressionError FORBIDDEN if a loop in an expression
    already binds `new`, so that the renamed name would mean something else.
    """
    try:
        if mode == "template" or text.strip().startswith("{{"):
            return _in_template(text, old, new)
        return _in_expression(Compiled(text), old, new)
    except ExpressionError as error:
        if error.code == "FORBIDDEN" and error.expression is None:
            raise
        return text


def _in_template(text: str, old: str, new: str) -> str:
    made: list[str] = []
    done = 0
    try:
        for part in split(text):
            if isinstance(part, Compiled):
                made += [text[done : part.start], _in_expression(part, old, new)]
                done = part.start + len(part.source)
    except ExpressionError as error:
        if error.expression is None and error.code == "FORBIDDEN":
            raise
        opened = _OPEN.search(text, done)
        closed = text.find("}}", opened.end()) if opened else -1
        if closed >= 0:
            return "".join(made) + text[done:closed] + _in_template(text[closed:], old, new)
    return "".join(made) + text[done:]


def _in_expression(compiled: Compiled, old: str, new: str) -> str:
    """Try each place where the word stands: it is a root name if exactly one use of `old` goes when it is replaced."""
    if old not in compiled.names or old == new:
        return compiled.source
    source, shift = compiled.source, 0
    before = Counter(compiled.roots)
    for match in _WORD.finditer(compiled.source):
        if unicodedata.normalize("NFKC", match[0]) != old:
            continue
        start, end = match.start() + shift, match.end() + shift
        marked = source[:start] + _FRESH + source[end:]
        if _roots(marked) == before - Counter([old]) + Counter([_FRESH]):
            changed = source[:start] + new + source[end:]
            after = before - Counter([old]) + Counter([new])
            if _roots(changed) != after:
                raise ExpressionError(
                    "FORBIDDEN", f"`{old}` cannot become `{new}` in `{source.strip()}`: a loop there uses that name."
                )
            source, before = changed, after
            shift += len(new) - len(match[0])
    return source


def _roots(source: str) -> Counter[str] | None:
    try:
        return Counter(Compiled(source).roots)
    except ExpressionError:
        return None

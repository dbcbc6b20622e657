"""What goes wrong in an expression, in words that name what is there."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal

from workbench.base.errors import WorkbenchError

Code = Literal[
    "SYNTAX",
    "FORBIDDEN",
    "TOO_LARGE",
    "UNKNOWN_NAME",
    "UNKNOWN_FIELD",
    "UNKNOWN_METHOD",
    "TYPE",
    "VALUE",
    "ZERO_DIVISION",
    "LIMIT",
    "BLOCK_SKIPPED",
    "NOT_IN_SCOPE",
    "VARIABLE_RACE",
]

IT = "\ue000"
"""Stands in a message for the text of the operand, which only the source knows; see `explain`."""

_SHOWN = 12
_JSON_WORDS = {"true": "True", "false": "False", "null": "None", "undefined": "None"}


class ExpressionError(WorkbenchError):
    """An expression that cannot be parsed or evaluated.

    `code` is one of Code; `position` is the character offset in the text as given, or None; `expression` is the
    source of the failing expression once known.
    """

    status = 400
    code: str  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, code: Code, message: str, hint: str | None = None, position: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code  # pyright: ignore[reportIncompatibleVariableOverride]
        self.position = position
        self.expression: str | None = None
        self.is_located = False


def nearest(name: str, available: Iterable[str]) -> str | None:
    """The spelling in `available` that is closest to `name`, or None."""
    names = list(available)[:5_000]
    folded = {n.casefold(): n for n in reversed(names)}
    if name.casefold() in folded:
        return folded[name.casefold()]
    close = get_close_matches(name[:200], names, n=1, cutoff=0.6)
    return close[0] if close else None


def listed(available: Iterable[str]) -> str:
    """Names as text, cut off after a dozen."""
    names = [n if len(n) <= 60 else n[:57] + "…" for n in available]
    more = f", … ({len(names)} in all)" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def missing(name: str, available: Iterable[str]) -> ExpressionError:
    """UNKNOWN_NAME for the root name `name` where `available` are there."""
    names = sorted(set(available))
    there = f"there are {listed(names)}" if names else "nothing is in scope here"
    word = nearest(name, names) or _JSON_WORDS.get(name)
    return ExpressionError("UNKNOWN_NAME", f"There is no `{name}` here; {there}.", word and f"Did you mean {word}?")


def missing_field(name: str, available: Iterable[object], kind: str = "field") -> ExpressionError:
    """UNKNOWN_FIELD for field (or column) `name` of the operand, which has `available`."""
    names = [str(a) for a in available]
    there = f"it has {listed(names)}" if names else "it is empty"
    word = nearest(name, names)
    shown = name if len(name) <= 100 else name[:97] + "…"
    return ExpressionError("UNKNOWN_FIELD", f"{IT} has no {kind} `{shown}`; {there}.", word and f"Did you mean {word}?")

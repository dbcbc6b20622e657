"""Methods of text, each pure and counted before anything is made."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.limits import MAX_ITEMS, Budget
from workbench.flow.expressions.values import kind, type_error

Method: TypeAlias = tuple[Callable[..., Any], int, int]
"""The function (budget, value, arguments…), least and most arguments."""

_MOST_WIDTH = 10_000
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def texts(word: str, values: tuple[Any, ...]) -> None:
    """Refuse an argument of `word` that is not text."""
    for value in values:
        if type(value) is not str:
            raise type_error(f"`{word}` takes text, not {kind(value)}.")


def _text(word: str) -> Callable[..., Any]:
    """A method of str whose arguments are texts and whose result is at most three times as long."""
    plain = getattr(str, word)

    def method(b: Budget, value: str, *args: Any) -> Any:
        texts(word, args)
        b.spend((len(value) >> 6) + 1 + sum(len(value) * len(arg) >> 8 for arg in args))
        b.text(len(value))
        made = plain(value, *args)
        b.text(len(made) - len(value))
        return made

    return method


def _find(word: str) -> Callable[..., Any]:
    plain = getattr(str, word)

    def method(b: Budget, value: str, *args: Any) -> Any:
        texts(word, args)
        b.spend((len(value) >> 4) + 1 + sum(len(value) * len(arg) >> 8 for arg in args))
        return plain(value, *args)

    return method


def _affix(word: str) -> Callable[..., Any]:
    plain = getattr(str, word)

    def method(b: Budget, value: str, affix: Any) -> bool:
        affixes = tuple(affix) if type(affix) is list else (affix,)
        texts(word, affixes)
        b.spend(len(affixes))
        return plain(value, affixes)

    return method


def _pad(word: str) -> Callable[..., Any]:
    plain = getattr(str, word)

    def method(b: Budget, value: str, width: Any, *fill: Any) -> str:
        whole(word, width)
        texts(word, fill)
        if width > _MOST_WIDTH:
            raise ExpressionError("LIMIT", f"`{word}` takes at most {_MOST_WIDTH:,} characters.")
        if any(len(f) != 1 for f in fill):
            raise type_error(f"`{word}` fills with one character.")
        b.text(max(len(value), width))
        return plain(value, width, *fill)

    return method


def whole(word: str, value: Any) -> int:
    """Refuse an argument of `word` that is not a whole number."""
    if type(value) is not int:
        raise type_error(f"`{word}` takes a whole number, not {kind(value)}.")
    return value


def _split(word: str) -> Callable[..., Any]:
    plain = getattr(str, word)

    def method(b: Budget, value: str, sep: Any = None, most: Any = -1) -> list[str]:
        if sep is not None:
            texts(word, (sep,))
            if not sep:
                raise ExpressionError("VALUE", f"`{word}` needs a separator that is not empty.")
        whole(word, most)
        b.spend((len(value) >> 4) + 1 + (len(value) * len(sep or "") >> 8))
        b.text(len(value))
        pieces = plain(value, sep, min(most, MAX_ITEMS) if most >= 0 else MAX_ITEMS)
        b.items(len(pieces))
        return pieces

    return method


def _splitlines(b: Budget, value: str) -> list[str]:
    b.spend((len(value) >> 4) + 1)
    b.text(len(value))
    b.items(sum(value.count(end) for end in _LINE_ENDS) + 1)
    return value.splitlines()


def _partition(word: str) -> Callable[..., Any]:
    plain = getattr(str, word)

    def method(b: Budget, value: str, sep: Any) -> list[str]:
        texts(word, (sep,))
        if not sep:
            raise ExpressionError("VALUE", f"`{word}` needs a separator that is not empty.")
        b.spend((len(value) >> 4) + 1 + (len(value) * len(sep) >> 8))
        b.text(len(value))
        return list(plain(value, sep))

    return method


def _replace(b: Budget, value: str, old: Any, new: Any, most: Any = -1) -> str:
    texts("replace", (old, new))
    whole("replace", most)
    b.spend((len(value) >> 4) + 1)
    times = value.count(old)
    times = min(times, most) if most >= 0 else times
    b.text(len(value) + times * max(0, len(new) - len(old)))
    return value.replace(old, new, min(most, 2**31))


def _join(b: Budget, value: str, items: Any) -> str:
    if type(items) is not list:
        raise type_error(f"`join` takes a list of texts, not {kind(items)}.")
    b.spend((len(items) >> 2) + 1)
    for place, item in enumerate(items):
        if type(item) is not str:
            raise type_error(f"`join` takes texts; item {place} is {kind(item)}.", "Write join([str(x) for x in …]).")
    b.text(sum(map(len, items)) + len(value) * len(items))
    return value.join(items)


TEXT: dict[str, Method] = {
    **{w: (_text(w), 0, 0) for w in ("lower", "upper", "title", "capitalize", "casefold", "swapcase")},
    **{w: (_text(w), 0, 1) for w in ("strip", "lstrip", "rstrip")},
    **{w: (_text(w), 1, 1) for w in ("removeprefix", "removesuffix")},
    **{w: (_find(w), 1, 1) for w in ("find", "rfind", "count")},
    **{w: (_find(w), 0, 0) for w in ("isdigit", "isalpha", "isalnum", "isspace", "islower", "isupper", "isnumeric")},
    **{w: (_affix(w), 1, 1) for w in ("startswith", "endswith")},
    **{w: (_pad(w), 1, 2) for w in ("ljust", "rjust", "center")},
    **{w: (_split(w), 0, 2) for w in ("split", "rsplit")},
    **{w: (_partition(w), 1, 1) for w in ("partition", "rpartition")},
    "zfill": (_pad("zfill"), 1, 1),
    "splitlines": (_splitlines, 0, 0),
    "replace": (_replace, 2, 3),
    "join": (_join, 1, 1),
}
"""The methods of text by name."""

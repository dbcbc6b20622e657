"""Methods of texts, lists, objects and dates: an explicit list, each pure and checked for size."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import polars as pl

from workbench.flow.expressions import tables
from workbench.flow.expressions.errors import IT, ExpressionError, nearest
from workbench.flow.expressions.limits import MAX_ITEMS, Budget
from workbench.flow.expressions.text import strftime
from workbench.flow.expressions.values import SCALARS, kind, measure, refuse_tables, type_error

Method: TypeAlias = tuple[Callable[..., Any], int, int]
"""The function (budget, value, arguments…), least and most arguments."""

_MOST_WIDTH = 10_000
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def _texts(word: str, values: tuple[Any, ...]) -> None:
    for value in values:
        if type(value) is not str:
            raise type_error(f"`{word}` takes text, not {kind(value)}.")


def _text(word: str) -> Callable[..., Any]:
    """A method of str whose arguments are texts and whose result is at most three times as long."""
    plain = getattr(str, word)

    def method(b: Budget, value: str, *args: Any) -> Any:
        _texts(word, args)
        b.spend((len(value) >> 6) + 1 + sum(len(value) * len(arg) >> 8 for arg in args))
        b.text(len(value))
        made = plain(value, *args)
        b.text(len(made) - len(value))
        return made

    return method


def _find(word: str) -> Callable[..., Any]:
    plain = getattr(str, word)

    def method(b: Budget, value: str, *args: Any) -> Any:
        _texts(word, args)
        b.spend((len(value) >> 4) + 1 + sum(len(value) * len(arg) >> 8 for arg in args))
        return plain(value, *args)

    return method


def _affix(word: str) -> Callable[..., Any]:
    plain = getattr(str, word)

    def method(b: Budget, value: str, affix: Any) -> bool:
        affixes = tuple(affix) if type(affix) is list else (affix,)
        _texts(word, affixes)
        b.spend(len(affixes))
        return plain(value, affixes)

    return method


def _pad(word: str) -> Callable[..., Any]:
    plain = getattr(str, word)

    def method(b: Budget, value: str, width: Any, *fill: Any) -> str:
        _whole(word, width)
        _texts(word, fill)
        if width > _MOST_WIDTH:
            raise ExpressionError("LIMIT", f"`{word}` takes at most {_MOST_WIDTH:,} characters.")
        if any(len(f) != 1 for f in fill):
            raise type_error(f"`{word}` fills with one character.")
        b.text(max(len(value), width))
        return plain(value, width, *fill)

    return method


def _whole(word: str, value: Any) -> int:
    if type(value) is not int:
        raise type_error(f"`{word}` takes a whole number, not {kind(value)}.")
    return value


def _split(word: str) -> Callable[..., Any]:
    plain = getattr(str, word)

    def method(b: Budget, value: str, sep: Any = None, most: Any = -1) -> list[str]:
        if sep is not None:
            _texts(word, (sep,))
            if not sep:
                raise ExpressionError("VALUE", f"`{word}` needs a separator that is not empty.")
        _whole(word, most)
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
        _texts(word, (sep,))
        if not sep:
            raise ExpressionError("VALUE", f"`{word}` needs a separator that is not empty.")
        b.spend((len(value) >> 4) + 1 + (len(value) * len(sep) >> 8))
        b.text(len(value))
        return list(plain(value, sep))

    return method


def _replace(b: Budget, value: str, old: Any, new: Any, most: Any = -1) -> str:
    _texts("replace", (old, new))
    _whole("replace", most)
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


def _list_count(b: Budget, value: list[Any], wanted: Any) -> int:
    _seek(b, value, wanted)
    return value.count(wanted)


def _list_index(b: Budget, value: list[Any], wanted: Any) -> int:
    _seek(b, value, wanted)
    try:
        return value.index(wanted)
    except ValueError:
        raise ExpressionError("VALUE", "The list does not hold that value.", "Test it first with `in`.") from None


def _seek(b: Budget, value: list[Any], wanted: Any) -> None:
    b.spend((len(value) >> 2) + 1)
    refuse_tables(value)
    if type(wanted) not in SCALARS:
        measure(b, value, tables=False)
        measure(b, wanted, len(value) + 1, tables=False)
    elif type(wanted) is str:
        b.spend((len(wanted) >> 10) * len(value))


def _get(b: Budget, value: dict[str, Any], key: Any, fallback: Any = None) -> Any:
    return value.get(key, fallback) if type(key) is str else fallback


def keys(b: Budget, value: dict[str, Any]) -> list[Any]:
    """The field names of an object."""
    b.items(len(value))
    return list(value)


def values(b: Budget, value: dict[str, Any]) -> list[Any]:
    """The field values of an object."""
    b.items(len(value))
    return list(value.values())


def items(b: Budget, value: dict[str, Any]) -> list[Any]:
    """[name, value] for each field of an object."""
    b.items(len(value) * 4)
    return [[k, v] for k, v in value.items()]


def _moment(word: str) -> Callable[..., Any]:
    def method(b: Budget, value: Any) -> Any:
        return getattr(value, word)()

    return method


def _timestamp(b: Budget, value: datetime) -> float:
    if value.tzinfo is None:
        raise ExpressionError("VALUE", "A date and time without a zone has no timestamp.", 'Write d.astimezone("UTC").')
    return value.timestamp()


def _astimezone(b: Budget, value: datetime, zone: Any) -> datetime:
    _texts("astimezone", (zone,))
    b.spend(50)
    try:
        found = UTC if zone == "UTC" else ZoneInfo(zone)
    except (LookupError, ValueError, OSError):
        raise ExpressionError("VALUE", f"`{zone[:60]}` is no time zone.", 'Zones look like "Europe/Paris".') from None
    return value.replace(tzinfo=found) if value.tzinfo is None else value.astimezone(found)


def _replace_parts(b: Budget, value: Any, **parts: Any) -> Any:
    for word, part in parts.items():
        _whole(word, part)
    return value.replace(**parts)


_TEXT: dict[str, Method] = {
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
_DATE: dict[str, Method] = {
    **{w: (_moment(w), 0, 0) for w in ("isoformat", "weekday", "isoweekday")},
    "strftime": (strftime, 1, 1),
    "replace": (_replace_parts, 0, 0),
}
_TIME: dict[str, Method] = {
    "isoformat": (_moment("isoformat"), 0, 0),
    "strftime": (strftime, 1, 1),
    "replace": (_replace_parts, 0, 0),
}
METHODS: dict[type, dict[str, Method]] = {
    str: _TEXT,
    list: {"count": (_list_count, 1, 1), "index": (_list_index, 1, 1)},
    dict: {"get": (_get, 1, 2), "keys": (keys, 0, 0), "values": (values, 0, 0), "items": (items, 0, 0)},
    date: _DATE,
    datetime: {
        **_DATE,
        "date": (_moment("date"), 0, 0),
        "time": (_moment("time"), 0, 0),
        "timestamp": (_timestamp, 0, 0),
        "astimezone": (_astimezone, 1, 1),
    },
    time: _TIME,
    timedelta: {"total_seconds": (_moment("total_seconds"), 0, 0)},
    pl.DataFrame: tables.METHODS,
}
ALL_METHODS = frozenset(name for methods in METHODS.values() for name in methods)
_PARTS = frozenset({"year", "month", "day", "hour", "minute", "second", "microsecond"})
_INSTEAD = {
    "append": "Write xs + [x].", "extend": "Write xs + ys.", "sort": "Write sorted(xs).",
    "reverse": "Write reversed(xs).", "format": 'Write an f-string: f"{a} and {b}".',
    "to_dicts": "Write t.rows().", "update": "Write a | b.", "copy": "Values never change; no copy is needed.",
}  # fmt: skip


def call_method(b: Budget, value: Any, name: str, /, *args: Any, **words: Any) -> Any:
    """`value.name(args)`. Raises UNKNOWN_METHOD, TYPE, VALUE or LIMIT."""
    methods = METHODS.get(type(value), {})
    found = methods.get(name)
    if found is None:
        raise _unknown(value, name, methods)
    method, least, most = found
    if not least <= len(args) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        raise type_error(f"`{name}` of {kind(value)} takes {count} arguments, not {len(args)}.")
    if words and (method is not _replace_parts or not words.keys() <= _PARTS):
        raise type_error(f"`{name}` of {kind(value)} takes no argument `{next(iter(words))}=`.")
    return method(b, value, *args, **words)


def _unknown(value: Any, name: str, methods: dict[str, Method]) -> ExpressionError:
    if value is None:
        return ExpressionError("UNKNOWN_METHOD", f"{IT} is null, so it has no method `{name}`.")
    if type(value) is dict and name in value:
        return ExpressionError("UNKNOWN_METHOD", f"`{name}` is a field of {IT}, not a method.", "Leave out the ( ).")
    there = ", ".join(sorted(methods)) or "none"
    word = nearest(name, methods)
    hint = _INSTEAD.get(name) or (word and f"Did you mean {word}?")
    return ExpressionError(
        "UNKNOWN_METHOD", f"{IT} is {kind(value)} and has no method `{name}`; its methods are {there}.", hint
    )

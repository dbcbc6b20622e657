"""Methods of texts, lists, objects and dates: an explicit list, each pure and checked for size."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from workbench.flow.expressions import tables
from workbench.flow.expressions.errors import IT, ExpressionError, nearest
from workbench.flow.expressions.limits import Budget
from workbench.flow.expressions.text import strftime
from workbench.flow.expressions.text_methods import TEXT, Method, texts, whole
from workbench.flow.expressions.values import SCALARS, kind, measure, refuse_tables, type_error


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
    texts("astimezone", (zone,))
    b.spend(50)
    try:
        found = UTC if zone == "UTC" else ZoneInfo(zone)
    except (LookupError, ValueError, OSError):
        raise ExpressionError("VALUE", f"`{zone[:60]}` is no time zone.", 'Zones look like "Europe/Paris".') from None
    return value.replace(tzinfo=found) if value.tzinfo is None else value.astimezone(found)


def _replace_parts(b: Budget, value: Any, **parts: Any) -> Any:
    for word, part in parts.items():
        whole(word, part)
    return value.replace(**parts)


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
    str: TEXT,
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

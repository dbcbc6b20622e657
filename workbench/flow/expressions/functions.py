"""The functions of the language: a fixed set, each pure and counted, with the words that the editor shows."""

from __future__ import annotations

import json as _json
import keyword
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from workbench.flow.expressions import dates, methods
from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.limits import Budget, check_bits
from workbench.flow.expressions.runtime import sequence
from workbench.flow.expressions.text import to_json, to_str
from workbench.flow.expressions.values import NUMBERS, SCALARS, kind, measure, type_error

_NULLS = "Leave nulls out: [x for x in xs if x is not None]."
_MOST_DIGITS = 4_000
_BIG = 1 << 60


@dataclass(frozen=True, slots=True)
class Function:
    """One function: how it is written, what it does, how it is called."""

    name: str
    signature: str
    doc: str
    call: Callable[..., Any]
    least: int
    most: int
    words: tuple[str, ...] = ()
    """Arguments that may be given by name."""


class Key:
    """A compiled `key=lambda x: …`: counted before the first call, its results measured before they are compared."""

    __slots__ = ("apply", "budget", "weight")

    def __init__(self, budget: Budget, apply: Callable[[Any], Any], weight: int) -> None:
        self.budget, self.apply, self.weight = budget, apply, weight

    def __call__(self, value: Any) -> Any:
        found = self.apply(value)
        if type(found) not in SCALARS:
            measure(self.budget, found, 4)
        return found


def _len(b: Budget, value: Any) -> int:
    if type(value) in (str, list, dict):
        return len(value)
    if type(value) is pl.DataFrame:
        return value.height
    raise type_error(f"`len` takes a list, text, object or table, not {kind(value)}.")


def _sum(b: Budget, values: Any, start: Any = 0) -> Any:
    found = sequence(b, values, "`sum`")
    b.spend(len(found) >> 2)
    for place, one in enumerate(found):
        if type(one) not in SCALARS or one is None or type(one) is str:
            raise type_error(f"`sum` takes numbers; item {place} is {kind(one)}.", _NULLS if one is None else None)
    if type(start) not in SCALARS or type(start) is str:
        raise type_error(f"`sum` starts with a number, not {kind(start)}.")
    return sum(found, start) if found and type(found[0]) in NUMBERS else _sum_of_durations(found, start)


def _sum_of_durations(found: list[Any], start: Any) -> Any:
    if found and start == 0:
        return sum(found[1:], found[0])
    return sum(found, start)


def _extreme(word: str, pick: Callable[..., Any]) -> Callable[..., Any]:
    def extreme(b: Budget, *args: Any, **words: Any) -> Any:
        found = sequence(b, args[0], f"`{word}`") if len(args) == 1 else list(args)
        _ready_to_compare(b, found, words)
        if not found and "default" not in words:
            raise ExpressionError("VALUE", f"`{word}` of nothing.", f"Write {word}(xs, default=…).")
        try:
            return pick(found, **words)
        except TypeError as error:
            raise _unordered(word, error) from None

    return extreme


def _sorted(b: Budget, values: Any, key: Any = None, reverse: Any = False) -> list[Any]:
    found = sequence(b, values, "`sorted`")
    b.items(len(found))
    _ready_to_compare(b, found, {"key": key})
    try:
        return sorted(found, key=key, reverse=bool(reverse))
    except TypeError as error:
        raise _unordered("sorted", error) from None


def _ready_to_compare(b: Budget, found: list[Any], words: dict[str, Any]) -> None:
    b.spend(len(found) >> 1)
    if words.get("key") is None:
        measure(b, found, max(1, len(found).bit_length() >> 2))
    elif found:
        b.spend(len(found) * words["key"].weight)


def _unordered(word: str, error: TypeError) -> ExpressionError:
    if "NoneType" in str(error):
        return type_error(f"`{word}` cannot compare null with other values.", _NULLS)
    if "not supported between" in str(error):
        return type_error(f"`{word}` cannot compare these values with one another.", "Give a key=lambda x: ….")
    return type_error(f"`{word}`: {error}.")


def _round(b: Budget, value: Any, digits: Any = None) -> Any:
    if type(value) not in NUMBERS:
        raise type_error(f"`round` takes a number, not {kind(value)}.", _NULLS if value is None else None)
    if digits is not None and (type(digits) is not int or abs(digits) > 400):
        raise type_error("`round` takes up to 400 digits.")
    return round(value, digits)


def _real(word: str, apply: Callable[[Any], Any]) -> Callable[..., Any]:
    def function(b: Budget, value: Any) -> Any:
        if type(value) not in NUMBERS:
            raise type_error(f"`{word}` takes a number, not {kind(value)}.")
        return apply(value)

    return function


def _any(b: Budget, values: Any) -> bool:
    return any(values if _is_lazy(values) else _counted(b, values, "`any`"))


def _all(b: Budget, values: Any) -> bool:
    return all(values if _is_lazy(values) else _counted(b, values, "`all`"))


def _is_lazy(values: Any) -> bool:
    return type(values).__name__ == "generator"


def _counted(b: Budget, values: Any, word: str) -> list[Any]:
    found = sequence(b, values, word)
    b.spend(len(found) >> 3)
    return found


def _zip(b: Budget, *lists: Any) -> list[Any]:
    found = [sequence(b, one, "`zip`") for one in lists]
    b.items(min(map(len, found)) * (len(found) + 2))
    return [list(one) for one in zip(*found, strict=False)]


def _enumerate(b: Budget, values: Any, start: Any = 0) -> list[Any]:
    found = sequence(b, values, "`enumerate`")
    if type(start) is not int:
        raise type_error("`enumerate` starts with a whole number.")
    b.items(len(found) * 4)
    return [[i, one] for i, one in enumerate(found, start)]


def _range(b: Budget, *parts: Any) -> list[int]:
    if any(type(p) is not int for p in parts):
        raise type_error("`range` takes whole numbers.")
    if len(parts) == 3 and parts[2] == 0:
        raise ExpressionError("VALUE", "The step of `range` cannot be 0.")
    numbers = range(*parts)
    first, last, step = numbers.start, numbers.stop, numbers.step
    b.items(max(0, (last - first + step - (1 if step > 0 else -1)) // step))
    return list(numbers)


def _reversed(b: Budget, values: Any) -> list[Any]:
    found = sequence(b, values, "`reversed`")
    b.items(len(found))
    return found[::-1]


def _int(b: Budget, value: Any = 0) -> int:
    if type(value) is str:
        text = value.strip()
        if len(text) <= _MOST_DIGITS:
            try:
                found = int(text)
            except ValueError:
                raise ExpressionError("VALUE", f"`{text[:60]}` is no whole number.") from None
            check_bits(found.bit_length())
            return found
        raise ExpressionError("LIMIT", f"`int` takes a text of at most {_MOST_DIGITS:,} characters.")
    if type(value) not in NUMBERS:
        raise type_error(f"`int` takes a number or text, not {kind(value)}.")
    if type(value) is float and not math.isfinite(value):
        raise ExpressionError("VALUE", f"{value} is no whole number.")
    return int(value)


def _float(b: Budget, value: Any = 0.0) -> float:
    if type(value) is str and len(value) <= _MOST_DIGITS:
        try:
            return float(value)
        except ValueError:
            raise ExpressionError("VALUE", f"`{value.strip()[:60]}` is no number.") from None
    if type(value) not in NUMBERS:
        raise type_error(f"`float` takes a number or short text, not {kind(value)}.")
    return float(value)


def _bool(b: Budget, value: Any = False) -> bool:
    return bool(value)


def _list(b: Budget, value: Any) -> list[Any]:
    found = sequence(b, value, "`list`")
    b.items(len(found))
    return list(found)


def _dict(b: Budget, pairs: Any) -> dict[str, Any]:
    if type(pairs) is dict:
        return pairs
    found = sequence(b, pairs, "`dict`")
    b.items(len(found))
    made: dict[str, Any] = {}
    for pair in found:
        if type(pair) is not list or len(pair) != 2 or type(pair[0]) is not str:
            raise type_error("`dict` takes a list of [name, value] pairs.", "Write {x.name: x.value for x in xs}.")
        made[pair[0]] = pair[1]
    return made


def _parse_json(b: Budget, text: Any) -> Any:
    if type(text) is not str:
        raise type_error(f"`parse_json` takes text, not {kind(text)}.")
    b.text(len(text) * 4)
    b.spend(len(text) >> 4)
    try:
        return _json.loads(text)
    except ValueError as error:
        raise ExpressionError("VALUE", f"The text is no JSON: {error}.") from None


def _unique(b: Budget, values: Any) -> list[Any]:
    found = sequence(b, values, "`unique`")
    b.items(len(found))
    measure(b, found)
    seen: dict[Any, Any] = {}
    for one in found:
        seen.setdefault(_identity(b, one), one)
    return list(seen.values())


def _identity(b: Budget, value: Any) -> Any:
    """What makes two values the same. Numbers that could be chosen to collide as hash keys go as text."""
    if type(value) is int and abs(value) >= _BIG:
        return ("int", hex(value))
    if type(value) in SCALARS:
        return value
    return ("json", to_json(b, value))


def _of_object(word: str, apply: Callable[..., Any]) -> Callable[..., Any]:
    def function(b: Budget, value: Any) -> Any:
        if type(value) is not dict:
            raise type_error(f"`{word}` takes an object, not {kind(value)}.")
        return apply(b, value)

    return function


_ALL = (
    Function("len", "len(x)", "How many items, characters, fields or rows.", _len, 1, 1),
    Function("sum", "sum(xs, start=0)", "The sum of numbers or durations.", _sum, 1, 2, ("start",)),
    Function("min", "min(xs, key=, default=)", "The smallest.", _extreme("min", min), 1, 50, ("key", "default")),
    Function("max", "max(xs, key=, default=)", "The largest.", _extreme("max", max), 1, 50, ("key", "default")),
    Function("round", "round(x, digits)", "Rounded, halves to even.", _round, 1, 2, ("digits",)),
    Function("abs", "abs(x)", "Without its sign.", _real("abs", abs), 1, 1),
    Function("floor", "floor(x)", "The whole number at or below.", _real("floor", math.floor), 1, 1),
    Function("ceil", "ceil(x)", "The whole number at or above.", _real("ceil", math.ceil), 1, 1),
    Function(
        "sorted", "sorted(xs, key=lambda x: …, reverse=False)", "In order, a new list.",
        _sorted, 1, 1, ("key", "reverse"),
    ),
    Function("any", "any(xs)", "Whether one of them is true.", _any, 1, 1),
    Function("all", "all(xs)", "Whether all are true.", _all, 1, 1),
    Function("zip", "zip(xs, ys)", "Pairs of items at the same place, to the shorter's end.", _zip, 1, 20),
    Function("enumerate", "enumerate(xs, start=0)", "[place, item] for each.", _enumerate, 1, 2, ("start",)),
    Function("range", "range(start, stop, step)", "Whole numbers up to, not with, stop.", _range, 1, 3),
    Function("reversed", "reversed(xs)", "Last first, a new list.", _reversed, 1, 1),
    Function("str", "str(x)", "As text, as Python writes it.", to_str, 1, 1),
    Function("int", "int(x)", "A whole number from a number (cut off) or text.", _int, 1, 1),
    Function("float", "float(x)", "A number from a number or text.", _float, 1, 1),
    Function("bool", "bool(x)", "False for null, 0, empty text, list or object.", _bool, 1, 1),
    Function("list", "list(x)", "Items, characters, field names or rows as a list.", _list, 1, 1),
    Function("dict", "dict(pairs)", "An object from [name, value] pairs.", _dict, 1, 1),
    Function("json", "json(x)", "JSON text of a value.", to_json, 1, 1),
    Function("parse_json", "parse_json(text)", "The value that JSON text holds.", _parse_json, 1, 1),
    Function("unique", "unique(xs)", "Each value once, in order of first sight.", _unique, 1, 1),
    Function("keys", "keys(d)", "Field names.", _of_object("keys", methods.keys), 1, 1),
    Function("values", "values(d)", "Field values.", _of_object("values", methods.values), 1, 1),
    Function("items", "items(d)", "[name, value] of each field.", _of_object("items", methods.items), 1, 1),
    Function("date", "date(text) or date(year, month, day)", "A date.", dates.to_date, 1, 3),
    Function("datetime", "datetime(text) or datetime(year, month, day, …)", "A date and time.", dates.to_datetime, 1, 7),
    Function("time", "time(text) or time(hour, minute, second)", "A time of day.", dates.to_time, 1, 4),
    Function(
        "timedelta", "timedelta(days=, hours=, minutes=, …)", "A duration, to add to a date and time.",
        dates.to_timedelta, 0, 1,
        ("weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds"),
    ),
    Function("parse_date", "parse_date(text, format)", "A date in a format such as %d.%m.%Y.", dates.parse_date, 2, 2),
    Function(
        "parse_datetime", "parse_datetime(text, format)", "A date and time in a format such as %d/%m/%Y %H:%M.",
        dates.parse_datetime, 2, 2,
    ),
)  # fmt: skip

DEFAULT = "default"
TABLE: dict[str, Function] = {f.name: f for f in _ALL}
FUNCTIONS: tuple[dict[str, str], ...] = (
    *({"name": f.name, "signature": f.signature, "doc": f.doc} for f in _ALL),
    {
        "name": DEFAULT,
        "signature": "default(expression, fallback)",
        "doc": "The fallback where a name or field is missing or its block was skipped.",
    },
)
"""Name, signature and one line of each function, for completion in the editor."""

RESERVED: frozenset[str] = frozenset(
    {*keyword.kwlist, *TABLE, DEFAULT}
    | {"input", "vars", "item", "index", "error", "run", "now", "secrets", "last", "accumulator"}
)
"""Names that no block's handle may be."""

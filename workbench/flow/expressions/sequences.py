"""Functions over many values: sums, extremes, order, pairs, ranges."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.limits import Budget
from workbench.flow.expressions.runtime import sequence
from workbench.flow.expressions.text import to_json
from workbench.flow.expressions.values import NUMBERS, QUICK, SCALARS, kind, measure, type_error

NULLS = "Leave nulls out: [x for x in xs if x is not None]."
_BIG = 1 << 60


class Key:
    """A compiled `key=lambda x: …`: counted before the first call, its results measured before they are compared."""

    __slots__ = ("apply", "budget", "weight")

    def __init__(self, budget: Budget, apply: Callable[[Any], Any], weight: int) -> None:
        self.budget, self.apply, self.weight = budget, apply, weight

    def __call__(self, value: Any) -> Any:
        found = self.apply(value)
        if type(found) not in SCALARS:
            measure(self.budget, found, 4, tables=False)
        return found


def length(b: Budget, value: Any) -> int:
    if type(value) in (str, list, dict):
        return len(value)
    if type(value) is pl.DataFrame:
        return value.height
    raise type_error(f"`len` takes a list, text, object or table, not {kind(value)}.")


def total(b: Budget, values: Any, start: Any = 0) -> Any:
    found = sequence(b, values, "`sum`")
    b.spend(len(found) >> 2)
    for place, one in enumerate(found):
        if type(one) not in SCALARS or one is None or type(one) is str:
            raise type_error(f"`sum` takes numbers; item {place} is {kind(one)}.", NULLS if one is None else None)
    if type(start) not in SCALARS or type(start) is str:
        raise type_error(f"`sum` starts with a number, not {kind(start)}.")
    return sum(found, start) if found and type(found[0]) in NUMBERS else _sum_of_durations(found, start)


def _sum_of_durations(found: list[Any], start: Any) -> Any:
    if found and start == 0:
        return sum(found[1:], found[0])
    return sum(found, start)


def extreme(word: str, pick: Callable[..., Any]) -> Callable[..., Any]:
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


smallest = extreme("min", min)
largest = extreme("max", max)


def in_order(b: Budget, values: Any, key: Any = None, reverse: Any = False) -> list[Any]:
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
        weight = max(1, len(found).bit_length() >> 2)
        for one in found:
            if type(one) not in QUICK:
                measure(b, one, weight, tables=False)
    elif found:
        b.spend(len(found) * words["key"].weight)


def _unordered(word: str, error: TypeError) -> ExpressionError:
    if "NoneType" in str(error):
        return type_error(f"`{word}` cannot compare null with other values.", NULLS)
    if "not supported between" in str(error):
        return type_error(f"`{word}` cannot compare these values with one another.", "Give a key=lambda x: ….")
    return type_error(f"`{word}`: {error}.")


def holds_any(b: Budget, values: Any) -> bool:
    return any(values if _is_lazy(values) else _counted(b, values, "`any`"))


def holds_all(b: Budget, values: Any) -> bool:
    return all(values if _is_lazy(values) else _counted(b, values, "`all`"))


def _is_lazy(values: Any) -> bool:
    return type(values).__name__ == "generator"


def _counted(b: Budget, values: Any, word: str) -> list[Any]:
    found = sequence(b, values, word)
    b.spend(len(found) >> 3)
    return found


def zipped(b: Budget, *lists: Any) -> list[Any]:
    found = [sequence(b, one, "`zip`") for one in lists]
    b.items(min(map(len, found)) * (len(found) + 2))
    return [list(one) for one in zip(*found, strict=False)]


def numbered(b: Budget, values: Any, start: Any = 0) -> list[Any]:
    found = sequence(b, values, "`enumerate`")
    if type(start) is not int:
        raise type_error("`enumerate` starts with a whole number.")
    b.items(len(found) * 4)
    return [[i, one] for i, one in enumerate(found, start)]


def count_up(b: Budget, *parts: Any) -> list[int]:
    if any(type(p) is not int for p in parts):
        raise type_error("`range` takes whole numbers.")
    if len(parts) == 3 and parts[2] == 0:
        raise ExpressionError("VALUE", "The step of `range` cannot be 0.")
    numbers = range(*parts)
    first, last, step = numbers.start, numbers.stop, numbers.step
    b.items(max(0, (last - first + step - (1 if step > 0 else -1)) // step))
    return list(numbers)


def backwards(b: Budget, values: Any) -> list[Any]:
    found = sequence(b, values, "`reversed`")
    b.items(len(found))
    return found[::-1]


def unique(b: Budget, values: Any) -> list[Any]:
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

"""Functions that turn one value into another: numbers, lists, objects, JSON."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.limits import Budget, check_bits
from workbench.flow.expressions.runtime import sequence
from workbench.flow.expressions.sequences import NULLS
from workbench.flow.expressions.values import NUMBERS, kind, type_error

_MOST_DIGITS = 1_300


def rounded(b: Budget, value: Any, digits: Any = None) -> Any:
    if type(value) not in NUMBERS:
        raise type_error(f"`round` takes a number, not {kind(value)}.", NULLS if value is None else None)
    if digits is not None and (type(digits) is not int or abs(digits) > 400):
        raise type_error("`round` takes up to 400 digits.")
    return round(value, digits)


def real(word: str, apply: Callable[[Any], Any]) -> Callable[..., Any]:
    def function(b: Budget, value: Any) -> Any:
        if type(value) not in NUMBERS:
            raise type_error(f"`{word}` takes a number, not {kind(value)}.")
        return apply(value)

    return function


def to_int(b: Budget, value: Any = 0) -> int:
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


def to_float(b: Budget, value: Any = 0.0) -> float:
    if type(value) is str and len(value) <= _MOST_DIGITS:
        try:
            return float(value)
        except ValueError:
            raise ExpressionError("VALUE", f"`{value.strip()[:60]}` is no number.") from None
    if type(value) not in NUMBERS:
        raise type_error(f"`float` takes a number or short text, not {kind(value)}.")
    return float(value)


def to_bool(b: Budget, value: Any = False) -> bool:
    return bool(value)


def to_list(b: Budget, value: Any) -> list[Any]:
    found = sequence(b, value, "`list`")
    b.items(len(found))
    return list(found)


def to_dict(b: Budget, pairs: Any) -> dict[str, Any]:
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


def parse_json(b: Budget, text: Any) -> Any:
    if type(text) is not str:
        raise type_error(f"`parse_json` takes text, not {kind(text)}.")
    b.text(len(text) * 4)
    b.spend(len(text) >> 4)
    try:
        return json.loads(text)
    except ValueError as error:
        raise ExpressionError("VALUE", f"The text is no JSON: {error}.") from None


def of_object(word: str, apply: Callable[..., Any]) -> Callable[..., Any]:
    def function(b: Budget, value: Any) -> Any:
        if type(value) is not dict:
            raise type_error(f"`{word}` takes an object, not {kind(value)}.")
        return apply(b, value)

    return function

"""Look-ups and loops at run time: fields, items, slices, counted iteration, default()."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

import polars as pl

from workbench.flow.expressions import tables
from workbench.flow.expressions.errors import IT, ExpressionError, missing_field
from workbench.flow.expressions.limits import Budget
from workbench.flow.expressions.methods import METHODS
from workbench.flow.expressions.values import kind, type_error

Shape: TypeAlias = "tuple[Shape | None, ...]"
"""How a loop's target takes an item apart: None for a name, a tuple for names in brackets."""

_DATE_FIELDS = ("year", "month", "day")
_TIME_FIELDS = ("hour", "minute", "second", "microsecond")
_FIELDS: dict[type, tuple[str, ...]] = {
    date: _DATE_FIELDS,
    datetime: _DATE_FIELDS + _TIME_FIELDS,
    time: _TIME_FIELDS,
    timedelta: ("days", "seconds", "microseconds"),
}
_MISSING = frozenset({"UNKNOWN_NAME", "UNKNOWN_FIELD", "BLOCK_SKIPPED"})


def field(b: Budget, value: Any, name: str) -> Any:
    """`value.name`: a field of an object, a part of a date, a property or column of a table."""
    if type(value) is dict:
        if name in value:
            return value[name]
        raise _no_field(value, name)
    if type(value) is pl.DataFrame:
        return tables.field(b, value, name)
    if name in _FIELDS.get(type(value), ()):
        return getattr(value, name)
    raise _no_field(value, name)


def _no_field(value: Any, name: str) -> ExpressionError:
    if type(value) is dict:
        error = missing_field(name, value)
        if name in METHODS[dict]:
            error.hint = f"For the method write {IT}.{name}()."
        return error
    if value is None:
        return ExpressionError(
            "UNKNOWN_FIELD",
            f"{IT} is null, so it has no field `{name}`.",
            f"Write default({IT}.{name}, …) for a fallback.",
        )
    if name in METHODS.get(type(value), {}):
        return ExpressionError(
            "UNKNOWN_FIELD", f"{IT} is {kind(value)} and `{name}` is one of its methods.", f"Call it: {IT}.{name}(…)."
        )
    if type(value) is list:
        return ExpressionError(
            "UNKNOWN_FIELD",
            f"{IT} is a list of {len(value):,} items and has no field `{name}`.",
            f"Write {IT}[0].{name} for the first, [x.{name} for x in {IT}] for all.",
        )
    if type(value) in _FIELDS:
        error = missing_field(name, _FIELDS[type(value)])
        error.message = error.message.replace(f"{IT} has", f"{IT} is {kind(value)} and has")
        return error
    return ExpressionError("UNKNOWN_FIELD", f"{IT} is {kind(value)} and has no field `{name}`.")


def item(b: Budget, value: Any, key: Any) -> Any:
    """`value[key]`."""
    t = type(value)
    if t is dict:
        if type(key) is not str:
            raise type_error(f"{IT} is an object; its fields are named by text, not by {kind(key)}.")
        if key in value:
            return value[key]
        raise missing_field(key, value)
    if t is list or t is str:
        if type(key) is not int:
            hint = f"Write [x[…] for x in {IT}] to look into each item." if type(key) is str else None
            raise type_error(f"{IT} is {kind(value)}; a whole number picks from it, not {kind(key)}.", hint)
        if -len(value) <= key < len(value):
            return value[key]
        raise ExpressionError("UNKNOWN_FIELD", f"{IT} has no item {key}; it has {len(value):,}.")
    if t is pl.DataFrame:
        return tables.item(b, value, key)
    raise type_error(f"{IT} is {kind(value)}; nothing can be picked from it with [ ].")


def cut(b: Budget, value: Any, start: Any, stop: Any, step: Any) -> Any:
    """`value[start:stop:step]` of text, a list or a table."""
    for part in (start, stop, step):
        if part is not None and type(part) is not int:
            raise type_error(f"A slice takes whole numbers, not {kind(part)}.")
    if step == 0:
        raise ExpressionError("VALUE", "A slice's step cannot be 0.")
    t = type(value)
    if t is str:
        b.text(len(range(*slice(start, stop, step).indices(len(value)))))
        return value[start:stop:step]
    if t is list:
        b.items(len(range(*slice(start, stop, step).indices(len(value)))))
        return value[start:stop:step]
    if t is pl.DataFrame:
        if step not in (None, 1):
            raise type_error("A table's slice takes no step.")
        first, last, _ = slice(start, stop, None).indices(value.height)
        b.spend(10)
        return value.slice(first, max(0, last - first))
    raise type_error(f"{IT} is {kind(value)}; no part can be cut from it.")


def sequence(b: Budget, value: Any, word: str) -> list[Any]:
    """What `word` goes through: a list, a text's characters, an object's field names, a table's rows."""
    t = type(value)
    if t is list:
        return value
    if t is pl.DataFrame:
        return tables.rows(b, value)
    if t is str or t is dict or t is tuple:
        b.items(len(value))
        return list(value)
    raise type_error(f"{word} goes through a list, text, object or table, not {kind(value)}.")


def loop(b: Budget, value: Any, weight: int, shape: Shape | None = None) -> list[Any]:
    """What a `for` goes through, with all its steps counted before the first."""
    found = sequence(b, value, "`for`")
    b.spend(len(found) * weight)
    if shape is not None:
        for one in found:
            _check_shape(one, shape)
    return found


def _check_shape(value: Any, shape: Shape) -> None:
    if type(value) is not list:
        raise type_error(f"`for` cannot take {kind(value)} apart into {len(shape)} names.", "Use one name.")
    if len(value) != len(shape):
        raise type_error(f"`for` cannot take a list of {len(value)} items apart into {len(shape)} names.")
    for part, inner in zip(value, shape, strict=True):
        if inner is not None:
            _check_shape(part, inner)


def key(value: Any) -> str:
    """A key of an object that an expression makes."""
    if type(value) is str:
        return value
    raise type_error(f"An object's fields are named by text, not by {kind(value)}.", "Write str(…) around the name.")


def default(b: Budget, wanted: Callable[[], Any], fallback: Callable[[], Any]) -> Any:
    """`wanted`, or `fallback` where a name or field is missing or a block was skipped."""
    try:
        return wanted()
    except ExpressionError as error:
        if error.code not in _MISSING:
            raise
    return fallback()

"""Values as text: f-strings with checked format specs, the joined parts of a template, JSON."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from workbench.flow.expressions import tables
from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.limits import Budget
from workbench.flow.expressions.values import (
    NUMBERS,
    SCALARS,
    TABLE_HINT,
    TABLE_TEXT,
    TEMPORAL,
    finish,
    kind,
    measure,
    type_error,
)

_MOST_WIDTH = 1_000
_MOST_DIGITS = 100
_SPEC = re.compile(r"(?:.?[<>=^])?[-+ ]?z?#?0?(\d{0,30})[,_]?(?:\.(\d{1,30}))?[bdeEfFgGosxX%]?", re.DOTALL)
_DATE_SPEC = re.compile(r"(?:[^%\0]|%-?[aAbBcdHIjmMpSUwWxXyYZzfGuV%]){0,200}", re.DOTALL)


def check_spec(spec: str) -> None:
    """Refuse a number or text format spec that is unknown or makes long text."""
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise ExpressionError(
            "VALUE", f"`{spec[:40]}` is not a format.", "Formats look like `.2f`, `>10`, `,`, `05d`, `.1%`."
        )
    if int(match[1] or 0) > _MOST_WIDTH or int(match[2] or 0) > _MOST_DIGITS:
        raise ExpressionError(
            "LIMIT",
            f"A format may have at most {_MOST_WIDTH} characters and {_MOST_DIGITS} decimals, not `{spec[:40]}`.",
        )


def check_date_spec(spec: str) -> None:
    """Refuse a strftime or strptime format with anything but the standard directives."""
    if not _DATE_SPEC.fullmatch(spec):
        raise ExpressionError("VALUE", f"`{spec[:40]}` is not a date format.", "Formats look like `%Y-%m-%d %H:%M:%S`.")


def strftime(b: Budget, value: Any, spec: Any) -> str:
    """A date or time by a strftime format."""
    if type(spec) is not str:
        raise type_error(f"A date format is text, not {kind(spec)}.")
    check_date_spec(spec)
    b.text(len(spec) * 4)
    return value.strftime(spec)


def format_value(b: Budget, value: Any, conversion: int, spec: str) -> str:
    """One `{value!conversion:spec}` of an f-string."""
    if conversion == ord("r"):
        value = representation(b, value)
    elif conversion != -1 or not spec:
        value = to_str(b, value)
    if not spec:
        return value
    if type(value) in TEMPORAL and type(value) is not timedelta:
        return strftime(b, value, spec)
    if type(value) in NUMBERS or type(value) is str:
        check_spec(spec)
        b.text(len(value) if type(value) is str else 400)
        b.text(_MOST_WIDTH)
        return format(value, spec)
    raise type_error(f"{kind(value).capitalize()} takes no format `{spec[:40]}`.")


def to_str(b: Budget, value: Any) -> str:
    """Text as Python's `str` gives it."""
    if type(value) is str:
        return value
    if type(value) in SCALARS:
        return str(value)
    return representation(b, value)


def representation(b: Budget, value: Any) -> str:
    """Text as Python's `repr` gives it; a date inside a list or object as its ISO text."""
    if type(value) is pl.DataFrame:
        raise type_error(TABLE_TEXT, TABLE_HINT)
    if type(value) in SCALARS and type(value) is not str:
        return str(value)
    b.text(measure(b, value))
    text = repr(value if type(value) is str else plain(b, value, keep_nan=True))
    b.text(len(text))
    return text


def to_json(b: Budget, value: Any) -> str:
    """JSON text; dates as ISO text, NaN as null, a table as its row objects."""
    b.text(measure(b, value))
    text = json.dumps(plain(b, value), ensure_ascii=False)
    b.text(len(text))
    return text


def plain(b: Budget, value: Any, *, keep_nan: bool = False) -> Any:
    """`value` with only what JSON knows. Measure it first."""
    t = type(value)
    if t is float:
        return value if keep_nan or math.isfinite(value) else None
    if t in (str, int, bool, type(None)):
        return value
    if t in (date, datetime, time):
        return value.isoformat()
    if t is timedelta:
        return str(value)
    if t is list or t is tuple:
        return [plain(b, v, keep_nan=keep_nan) for v in value]
    if t is dict:
        return {str(k): plain(b, v, keep_nan=keep_nan) for k, v in value.items()}
    if t is pl.DataFrame:
        return [plain(b, r, keep_nan=keep_nan) for r in tables.rows(b, value)]
    raise type_error(f"{kind(value)} has no text.")


def join(b: Budget, parts: list[str]) -> str:
    """An f-string's parts as one text."""
    b.text(sum(map(len, parts)))
    return "".join(parts)


def template_text(value: Any) -> str:
    """What an expression's value becomes amid other text: null is empty, true and false as in JSON, lists as JSON."""
    t = type(value)
    if t is str:
        return value
    if value is None:
        return ""
    if t is bool:
        return "true" if value else "false"
    if t in (date, datetime, time):
        return value.isoformat()
    if t in SCALARS:
        return str(value)
    if t is pl.DataFrame:
        raise type_error("A table cannot stand amid text.", "Use t.height, or json(t.head(10)), or let it stand alone.")
    finish(value)
    return to_json(Budget(), value)

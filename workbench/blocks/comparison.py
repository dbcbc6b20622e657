"""The 14 comparison operators, for two values and as a polars expression over a column, with one meaning."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any, Literal, TypeAlias, cast, get_args

import polars as pl

from workbench.base.errors import BlockFailed
from workbench.blocks.words import kind_of, shorten

Operator: TypeAlias = Literal[
    "equals",
    "not_equals",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "greater_than",
    "less_than",
    "gte",
    "lte",
    "is_null",
    "is_not_null",
    "in",
    "not_in",
]
OPERATORS: tuple[str, ...] = get_args(Operator)
WITHOUT_RIGHT = frozenset({"is_null", "is_not_null"})

SIGNS: Mapping[str, str] = {
    "equals": "=",
    "not_equals": "≠",
    "greater_than": ">",
    "less_than": "<",
    "gte": "≥",
    "lte": "≤",
    "contains": "contains",
    "not_contains": "does not contain",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "is_null": "is null",
    "is_not_null": "is not null",
    "in": "in",
    "not_in": "not in",
}

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "greater_than": operator.gt,
    "less_than": operator.lt,
    "gte": operator.ge,
    "lte": operator.le,
}
_OPPOSITES: Mapping[str, str] = {
    "not_equals": "equals",
    "not_contains": "contains",
    "not_in": "in",
    "is_not_null": "is_null",
}


def compare(left: Any, name: str, right: Any) -> bool:
    """Whether `left` stands in the relation `name` to `right`.

    Text that is a number compares with numbers, ISO text with dates, as forms deliver them. Null is equal to null,
    in no order with anything, and holds nothing. Raises BlockFailed of kind TABLE where an order makes no sense.
    """
    if name in _OPPOSITES:
        return not compare(left, _OPPOSITES[name], right)
    if name == "is_null":
        return left is None
    if name == "equals":
        return _equal(left, right)
    if name == "in":
        return any(_equal(left, item) for item in _members(right))
    if name == "contains":
        return _contains(left, right)
    if name == "starts_with":
        return left is not None and _text(left).startswith(_text(right))
    if name == "ends_with":
        return left is not None and _text(left).endswith(_text(right))
    return _ordered(left, name, right)


def _ordered(left: Any, name: str, right: Any) -> bool:
    if left is None or right is None:
        return False
    a, b = _alike(left, right)
    try:
        return _ORDER[name](a, b)
    except TypeError:
        raise BlockFailed(
            f"{kind_of(left)} ({shorten(left, 30)}) and {kind_of(right)} ({shorten(right, 30)}) have no order.",
            kind="TABLE",
            hint="Compare values of one kind, or turn one into the other with int(), float() or str().",
        ) from None


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, pl.DataFrame) or isinstance(right, pl.DataFrame):
        both = isinstance(left, pl.DataFrame) and isinstance(right, pl.DataFrame)
        return both and left.equals(right)
    a, b = _alike(left, right)
    if isinstance(a, bool) is not isinstance(b, bool):
        return False
    return a == b


def _contains(left: Any, right: Any) -> bool:
    if left is None:
        return False
    if isinstance(left, list):
        return any(_equal(item, right) for item in left)
    if isinstance(left, dict):
        return _text(right) in left
    return _text(right) in _text(left)


def _members(right: Any) -> list[Any]:
    """The values of an `in`: a list, or text with commas between."""
    if isinstance(right, list):
        return right
    if isinstance(right, str):
        return [part.strip() for part in right.split(",")]
    if isinstance(right, dict):
        return list(right)
    return [right]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else "" if value is None else str(value)


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Both as one kind: text is read as what stands on the other side, where it can be."""
    if isinstance(left, str) and not isinstance(right, str):
        return _read(left, right), _moment(right, left)
    if isinstance(right, str) and not isinstance(left, str):
        return _moment(left, right), _read(right, left)
    if isinstance(left, datetime) and isinstance(right, datetime):
        return _aware_alike(left, right)
    if isinstance(left, datetime) != isinstance(right, datetime) and isinstance(left, date) and isinstance(right, date):
        return _as_datetime(left), _as_datetime(right)
    return left, right


def _read(text: str, other: Any) -> Any:
    try:
        if isinstance(other, bool):
            return {"true": True, "false": False}.get(text.strip().lower(), text)
        if isinstance(other, int | float):
            return _number(text)
        if isinstance(other, datetime):
            return _aware_alike(datetime.fromisoformat(text.strip()), other)[0]
        if isinstance(other, date):
            moment = datetime.fromisoformat(text.strip())
            return moment if moment.time() != time() else moment.date()
        if isinstance(other, time):
            return time.fromisoformat(text.strip())
    except ValueError:
        pass
    return text


def _moment(value: Any, text: str) -> Any:
    """A date beside text that has a time of day becomes midnight of its day."""
    if isinstance(value, date) and not isinstance(value, datetime):
        read = _read(text, value)
        if isinstance(read, datetime):
            return _as_datetime(value).replace(tzinfo=read.tzinfo)
    return value


def _as_datetime(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value.isoformat())


def _aware_alike(left: datetime, right: datetime) -> tuple[datetime, datetime]:
    if left.tzinfo is None and right.tzinfo is not None:
        return left.replace(tzinfo=right.tzinfo), right
    if right.tzinfo is None and left.tzinfo is not None:
        return left, right.replace(tzinfo=left.tzinfo)
    return left, right


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def predicate(column: str, dtype: pl.DataType, name: str, value: Any) -> pl.Expr:
    """The same relation as a polars expression over `column`, never null. Raises BlockFailed of kind TABLE."""
    col = pl.col(column)
    if name in _OPPOSITES:
        return ~predicate(column, dtype, _OPPOSITES[name], value)
    if name == "is_null":
        return col.is_null()
    if name == "equals":
        if value is None:
            return col.is_null()
        literal = _literal(column, dtype, value)
        return pl.lit(False) if literal is None else col.eq(literal).fill_null(value=False)
    if name == "in":
        members = _members(value)
        literals = [literal for m in members if (literal := _member_literal(column, dtype, m)) is not None]
        found = col.is_in(literals).fill_null(value=False) if literals else pl.lit(False)
        return found | col.is_null() if None in members else found
    if name in _ORDER:
        return _order_predicate(col, column, dtype, name, value)
    return _text_predicate(col, dtype, name, value).fill_null(value=False)


def _order_predicate(col: pl.Expr, column: str, dtype: pl.DataType, name: str, value: Any) -> pl.Expr:
    if value is None:
        return pl.lit(False)
    literal = _literal(column, dtype, value)
    if literal is None:
        raise BlockFailed(
            f"Column `{column}` holds {dtype}, which has no order with {kind_of(value)} ({shorten(value, 30)}).",
            kind="TABLE",
            hint="Give a value of the column's kind.",
        )
    return cast("pl.Expr", _ORDER[name](col, literal)).fill_null(value=False)


def _text_predicate(col: pl.Expr, dtype: pl.DataType, name: str, value: Any) -> pl.Expr:
    if isinstance(dtype, pl.List) and name == "contains":
        return col.list.contains(value)
    text = col if dtype == pl.String else col.cast(pl.String)
    if name == "contains":
        return text.str.contains(_text(value), literal=True)
    return text.str.starts_with(_text(value)) if name == "starts_with" else text.str.ends_with(_text(value))


def _literal(column: str, dtype: pl.DataType, value: Any) -> Any:
    """`value` as what the column holds; None where it can never be equal to it."""
    if dtype.is_numeric():
        if isinstance(value, str):
            value = _read(value, 0)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if dtype == pl.Boolean:
        value = _read(value, True) if isinstance(value, str) else value
        return value if isinstance(value, bool) else None
    if dtype == pl.String or dtype in (pl.Categorical, pl.Enum):
        return _text(value) if isinstance(value, str | int | float) else None
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        return _moment_literal(dtype, value)
    if dtype == pl.Time:
        value = _read(value, time()) if isinstance(value, str) else value
        return value if isinstance(value, time) else None
    del column
    return value


def _member_literal(column: str, dtype: pl.DataType, value: Any) -> Any:
    """As `_literal`, in the column's own kind of number: `is_in` wants one kind."""
    literal = _literal(column, dtype, value)
    if dtype.is_integer() and isinstance(literal, float):
        return int(literal) if literal.is_integer() else None
    return float(literal) if dtype.is_float() and isinstance(literal, int) else literal


def _read_moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _moment_literal(dtype: pl.DataType, value: Any) -> Any:
    if isinstance(value, str):
        value = _read(value, date.min) if dtype == pl.Date else _read_moment(value)
    if not isinstance(value, date):
        return None
    if dtype == pl.Date and not isinstance(value, datetime):
        return value
    moment = _as_datetime(value)
    zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
    if zone is None:
        return moment.replace(tzinfo=None)
    literal = pl.lit(moment.replace(tzinfo=None))
    return literal.dt.replace_time_zone(zone) if moment.tzinfo is None else pl.lit(moment).dt.convert_time_zone(zone)

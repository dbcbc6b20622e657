"""Values in expressions: which types there are, what they are called, and counted walks through them."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.limits import MAX_VALUE_DEPTH, Budget

NUMBERS = frozenset({int, float, bool})
TEMPORAL = frozenset({date, datetime, time, timedelta})
SCALARS = NUMBERS | TEMPORAL | {str, type(None)}
QUICK = NUMBERS | {type(None)}
TABLE_TEXT = "A table has no text or truth of its own."
TABLE_HINT = "Use t.height, t.columns, t.sum(column), or [r.field for r in t]."

_NAMES: dict[type, str] = {
    type(None): "null",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
    date: "a date",
    datetime: "a date and time",
    time: "a time",
    timedelta: "a duration",
    pl.DataFrame: "a table",
}


def kind(value: Any) -> str:
    """What a person calls the type of `value`."""
    return _NAMES.get(type(value)) or f"a value of type {type(value).__name__}"


def type_error(message: str, hint: str | None = None) -> ExpressionError:
    """A TYPE error."""
    return ExpressionError("TYPE", message, hint)


def measure(b: Budget, value: Any, weight: int = 1, *, tables: bool = True) -> int:
    """Spend steps for every item in `value`, shared parts counted each time, before something walks it whole.

    Gives the characters of all text in it. With `tables=False` a table in it is a TYPE error.
    """
    if type(value) in QUICK:
        return 0
    characters = 0
    stack = [value]
    depth, marks = 1, []
    while stack:
        item = stack.pop()
        if item is marks:
            depth -= 1
            continue
        kind_of = type(item)
        if kind_of is str:
            characters += len(item)
            if len(item) > 64:
                b.spend((len(item) >> 6) * weight)
        elif kind_of is list or kind_of is tuple or kind_of is dict:
            b.spend((len(item) + 1) * weight)
            depth += 1
            if depth > MAX_VALUE_DEPTH + 1:
                raise ExpressionError("LIMIT", f"This value is nested more than {MAX_VALUE_DEPTH} deep.")
            stack.append(marks)
            if kind_of is dict:
                stack.extend(item)
                stack.extend(item.values())
            else:
                stack.extend(item)
        elif kind_of is pl.DataFrame:
            if not tables:
                raise _tables_compared()
            b.spend((item.height * item.width >> 3) + 1)
    return characters


def refuse_tables(found: list[Any]) -> None:
    """TYPE where a table stands among values that are about to be compared."""
    if pl.DataFrame in map(type, found):
        raise _tables_compared()


def _tables_compared() -> ExpressionError:
    return type_error("Tables are not compared.", TABLE_HINT)


def finish(value: Any) -> Any:
    """Check a value that an expression made before it leaves: data only, and not too large when written out."""
    if type(value) in SCALARS:
        return value
    size = Budget()
    stack, marks, depth = [value], [], 0
    while stack:
        item = stack.pop()
        kind_of = type(item)
        if kind_of is str:
            size.text(len(item))
        elif kind_of in SCALARS or kind_of is pl.DataFrame:
            continue
        elif item is marks:
            depth -= 1
        elif kind_of is list or kind_of is dict or kind_of is tuple:
            size.items(len(item))
            size.spend(len(item) + 1)
            depth += 1
            if depth > MAX_VALUE_DEPTH:
                raise ExpressionError("LIMIT", f"This value is nested more than {MAX_VALUE_DEPTH} deep.")
            stack.append(marks)
            stack.extend(item.values() if kind_of is dict else item)
        else:
            raise type_error(f"The result holds {kind(item)}, which is not data.")
    return value

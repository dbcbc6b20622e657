"""Operators with guards: sizes are checked before anything is made, and tables never take part."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import polars as pl

from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.limits import Budget, check_bits
from workbench.flow.expressions.values import (
    NUMBERS,
    QUICK,
    SCALARS,
    TABLE_HINT,
    TEMPORAL,
    kind,
    measure,
    refuse_tables,
    type_error,
)

_LONG = 1_024


def _unfit(word: str, x: Any, y: Any) -> ExpressionError:
    hint = None
    if x is None or y is None:
        hint = "One side is null; default() does not catch null, so write `x if x is not None else 0`."
    elif type(x) is pl.DataFrame or type(y) is pl.DataFrame:
        hint = TABLE_HINT
    elif word == "+" and (type(x) is str or type(y) is str):
        hint = 'Turn the other side into text with str(…), or write f"{a}{b}".'
    return type_error(f"`{word}` does not work between {kind(x)} and {kind(y)}.", hint)


def add(b: Budget, x: Any, y: Any) -> Any:
    """`x + y` for numbers, texts, lists, dates and durations."""
    t, u = type(x), type(y)
    if t in NUMBERS and u in NUMBERS:
        return x + y
    if t is str and u is str:
        b.text(len(x) + len(y))
        return x + y
    if t is list and u is list:
        b.items(len(x) + len(y))
        return x + y
    if t in TEMPORAL and u in TEMPORAL:
        return x + y
    raise _unfit("+", x, y)


def sub(b: Budget, x: Any, y: Any) -> Any:
    """`x - y` for numbers, dates and durations."""
    t, u = type(x), type(y)
    if (t in NUMBERS and u in NUMBERS) or (t in TEMPORAL and u in TEMPORAL):
        return x - y
    raise _unfit("-", x, y)


def mul(b: Budget, x: Any, y: Any) -> Any:
    """`x * y` for numbers, durations, and text or a list with a whole number."""
    t, u = type(x), type(y)
    if t in NUMBERS and u in NUMBERS:
        if t is not float and u is not float:
            bits = x.bit_length() + y.bit_length()
            if bits > 64:
                check_bits(bits)
        return x * y
    if (t is str or t is list) and (u is int or u is bool):
        return _repeat(b, x, y)
    if (u is str or u is list) and (t is int or t is bool):
        return _repeat(b, y, x)
    if (t is timedelta and u in NUMBERS) or (u is timedelta and t in NUMBERS):
        return x * y
    raise _unfit("*", x, y)


def _repeat(b: Budget, value: Any, times: int) -> Any:
    length = len(value) * max(0, times)
    if type(value) is str:
        b.text(length)
    else:
        b.items(length)
    return value * times if length else value[:0]


def power(b: Budget, x: Any, y: Any) -> Any:
    """`x ** y` for numbers, where the result is a real number."""
    t, u = type(x), type(y)
    if t not in NUMBERS or u not in NUMBERS:
        raise _unfit("**", x, y)
    if t is not float and u is not float and y > 0 and x.bit_length() > 1:
        check_bits(x.bit_length() * y - y if x > 0 and x & (x - 1) == 0 else x.bit_length() * y)
    result = x**y
    if type(result) is complex:
        raise ExpressionError("VALUE", "A negative number to a fraction has no real result.")
    return result


def mod(b: Budget, x: Any, y: Any) -> Any:
    """`x % y` for numbers and durations; text has f-strings instead."""
    t, u = type(x), type(y)
    if (t in NUMBERS and u in NUMBERS) or (t is timedelta and u is timedelta):
        return x % y
    if t is str:
        raise type_error("`%` does not format text here.", 'Write an f-string: f"{name}: {value:.2f}".')
    raise _unfit("%", x, y)


def _division(word: str, apply: Callable[[Any, Any], Any]) -> Callable[[Budget, Any, Any], Any]:
    def divide(b: Budget, x: Any, y: Any) -> Any:
        t, u = type(x), type(y)
        if (t in NUMBERS and u in NUMBERS) or (t is timedelta and (u is timedelta or u in NUMBERS)):
            return apply(x, y)
        raise _unfit(word, x, y)

    return divide


div = _division("/", operator.truediv)
floordiv = _division("//", operator.floordiv)


def lshift(b: Budget, x: Any, y: Any) -> Any:
    """`x << y` for whole numbers."""
    if type(x) not in (int, bool) or type(y) not in (int, bool):
        raise _unfit("<<", x, y)
    if y > 0:
        check_bits(x.bit_length() + y)
    return x << y


def _bits(word: str, apply: Callable[[Any, Any], Any]) -> Callable[[Budget, Any, Any], Any]:
    def combine(b: Budget, x: Any, y: Any) -> Any:
        if type(x) in (int, bool) and type(y) in (int, bool):
            return apply(x, y)
        if word == "|" and type(x) is dict and type(y) is dict:
            b.items(len(x) + len(y))
            return x | y
        raise _unfit(word, x, y)

    return combine


rshift = _bits(">>", operator.rshift)
bitand = _bits("&", operator.and_)
bitor = _bits("|", operator.or_)
bitxor = _bits("^", operator.xor)


def neg(b: Budget, x: Any) -> Any:
    """`-x`."""
    if type(x) in NUMBERS or type(x) is timedelta:
        return -x
    raise type_error(f"`-` does not work on {kind(x)}.", TABLE_HINT if type(x) is pl.DataFrame else None)


def pos(b: Budget, x: Any) -> Any:
    """`+x`."""
    if type(x) in NUMBERS or type(x) is timedelta:
        return +x
    raise type_error(f"`+` does not work on {kind(x)}.")


def invert(b: Budget, x: Any) -> Any:
    """`~x` for whole numbers."""
    if type(x) is int:
        return ~x
    raise type_error(f"`~` does not work on {kind(x)}.", "Write `not x`.")


def _comparison(word: str, apply: Callable[[Any, Any], Any]) -> Callable[[Budget, Any, Any], Any]:
    def compare(b: Budget, x: Any, y: Any) -> bool:
        t, u = type(x), type(y)
        if t in QUICK and u in QUICK:
            return apply(x, y)
        if t is str and u is str:
            if len(x) > _LONG:
                b.spend(min(len(x), len(y)) >> 10)
            return apply(x, y)
        _weigh(b, word, x, y)
        return apply(x, y)

    return compare


def _weigh(b: Budget, word: str, x: Any, y: Any) -> None:
    t, u = type(x), type(y)
    if t not in SCALARS or u not in SCALARS:
        if t is pl.DataFrame or u is pl.DataFrame:
            raise type_error(f"`{word}` does not compare tables.", TABLE_HINT)
        if t is u:
            measure(b, x, tables=False)
            measure(b, y, tables=False)


eq = _comparison("==", operator.eq)
ne = _comparison("!=", operator.ne)
lt = _comparison("<", operator.lt)
le = _comparison("<=", operator.le)
gt = _comparison(">", operator.gt)
ge = _comparison(">=", operator.ge)


def contains(b: Budget, x: Any, y: Any) -> bool:
    """`x in y` for text, lists and the fields of objects."""
    t = type(y)
    if t is dict:
        return type(x) is str and x in y
    if t is str:
        if type(x) is not str:
            raise type_error(f"`in` looks for text in text, not for {kind(x)}.", "Write str(x) in y.")
        b.spend(len(y) >> 6)
        return x in y
    if t is list:
        b.spend(len(y) >> 2)
        refuse_tables(y)
        if type(x) not in SCALARS:
            measure(b, y, tables=False)
            measure(b, x, len(y) + 1, tables=False)
        elif type(x) is str:
            b.spend((len(x) >> 10) * len(y))
        return x in y
    raise type_error(f"`in` does not look into {kind(y)}.", "Write x in t[column]." if t is pl.DataFrame else None)


def lacks(b: Budget, x: Any, y: Any) -> bool:
    """`x not in y`."""
    return not contains(b, x, y)


def chain(b: Budget, first: Any, *steps: tuple[Callable[..., Any], Callable[[], Any]]) -> Any:
    """`a < b < c`: each operand once, the rest only while it holds."""
    left, result = first, True
    for compare, operand in steps:
        right = operand()
        result = compare(b, left, right)
        if not result:
            return result
        left = right
    return result


BINARY: dict[str, Callable[..., Any]] = {
    "Add": add, "Sub": sub, "Mult": mul, "Div": div, "FloorDiv": floordiv, "Mod": mod, "Pow": power,
    "LShift": lshift, "RShift": rshift, "BitAnd": bitand, "BitOr": bitor, "BitXor": bitxor,
}  # fmt: skip
UNARY: dict[str, Callable[..., Any]] = {"USub": neg, "UAdd": pos, "Invert": invert}
COMPARE: dict[str, Callable[..., Any]] = {
    "Eq": eq, "NotEq": ne, "Lt": lt, "LtE": le, "Gt": gt, "GtE": ge, "In": contains, "NotIn": lacks,
}  # fmt: skip

"""The functions of the language: a fixed set, each pure and counted, with the words that the editor shows."""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workbench.flow.expressions import conversions, dates, methods, sequences
from workbench.flow.expressions.text import to_json, to_str


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


_ALL = (
    Function("len", "len(x)", "How many items, characters, fields or rows.", sequences.length, 1, 1),
    Function("sum", "sum(xs, start=0)", "The sum of numbers or durations.", sequences.total, 1, 2, ("start",)),
    Function("min", "min(xs, key=, default=)", "The smallest.", sequences.smallest, 1, 50, ("key", "default")),
    Function("max", "max(xs, key=, default=)", "The largest.", sequences.largest, 1, 50, ("key", "default")),
    Function("round", "round(x, digits)", "Rounded, halves to even.", conversions.rounded, 1, 2, ("digits",)),
    Function("abs", "abs(x)", "Without its sign.", conversions.real("abs", abs), 1, 1),
    Function("floor", "floor(x)", "The whole number at or below.", conversions.real("floor", math.floor), 1, 1),
    Function("ceil", "ceil(x)", "The whole number at or above.", conversions.real("ceil", math.ceil), 1, 1),
    Function(
        "sorted", "sorted(xs, key=lambda x: …, reverse=False)", "In order, a new list.",
        sequences.in_order, 1, 1, ("key", "reverse"),
    ),
    Function("any", "any(xs)", "Whether one of them is true.", sequences.holds_any, 1, 1),
    Function("all", "all(xs)", "Whether all are true.", sequences.holds_all, 1, 1),
    Function("zip", "zip(xs, ys)", "Pairs of items at the same place, to the shorter's end.", sequences.zipped, 1, 20),
    Function("enumerate", "enumerate(xs, start=0)", "[place, item] for each.", sequences.numbered, 1, 2, ("start",)),
    Function("range", "range(start, stop, step)", "Whole numbers up to, not with, stop.", sequences.count_up, 1, 3),
    Function("reversed", "reversed(xs)", "Last first, a new list.", sequences.backwards, 1, 1),
    Function("str", "str(x)", "As text, as Python writes it.", to_str, 1, 1),
    Function("int", "int(x)", "A whole number from a number (cut off) or text.", conversions.to_int, 1, 1),
    Function("float", "float(x)", "A number from a number or text.", conversions.to_float, 1, 1),
    Function("bool", "bool(x)", "False for null, 0, empty text, list or object.", conversions.to_bool, 1, 1),
    Function("list", "list(x)", "Items, characters, field names or rows as a list.", conversions.to_list, 1, 1),
    Function("dict", "dict(pairs)", "An object from [name, value] pairs.", conversions.to_dict, 1, 1),
    Function("json", "json(x)", "JSON text of a value.", to_json, 1, 1),
    Function("parse_json", "parse_json(text)", "The value that JSON text holds.", conversions.parse_json, 1, 1),
    Function("unique", "unique(xs)", "Each value once, in order of first sight.", sequences.unique, 1, 1),
    Function("keys", "keys(d)", "Field names.", conversions.of_object("keys", methods.keys), 1, 1),
    Function("values", "values(d)", "Field values.", conversions.of_object("values", methods.values), 1, 1),
    Function("items", "items(d)", "[name, value] of each field.", conversions.of_object("items", methods.items), 1, 1),
    Function("date", "date(text) or date(year, month, day)", "A date.", dates.to_date, 1, 3),
    Function("datetime", "datetime(text) or datetime(year, month, …)", "A date and time.", dates.to_datetime, 1, 7),
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

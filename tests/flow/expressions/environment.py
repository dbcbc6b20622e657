"""A small world for expressions: names with values, and the two ways to evaluate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from workbench.flow.expressions import ExpressionError, missing, parse_expression, parse_template

WORLD: dict[str, Any] = {
    "flights": {"dep_delay": 5, "arr_delay": -2, "origin": "JFK", "items": [1, 2], "keys": "mine", "none": None},
    "numbers": [3, 1, 2],
    "rows": [{"origin": "JFK", "delay": 7}, {"origin": "LGA", "delay": 2}, {"origin": "JFK", "delay": 1}],
    "table": pl.DataFrame({"origin": ["JFK", None, "LGA"], "delay": [1, 2, 6]}),
    "zero": 0,
    "day": date(2013, 1, 31),
    "now": datetime(2013, 1, 31, 18, 30, tzinfo=UTC),
}


def get(name: str) -> Any:
    """What a run gives for a root name."""
    if name == "skipped":
        raise ExpressionError("BLOCK_SKIPPED", "The block skipped was skipped.")
    if name not in WORLD:
        raise missing(name, WORLD)
    return WORLD[name]


def value(source: str) -> Any:
    """The value of one expression."""
    return parse_expression(source).evaluate(get)


def fill(text: str) -> Any:
    """A template's value."""
    return parse_template(text).evaluate(get)


def attempt(call: Callable[[], Any]) -> ExpressionError | None:
    """The error of a call that may fail."""
    try:
        call()
    except ExpressionError as error:
        return error
    return None


def failure(source: str) -> ExpressionError:
    """The error of an expression that must fail."""
    try:
        result = parse_expression(source).evaluate(get)
    except ExpressionError as error:
        return error
    raise AssertionError(f"{source} gave {result!r}")

from __future__ import annotations

import math
import operator
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.flow.expressions.environment import attempt
from workbench.flow.expressions import ExpressionError, parse_expression, parse_template, rename

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.dates(),
    st.datetimes(),
    st.timedeltas(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
) | st.builds(lambda xs: pl.DataFrame({"c": xs}), st.lists(st.integers(-9, 9), max_size=4))
BINARY = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NUMBERS = st.integers(-(10**12), 10**12) | st.floats(-1e12, 1e12) | st.booleans()
PIECES = st.sampled_from(
    [
        "a",
        "b",
        "c",
        ".",
        ".x",
        "1",
        "0",
        "'s'",
        "+",
        "-",
        "*",
        "**",
        "/",
        "%",
        "<<",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ":",
        ",",
        " for ",
        " in ",
        " if ",
        " else ",
        "lambda ",
        "len(",
        "sum(",
        "sorted(",
        "key=",
        "default(",
        "f'{",
        "}'",
        "json(",
        "range(",
        " and ",
        " not ",
        "==",
        "<",
        "unique(",
        ".split(",
        ".join(",
        "date(",
        "!r",
        "{{",
        "}}",
        "\\",
        "\n",
        "#",
        "__",
        "is",
        "None",
    ]
)
METHODS = st.sampled_from(
    [
        "a.lower()",
        "a.split(b)",
        "a.replace(b, c)",
        "a.join(b)",
        "a.get(b, c)",
        "a.strftime(b)",
        "a.index(b)",
        "a.head(b)",
        "a.sum(b)",
        "a.zfill(b)",
        "a.startswith(b)",
        "a.replace(day=b)",
        "a.astimezone(b)",
        "a.total_seconds()",
        "a.rsplit(b, c)",
        "a[b]",
        "a[b:c]",
        "a.c",
        "a.year",
        "[x for x in a]",
        "[x + y for x, y in a]",
        "{x: 1 for x in a}",
        "sorted(a)",
        "max(a, b)",
        "min(a, key=lambda q: q)",
        "sum(a)",
        "unique(a)",
        "json(a)",
        "str(a)",
        "f'{a:{b}}'",
        "f'{a!r:>5}'",
        "int(a)",
        "float(a)",
        "round(a, b)",
        "range(a, b, c)",
        "zip(a, b)",
        "dict(a)",
        "date(a)",
        "datetime(a, b, c)",
        "time(a)",
        "timedelta(a)",
        "parse_date(a, b)",
        "parse_json(a)",
        "a in b",
        "a < b < c",
        "a ** b",
        "a << b",
        "a >> b",
        "a & b",
        "a | b",
        "~a",
        "-a",
        "any(a)",
        "enumerate(a, b)",
        "default(a.x, b)",
        "items(a)",
        "len(a)",
        "bool(a)",
        "not a",
        "a if b else c",
        "a and b",
        "reversed(a)",
        "floor(a)",
        "abs(a)",
        "a.isoformat()",
        "a.timestamp()",
        "a.count(b)",
        "list(a)",
        "a == b",
        "a != c",
    ]
)


def outcome(call: Any) -> Any:
    try:
        return call()
    except (TypeError, ZeroDivisionError, OverflowError, ExpressionError):
        return "failed"


@settings(deadline=None)
@given(NUMBERS, NUMBERS, st.sampled_from(sorted(BINARY)))
def test_arithmetic_and_comparison_of_numbers_agree_with_python(a: Any, b: Any, sign: str):
    template = parse_expression(f"a {sign} b")
    assert outcome(lambda: template.evaluate({"a": a, "b": b}.__getitem__)) == outcome(lambda: BINARY[sign](a, b))


@settings(deadline=None)
@given(
    st.integers(-20, 20),
    st.integers(-20, 20),
    st.integers(-20, 20),
    st.sampled_from(sorted(BINARY)),
    st.sampled_from(sorted(BINARY)),
)
def test_constants_agree_with_python_and_its_precedence(a: int, b: int, c: int, first: str, second: str):
    source = f"{a} {first} {b} {second} {c}"
    wanted = outcome(lambda: eval(source))
    assert outcome(lambda: parse_expression(source).evaluate({}.__getitem__)) == wanted


@settings(deadline=None)
@given(
    st.lists(st.integers() | st.text(max_size=4)),
    st.integers(-9, 9),
    st.integers(-9, 9),
    st.integers(-3, 3).filter(bool),
)
def test_slices_agree_with_python(values: list[Any], start: int, stop: int, step: int):
    assert parse_expression(f"a[{start}:{stop}:{step}]").evaluate(lambda _: values) == values[start:stop:step]


@settings(max_examples=300, deadline=None)
@given(METHODS, VALUES, VALUES, VALUES)
@example("a.replace(day=b)", date(2013, 1, 31), 0, None)
@example("f'{a:{b}}'", datetime(2013, 1, 1), "%", None)  # noqa: DTZ001
@example("round(a, b)", math.inf, None, None)
@example("a * b", timedelta.max, 2, None)
def test_no_value_brings_an_error_of_another_kind(source: str, a: Any, b: Any, c: Any):
    world = {"a": a, "b": b, "c": c}
    for error in (
        attempt(lambda: parse_expression(source).evaluate(world.__getitem__)),
        attempt(lambda: parse_template(f"x{{{{ {source} }}}}").evaluate(world.__getitem__)),
    ):
        assert "\ue000" not in str(error)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=30), VALUES)
def test_no_text_brings_an_error_of_another_kind(source: str, value: Any):
    for parse in (parse_expression, parse_template):
        error = attempt(lambda parse=parse: parse(source).evaluate(lambda _: value))
        assert error is None or error.position is None or 0 <= error.position <= len(source)
    assert isinstance(rename(source, "template", "a", "zz9"), str)
    assert isinstance(rename(source, "expression", "a", "zz9"), str)


@settings(deadline=None)
@given(st.text())
def test_text_without_braces_is_itself(text: str):
    if "{{" not in text:
        assert parse_template(text).evaluate({}.__getitem__) == text

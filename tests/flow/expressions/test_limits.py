from __future__ import annotations

import polars as pl
import pytest

from workbench.flow.expressions import ExpressionError, parse_expression, parse_template
from workbench.flow.expressions.limits import MAX_BITS, MAX_ITEMS, MAX_TEXT

WORLD = {
    "million": list(range(MAX_ITEMS)),
    "long": "a" * (MAX_TEXT - 1),
    "other": "a" * (MAX_TEXT - 2) + "b",
    "big": 10**9,
    "nine": 9,
    "table": pl.DataFrame({"c": range(200_000)}),
    "texts": ["a" * 5_000 + str(i) for i in range(20_000)],
}

PARSED = [
    "'a' * 10**9",
    "10**9 * 'a'",
    "[0] * 10**9",
    "9**9**9",
    "1 << 10**9",
    "range(10**12)",
    "2**5000",
    "f'{1:1000000000}'",
    "f'{1:.999999999f}'",
    "'x'.ljust(10**9)",
    "'x'.zfill(99999999)",
    str(10**1300),
    "(((1 << 4000) << 4000))",
    "(7**1000) * (7**1000)",
]
RUN = [
    "'a' * big",
    "[0] * big",
    "nine ** nine ** nine",
    "1 << big",
    "range(big)",
    "f'{nine:{big}}'",
    "'x'.ljust(big)",
    "[[1 for a in range(9999)] for b in range(9999)]",
    "[1 for a in million for b in million]",
    "long + long",
    "[long + 'a' for i in range(100)]",
    "[i in million for i in million]",
    "[long == other for i in range(100000)]",
    "million == million + [1]",
    "sorted(texts, key=lambda t: t + t)",
    "[sorted(texts) for i in range(1000)]",
    "long.rfind('b' + long[:2000000])",
    "long.strip('b' * 1000000)",
    "long.split('a')",
    "long.replace('a', 'bb')",
    "list(long)",
    "str([long, long])",
    "json([long, long])",
    "','.join([long] * 9)",
    "[table.c for i in range(100000)]",
    "[table.sum('c') for i in range(1000000)]",
    "[table.rows() for i in range(100)]",
    "zip(million, million)",
    "parse_json('[' * 100000)",
    "parse_json('[],' * 2000000 + '1')",
    "int('9' * 100000)",
    "{str(i): long for i in million}",
    "[b for a in [[1, 1]] " + "for b in [[a, a]] for a in [[b, b]] " * 20 + "]",
    "'a'.replace('', 'b' * 9999999)",
    "any(i < 0 for i in million for j in million)",
    "max(million, key=lambda q: [w for w in million])",
]


@pytest.mark.parametrize("source", PARSED)
def test_a_constant_that_is_too_large_is_refused_when_parsed(source: str):
    with pytest.raises(ExpressionError) as caught:
        parse_expression(source)
    assert caught.value.code == "TOO_LARGE"


@pytest.mark.timeout(10)
@pytest.mark.parametrize("source", RUN)
def test_a_value_that_grows_too_large_is_refused_at_run_time(source: str):
    with pytest.raises(ExpressionError) as caught:
        parse_expression(source).evaluate(WORLD.__getitem__)
    assert caught.value.code == "LIMIT", caught.value


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "source",
    [
        "-" * 5_000 + "1",
        "not " * 2_000 + "1",
        "(" * 5_000 + ")" * 5_000,
        "[" * 300,
        "1" + "+1" * 4_000,
        "a" + ".b" * 4_000,
        "1" + "**1" * 3_000,
        "1" + " if 1 else 1" * 700,
        "lambda:" * 1_400 + "1",
        "x" + "[0]" * 3_000,
        "1" + "<1" * 4_000,
        "f'{" * 2_000,
        "{" * 9_000,
        "a(" * 4_000,
        "[" + "1," * 4_500 + "]",
        "x" * 10_001,
        "1," * 4_000,
        "await " * 1_500,
        "*" * 9_000,
        "a" + ":=a" * 3_000,
        "~" * 9_000,
        "not(" * 2_000,
        "lambda x:(" * 900,
    ],
)
def test_deep_or_long_text_is_refused_and_never_crashes(source: str):
    with pytest.raises(ExpressionError) as caught:
        parse_expression(source)
    assert caught.value.code in {"TOO_LARGE", "SYNTAX", "FORBIDDEN"}


def test_a_deep_value_is_refused():
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]
    for source in ("json(x)", "str(x)", "x == [[]]", "[x]", "unique([x])", "sorted([x, x])"):
        with pytest.raises(ExpressionError) as caught:
            parse_expression(source).evaluate(lambda _: deep)
        assert caught.value.code == "LIMIT", source


@pytest.mark.timeout(5)
def test_many_braces_that_never_parse_end_soon():
    with pytest.raises(ExpressionError):
        parse_template("{{ ( " + "}} " * 5_000)
    with pytest.raises(ExpressionError):
        parse_template("{{ 1 }}" * 1_001)


@pytest.mark.timeout(10)
def test_keys_made_to_collide_do_not_make_it_slow():
    assert (
        len(parse_expression(f"unique([i * {2**61 - 1} for i in range(50000)])").evaluate(WORLD.__getitem__)) == 50_000
    )


def test_ordinary_sizes_pass():
    assert parse_expression("sum(i for i in million)").evaluate(WORLD.__getitem__) == sum(WORLD["million"])
    assert len(parse_expression("sorted(million, reverse=True)").evaluate(WORLD.__getitem__)) == MAX_ITEMS
    assert parse_expression("2 ** 4000").evaluate(WORLD.__getitem__) < 2**MAX_BITS
    assert len(parse_expression("long.upper()").evaluate(WORLD.__getitem__)) == MAX_TEXT - 1


def test_a_spent_budget_does_not_follow_into_the_next_evaluation():
    template = parse_expression("[i for i in million]")
    for _ in range(3):
        assert len(template.evaluate(WORLD.__getitem__)) == MAX_ITEMS

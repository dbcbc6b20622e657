from __future__ import annotations

import polars as pl
import pytest

from tests.flow.expressions.environment import WORLD, fill, get
from workbench.flow.expressions import ExpressionError, parse_expression, parse_template


def test_a_whole_expression_keeps_its_type():
    assert fill("{{ numbers }}") is WORLD["numbers"]
    assert fill("  {{ flights.dep_delay }}\n") == 5
    assert isinstance(fill("{{ table }}"), pl.DataFrame)
    assert fill("{{ flights.none }}") is None


def test_parts_are_joined_as_text():
    assert fill("from {{ flights.origin }}: {{ flights.dep_delay }} min") == "from JFK: 5 min"
    assert fill("{{ flights.none }}|{{ 1 == 1 }}|{{ numbers }}|{{ day }}") == "|true|[3, 1, 2]|2013-01-31"
    assert fill("{{ 1 }}{{ 2 }}") == "12"


def test_a_table_amid_text_is_refused_with_a_way_out():
    with pytest.raises(ExpressionError) as caught:
        fill("all: {{ table }}")
    assert caught.value.code == "TYPE"
    assert "height" in (caught.value.hint or "")


def test_plain_text_and_escaped_braces_stay():
    template = parse_template("a { b } }} \\{{ c }} 100%")
    assert not template.has_expressions
    assert template.evaluate(get) == "a { b } }} {{ c }} 100%"
    assert parse_template("").evaluate(get) == ""


def test_an_expression_ends_at_the_first_braces_where_it_parses():
    assert fill("{{ {'a': {'b': 1}} }}") == {"a": {"b": 1}}
    assert fill("{{ {'a': {'b': 1}}}}") == {"a": {"b": 1}}
    assert fill("{{ '}}' }}") == "}}"
    assert fill("{{ f'{zero}}}' }}!") == "0}!"


def test_an_expression_may_span_lines_and_hold_comments():
    assert fill("{{\n  flights\n   .dep_delay  # minutes\n}}") == 5


@pytest.mark.parametrize(
    "text", ["{{ a", "{{ }}", "{{ a + }}", "{{ a) + (b }}", "{{ [\n] + [ }}", "{{\na] + [b }}", "{{ a\0 }}"]
)
def test_what_does_not_parse_is_a_syntax_error_with_its_place(text: str):
    with pytest.raises(ExpressionError) as caught:
        parse_template(text)
    assert caught.value.code == "SYNTAX"
    assert caught.value.position is not None
    assert 0 <= caught.value.position <= len(text)


def test_names_are_the_roots_and_not_fields_texts_or_loop_names():
    template = parse_template("{{ a.b + 'c' }} {{ [d for d in e if d.f] }} {{ default(g.h, i) }}")
    assert template.names == {"a", "e", "g", "i"}
    assert template.optional_names == {"g"}
    assert not template.is_whole


def test_a_loop_name_is_a_root_outside_its_loop():
    assert parse_expression("[x for x in x] + x").names == {"x"}
    assert parse_expression("[y for x in xs for y in x]").names == {"xs"}


def test_an_expression_field_takes_braces_or_none():
    assert parse_expression("zero + 1").evaluate(get) == 1
    assert parse_expression(" {{ zero + 1 }} ").evaluate(get) == 1
    with pytest.raises(ExpressionError):
        parse_expression("{{ zero }} and {{ zero }}")


def test_positions_count_characters_of_the_whole_text():
    text = "é{{ zero }} {{ 'é' + nothing }}"
    with pytest.raises(ExpressionError) as caught:
        fill(text)
    assert caught.value.position == text.index("nothing")

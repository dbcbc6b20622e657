from __future__ import annotations

import pytest

from tests.flow.expressions.environment import attempt, failure
from workbench.flow.expressions import ExpressionError, parse_expression, parse_template
from workbench.flow.expressions.rewrite import NAMESPACE

CLIMBS = [
    "''.__class__",
    "().__class__.__bases__",
    "flights.__class__",
    "''.__ｃlass__",
    "__ｉmport__('os')",
    "__builtins__",
    "_get.x",
    "_b.steps",
    "_loop",
    "(x for x in numbers).gi_frame",
    "(x for x in numbers).gi_frame.f_globals",
    "[x for x in numbers].append",
    "'{0.__class__}'.format(1)",
    "'{0}'.format_map(flights)",
    "type(1)",
    "eval('1')",
    "getattr(1, 'real')",
    "open('/etc/passwd')",
    "vars()",
    "globals()",
    "lambda: 1",
    "(lambda x: x)(1)",
    "sorted(numbers, key=len)",
    "sorted(*[numbers])",
    "dict(**flights)",
    "{**flights}",
    "[*numbers]",
    "{1, 2}",
    "{x for x in numbers}",
    "(y := 1)",
    "await x",
    "(yield)",
    "1j",
    "b'x'",
    "...",
    "x @ y",
    "[x async for x in y]",
    "f'{zero!a}'",
    "zero.real",
    "zero.bit_length()",
    "day.tzinfo",
    "now.tzinfo",
    "day.fromisoformat('2013-01-01')",
    "'a'.encode()",
    "'a'.translate({})",
    "[x for x.y in numbers]",
    "[x for x[0] in numbers]",
    "[1 for len in numbers]",
    "sorted(numbers, key=lambda x, y: x)",
    "sorted(numbers, key=lambda x=zero: x)",
    "sorted(numbers, key=lambda *x: x)",
    "zero is zero",
    "flights.get.x",
    "'a'.replace(b='x', name='y')",
    "'%s' % flights",
    "table._df",
    "table.write_csv('x')",
    "table.to_dicts()",
    "table.map_rows(1)",
    "str.format",
    "int.__subclasses__()",
    "default(1)",
    "default(1, b=2)",
    "import os",
    "x = 1",
    "print(1)",
    "exec('')",
    "breakpoint()",
    "v_x",
    "datetime.now()",
    "'{}'.__format__('')",
]


@pytest.mark.parametrize("source", CLIMBS)
def test_there_is_nothing_to_climb_out_of(source: str):
    assert failure(source).code in {"FORBIDDEN", "SYNTAX", "UNKNOWN_NAME", "UNKNOWN_FIELD", "UNKNOWN_METHOD", "TYPE"}


def test_compiled_code_sees_no_builtins():
    parse_expression("[x for x in numbers]").evaluate(lambda _: [1])
    assert NAMESPACE["__builtins__"] == {}
    assert all(name == "__builtins__" or callable(thing) for name, thing in NAMESPACE.items())


def test_a_value_that_is_no_data_is_opaque():
    thing = object()
    for source in ("x.y", "x[0]", "x + 1", "[y for y in x]", "str(x)", "f'{x}'", "[x]", "len(x)", "x.lower()", "x < x"):
        with pytest.raises(ExpressionError) as caught:
            parse_expression(source).evaluate(lambda _: thing)
        assert caught.value.code in {"TYPE", "UNKNOWN_FIELD", "UNKNOWN_METHOD"}, source


@pytest.mark.parametrize(
    "text", ["{{ a\ud800 }}", "{{ '\ud800' }}", "{{ \x00 }}", "{{ '\\d' }}", "{{ 1if 1else 2 }}", "{{ \x0c1 }}"]
)
def test_odd_characters_never_crash_the_parser(text: str):
    error = attempt(lambda: parse_template(text).evaluate(lambda _: 1))
    assert error is None or error.code == "SYNTAX"


def test_reading_a_private_field_by_text_is_plain_data():
    assert parse_expression("x['__class__']").evaluate(lambda _: {"__class__": 1}) == 1

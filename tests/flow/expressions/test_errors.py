from __future__ import annotations

import pytest

from tests.flow.expressions.environment import failure


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        (
            "flights.dep_dely",
            "UNKNOWN_FIELD",
            ["`flights` has no field `dep_dely`", "it has dep_delay", "Did you mean dep_delay?"],
        ),
        ("flights['Origin']", "UNKNOWN_FIELD", ["`flights` has no field `Origin`", "Did you mean origin?"]),
        ("fligts.origin", "UNKNOWN_NAME", ["There is no `fligts` here", "Did you mean flights?"]),
        ("true", "UNKNOWN_NAME", ["Did you mean True?"]),
        ("flights.dep_delay / zero", "ZERO_DIVISION", ["Division by zero in `flights.dep_delay / zero`"]),
        ("1 % 0", "ZERO_DIVISION", ["Division by zero in `1 % 0`"]),
        ("flights.none.x", "UNKNOWN_FIELD", ["`flights.none` is null"]),
        ("rows.delay", "UNKNOWN_FIELD", ["a list of 3 items", "[x.delay for x in rows]"]),
        ("flights.origin.lower", "UNKNOWN_FIELD", ["`flights.origin` is text", "flights.origin.lower(…)"]),
        ("flights.origin.lowr()", "UNKNOWN_METHOD", ["`flights.origin` is text", "Did you mean lower?"]),
        ("flights.items.append(3)", "UNKNOWN_METHOD", ["Write xs + [x]."]),
        (
            "flights.origin()",
            "UNKNOWN_METHOD",
            ["`origin` is a field of `flights`, not a method", "Leave out the ( )."],
        ),
        ("numbers[7]", "UNKNOWN_FIELD", ["`numbers` has no item 7; it has 3"]),
        ("numbers['a']", "TYPE", ["a whole number picks from it, not text"]),
        ("flights.origin + 1", "TYPE", ["between text and a whole number", "str("]),
        ("flights.none > 1", "TYPE", ["null", "is not None"]),
        ("sum([1, None])", "TYPE", ["item 1 is null"]),
        ("sorted([1, None])", "TYPE", ["null"]),
        ("sorted([1, 'a'])", "TYPE", ["cannot compare"]),
        ("min([])", "VALUE", ["default="]),
        ("int('x')", "VALUE", ["`x` is no whole number"]),
        ("date('31.1.2013')", "VALUE", ["2013-01-31"]),
        ("flghts(1)", "FORBIDDEN", ["no function `flghts`"]),
        ("lenn(numbers)", "FORBIDDEN", ["Did you mean len?"]),
        ("len", "FORBIDDEN", ["Call it: len(…)."]),
        ("round(1, places=2)", "FORBIDDEN", ["no argument `places=`"]),
        ("flights.class", "SYNTAX", ['["class"]']),
        ("a && b", "SYNTAX", ["`and`"]),
        ("a = 1", "SYNTAX", []),
        ("{1: 2}", "TYPE", ["named by text"]),
        ("[a for a, b in [[1, 2, 3]]]", "TYPE", ["3 items apart into 2 names"]),
        ("skipped.x", "BLOCK_SKIPPED", []),
        ("(0 - 8) ** 0.5", "VALUE", ["no real result"]),
        ("day + timedelta(days=10 ** 8)", "LIMIT", ["out of range"]),
    ],
)
def test_an_error_names_what_is_there(source: str, code: str, words: list[str]):
    error = failure(source)
    assert error.code == code, error
    for word in words:
        assert word in str(error)
    assert "\ue000" not in str(error)


def test_the_place_of_a_runtime_error_is_its_own_part():
    source = "1 + len(numbers) + flights.nope"
    assert failure(source).position == source.index("flights.nope")


def test_an_error_inside_a_loop_names_the_part():
    assert "`r` has no field `dely`" in str(failure("[r.dely for r in rows]"))
    assert "`r.origin` is text" in str(failure("sorted(rows, key=lambda r: r.origin.x)"))

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from tests.flow.expressions.environment import failure, value
from workbench.flow.expressions import FUNCTIONS, RESERVED


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("2 ** 3 ** 2", 512),
        ("-7 // 2, -7 % 3, 7 / 2", [-4, 2, 3.5]),
        ("1 < 2 < 3 and not 3 < 2 <= nothing_at_all", True),
        ("'a' if zero else 'b'", "b"),
        ("zero or 'fallback'", "fallback"),
        ("flights.none is None, 1 is None, True is True, 'a' is not None", [True, False, True, True]),
        ("'origin' in flights, 'F' in flights.origin, 4 not in numbers", [True, True, True]),
        ("flights.items", [1, 2]),
        ("flights.keys", "mine"),
        ("flights.items()[0]", ["dep_delay", 5]),
        ("flights['origin'][::-1], numbers[1:], numbers[-1]", ["KFJ", [1, 2], 2]),
        ("[r.delay for r in rows if r.origin == 'JFK']", [7, 1]),
        ("{r.origin: r.delay for r in rows}", {"JFK": 1, "LGA": 2}),
        ("sum(r.delay for r in rows)", 10),
        ("[a + i for i, (a, b) in enumerate(zip(numbers, rows))]", [3, 2, 4]),
        ("sorted(rows, key=lambda r: (r.origin, r.delay))[0].delay", 1),
        ("max(rows, key=lambda r: r.delay).origin", "JFK"),
        ("max(3, 7, 5), min([], default=9)", [7, 9]),
        ("any(1 / n for n in [1, 0]), all(n for n in numbers)", [True, True]),
        ("f'{flights.origin:>5}|{1234.5:,.1f}|{day:%d.%m.%Y}|{zero!r}|{zero=}'", "  JFK|1,234.5|31.01.2013|0|zero=0"),
        ("unique([1, 1.0, 'a', [1], [1]])", [1, "a", [1]]),
        ("range(5, 0, -2), reversed(numbers), list('ab')", [[5, 3, 1], [2, 1, 3], ["a", "b"]]),
        ("json({'d': day, 'n': float('nan')})", '{"d": "2013-01-31", "n": null}'),
        ("parse_json('[1, {\"a\": null}]')", [1, {"a": None}]),
        ("date('2013-01-30') + timedelta(days=1) == day", True),
        ("(now - datetime('2013-01-31T00:00:00Z')).total_seconds() / 3600", 18.5),
        ("now.astimezone('Europe/Paris').hour, now.year, day.weekday()", [19, 2013, 3]),
        ("parse_date('3/2/2014', '%d/%m/%Y')", date(2014, 2, 3)),
        ("time('10:15'), datetime(2013, 1, 2, 3)", [time(10, 15), datetime(2013, 1, 2, 3)]),  # noqa: DTZ001
        ("timedelta(hours=2) * 2", timedelta(hours=4)),
        ("' A b '.strip().lower().replace('a', 'x').split()", ["x", "b"]),
        ("', '.join(r.origin for r in rows)", "JFK, LGA, JFK"),
        ("{'a': 1} | {'b': 2}", {"a": 1, "b": 2}),
        (
            "default(flights.nothing, 1), default(nothing.a, 2), default(skipped.x, 3), default(numbers[9], 4)",
            [1, 2, 3, 4],
        ),
        ("default(flights.none.deep, 5), default(zero, 6)", [5, 0]),
        ("int('12') + int(3.9), float('1.5'), str(1.0), bool([])", [15, 1.5, "1.0", False]),
        ("round(2.675, 2), round(2.5), floor(-1.5), ceil(1.2), abs(-3)", [2.67, 2, -2, 2, 3]),
        ("dict([['a', 1]]), keys({'a': 1}), values({'a': 1}), items({'a': 1})", [{"a": 1}, ["a"], [1], [["a", 1]]]),
    ],
)
def test_it_says_what_python_says(source: str, expected: object):
    assert value(source) == expected


def test_default_does_not_hide_other_errors():
    assert failure("default(1 / zero, 0)").code == "ZERO_DIVISION"
    assert failure("default(flights.origin + 1, 0)").code == "TYPE"


def test_each_function_is_documented_and_reserved():
    for function in FUNCTIONS:
        assert function["signature"].startswith(function["name"] + "(")
        assert function["doc"].endswith(".")
        assert function["name"] in RESERVED
    assert {"input", "vars", "item", "secrets", "lambda", "None"} <= RESERVED
    assert "worst_of_day" not in RESERVED

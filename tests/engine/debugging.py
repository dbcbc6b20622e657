"""A debug run as the tests begin it, look at it and let it go on."""

from __future__ import annotations

from typing import Any

from tests.engine.flows import flow, transform
from tests.engine.house import House
from workbench.engine.records import Breakpoint, RunRow

CHAIN = flow([transform("a", "1"), transform("b", "a + vars.n"), transform("c", "b * 2")], "start > a > b > c", n=10)


def begin(house: House, made: Any, *points: Breakpoint, **more: Any) -> RunRow:
    house.breakpoints = points
    row = house.submit(made, debug=True, **more)
    house.do(house.engine.live[row.id].gate.news(20))
    return row


def go(house: House, row: RunRow, mode: Any = "run", variables: Any = None) -> dict[str, Any]:
    return house.do(house.debugger.go(row.id, mode, variables, 20))


def state(house: House, row: RunRow) -> dict[str, Any]:
    return house.call(lambda: house.debugger.state(house.engine.debugged(row.id)))

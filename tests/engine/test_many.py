"""Many runs at once: taken in and waited for together, and one row a run whatever it went through within a batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.engine.flows import block, flow, transform
from tests.engine.house import WORKSPACE, House
from workbench.engine.records import RunRequest, RunRow

FLOW = flow([transform("a", "input.x + 1"), transform("b", "input * 2")], "start > a > b")


def request(number: int = 0) -> RunRequest:
    return RunRequest(WORKSPACE, str(UUID(int=77)), "f", 1, FLOW, {"x": number})


def test_many_runs_are_acknowledged_in_order_and_each_ends_with_its_own_result(house: House) -> None:
    async def work() -> tuple[list[RunRow], dict[str, RunRow]]:
        rows = await house.engine.submit_many([request(number) for number in range(300)])
        return rows, await house.engine.wait_all([row.id for row in rows], 20)

    rows, ended = house.do(work())
    assert [row.inputs["x"] for row in rows] == list(range(300))
    assert set(ended) <= {row.id for row in rows}
    assert [row.output for row in rows] == [(number + 1) * 2 for number in range(300)]
    in_table = [house.row(row.id) for row in (rows[0], rows[299])]
    assert [(row.status, row.output, row.steps) for row in in_table] == [("completed", 2, 3), ("completed", 600, 3)]
    assert house.checkpoints(rows[299]) == {"start": "completed", "a": "completed", "b": "completed"}


def test_of_many_the_one_that_cannot_be_written_is_told_and_the_others_run(house: House) -> None:
    with pytest.raises(UnicodeEncodeError):
        house.do(house.engine.submit_many([request(1), replace(request(2), function_name="\ud800"), request(3)]))
    house.settle()
    assert house.engine.live == {}
    ends: list[Any] = [fact for fact in house.facts if fact.name == "run.finished"]
    assert sorted(fact.status for fact in ends) == ["completed", "completed"]


def test_a_fork_is_not_taken_in_among_many(house: House) -> None:
    with pytest.raises(ValueError, match="by itself"):
        house.do(house.engine.submit_many([replace(request(), fork=object())]))  # type: ignore[arg-type]


def test_waiting_for_runs_that_are_over_or_unknown_is_over_at_once(house: House) -> None:
    row = house.run(FLOW, {"x": 1})
    assert house.do(house.engine.wait_all([row.id, str(UUID(int=5))], 20)) == {}
    assert len(house.engine.lives.ends.waiters) == 0


def test_a_limit_on_waiting_leaves_nobody_waiting(house: House) -> None:
    row = house.submit(flow([block("wait", "w", waitType="timer", timerMs=60_000)], "start > w"))
    house.wait_started("w")
    assert house.do(house.engine.wait_all([row.id], 0.01)) == {}
    assert len(house.engine.lives.ends.waiters) == 0
    house.do(house.engine.cancel(row.id, None))
    house.finish(row)

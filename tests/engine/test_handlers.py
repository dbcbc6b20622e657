"""A failure handler is taken in with the end of the run that failed: never lost, never twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.engine.flows import flow, touch, transform
from tests.engine.house import WORKSPACE, House
from workbench.base.errors import BlockFailed, NotFound
from workbench.base.probe import listen
from workbench.engine.facts import RunCreated, RunFinished
from workbench.engine.policies import Concurrency, FunctionPolicy
from workbench.engine.records import RunRequest, RunRow
from workbench.engine.states import RunStatus

HANDLER = "00000000-0000-0000-0000-0000000000aa"
FAILS = flow([touch("t", door="d"), transform("bad", "1 / 0")], "start > t > bad")
HANDLES = flow([touch("h", "{{ start.runId }}")], "start > h")


async def find(row: RunRow, handler: str, status: RunStatus, error: dict[str, Any] | None) -> RunRequest:
    told = {"runId": row.id, "status": status.value, "path": (error or {}).get("path")}
    trigger = {"type": "failure", "runId": row.id}
    return RunRequest(WORKSPACE, handler, "handler", 1, HANDLES, told, trigger, parent_run_id=row.id)


def handled(house: House, policy: FunctionPolicy | None = None) -> House:
    """The house with a handler for the function that the next run is of."""
    house.flows[HANDLER, 1] = HANDLES
    house.engine.handlers.find = find
    for function_id, _ in [*house.flows, next_function(house)]:
        if function_id != HANDLER:
            house.call(lambda f=function_id: house.engine.set_policy(f, FunctionPolicy(on_failure=HANDLER)))
    house.call(lambda: house.engine.set_policy(HANDLER, policy))
    return house


def next_function(house: House) -> tuple[str, int]:
    """The function that the house makes for its next run."""
    return str(UUID(int=1000 + len(house.flows))), 1


def handlers_of(house: House, row: RunRow) -> list[tuple[str, str]]:
    """Id and status of the runs that the failure of `row` has started."""
    sql = "SELECT id::VARCHAR, status FROM runs WHERE parent_run_id = ?::UUID"
    return house.do(house.store.read(lambda c: c.execute(sql, [row.id]).fetchall()))


def finish_handlers(house: House, row: RunRow) -> list[str]:
    """How the runs that the failure of `row` has started end."""
    for run_id, _ in handlers_of(house, row):
        house.do(house.engine.wait(run_id, 20))
    return [status for _, status in handlers_of(house, row)]


def test_the_handler_is_in_the_same_append_as_the_end(house: House) -> None:
    handled(house)
    house.do(house.world.open("d"))
    row = house.run(FAILS)
    assert row.status == "failed"
    assert finish_handlers(house, row) == ["completed"]
    told = [fact for fact in house.facts if isinstance(fact, RunFinished | RunCreated)]
    end = next(i for i, fact in enumerate(told) if isinstance(fact, RunFinished))
    created = told[end + 1]
    assert isinstance(created, RunCreated)
    assert created.parent == told[end].run
    assert [c.block for c in house.world.calls] == ["t", "h"]


@pytest.mark.parametrize("point", ["run.before_finished", "run.finished"])
def test_a_crash_around_the_end_neither_loses_the_handler_nor_starts_it_twice(
    houses: Callable[..., House], point: str
) -> None:
    house = handled(houses().start())
    crashed = False

    def hook(name: str) -> None:
        nonlocal crashed
        if name == point and not crashed and threading.current_thread().name == "house":
            crashed = True
            house.store.close()

    row = house.submit(FAILS)
    house.world.until(house.world.began, "t")
    listen(hook)
    house.do(house.world.open("d"))
    house.wait_gone(row)
    listen(None)
    assert crashed
    again = handled(house.crash())
    again.start()
    again.do(again.world.open("d"))
    assert again.finish(row).status == "failed"
    assert finish_handlers(again, row) == ["completed"]
    assert len({c.key for c in again.world.calls if c.block == "h"}) == 1  # of one run, in flight at most once a crash


def test_a_run_that_recovery_gives_up_is_handled_too(houses: Callable[..., House]) -> None:
    house = houses().start()
    row = house.submit(FAILS)
    house.world.until(house.world.began, "t")
    again = handled(house.crash())
    del again.flows[row.function_id, 1]
    again.start()
    assert again.finish(row).error["type"] == "FUNCTION_GONE"
    assert finish_handlers(again, row) == ["completed"]


def test_a_handler_over_its_limit_is_skipped_and_says_so(house: House) -> None:
    handled(house, FunctionPolicy(concurrency=Concurrency(1, "skip")))
    busy = flow([touch("y", door="never")], "start > y")
    house.flows[HANDLER, 2] = busy
    held = house.do(house.engine.submit(RunRequest(WORKSPACE, HANDLER, "handler", 2, busy, {})))
    house.world.until(house.world.began, "y")
    handled(house, FunctionPolicy(concurrency=Concurrency(1, "skip")))
    house.do(house.world.open("d"))
    row = house.run(FAILS)
    assert finish_handlers(house, row) == ["cancelled"]
    house.do(house.engine.cancel(held.id, None))
    house.finish(held)


def test_a_handler_that_cannot_be_run_leaves_a_word_in_the_log(house: House) -> None:
    async def gone(*_: Any) -> RunRequest:
        raise NotFound("There is no function.")

    handled(house)
    house.engine.handlers.find = gone
    house.do(house.world.open("d"))
    row = house.run(FAILS)
    assert (row.status, handlers_of(house, row)) == ("failed", [])
    assert "The function's failure handler was not started: There is no function." in house.logs(row)


def test_a_handlers_own_failure_is_handled_by_nobody(house: House) -> None:
    handled(house, FunctionPolicy(on_failure=HANDLER))
    house.world.failures["h"] = [BlockFailed("broken", kind="HTTP")]
    house.do(house.world.open("d"))
    row = house.run(FAILS)
    assert finish_handlers(house, row) == ["failed"]
    (handler, _) = handlers_of(house, row)[0]
    assert handlers_of(house, house.row(handler)) == []

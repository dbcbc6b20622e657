"""What looks after finished runs, and what sees that nothing hangs."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from tests.engine.attempts import fork
from tests.engine.flows import block, flow, transform
from tests.engine.house import WORKSPACE, House
from workbench.engine.facts import RunCreated
from workbench.engine.policies import FunctionPolicy
from workbench.engine.records import RunRequest, RunRow
from workbench.engine.retention import Retention

QUICK = flow([transform("a", "1")], "start > a")
DAY_S = 24 * 3600


def left(house: House) -> set[str]:
    return {
        run for (run,) in house.do(house.store.read(lambda c: c.execute("SELECT id::VARCHAR FROM runs").fetchall()))
    }


def sweeper(house: House, days: float = 0, runs: int = 0) -> Retention:
    return Retention(house.store, house.clock, house.engine.holds.policies, days, runs)


def test_runs_older_than_their_retention_go_with_all_they_left(houses: Callable[..., House]) -> None:
    house = houses().start()
    old = house.run(QUICK)
    house.move(2 * DAY_S)
    young = house.run(QUICK)
    assert house.do(sweeper(house, days=1).sweep()) == 1
    assert left(house) == {young.id}
    assert house.checkpoints(old) == {}
    assert house.checkpoints(young) != {}


def test_a_function_keeps_its_last_runs_and_those_that_are_not_over(houses: Callable[..., House]) -> None:
    house = houses().start()
    slow = flow([block("delay", "d", delayMs=10**9)], "start > d")
    open_run = house.submit(slow)
    house.until_status(open_run, "waiting")
    runs = [house.run(QUICK) for _ in range(3)]
    for run in runs:
        house.engine.holds.policies.put(house.row(run.id).function_id, FunctionPolicy(keep_runs=1))
    assert house.do(sweeper(house).sweep()) == 0, "each is the last of its function"
    assert house.do(sweeper(house, days=1).sweep()) == 0
    assert open_run.id in left(house)
    house.do(house.engine.cancel_and_wait(open_run.id, "enough"))


def test_a_run_that_is_open_in_the_tables_alone_is_seen(houses: Callable[..., House]) -> None:
    house = houses().start()
    assert house.do(house.engine.check()) == []
    lost = UUID(int=99).bytes
    fact = RunCreated(
        lost, UUID(int=1).bytes, UUID(int=2).bytes, "f", 1, "{}", b"\x80", 0, False, "strict", None, None, 1
    )

    async def write() -> None:
        await house.store.append([fact], str(UUID(int=1)))

    house.do(write())
    assert house.do(house.engine.check()) == [], "it may just be coming"
    assert house.do(house.engine.check()) == [f"Run {UUID(int=99)} is open in the tables, but is not here."]
    assert house.engine.health()["ok"] is False
    assert house.engine.meters.violations == 1


def test_large_values_between_blocks_stay_for_the_last_runs_and_for_failed_and_debug_ones(
    houses: Callable[..., House],
) -> None:
    house = houses().start()
    made = flow([transform("big", "'x' * 200000"), transform("n", "len(big) / start.by")], "start > big > n")
    function = str(UUID(int=77))
    house.flows[function, 1] = made

    def submit(by: int, **more: object) -> RunRow:
        house.move(1)
        return house.do(house.engine.submit(RunRequest(WORKSPACE, function, "f", 1, made, {"by": by}, **more)))  # type: ignore[arg-type]

    debugged = submit(1, debug=True)
    house.until_status(debugged, "paused")
    house.settle()
    house.call(lambda: house.engine.live[debugged.id].gate.go("run"))  # type: ignore[union-attr]
    runs = [debugged, *(submit(by) for by in (1, 0, 1, 1))]
    ended = [house.finish(run).status for run in runs]
    assert ended == ["completed", "completed", "failed", "completed", "completed"]

    retention = Retention(house.store, house.clock, house.engine.holds.policies, runs_with_values=2)
    assert house.do(retention.release()) == 1
    assert house.do(retention.release()) == 0
    kinds = dict(
        house.do(
            house.store.read(
                lambda c: c.execute(
                    "SELECT run_id::VARCHAR, arg_max(output_kind, seq) FROM checkpoints WHERE path = 'big' GROUP BY 1"
                ).fetchall()
            )
        )
    )
    assert [kinds[run.id] for run in runs] == ["json", "pending", "json", "json", "json"]
    assert house.finish(fork(house, runs[1])).output == 200_000

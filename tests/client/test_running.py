"""Runs: values as Python and polars, waiting, failing, frames."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from workbench.base.errors import FlowInvalid, InvalidInput, NotFound
from workbench.client.bench import Bench
from workbench.client.errors import RunFailed
from workbench.client.function import Function


@pytest.fixture
def late(function: Function, root: Path) -> Function:
    """Reads the table and keeps what is late."""
    with function.build() as f:
        keep = f.filter("late ones", conditions=[{"field": "late", "operator": "gte", "value": "{{ start.least }}"}])
        f.start() >> f.read_table("flights", path=root / "flights.parquet") >> keep
    return function


def test_a_run_gives_its_output_and_each_blocks_value(doubled: Function) -> None:
    run = doubled.run(items=[1, 2, 5]).wait()
    assert run.status == "completed"
    assert run.output == [2, 4, 10]
    assert run["double"] == 10
    assert run["double", 0] == 2
    assert run.at("each[1]/double") == 4
    assert run["each"]["iterations"] == 3


def test_tables_come_whole_with_their_types(late: Function) -> None:
    run = late.run(least=90).wait()
    flights = run["flights"]
    assert flights.shape == (1000, 3)
    assert flights.schema["at"] == pl.Date
    assert flights["at"][0] == date(2013, 3, 8)


def test_a_table_inside_an_object_comes_whole_too(late: Function) -> None:
    output = late.run(least=1).result()
    assert isinstance(output["data"], pl.DataFrame)
    assert output["data"].height == output["originalCount"] - output["removedCount"] > 100


def test_a_failed_run_raises_nothing_until_its_result_is_asked_for(doubled: Function) -> None:
    doubled["double"].configure(code="item / 0")
    run = doubled.run(items=[1]).wait()
    assert run.status == "failed"
    assert "failed at “double”" in repr(run)
    with pytest.raises(RunFailed, match=r"“double” \(each\[0\]/double\): Division by zero") as caught:
        run.result()
    assert caught.value.hint == "Test for 0 first: a / b if b else 0."
    with pytest.raises(RunFailed, match="“double” failed at"):
        _ = run["double"]


def test_a_skipped_block_and_one_that_is_none_say_so(doubled: Function) -> None:
    run = doubled.run(items=[1]).wait()
    with pytest.raises(NotFound, match="“yes” was skipped"):
        _ = run["yes"]
    with pytest.raises(NotFound, match="Did you mean “double”"):
        _ = run["duoble"]
    with pytest.raises(InvalidInput, match="stands in 1 scope that repeat: it takes 1 numbers, not 2"):
        _ = run["double", 0, 0]
    with pytest.raises(NotFound, match=r"Nothing ran at each\[7\]/double"):
        _ = run["double", 7]


def test_a_flow_that_is_not_valid_does_not_run_and_says_why(function: Function) -> None:
    function.start() >> function.transform("x", code="nowhere.field")
    with pytest.raises(FlowInvalid, match="nowhere"):
        function.run()
    assert not function.validate()
    assert "nowhere" in repr(function.validate())


def test_waiting_ends_in_time_and_a_run_can_be_cancelled(function: Function) -> None:
    function.start() >> function.delay("long", delay_ms=600_000)
    run = function.run()
    assert run.wait(timeout=0.2).status == "waiting"
    with pytest.raises(RunFailed, match="still waiting"):
        run.result(timeout=0.1)
    assert run.cancel("enough").status == "cancelled"


def test_waiting_for_a_block_ends_when_it_has_run_so_often(function: Function) -> None:
    each = function.loop("each", loop_type="forEach", items="{{ [1, 2, 3] }}")
    function.start() >> each >> function.delay("long", delay_ms=600_000)
    each.body >> function.transform("one", code="item")
    run = function.run().wait_for("one", times=3)
    assert not run.is_over
    assert run["one"] == 3
    run.cancel()


def test_options_of_a_run_reach_it(doubled: Function) -> None:
    run = doubled.options(priority=5, durability="relaxed", version=2).run(items=[]).wait()
    assert (run.told["priority"], run.told["durability"], run.version) == (5, "relaxed", 2)
    with pytest.raises(InvalidInput, match="no option `prio`"):
        doubled.options(prio=1)


def test_inputs_may_be_dates_and_paths_but_no_tables(function: Function) -> None:
    function.start()
    run = function.run(day=date(2013, 3, 8), file=Path("a/b")).wait()
    assert run.output == {"day": "2013-03-08", "file": str(Path("a/b"))}
    with pytest.raises(InvalidInput, match="DataFrame cannot be sent"):
        function.run(table=pl.DataFrame({"a": [1]}))


def test_frames_are_typed_and_sql_reads_them(bench: Bench, doubled: Function) -> None:
    run = doubled.run(items=[1, 2]).wait()
    runs = bench.frames.runs(doubled)
    assert runs.height == 1
    assert runs.schema["created_at"] == pl.Datetime("us", "UTC")
    assert runs.schema["queue_ms"] == pl.Float64
    assert runs["created_at"][0] <= datetime.now(UTC)
    assert bench.frames.checkpoints(run)["path"].to_list().count("each[0]/double") == 1
    assert "each[1]/double" in run.checkpoints()["path"].to_list()
    assert run.checkpoints().filter(pl.col("block") == "double").height == 2
    assert bench.frames.queue().height >= 1
    assert bench.frames.logs(run).height == 0
    with pytest.raises(InvalidInput, match="cannot be answered"):
        bench.sql("DROP TABLE runs")
    counted = bench.sql(f"SELECT count(*) AS n FROM runs WHERE function_id = '{doubled.id}'")
    assert counted["n"].to_list() == [1]


def test_runs_are_listed_newest_first(bench: Bench, doubled: Function) -> None:
    runs = [doubled.run(items=[n]).wait() for n in range(3)]
    assert [r.id for r in doubled.runs()] == [r.id for r in reversed(runs)]
    assert len(doubled.runs(limit=2)) == 2
    assert bench.run(runs[0].id).output == "small"


def test_a_part_of_a_value_that_is_not_there_is_told(bench: Bench, doubled: Function) -> None:
    run = doubled.run(items=[1, 2, 5]).wait()
    assert bench.api.get(f"/runs/{run.id}/value", at="/1") == {"type": "value", "value": 4}
    with pytest.raises(InvalidInput, match="has no part `/9`"):
        bench.api.get(f"/runs/{run.id}/value", at="/9")

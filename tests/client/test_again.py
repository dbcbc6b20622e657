"""Retry, fork, step back and the dead letter from Python."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from workbench.base.errors import InvalidState, NotFound
from workbench.client.bench import Bench
from workbench.client.function import Function


def reading(function: Function, path: str) -> Function:
    """Writes a table for each item, then reads one that may not be there yet."""
    with function.build() as f:
        start = f.start()
        each = f.loop("each", loop_type="forEach", items="{{ start.items }}")
        table = f.read_table("table", path=path)
        start >> each >> table >> f.transform("height", code="[table.height, len(each.results), start.n]")
        each.body >> f.transform("double", code="item * 2")
    return function


def test_a_retry_goes_on_with_what_is_done_and_says_so(function: Function, root: Path) -> None:
    f = reading(function, "later.csv")
    run = f.run(items=[1, 2], n=1).wait()
    assert run.status == "failed"
    pl.DataFrame({"a": [1, 2, 3]}).write_csv(root / "later.csv")
    again = run.retry()
    assert again is run
    assert run.wait().status == "completed"
    assert (run.attempt, run.output) == (2, [3, 2, 1])
    assert run.reuse is not None
    assert run.reuse.startswith("Of what had run, 4 reused, 1 runs again; first “table”: it failed")
    assert run.reuse in repr(run)
    with pytest.raises(InvalidState, match="nothing to try again"):
        run.retry()


def test_a_fork_with_other_inputs_or_from_a_block_is_another_run(function: Function, root: Path) -> None:
    pl.DataFrame({"a": [1]}).write_csv(root / "there.csv")
    run = reading(function, "there.csv").run(items=[1], n=1).wait()
    other = run.retry(inputs={"items": [1], "n": 5})
    assert other.id != run.id
    assert other.wait().output == [1, 1, 5]
    assert other.forked_from is not None
    assert other.forked_from["runId"] == run.id
    again = run.retry(from_block="height")
    assert again.reuse is not None
    assert again.reuse.startswith("Of what had run, 4 reused, 1 runs again")
    assert again.wait().status == "completed"
    at_path = run.fork(at="each[0]/double").wait()
    assert (at_path.output, at_path.forked_from["path"]) == ([1, 1, 1], "each[0]/double")  # type: ignore[index]
    row = next(r for r in run.checkpoints().to_dicts() if r["path"] == "each")
    assert run.fork(at=row).wait().output == [1, 1, 1]
    with pytest.raises(NotFound):
        run.fork(at="nowhere")
    frame = function.bench.frames.runs(function)
    assert set(frame["forked_from"].to_list()) == {None, run.id}
    assert frame["attempt"].to_list() == [1] * 5


def test_a_restore_point_is_forked_at_by_its_name(function: Function) -> None:
    with function.build() as f:
        f.start() >> f.transform("a", code="1") >> f.checkpoint("half way") >> f.transform("b", code="a + start.n")
    run = function.run(n=1).wait()
    fork = run.fork(at="half way", variables={"x": 1}).wait()
    assert (fork.output, fork.forked_from["restorePoint"]) == (2, "half way")  # type: ignore[index]


def test_stepping_back_and_on_makes_the_object_the_run_to_go_on_with(doubled: Function) -> None:
    doubled["big"].breakpoint()
    run = doubled.debug(items=[1, 2])
    first = run.id
    state = run.step("back")
    assert (state.is_past, state.path, repr(state)[:11]) == (True, "each[1]/double", "Back before")
    assert run.step("back").path == "each[0]/double"
    state = run.step()
    assert (state.path, state.is_past, run.id == first) == ("each[1]/double", False, False)
    run.continue_()
    run.continue_()
    assert run.wait().output == "small"
    assert run.forked_from is not None
    assert run.forked_from["runId"] == first


def test_the_dead_letter_shows_itself_as_a_table(bench: Bench) -> None:
    assert bench.dead_letter == []
    assert "Nothing yet" in bench.dead_letter._repr_html_()  # type: ignore[attr-defined]

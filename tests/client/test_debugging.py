"""The debugger from Python: stop, look, attach, change, step, go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from workbench.base.errors import InvalidInput, InvalidState
from workbench.client.function import Function


def test_a_conditional_breakpoint_stops_inside_the_loop(doubled: Function) -> None:
    doubled["double"].breakpoint(condition="item > 1")
    assert "before “double” (if item > 1)" in repr(doubled.breakpoints)
    run = doubled.debug(items=[1, 2, 5])
    assert run.status == "paused"
    assert (run.state.block, run.state.path) == ("double", "each[1]/double")
    assert run.state.names == {"item": 2, "index": 1}
    assert run.evaluate("item * 100 + index") == 201
    assert run.step().path == "each[2]/double"
    assert not run.continue_().is_paused
    assert run.output == [2, 4, 10]


def test_without_a_breakpoint_it_stops_before_its_first_block(doubled: Function) -> None:
    run = doubled.debug(items=[1])
    assert run.state.block == "start"
    run.cancel()


def test_variables_that_are_set_count_for_later_blocks(doubled: Function) -> None:
    doubled["big"].breakpoint()
    run = doubled.debug(items=[100])
    assert run.state.variables == {"bar": 10}
    run.set(bar=1000)
    assert run.state.variables == {"bar": 1000}
    run.continue_()
    assert run.output == "small"


def test_attach_puts_what_is_in_sight_into_the_callers_names(doubled: Function) -> None:
    doubled["double"].breakpoint()
    run = doubled.debug(items=[7, 8])
    names: dict[str, Any] = {"start": doubled["start"], "item": "old"}
    attached = run.attach(names)
    assert names["item"] == 7
    assert names["index"] == 0
    assert names["vars"] == {"bar": 10}
    assert names["start"].id == doubled["start"].id
    assert attached.start == {"items": [7, 8]}
    assert "item (7)" in repr(attached)
    assert "left yours: start (a Block)" in repr(attached)
    assert "\n" not in repr(attached)
    run.cancel()


def test_attach_without_a_namespace_uses_the_callers_globals(doubled: Function) -> None:
    doubled["double"].breakpoint()
    run = doubled.debug(items=[3])
    run.attach()
    try:
        assert globals()["item"] == 3
    finally:
        for name in ("item", "index", "vars", "input", "start", "settings"):
            globals().pop(name, None)
    run.cancel()


def test_attached_tables_are_whole_frames(function: Function, root: Path) -> None:
    with function.build() as f:
        f.start() >> f.read_table("flights", path=root / "flights.parquet") >> f.sort("order", by=[{"field": "late"}])
    function["order"].breakpoint()
    run = function.debug()
    names: dict[str, Any] = {}
    run.attach(names)
    assert isinstance(names["flights"], pl.DataFrame)
    assert names["flights"].height == 1000
    assert names["input"].equals(names["flights"])
    run.cancel()


def test_a_run_that_does_not_stand_still_says_what_to_do(doubled: Function) -> None:
    run = doubled.debug(items=[1])
    run.continue_()
    with pytest.raises(InvalidState, match="completed, not paused"):
        run.attach({})
    with pytest.raises(InvalidState, match="completed, not paused"):
        run.step()


def test_a_wrong_expression_says_what_is_there(doubled: Function) -> None:
    doubled["double"].breakpoint()
    run = doubled.debug(items=[1])
    with pytest.raises(InvalidInput, match="itme"):
        run.evaluate("itme + 1")
    run.cancel()


def test_a_block_has_breakpoints_on_both_sides_each_set_again_and_all_cleared(doubled: Function) -> None:
    doubled["double"].breakpoint()
    doubled["double"].breakpoint(hit_count=3, when="after")
    doubled["double"].breakpoint(hit_count=2, when="after")
    doubled["big"].breakpoint(enabled=False)
    assert len(doubled.breakpoints) == 3
    doubled["big"].clear_breakpoint()
    assert [(p["when"], p["hitCount"]) for p in doubled.breakpoints] == [("before", None), ("after", 2)]
    doubled.breakpoints.clear()
    assert repr(doubled.breakpoints).endswith("none")

"""`loop`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.blocks.context import REGISTRY, issues, run
from workbench.base.errors import BlockFailed


def test_for_each_gathers_the_results_in_order():
    fired = run("loop", {"loopType": "forEach", "items": "{{ input }}"}, input=[1, 2, 3], body=lambda n: n["item"] * 10)
    assert fired.output == {"results": [10, 20, 30], "iterations": 3, "errors": [], "exitReason": "completed"}
    assert fired.port == "out"


def test_a_table_is_gone_through_as_row_objects():
    table = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    fired = run("loop", {"loopType": "map"}, input=table, body=lambda n: n["item"])
    assert fired.output["results"] == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


def test_item_and_index_have_the_names_that_were_chosen_beside_the_usual_ones():
    config = {"loopType": "forEach", "items": ["JFK"], "itemVariable": "airport", "indexVariable": "i"}
    fired = run("loop", config, body=lambda n: [n["airport"], n["i"], n["item"], n["index"]])
    assert fired.output["results"] == [["JFK", 0, "JFK", 0]]
    assert set(REGISTRY.shape("loop", config).region_names) == {"airport", "i", "item", "index"}


def test_times_counts_from_zero():
    fired = run("loop", {"loopType": "times", "iterations": "{{ input }}"}, input=3, body=lambda n: n["index"])
    assert fired.output["results"] == [0, 1, 2]


def test_while_sees_last_vars_and_index():
    def body(names):
        names["vars"]["sum"] = names["vars"].get("sum", 0) + names["index"]
        return (names["last"] or 0) + 1

    config = {"loopType": "while", "condition": "(index == 0 or last < 10) and vars.sum < 6"}
    config["condition"] += " and vars.most == 9"
    fired = run("loop", config, body=body, variables={"most": 9, "sum": 0})
    assert fired.output["results"] == [1, 2, 3, 4]
    assert fired.output["exitReason"] == "condition"
    assert fired.variables["sum"] == 6


def test_do_while_runs_once_before_it_asks():
    fired = run("loop", {"loopType": "doWhile", "condition": "{{ last > 5 }}"}, body=lambda n: n["index"])
    assert fired.output["results"] == [0]


def test_while_ends_at_max_iterations_and_says_so():
    fired = run("loop", {"loopType": "while", "condition": "index >= 0", "maxIterations": 4}, body=lambda n: 1)
    assert (fired.output["iterations"], fired.output["exitReason"]) == (4, "maxIterations")


def test_a_condition_that_is_neither_true_nor_false_fails():
    with pytest.raises(BlockFailed, match=r"condition answers null \(null\) before iteration 0"):
        run("loop", {"loopType": "while", "condition": "last"}, body=lambda n: 1)


def test_reduce_answers_the_last_value():
    config = {"loopType": "reduce", "items": [1, 2, 3], "accumulator": 100}
    fired = run("loop", config, body=lambda n: n["accumulator"] + n["item"])
    assert fired.output["results"] == 106


def fails_at_two(names):
    if names["item"] == 2:
        raise BlockFailed("two is too much", kind="CODE")
    return names["item"]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_failed_iteration_stops_the_loop_and_is_named(concurrency):
    config = {"loopType": "forEach", "items": [1, 2, 3], "concurrency": concurrency}
    with pytest.raises(BlockFailed, match="Iteration 1 failed: two is too much") as caught:
        run("loop", config, body=fails_at_two)
    assert (caught.value.kind, caught.value.data["index"]) == ("REGION", 1)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_with_continue_a_failed_iteration_leaves_null_in_its_place(concurrency):
    config = {"loopType": "forEach", "items": [1, 2, 3], "errorPolicy": "continue", "concurrency": concurrency}
    output = run("loop", config, body=fails_at_two).output
    assert output["results"] == [1, None, 3]
    assert output["errors"] == [{"index": 1, "type": "CODE", "message": "two is too much"}]


def test_more_items_than_allowed_fail_before_the_first():
    with pytest.raises(BlockFailed, match=r"11 iterations, more than maxIterations \(10\)"):
        run("loop", {"loopType": "forEach", "items": list(range(11)), "maxIterations": 10})


def test_text_instead_of_a_list_says_how_to_use_a_value():
    with pytest.raises(BlockFailed, match=r"`items` is text \(airports\)") as caught:
        run("loop", {"loopType": "forEach", "items": "airports"})
    assert caught.value.hint == "Write `{{ airports }}` to use a block's value."


def test_issues_name_what_the_kind_needs():
    assert issues("loop", {"loopType": "times"}) == ["iterations is needed when loopType is times"]
    assert issues("loop", {"loopType": "while"}) == ["condition is needed when loopType is while"]
    assert issues("loop", {"loopType": "forEach", "concurrency": 65}) == [
        "concurrency must be less than or equal to 64, not 65"
    ]
    assert issues("loop", {"loopType": "times", "iterations": "{{ n }}"}) == []


def test_the_card_says_what_is_gone_through():
    assert REGISTRY.describe("loop", {"loopType": "forEach", "items": "{{ airports }}"}) == "each item of airports"
    assert REGISTRY.describe("loop", {"loopType": "while", "condition": "last < 3"}) == "while last < 3"
    assert REGISTRY.describe("loop", {"loopType": "times", "iterations": 5}) == "5 times"

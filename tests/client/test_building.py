"""The builder: blocks by name, wires by >>, one save, nothing lost, nothing doubled."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import workbench
from tests.client.conftest import doubling
from workbench.base.errors import InvalidInput, NotFound
from workbench.client.bench import Bench
from workbench.client.function import Function


def second(bench: Bench) -> Bench:
    """Another client of the same workbench."""
    address = bench.api.address
    return workbench.connect(url=address.url, key=address.key)


def wires(function: Function) -> set[tuple[str, str, str]]:
    names = {b["id"]: b["name"] for b in function.flow["blocks"]}
    return {(names[e["source"]], e["sourcePort"], names[e["target"]]) for e in function.flow["edges"]}


def test_a_built_function_is_saved_once_and_is_valid(doubled: Function) -> None:
    assert doubled.version == 2
    assert doubled.validate()
    assert ("big", "true", "yes") in wires(doubled)
    assert ("each", "body", "double") in wires(doubled)


def test_building_again_changes_nothing(doubled: Function) -> None:
    before = doubled.flow
    doubling(doubled)
    assert doubled.version == 2
    assert doubled.flow == before


def test_what_is_not_named_in_a_second_build_goes_and_the_rest_keeps_its_id(doubled: Function) -> None:
    kept = doubled["double"].id
    with doubled.build() as f:
        f.start() >> f.transform("double", code="1")
    assert {b.name for b in doubled.blocks} == {"start", "double"}
    assert doubled["double"].id == kept
    assert wires(doubled) == {("start", "out", "double")}


def test_an_edit_adds_to_what_is_there(doubled: Function) -> None:
    with doubled.edit() as f:
        f["each"] >> f.sort("in order", by=[{"field": "x"}]) >> f["big"]
    assert ("each", "out", "in order") in wires(doubled)
    assert ("each", "out", "big") in wires(doubled)
    assert doubled.version == 3


def test_an_edit_that_raises_changes_nothing(doubled: Function) -> None:
    def edit() -> None:
        with doubled.edit() as f:
            f["double"].configure(code="item * 3")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        edit()
    assert doubled["double"].config["code"] == "item * 2"
    assert doubled.version == 2


def test_edits_outside_a_with_statement_are_saved_before_anything_looks(function: Function) -> None:
    function.start() >> function.transform("one", code="1")
    assert not function.is_saved
    assert function.version == 2
    assert function.is_saved


def test_edits_of_two_clients_both_stay(bench: Bench, doubled: Function) -> None:
    with second(bench) as other:
        theirs = other.canvas("Tests").function(doubled.name)
        theirs["double"].configure(code="item * 3")
        doubled["no"].configure(value="tiny")
        assert theirs.version == 3
        assert doubled.version == 4
        assert doubled["double"].config["code"] == "item * 3"
        assert doubled["no"].config["value"] == "tiny"


def test_closing_saves(bench: Bench, function: Function) -> None:
    with second(bench) as other:
        theirs = other.canvas("Tests").function(function.name)
        theirs.start("begin")
        assert not theirs.is_saved
    assert "begin" in function.reload()


def test_ends_of_wires_may_be_lists_ports_and_inner_ports(function: Function) -> None:
    with function.build() as f:
        start, check = f.start(), f.condition("check", mode="expression", expression="True")
        a, b, c = (f.transform(name, code="1") for name in "abc")
        start >> [a, b] >> check.true >> c
        [a.error, b.error] >> f.return_("failed")
    assert wires(function) == {
        ("start", "out", "a"),
        ("start", "out", "b"),
        ("a", "out", "check"),
        ("b", "out", "check"),
        ("check", "true", "c"),
        ("a", "error", "failed"),
        ("b", "error", "failed"),
    }


def test_a_port_that_is_not_there_is_told_with_those_that_are(doubled: Function) -> None:
    with pytest.raises(AttributeError, match="has no port `treu`; it has true, false, error"):
        _ = doubled["big"].treu
    with pytest.raises(InvalidInput, match="Did you mean `true`"):
        doubled["big"].port("treu")


def test_a_condition_without_a_port_named_is_refused(doubled: Function) -> None:
    with pytest.raises(InvalidInput, match=r"Say which: big\.true >> …"):
        doubled["big"] >> doubled["double"]


def test_a_mistyped_field_is_told_with_the_nearest(function: Function) -> None:
    with pytest.raises(InvalidInput, match="Did you mean `conditions`"):
        function.filter("late", condition=[])


def test_python_names_reach_the_wire_in_its_spelling(function: Function) -> None:
    function.aggregate("sums", group_by=["origin"], operations=[{"op": "max", "field": "x", "as_": "worst"}])
    assert function["sums"].config == {
        "groupBy": ["origin"],
        "operations": [{"op": "max", "field": "x", "as": "worst"}],
    }


def test_builders_have_the_signature_and_the_words_of_their_type(function: Function) -> None:
    signature = inspect.signature(function.read_table)
    assert signature.parameters["path"].default is inspect.Parameter.empty
    assert signature.parameters["null_values"].kind is inspect.Parameter.KEYWORD_ONLY
    assert "A file inside the server's root folder" in (function.read_table.__doc__ or "")
    assert {"read_table", "return_", "loop"} <= set(dir(function))
    with pytest.raises(AttributeError, match="did you mean `filter`"):
        _ = function.filtr


def test_a_renamed_block_is_followed_by_the_expressions_that_use_it(doubled: Function) -> None:
    doubled["each"].rename("every item")
    assert doubled["yes"].config["value"] == "{{ every_item.results }}"
    assert doubled["big"].config["expression"] == "sum(every_item.results) > vars.bar"
    assert doubled.validate()


def test_removed_blocks_take_their_wires(doubled: Function) -> None:
    doubled["no"].remove()
    assert ("big", "false", "no") not in wires(doubled)
    with pytest.raises(NotFound, match="has no block “no”"):
        _ = doubled["no"]


def test_a_block_that_somebody_placed_stays_and_new_ones_stand_beside(bench: Bench, doubled: Function) -> None:
    flow = doubled.flow
    moved = [{**b, "position": {"x": 1000, "y": 700}} if b["name"] == "double" else b for b in flow["blocks"]]
    bench.api.put(f"/functions/{doubled.id}", {"flow": {**flow, "blocks": moved}})
    doubled.reload()
    doubled["double"] >> doubled.transform("twice", code="item")
    doubled.save()
    places = {b["name"]: b["position"] for b in doubled.flow["blocks"]}
    assert places["double"] == {"x": 1000, "y": 700}
    assert places["twice"]["x"] > 1000
    assert places["twice"]["y"] == 700


def test_policy_and_switching_off_reach_the_flow(doubled: Function) -> None:
    doubled["double"].policy(retries=2, timeout_ms=500).disable()
    doubled.save()
    told = next(b for b in doubled.flow["blocks"] if b["name"] == "double")
    assert told["disabled"]
    assert told["policy"]["retries"] == 2


@pytest.fixture
def shell() -> Iterator[Any]:
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_in_a_notebook_each_cell_saves_and_running_it_again_makes_the_same_blocks(bench: Bench, shell: Any) -> None:
    with second(bench) as mine:
        shell.user_ns["f"] = mine.canvas("Tests").function("cells")
        cell = "f.start() >> f.transform(code='1') >> f.transform(code='2')"
        for _ in range(2):
            assert shell.run_cell(cell).success
            told = bench.api.get(f"/functions/{shell.user_ns['f'].id}")
            assert sorted(b["name"] for b in told["flow"]["blocks"]) == ["start", "transform", "transform 2"]
            assert len(told["flow"]["edges"]) == 2
            assert told["version"] == 2


def test_whoever_takes_the_id_finds_every_edit_under_it(bench: Bench, function: Function) -> None:
    function.start("begin")
    assert [b["name"] for b in bench.api.get(f"/functions/{function.id}")["flow"]["blocks"]] == ["begin"]


def test_a_name_with_spaces_around_it_is_the_same_name(bench: Bench) -> None:
    canvas = bench.canvas("  spaced ")
    assert bench.canvas("spaced  ").id == canvas.id
    assert canvas.function(" f ").id == canvas.function("f").id
    for call in (lambda: bench.canvas(None), lambda: canvas.function(7), lambda: bench.canvas("\ud800")):  # type: ignore[arg-type]
        with pytest.raises(InvalidInput):
            call()
    with pytest.raises(InvalidInput, match="`name` must have at most 200"):
        bench.canvas("x" * 201)


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), "\ud800", {"deep": [float("nan")]}])
def test_what_json_does_not_have_is_refused_where_it_is_said_and_spoils_nothing(bench: Bench, value: Any) -> None:
    function = bench.canvas("Tests").function("whole")
    function.transform("t", code="1")
    with pytest.raises(InvalidInput):
        function.set_variables_to(x=value)
    function.save()
    assert function.is_saved and "t" in function

"""The language with the real block types."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.blocks.registry import BlockRegistry
from workbench.flow.drawing import draw
from workbench.flow.model import Flow
from workbench.flow.regions import RegionKey, find_regions
from workbench.flow.renaming import rename_block
from workbench.flow.validation import validate

BLOCKS = BlockRegistry.standard()


def flow_of(blocks: dict[str, tuple[str, dict[str, Any]]], *wires: str) -> Flow:
    """Blocks by id (type, config) and edges such as ``a.true > b``."""
    edges: list[dict[str, str]] = []
    for at, wire in enumerate(wires):
        source, target = wire.split(" > ")
        source, _, port = source.partition(".")
        edges.append({"id": f"e{at}", "source": source, "sourcePort": port or "out", "target": target})
    made = [{"id": i, "type": t, "name": i, "config": c} for i, (t, c) in blocks.items()]
    return Flow.model_validate({"blocks": made, "edges": edges})


def airports() -> Flow:
    return flow_of(
        {
            "start": ("start", {}),
            "rows": ("transform", {"language": "expression", "code": "[{'origin': 'JFK', 'delay': 90}]"}),
            "each": ("loop", {"loopType": "forEach", "items": "{{ rows }}", "itemVariable": "airport"}),
            "severe": (
                "condition",
                {
                    "mode": "simple",
                    "simple": [{"left": "{{ airport.delay }}", "operator": "greater_than", "right": 60}],
                },
            ),
            "note": ("transform", {"language": "expression", "code": "airport.origin + rows[0].origin"}),
            "keep": ("set_variables", {"values": {"seen": "{{ airport.origin }}"}}),
            "done": ("return", {"value": "{{ each.results }}"}),
        },
        "start > rows",
        "rows > each",
        "each.body > severe",
        "severe.true > note",
        "severe.false > keep",
        "each > done",
    )


def test_a_flow_of_real_blocks_validates_and_knows_its_regions() -> None:
    made = airports()
    assert validate(made, BLOCKS).to_wire() == {"valid": True, "errors": [], "warnings": []}
    assert find_regions(made, BLOCKS).key_of("note") == RegionKey("each", "body")


@pytest.mark.parametrize("type", BLOCKS.types())
def test_each_types_example_stands_in_a_valid_flow(type: str) -> None:
    config = BLOCKS.get(type).example
    if BLOCKS.get(type).is_trigger:
        made = flow_of({"begin": (type, config)})
    elif BLOCKS.get(type).is_scope:
        inside = ("transform", {"language": "expression", "code": "1"})
        shape = BLOCKS.shape(type, config)
        assert shape is not None
        ports = [port.name for port in shape.outputs if port.region]
        blocks = {f"a{at}": inside for at in range(len(ports))}
        wires = [f"it.{port} > a{at}" for at, port in enumerate(ports)]
        made = flow_of({"start": ("start", {}), "it": (type, config), **blocks}, "start > it", *wires)
    else:
        made = flow_of({"start": ("start", {}), "it": (type, config)}, "start > it")
    assert [p for p in validate(made, BLOCKS).errors if p.code not in {"UNKNOWN_NAME", "DISABLED_TYPE"}] == []


def test_problems_of_real_blocks_name_their_fields() -> None:
    made = airports()
    wrong = {
        "note": {"language": "expression", "code": "airprot.origin"},
        "keep": {"values": {"seen": "{{ airport. }}"}},
        "each": {"loopType": "forEach", "items": "{{ note }}", "itemVariable": "airport", "concurrency": 0},
    }
    blocks = [b.model_copy(update={"config": wrong.get(b.id, b.config)}) for b in made.blocks]
    result = validate(made.model_copy(update={"blocks": tuple(blocks)}), BLOCKS)
    assert {(p.code.value, p.block_id, p.field) for p in result.errors} == {
        ("UNKNOWN_NAME", "note", "config.code"),
        ("BAD_EXPRESSION", "keep", "config.values.seen"),
        ("NOT_IN_SCOPE", "each", "config.items"),
        ("BAD_CONFIG", "each", "config.concurrency"),
    }


def test_renaming_reaches_every_kind_of_field() -> None:
    changed = rename_block(airports(), "rows", "all rows", BLOCKS)
    assert validate(changed, BLOCKS).valid
    configs = {b.id: b.config for b in changed.blocks}
    assert configs["each"]["items"] == "{{ all_rows }}"
    assert configs["note"]["code"] == "airport.origin + all_rows[0].origin"


def test_a_flow_of_real_blocks_is_drawn_with_the_line_that_each_type_says() -> None:
    svg = draw(airports(), BLOCKS, describe=lambda block: BLOCKS.describe(block.type, block.config))
    assert "airport.delay &gt; 60" in svg


@pytest.mark.parametrize(
    ("blocks", "wires", "code"),
    [
        ({"p": ("parallel", {"branches": [{"id": "a"}, {"id": "b"}]})}, ["p.branch-a > x"], "UNWIRED_BRANCH"),
        (
            {"p": ("parallel", {"branches": [{"id": "a"}, {"id": "b", "enabled": False}]})},
            ["p.branch-a > x", "p.branch-b > y"],
            "DISABLED_UPSTREAM",
        ),
        ({"p": ("split", {})}, ["p.branch-1 > x"], "UNWIRED_BRANCH"),
        ({"p": ("merge", {})}, ["p > x"], "LONE_MERGE"),
        ({"p": ("timeout", {"timeoutMs": 1000})}, ["p.body > x", "p.timeout > y"], "DEAD_PORT"),
    ],
)
def test_branches_that_lead_nowhere_are_warned_of(blocks: dict[str, Any], wires: list[str], code: str) -> None:
    one = ("transform", {"language": "expression", "code": "1"})
    used = {name: one for name in "xy" if any(name in wire for wire in wires)}
    validation = validate(flow_of({"start": ("start", {}), **blocks, **used}, "start > p", *wires), BLOCKS)
    assert [p.code for p in validation.errors] == []
    assert [p.code for p in validation.warnings] == [code]


def test_a_retrys_condition_may_name_the_error_and_a_route_its_item() -> None:
    made = flow_of(
        {
            "start": ("start", {}),
            "r": ("retry", {"condition": 'error.type == "HTTP"'}),
            "s": ("split", {"strategy": "route", "routes": [{"name": "a", "condition": "item.n > index"}]}),
        },
        "start > r",
        "r.body > s",
    )
    assert validate(made, BLOCKS).errors == ()

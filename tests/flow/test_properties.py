"""What holds for every flow whatsoever."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given, settings

from tests.flow.random_flows import flows, forward_flows
from tests.flow.small_catalogue import CATALOGUE
from workbench.flow.drawing import draw
from workbench.flow.layout import arrange, size_of
from workbench.flow.model import Flow
from workbench.flow.regions import find_regions
from workbench.flow.renaming import rename_block
from workbench.flow.validation import Code, check_structure, validate


@given(flows())
@settings(max_examples=300, deadline=None)
def test_validation_never_raises_and_is_deterministic(made: Flow) -> None:
    result = validate(made, CATALOGUE)
    assert result == validate(made, CATALOGUE)
    assert result.valid == (not result.errors)
    ids, edge_ids = {b.id for b in made.blocks}, {e.id for e in made.edges}
    for problem in (*result.errors, *result.warnings):
        assert problem.block_id is None or problem.block_id in ids
        assert problem.edge_id is None or problem.edge_id in edge_ids
        assert problem.message
    if check_structure(made):
        assert not result.valid


@given(flows())
@settings(max_examples=200, deadline=None)
def test_regions_partition_the_blocks_and_sight_stays_inside(made: Flow) -> None:
    regions = find_regions(made, CATALOGUE)
    members = [block_id for region in regions.regions.values() for block_id in region.blocks]
    assert sorted(members) == sorted({b.id for b in made.blocks})
    for key, region in regions.regions.items():
        assert set(region.entries) <= set(region.blocks)
        assert set(region.lasts) <= set(region.blocks)
        for block_id in region.blocks:
            assert regions.key_of(block_id) == key
            visible = regions.visible(block_id)
            assert block_id not in visible
            assert not visible & set(regions.scopes_around(block_id))
            around = {key, *(regions.key_of(scope) for scope in regions.scopes_around(block_id))}
            assert {regions.key_of(other) for other in visible} <= around


@given(forward_flows())
@settings(max_examples=150, deadline=None)
def test_flows_grown_block_by_block_have_no_crossings_and_nothing_wrong_but_empty_scopes(made: Flow) -> None:
    assert not find_regions(made, CATALOGUE).crossings
    assert {p.code for p in validate(made, CATALOGUE).errors} == set()
    assert {p.code for p in validate(made, CATALOGUE).warnings} <= {Code.EMPTY_REGION, Code.UNWIRED_BRANCH}


def assert_apart(made: Flow) -> None:
    placed = arrange(made, CATALOGUE)
    assert placed.edges == made.edges
    boxes = []
    for block in {b.id: b for b in reversed(placed.blocks)}.values():  # of blocks with one id the first counts
        size = size_of(block, CATALOGUE.shape(block.type, block.config))
        boxes.append(
            (block.position.x, block.position.y, block.position.x + size.width, block.position.y + size.height)
        )
    for at, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[:at]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top, (boxes[at], other)


@given(flows())
@settings(max_examples=150, deadline=None)
def test_layout_never_overlaps_cards(made: Flow) -> None:
    assert_apart(made)


@given(forward_flows(30))
@settings(max_examples=80, deadline=None)
def test_layout_never_overlaps_cards_of_valid_flows_and_arranging_twice_changes_nothing(made: Flow) -> None:
    assert_apart(made)
    once = arrange(made, CATALOGUE)
    assert arrange(once, CATALOGUE) == once


@given(flows())
@settings(max_examples=100, deadline=None)
def test_every_flow_is_drawn_as_well_formed_svg(made: Flow) -> None:
    ET.fromstring(draw(made, CATALOGUE, {"b0": "failed", "b1": "odd"}, lambda block: f"<{block.name}>&\x00\ud800"))


@given(forward_flows())
@settings(max_examples=80, deadline=None)
def test_renaming_to_a_free_name_and_back_changes_nothing(made: Flow) -> None:
    block = made.blocks[0]
    renamed = rename_block(made, block.id, "another name", CATALOGUE)
    assert rename_block(renamed, block.id, block.name, CATALOGUE) == made

"""Layout: where blocks go that nobody has placed."""

from __future__ import annotations

import json
import time

from tests.flow.layouts import FILE, flows, layouts
from tests.flow.small_catalogue import CATALOGUE, block, flow
from workbench.flow.drawing.picture import frames_of
from workbench.flow.drawing.wires import Card
from workbench.flow.layout import CARD_HEIGHT, CARD_WIDTH, arrange, has_positions, size_of
from workbench.flow.model import Flow, Position
from workbench.flow.placing import FRAME_DROP, FRAME_TOP
from workbench.flow.regions import RegionKey, Regions, find_regions


def spots(made: Flow) -> dict[str, Position]:
    return {b.id: b.position for b in arrange(made, CATALOGUE).blocks}


def test_a_chain_is_one_straight_row_from_left_to_right() -> None:
    at = spots(flow([block("start", "start"), block("a"), block("b")], "start > a", "a > b"))
    assert at["start"].x < at["a"].x < at["b"].x
    assert at["a"].y == at["b"].y == 0
    assert at["start"].y == (CARD_HEIGHT - 36) / 2
    assert at["b"].x - at["a"].x > CARD_WIDTH


def test_what_a_loop_owns_stands_below_its_card_and_the_row_goes_on() -> None:
    made = flow(
        [block("start", "start"), block("each", "loop"), block("a"), block("b"), block("after")],
        "start > each",
        "each.body > a",
        "a > b",
        "each > after",
    )
    at = spots(made)
    assert at["each"].y == at["after"].y
    assert at["a"].y == at["b"].y == at["each"].y + CARD_HEIGHT + FRAME_DROP + FRAME_TOP
    assert at["each"].x < at["a"].x < at["b"].x
    assert at["each"].x + CARD_WIDTH < at["after"].x < at["b"].x + CARD_WIDTH, "what follows stands above the frame"


def test_branches_stand_in_the_order_of_their_ports_and_the_error_lowest() -> None:
    made = flow(
        [block("start", "start"), block("c", "condition"), block("bad"), block("no"), block("yes")],
        "start > c",
        "c.error > bad",
        "c.false > no",
        "c.true > yes",
    )
    at = spots(made)
    assert at["yes"].y < at["no"].y < at["bad"].y


def test_only_flows_with_all_blocks_apart_count_as_placed() -> None:
    made = flow([block("a"), block("b")], "a > b")
    assert not has_positions(made)
    assert has_positions(arrange(made, CATALOGUE))


def test_an_empty_flow_stays_empty() -> None:
    assert arrange(Flow(), CATALOGUE) == Flow()


def test_two_thousand_blocks_are_laid_out_in_about_a_second() -> None:
    blocks = [block("start", "start"), *(block(f"b{i}") for i in range(1999))]
    made = flow(blocks, "start > b0", *(f"b{i // 3} > b{i}" for i in range(1, 1999)))
    began = time.perf_counter()
    arrange(made, CATALOGUE)
    assert time.perf_counter() - began < 3


def test_the_layouts_that_the_canvas_is_held_to_are_these() -> None:
    assert json.loads(FILE.read_text()) == layouts(), "write them anew with `python -m tests.flow.layouts`"


def test_fifteen_blocks_are_readable_where_a_notebook_is_1280_pixels_wide() -> None:
    """The canvas has about 1,060 pixels there; at six tenths of their size cards can still be read."""
    for name, made in flows().items():
        at = spots(made).values()
        assert max(spot.x for spot in at) + CARD_WIDTH <= 1060 / 0.6, name


def test_cards_and_frames_of_others_never_cover_one_another() -> None:
    for name, made in flows().items():
        assert not overlaps(arrange(made, CATALOGUE)), name


def overlaps(made: Flow) -> list[str]:
    """What stands on something that it does not belong to."""
    regions = find_regions(made, CATALOGUE)
    cards = {
        b.id: Card(b.position.x, b.position.y, size_of(b, regions.shapes[b.id]), regions.shapes[b.id])
        for b in made.blocks
    }
    frames = frames_of(regions, cards)
    return [
        f"{block_id} on {key}"
        for key, (left, top, right, bottom) in frames.items()
        for block_id, card in cards.items()
        if key not in around(regions, block_id)
        and card.x < right
        and left < card.right
        and card.y < bottom
        and top < card.bottom
    ]


def around(regions: Regions, block_id: str) -> list[RegionKey]:
    return [regions.key_of(block_id), *(regions.key_of(scope) for scope in regions.scopes_around(block_id))]

"""The still picture: what stands in it, and that it is safe and light."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from tests.flow.small_catalogue import CATALOGUE, block, flow
from workbench.flow.drawing import draw
from workbench.flow.drawing.palette import LOOKS
from workbench.flow.drawing.svg import fit, width_of
from workbench.flow.model import Flow
from workbench.flow.renaming import rename_block


def looped() -> Flow:
    return flow(
        [block("start", "start"), block("each", "loop"), block("a"), block("ask", "condition"), block("b")],
        "start > each",
        "each.body > a",
        "each > ask",
        "ask.true > b",
    )


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_names_lines_port_labels_and_the_frames_title_stand_in_the_picture() -> None:
    found = texts(draw(looped(), CATALOGUE, describe=lambda b: f"does {b.id}"))
    assert found.count("each") == 2
    assert {"start", "a", "ask", "b", "does a", "true", "false"} <= set(found)


def test_names_are_escaped() -> None:
    made = rename_block(looped(), "a", "<script>alert('&')</script>", CATALOGUE)
    svg = draw(made, CATALOGUE)
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg


def test_the_picture_needs_no_script_no_network_and_fits_its_place() -> None:
    svg = draw(looped(), CATALOGUE)
    assert "max-width:100%" in svg
    assert "viewBox=" in svg
    assert svg.count("http") == 1  # the namespace
    assert "var(--jp-layout-color1" in svg


@pytest.mark.parametrize("status", [*LOOKS, "a state of tomorrow"])
def test_every_state_is_told_in_words_too(status: str) -> None:
    svg = draw(looped(), CATALOGUE, {"a": status})
    tips = [node.text or "" for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}title")]
    words = LOOKS[status].words if status in LOOKS else status
    assert f"a (step)\n{words}" in tips


def test_too_many_blocks_are_told_not_drawn() -> None:
    svg = draw(flow([block(f"b{i}") for i in range(600)]), CATALOGUE)
    assert "600 blocks" in svg
    assert len(svg) < 2000


def test_an_empty_flow_says_so() -> None:
    assert texts(draw(Flow(), CATALOGUE)) == ["No blocks yet"]


def test_long_text_is_cut_to_the_room() -> None:
    cut = fit("a very long name that does not fit", 80, 13)
    assert cut.endswith("…")
    assert width_of(cut, 13) <= 80
    assert fit("短い名前", 80, 13) == "短い名前"

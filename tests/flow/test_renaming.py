"""Renaming a block keeps every expression meaning what it meant."""

from __future__ import annotations

import pytest

from tests.flow.small_catalogue import CATALOGUE, block, flow
from workbench.base.errors import InvalidInput, NotFound
from workbench.flow.model import Flow
from workbench.flow.renaming import rename_block
from workbench.flow.validation import validate


def line(**config: str) -> Flow:
    return flow([block("start", "start"), block("read"), block("use", **config)], "start > read", "read > use")


def test_expressions_follow_the_new_name_and_texts_do_not() -> None:
    made = line(value="read {{ read.read + x['read'] }}", test="read.y > 1")
    changed = rename_block(made, "read", "read flights", CATALOGUE)
    assert changed.blocks[1].name == "read flights"
    assert changed.blocks[2].config == {
        "value": "read {{ read_flights.read + x['read'] }}",
        "test": "read_flights.y > 1",
    }
    assert made.blocks[2].config["test"] == "read.y > 1"


def test_a_new_name_with_the_same_handle_changes_no_expression() -> None:
    made = line(value="{{ read }}")
    assert rename_block(made, "read", "read", CATALOGUE) == made


def test_a_name_that_another_block_has_too_is_left_to_the_other() -> None:
    made = flow(
        [
            block("start", "start"),
            block("a"),
            block("a2").model_copy(update={"name": "a"}),
            block("use", value="{{ a }}"),
        ],
        "start > a",
        "a > a2",
        "a2 > use",
    )
    changed = rename_block(made, "a2", "b", CATALOGUE)
    assert changed.blocks[3].config == {"value": "{{ a }}"}
    assert validate(changed, CATALOGUE).valid


def test_inside_a_loop_that_gives_the_name_it_means_the_item() -> None:
    made = flow(
        [
            block("start", "start"),
            block("airport"),
            block("each", "loop", itemVariable="airport", items="{{ airport }}"),
            block("a", value="{{ airport }}"),
        ],
        "start > airport",
        "airport > each",
        "each.body > a",
    )
    changed = rename_block(made, "airport", "all of them", CATALOGUE)
    assert changed.blocks[2].config["items"] == "{{ all_of_them }}"
    assert changed.blocks[3].config["value"] == "{{ airport }}"


@pytest.mark.parametrize("clash", ["start", "input"])
def test_a_new_name_that_clashes_leaves_the_expressions_so_that_the_next_rename_mends_all(clash: str) -> None:
    made = line(value="{{ read }}")
    changed = rename_block(made, "read", clash, CATALOGUE)
    assert changed.blocks[2].config == {"value": "{{ read }}"}
    assert rename_block(changed, "read", "read", CATALOGUE) == made


def test_a_name_that_an_expression_binds_itself_is_refused() -> None:
    made = line(value="{{ [x + read.y for x in input] }}")
    with pytest.raises(InvalidInput, match="cannot be the new name"):
        rename_block(made, "read", "x", CATALOGUE)


def test_an_unknown_block_is_not_found() -> None:
    with pytest.raises(NotFound):
        rename_block(line(), "ghost", "x", CATALOGUE)

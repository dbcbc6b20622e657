"""Changes make one flow of another, and take themselves back to the byte."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.flow.changes import Draft, Standing, between, from_text, inverse, to_text
from workbench.flow.model import Block, Edge, Flow, Position

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "{{ b }}"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=2),
    max_leaves=4,
)
CONFIG = st.dictionaries(st.sampled_from(["code", "items", "mode", "limit"]), JSON, max_size=3)


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    ids = draw(st.lists(st.sampled_from("abcde"), unique=True, max_size=5))
    blocks = tuple(
        Block(
            id=i,
            type=draw(st.sampled_from(["start", "transform"])),
            name=draw(st.sampled_from(["one", "two", "three"])),
            config=draw(CONFIG),
            position=Position(x=draw(st.integers(0, 2)), y=0),
            disabled=draw(st.booleans()),
        )
        for i in ids
    )
    edge_ids = draw(st.lists(st.sampled_from("pqrst"), unique=True, max_size=4)) if ids else []
    edges = tuple(
        Edge(id=i, source=draw(st.sampled_from(ids)), target=draw(st.sampled_from(ids)), source_port="out")
        for i in edge_ids
    )
    notes = tuple(draw(st.lists(st.fixed_dictionaries({"text": st.sampled_from("mn")}), max_size=1)))
    return Flow(blocks=blocks, edges=edges, variables=draw(CONFIG), notes=notes)


def text(flow: Flow) -> str:
    return flow.model_dump_json(by_alias=True)


def applied(flow: Flow, changes: Any) -> Flow:
    draft = Draft(flow)
    draft.apply(from_text(to_text(changes)))
    return draft.flow


@given(flows(), flows())
def test_changes_between_two_flows_make_the_second_and_their_inverse_the_first(before: Flow, after: Flow) -> None:
    changes = between(before, after)
    made = applied(before, changes)
    assert made == after
    assert text(applied(made, inverse(changes))) == text(before)


@given(st.lists(flows(), min_size=2, max_size=5))
def test_a_long_history_taken_back_gives_the_first_flow_to_the_byte(states: list[Flow]) -> None:
    at, history = states[0], []
    for following in states[1:]:
        history.append(between(at, following))
        at = applied(at, history[-1])
    for changes in reversed(history):
        at = applied(at, inverse(changes))
    assert text(at) == text(states[0])


def test_nothing_changed_is_no_change() -> None:
    flow = Flow(blocks=(Block(id="a", type="start", name="a", config={"x": 1}),))
    assert between(flow, Flow.model_validate_json(text(flow))) == []


def test_edits_of_different_fields_do_not_stand_in_each_others_way() -> None:
    first = Flow(blocks=(Block(id="a", type="transform", name="a", config={"code": "1", "pure": True}),))
    moved = first.model_copy(update={"blocks": (first.blocks[0].model_copy(update={"position": Position(x=9)}),)})
    mine = between(first, moved)
    theirs = moved.model_copy(
        update={"blocks": (moved.blocks[0].model_copy(update={"config": {"code": "2", "pure": True}}),)}
    )
    back = applied(theirs, inverse(mine))
    assert back.blocks[0].position == Position()
    assert back.blocks[0].config["code"] == "2"


@pytest.mark.parametrize(
    ("theirs", "why"),
    [
        ({"config": {"code": "3"}}, "code"),
        (None, "gone"),
    ],
)
def test_what_somebody_else_changed_since_stands_in_the_way(theirs: dict[str, Any] | None, why: str) -> None:
    first = Flow(blocks=(Block(id="a", type="transform", name="a", config={"code": "1"}),))
    mine = first.model_copy(update={"blocks": (first.blocks[0].model_copy(update={"config": {"code": "2"}}),)})
    now = first.model_copy(update={"blocks": () if theirs is None else (first.blocks[0].model_copy(update=theirs),)})
    with pytest.raises(Standing, match=why):
        applied(now, inverse(between(first, mine)))


def test_a_block_that_was_wired_since_is_not_taken_away() -> None:
    empty = Flow(blocks=(Block(id="a", type="start", name="a"),))
    added = empty.model_copy(update={"blocks": (*empty.blocks, Block(id="b", type="transform", name="b"))})
    wired = added.model_copy(update={"edges": (Edge(id="e", source="a", target="b"),)})
    with pytest.raises(Standing, match="wired"):
        applied(wired, inverse(between(empty, added)))


def test_lists_of_notes_that_were_changed_as_a_whole_are_still_read_and_taken_back() -> None:
    old = '[{"type":"set","kind":"flow","id":"","path":["notes"],"before":[],"after":[{"id":"n"}]}]'
    draft = Draft(Flow())
    draft.apply(from_text(old))
    assert draft.flow.notes == ({"id": "n"},)
    draft.apply(inverse(from_text(old)))
    assert draft.flow == Flow()

"""Handles: what expressions call a block."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.flow.handles import free_name, handle, handles_of, is_reserved
from workbench.flow.model import Block


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("worst of day", "worst_of_day"),
        ("3 days", "_3_days"),
        ("a--b!!c", "a_b_c"),
        ("a_ b", "a__b"),
        ("Größe", "Größe"),
        ("ﬁle", "file"),
        ("日本 語", "日本_語"),
        ("हिन्दी", "हिन्दी"),
        ("a½b", "a1_2b"),
        ("!!", "_"),
        ("½", "_1_2"),
        ("x²", "x2"),
    ],
)
def test_a_handle_is_the_name_as_an_identifier(name: str, expected: str) -> None:
    assert handle(name) == expected


@given(st.text(min_size=1, max_size=40))
def test_python_reads_every_handle_as_the_very_same_name(name: str) -> None:
    text = handle(name)
    assert text.isidentifier()
    assert handle(text) == text
    if not is_reserved(text):
        tree = ast.parse(text, mode="eval").body
        assert isinstance(tree, ast.Name)
        assert tree.id == text


@pytest.mark.parametrize("text", ["input", "vars", "item", "secrets", "len", "default", "class", "True"])
def test_names_of_the_language_are_reserved(text: str) -> None:
    assert is_reserved(text)


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("fetch", set(), "fetch"),
        ("fetch", {"fetch"}, "fetch 2"),
        ("fetch 2", {"fetch_2"}, "fetch 3"),
        ("fetch_it", {"fetch_it"}, "fetch_it_2"),
        ("fetch", {"fetch", "fetch_2", "fetch_3"}, "fetch 4"),
        ("input", set(), "input block"),
        ("2", {"_2"}, "2 2"),
    ],
)
def test_a_free_name_is_near_the_wish(name: str, taken: set[str], expected: str) -> None:
    assert free_name(name, taken) == expected


@given(st.text(min_size=1, max_size=250), st.sets(st.text(max_size=5), max_size=5))
def test_a_free_name_is_free_and_not_too_long(name: str, others: set[str]) -> None:
    taken = {handle(other) for other in others} | {handle(name)}
    free = free_name(name, taken)
    assert handle(free) not in taken
    assert not is_reserved(handle(free))
    assert 1 <= len(free) <= 200


def test_of_two_blocks_with_one_handle_the_first_counts() -> None:
    blocks = [Block(id="1", type="t", name="a b"), Block(id="2", type="t", name="a-b")]
    assert handles_of(blocks) == {"a_b": "1"}

"""`checkpoint`: passes on what it gets."""

from __future__ import annotations

from tests.blocks.context import REGISTRY, issues, run


def test_it_answers_its_input():
    assert run("checkpoint", {"checkpointId": "loaded"}, input=[1, 2]).output == [1, 2]


def test_its_config_is_checked():
    assert issues("checkpoint", {}) == []
    assert len(issues("checkpoint", {"ttlMinutes": 0, "onRestore": "maybe", "checkpointId": ""})) == 3


def test_the_card_names_the_point():
    assert REGISTRY.describe("checkpoint", {"checkpointId": "loaded", "ttlMinutes": 90}) == "loaded, 1.5 h"
    assert REGISTRY.describe("checkpoint", {}) == ""

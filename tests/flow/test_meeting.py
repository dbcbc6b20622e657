"""Which changes are about one place."""

from __future__ import annotations

import pytest

from workbench.flow.changes import Change, Drop, Order, Put, Set
from workbench.flow.meeting import Places

BLOCK = {"id": "a", "type": "transform", "name": "a"}
WIRE = {"id": "e", "source": "a", "target": "b"}
CODE = Set("block", "a", ["config", "code"], "1", "2")
NOTE = Set("note", "n", ["text"], "x", "y")


@pytest.mark.parametrize(
    ("mine", "other", "is_one_place"),
    [
        (CODE, Set("block", "a", ["config", "code"], "2", "1"), True),
        (CODE, Set("block", "a", ["config", "language"], "sql", "python"), False),
        (CODE, Set("block", "a", ["config"], {}, {"code": "1"}), True),
        (CODE, Set("block", "b", ["config", "code"], "2", "1"), False),
        (CODE, Drop("block", 0, BLOCK), True),
        (CODE, Put("edge", 0, WIRE), False),
        (Put("block", 0, BLOCK), CODE, True),
        (Put("block", 0, BLOCK), Put("edge", 0, WIRE), True),
        (Put("block", 0, {**BLOCK, "id": "c"}), Put("edge", 0, WIRE), False),
        (Put("edge", 0, WIRE), Drop("block", 0, BLOCK), True),
        (Put("edge", 0, WIRE), Put("edge", 1, {**WIRE, "id": "f"}), False),
        (Put("edge", 0, WIRE), Drop("edge", 0, WIRE), True),
        (CODE, Order("block", ["a", "b"], ["b", "a"]), False),
        (NOTE, Set("flow", "", ["notes"], [], [{}]), True),
        (Set("flow", "", ["notes"], [], [{}]), NOTE, True),
        (NOTE, Set("flow", "", ["groups"], [], [{}]), False),
        (NOTE, Set("flow", "", ["variables", "x"], 1, 2), False),
        (Set("function", "", ["name"], "a", "b"), Set("function", "", ["status"], "draft", "active"), False),
    ],
)
def test_changes_meet_where_they_are_about_one_place(mine: Change, other: Change, is_one_place: bool) -> None:
    assert Places([mine]).meeting(other) is is_one_place
    assert Places([other]).meeting(mine) is is_one_place

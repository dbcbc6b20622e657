"""What viewers are told of an edit: exactly what it did, unless that is too much."""

from __future__ import annotations

import msgspec

from workbench.base.ids import to_bytes, to_text
from workbench.editing.events import EVENT_TYPES, LARGEST_CHANGES
from workbench.editing.facts import Entry, FunctionEdited
from workbench.flow.changes import Change, Set, from_text
from workbench.flow.changes import to_text as as_text

ID = to_bytes("01890000-0000-7000-8000-000000000000")


def edited(*groups: list[Change]) -> FunctionEdited:
    entries = [Entry(ID, "UPDATE_BLOCK", "{}", as_text(changes)) for changes in groups]
    return FunctionEdited(
        ID,
        ID,
        ID,
        "f",
        None,
        "draft",
        2,
        None,
        "ada",
        "edit",
        "jupyter",
        None,
        0,
        ID,
        "command",
        None,
        "Change",
        entries,
    )


def told(fact: FunctionEdited) -> dict[str, object]:
    (kind,) = [kind for kind in EVENT_TYPES if kind.fact is FunctionEdited]
    event = kind.convert(fact)
    assert event is not None
    return event


def test_an_edits_event_carries_its_changes_in_order() -> None:
    one = Set("block", "a", ["config", "x"], 1, 2)
    two = Set("block", "b", ["name"], "b", "c")
    event = told(edited([one], [two]))
    assert (event["version"], event["kind"], event["label"], event["groupId"]) == (2, "command", "Change", to_text(ID))
    assert from_text(msgspec.json.encode(event["changes"])) == [one, two]


def test_an_edit_that_is_too_much_to_tell_is_read_again_by_its_viewers() -> None:
    assert told(edited([Set("block", "a", ["config", "x"], "", "y" * LARGEST_CHANGES)]))["changes"] is None

"""`start`."""

from __future__ import annotations

import pytest

from tests.blocks.context import issues, run
from workbench.base.errors import BlockFailed

SCHEMA = {
    "type": "object",
    "properties": {
        "day": {"type": "string"},
        "limit": {"type": "integer", "default": 10, "minimum": 1},
        "options": {"type": "object", "properties": {"loud": {"type": "boolean", "default": False}}},
    },
    "required": ["day"],
}


def test_without_inputs_and_schema_the_output_is_an_empty_object():
    assert run("start", {}).output == {}


def test_without_a_schema_every_input_passes():
    assert run("start", {}, run_inputs={"a": [1]}).output == {"a": [1]}


def test_defaults_are_filled_in_nested_objects_and_the_run_inputs_stay_as_they_are():
    given = {"day": "2013-01-01", "options": {}}
    assert run("start", {"inputSchema": SCHEMA}, run_inputs=given).output == {
        "day": "2013-01-01",
        "limit": 10,
        "options": {"loud": False},
    }
    assert given == {"day": "2013-01-01", "options": {}}


def test_an_input_that_does_not_fit_is_named_with_what_is_wrong():
    with pytest.raises(BlockFailed, match=r"input `limit` does not fit: 0 is less than the minimum of 1") as caught:
        run("start", {"inputSchema": SCHEMA}, run_inputs={"day": "x", "limit": 0})
    assert caught.value.kind == "CONFIG"


def test_a_missing_input_is_named():
    with pytest.raises(BlockFailed, match="'day' is a required property"):
        run("start", {"inputSchema": SCHEMA})


def test_a_schema_that_is_none_is_an_issue_of_its_field():
    assert issues("start", {"inputSchema": {"properties": {"a": {"type": "whole"}}}})[0].startswith(
        "inputSchema.properties.a.type is not valid JSON Schema"
    )


def test_a_schema_that_points_elsewhere_makes_no_request():
    with pytest.raises(Exception, match=r"example\.invalid"):
        run("start", {"inputSchema": {"$ref": "http://example.invalid/schema.json"}}, run_inputs={"a": 1})

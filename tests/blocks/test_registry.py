"""The registry: what it says of every type, and of types that it does not know."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from tests.blocks.context import issues
from workbench.base.errors import BlockFailed
from workbench.blocks.kind import BlockConfig, BlockType, Fired
from workbench.blocks.registry import BlockRegistry

REGISTRY = BlockRegistry.standard()
TYPES = REGISTRY.types()


def test_every_block_of_the_first_catalogue_is_there():
    assert set(TYPES) == {
        "start",
        "condition",
        "loop",
        "parallel",
        "split",
        "merge",
        "transform",
        "filter",
        "aggregate",
        "sort",
        "join",
        "set_variables",
        "read_table",
        "write_table",
        "http_request",
        "subflow",
        "delay",
        "wait",
        "error_handler",
        "retry",
        "timeout",
        "checkpoint",
        "return",
    }


@pytest.mark.parametrize("type", TYPES)
def test_an_entry_is_json_and_its_example_is_valid(type):
    entry = REGISTRY.entry(type)
    json.dumps(entry)
    Draft202012Validator.check_schema(entry["configSchema"])
    Draft202012Validator(entry["configSchema"]).validate(entry["example"])
    assert REGISTRY.check_config(type, entry["example"]) == []
    assert entry["title"]
    assert entry["summary"].endswith(".")
    assert entry["icon"]
    assert [p["name"] for p in entry["outputs"]][-1] == "error"


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("config", [{}, {"values": 3, "by": [1, None], "conditions": {"a": 1}, "url": 5, "items": []}])
def test_shape_expressions_and_card_bear_any_config(type, config):
    assert REGISTRY.shape(type, config)
    assert isinstance(REGISTRY.expressions(type, config), list)
    assert isinstance(REGISTRY.describe(type, config), str)
    assert isinstance(REGISTRY.check_config(type, config), list)
    REGISTRY.effect_of(type, config)


def test_schemas_mark_expressions_code_and_order():
    loop = REGISTRY.entry("loop")["configSchema"]["properties"]
    assert loop["items"]["x-expression"] == "template"
    assert loop["condition"]["x-expression"] == "deferred"
    assert [loop[name]["x-order"] for name in ("loopType", "items", "itemVariable")] == [0, 1, 2]
    assert REGISTRY.entry("transform")["configSchema"]["properties"]["code"]["x-codeFrom"] == "language"
    assert REGISTRY.entry("start")["configSchema"]["properties"]["inputSchema"]["x-code"] == "json"
    assert REGISTRY.entry("condition")["configSchema"]["properties"]["expression"]["x-expression"] == "expression"


def test_expressions_are_found_at_every_depth_with_their_keys():
    config = {"headers": {"X-A.b": "{{ a }}"}, "body": [{"n": "{{ b }}"}, "plain"], "auth": {"token": "{{ c }}"}}
    found = {f.path: (f.keys, f.mode) for f in REGISTRY.expressions("http_request", config)}
    assert found == {
        "headers.X-A.b": (("headers", "X-A.b"), "template"),
        "body[0].n": (("body", 0, "n"), "template"),
        "auth.token": (("auth", "token"), "template"),
    }


def test_code_of_other_languages_is_no_expression():
    assert REGISTRY.expressions("transform", {"language": "python", "code": "{{ x }}"}) == []
    fields = REGISTRY.expressions("transform", {"language": "mapping", "code": {"a": "1"}})
    assert [(f.path, f.mode, f.text, f.keys) for f in fields] == [("code.a", "code", "1", ("code", "a"))]


def test_fields_whose_value_is_not_known_yet_are_not_checked_and_the_others_are():
    assert issues("sort", {"limit": "{{ n }}", "by": [{"field": "a", "descending": "maybe"}]}) == [
        "by[0].descending must be true or false, not 'maybe'"
    ]


def test_a_resolved_config_that_does_not_fit_names_its_field():
    with pytest.raises(BlockFailed, match="`limit` of this sort block must be a whole number") as caught:
        REGISTRY.parse("sort", {"limit": "ten", "by": [{"field": "a"}]})
    assert caught.value.kind == "CONFIG"


def test_an_unknown_type_has_no_shape_and_fails_to_run():
    assert REGISTRY.shape("nothing", {}) is None
    assert REGISTRY.expressions("nothing", {}) == []
    with pytest.raises(BlockFailed, match="no block type `nothing`"):
        REGISTRY.get("nothing")


def test_a_type_that_is_switched_off_says_why():
    registry = BlockRegistry.standard()
    registry.switch_off("http_request", "switched off by the administrator")
    assert registry.disabled() == {"http_request": "switched off by the administrator"}
    assert registry.shape("http_request", {}).disabled_reason == "switched off by the administrator"
    with pytest.raises(BlockFailed, match="is disabled: switched off by the administrator"):
        registry.get("http_request")


class Shout(BlockType[BlockConfig]):
    """A type of another package."""

    type, title, category, summary, icon = "shout", "Shout", "data", "Shouts.", "megaphone"
    Config = BlockConfig

    def run(self, config, ctx):
        return Fired(str(ctx.input).upper())


def test_types_of_other_packages_come_by_entry_point(monkeypatch, tmp_path):
    package = tmp_path / "shouting-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Name: shouting\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(
        f"[workbench.blocks]\nshout = {__name__}:Shout\nbroken = not_there_at_all:Nothing\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = BlockRegistry.standard()
    assert registry.find("shout").title == "Shout"
    assert "could not be loaded: No module named 'not_there_at_all'" in registry.disabled()["broken"]

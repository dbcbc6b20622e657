"""`condition`."""

from __future__ import annotations

import pytest

from tests.blocks.context import REGISTRY, issues, run
from workbench.base.errors import BlockFailed


def simple(*conditions):
    return {"mode": "simple", "simple": list(conditions)}


def is_(left, operator, right=None, logical="and"):
    return {"left": left, "operator": operator, "right": right, "logical": logical}


def test_a_true_comparison_fires_true_and_shows_its_operands():
    fired = run("condition", simple(is_(16, "greater_than", 15)))
    assert fired.port == "true"
    assert fired.output == {
        "result": True,
        "branch": "true",
        "operands": [{"left": 16, "operator": "greater_than", "right": 15, "result": True}],
    }


def test_conditions_are_read_in_order_and_those_that_cannot_matter_are_not_looked_at():
    fired = run("condition", simple(is_(1, "equals", 2), is_(1, "equals", 1), is_(3, "equals", 3, "or")))
    assert fired.port == "true"
    assert [o["left"] for o in fired.output["operands"]] == [1, 3]


def test_an_expression_must_answer_true_or_false():
    with pytest.raises(BlockFailed, match=r"answers a number \(3\), not true or false"):
        run("condition", {"mode": "expression", "expression": "input.n"}, input={"n": 3})


def test_an_expression_chooses_the_branch_with_or_without_braces():
    assert run("condition", {"mode": "expression", "expression": "input.n > 2"}, input={"n": 3}).port == "true"
    assert run("condition", {"mode": "expression", "expression": "{{ input.n > 5 }}"}, input={"n": 3}).port == "false"


def test_groups_nest_and_negate():
    visual = {
        "logical": "and",
        "conditions": [
            is_only("{{ input.a }}", "equals", 1),
            {
                "logical": "or",
                "negate": True,
                "conditions": [is_only("x", "equals", "y"), is_only(None, "is_not_null")],
            },
        ],
    }
    fired = run("condition", {"mode": "visual", "visual": visual}, input={"a": 1})
    assert (fired.port, len(fired.output["operands"])) == ("true", 3)


def is_only(left, operator, right=None):
    return {"left": left, "operator": operator, "right": right}


def test_the_first_named_branch_that_is_true_fires():
    config = {
        "multiBranch": True,
        "branches": [
            {"name": "small", "simple": [is_(5, "less_than", 3)]},
            {"name": "middle", "simple": [is_(5, "less_than", 10)]},
            {"name": "large", "simple": [is_(5, "less_than", 100)]},
        ],
    }
    assert run("condition", config).port == "middle"
    assert [p.name for p in REGISTRY.shape("condition", config).outputs] == ["small", "middle", "large"]


def test_without_a_true_branch_the_default_fires_or_the_block_fails():
    config = {"multiBranch": True, "branches": [{"name": "a", "simple": [is_(1, "equals", 2)]}]}
    with pytest.raises(BlockFailed, match="None of the branches a is true"):
        run("condition", config)
    assert run("condition", {**config, "defaultBranch": True}).port == "default"
    assert run("condition", {**config, "defaultBranch": "rest"}).port == "rest"


def test_ports_bear_a_config_that_is_no_good():
    assert REGISTRY.shape("condition", {"multiBranch": True, "branches": [3, {"name": 4}]}).outputs == ()


def test_issues_name_the_field():
    assert issues("condition", {}) == ["simple needs at least one condition"]
    assert issues("condition", {"multiBranch": True, "branches": [{"name": "a"}, {"name": "a"}]}) == [
        "branches[0].simple needs at least one condition",
        "branches[1].name `a` is taken by another port",
        "branches[1].simple needs at least one condition",
    ]
    assert issues("condition", {"mode": "visual", "visual": {"conditions": [{"left": 1, "operator": "is"}]}})[
        0
    ].startswith("visual.conditions[0].operator must be 'equals'")


def test_the_card_says_what_is_compared():
    config = simple(is_("{{ weather.precipitation }}", "greater_than", 0), is_("{{ a }}", "is_null", logical="or"))
    assert REGISTRY.describe("condition", config) == "weather.precipitation > 0 or a is null"

"""`parallel`: its ports, its four joins, and what it answers of each branch."""

from __future__ import annotations

import pytest

from tests.blocks.context import REGISTRY, issues, run
from workbench.base.errors import BlockFailed

AB = [{"id": "a"}, {"id": "b", "label": "the other"}, {"id": "c", "enabled": False}]


def body(names):
    if names["branch"] == "branch-a":
        raise BlockFailed("no", kind="CODE")
    return names["branch"]


def statuses(fired):
    return [(r["branchId"], r["status"], r["data"]) for r in fired.output["results"]]


def test_each_branch_is_a_region_with_a_port():
    shape = REGISTRY.shape("parallel", {"branches": AB})
    assert [(p.name, p.region) for p in shape.outputs] == [
        ("branch-a", True), ("branch-b", True), ("branch-c", True), ("out", False)
    ]  # fmt: skip


def test_settled_answers_all_in_the_order_of_the_branches():
    fired = run("parallel", {"branches": AB}, body=body)
    assert statuses(fired) == [("a", "failed", None), ("b", "completed", "branch-b")]
    assert fired.output["results"][0]["error"] == {"type": "CODE", "message": "no"}
    assert fired.output["results"][1]["durationMs"] == 1.5


def test_any_takes_the_first_success():
    three = [{"id": "a"}, {"id": "b"}, {"id": "d"}]
    fired = run("parallel", {"branches": three, "joinStrategy": "any"}, body=body)
    assert statuses(fired) == [("a", "failed", None), ("b", "completed", "branch-b"), ("d", "cancelled", None)]


def test_any_fails_when_all_do():
    with pytest.raises(BlockFailed, match="All branches failed, at last “a”: no"):
        run("parallel", {"branches": [{"id": "a"}], "joinStrategy": "any"}, body=body)


def test_all_fails_with_the_first_failure():
    with pytest.raises(BlockFailed, match="The branch “a” failed: no") as caught:
        run("parallel", {"branches": AB, "joinStrategy": "all"}, body=body)
    assert caught.value.data["error"] == {"type": "CODE", "message": "no"}


def test_race_takes_whoever_ends_first():
    with pytest.raises(BlockFailed, match="The first to end was “a”"):
        run("parallel", {"branches": AB, "joinStrategy": "race"}, body=body)
    fired = run("parallel", {"branches": [AB[1], AB[0]], "joinStrategy": "race"}, body=body)
    assert statuses(fired) == [("b", "completed", "branch-b"), ("a", "cancelled", None)]


def test_branches_are_checked():
    assert len(issues("parallel", {"branches": []})) == 1
    assert issues("parallel", {"branches": [{"id": "a"}, {"id": "a"}]}) == [
        'branches[1].id "a" is another branch\'s id too'
    ]
    assert issues("parallel", {"branches": [{"id": "a", "enabled": False}]}) == [
        "branches needs at least one branch that is on"
    ]
    assert issues("parallel", {"branches": [{"id": "a"}], "timeoutMs": 100}) == [
        "timeoutMs must be greater than or equal to 5000, not 100"
    ]


def test_the_card_names_the_branches():
    assert REGISTRY.describe("parallel", {"branches": AB}) == "settled of a, the other, c"

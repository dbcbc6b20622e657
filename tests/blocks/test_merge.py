"""`merge`: what it makes of what its wires brought, in which order."""

from __future__ import annotations

import polars as pl
import pytest

from tests.blocks.context import REGISTRY, issues, run
from workbench.base.errors import BlockFailed
from workbench.blocks.context import Arrival

CAME = [Arrival("b", [3], 1), Arrival("a", [1, 2], 0)]
"""`b` came first; `a` was wired first."""


def merged(came=CAME, **config):
    return run("merge", config, arrivals=came).output


def test_all_answers_each_branch_as_wired_or_as_they_came():
    assert merged() == {"branches": [{"branchId": "a", "data": [1, 2]}, {"branchId": "b", "data": [3]}]}
    assert [b["branchId"] for b in merged(order="completion")["branches"]] == ["b", "a"]


@pytest.mark.parametrize(("strategy", "branch"), [("first", "b"), ("race", "b"), ("last", "a")])
def test_first_race_and_last_answer_one(strategy, branch):
    assert [b["branchId"] for b in merged(mergeStrategy=strategy)["branches"]] == [branch]


def test_concat_makes_one_list():
    assert merged(mergeStrategy="concat") == [1, 2, 3]
    assert merged(mergeStrategy="concat", order="completion") == [3, 1, 2]
    mixed = [Arrival("a", {"n": 1}, 0), Arrival("b", None, 1), Arrival("c", pl.DataFrame({"n": [2]}), 2)]
    assert merged(mixed, mergeStrategy="concat") == [{"n": 1}, {"n": 2}]


def test_concat_of_tables_is_a_table():
    tables = [Arrival("a", pl.DataFrame({"n": [1]}), 0), Arrival("b", pl.DataFrame({"n": [2], "m": ["x"]}), 1)]
    assert merged(tables, mergeStrategy="concat").to_dicts() == [{"n": 1, "m": None}, {"n": 2, "m": "x"}]
    wrong = [Arrival("a", pl.DataFrame({"n": [1]}), 0), Arrival("b", pl.DataFrame({"n": [[1]]}), 1)]
    with pytest.raises(BlockFailed, match="The tables of `a`, `b` do not fit"):
        merged(wrong, mergeStrategy="concat")


def test_zip_pairs_the_items():
    assert merged(mergeStrategy="zip") == [[1, 3]]
    assert merged(mergeStrategy="zip", zipMode="longest", fillValue=0) == [[1, 3], [2, 0]]
    with pytest.raises(BlockFailed, match="`a` gave a number"):
        merged([Arrival("a", 1, 0)], mergeStrategy="zip")


def test_what_depends_on_time_is_kept():
    kind = REGISTRY.get("merge")
    assert [kind.effect_of({"mergeStrategy": s}).value for s in ("all", "concat", "zip")] == ["pure"] * 3
    assert [kind.effect_of({"mergeStrategy": s}).value for s in ("first", "race", "last")] == ["idempotent"] * 3
    assert kind.effect_of({"order": "completion"}).value == "idempotent"


def test_config_is_checked():
    assert issues("merge", {"raceTimeoutMs": 60_001}) == [
        "raceTimeoutMs must be less than or equal to 60000, not 60001"
    ]
    assert len(issues("merge", {"mergeStrategy": "some"})) == 1


def test_the_card_says_how():
    assert REGISTRY.describe("merge", {}) == "all"
    assert REGISTRY.describe("merge", {"mergeStrategy": "concat", "order": "completion"}) == "concat, as they come"
    assert REGISTRY.describe("merge", {"mergeStrategy": "zip", "zipMode": "longest"}) == "zip to the longest"

"""`join`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.blocks.context import issues, run
from workbench.base.errors import BlockFailed

FLIGHTS = pl.DataFrame({"origin": ["JFK", "EWR", "LGA"], "delay": [1, 2, 3]})
WEATHER = pl.DataFrame({"origin": ["JFK", "JFK", "EWR"], "rain": [0.1, 0.2, 0.3]})
SIDES = {"left": "{{ flights }}", "right": "{{ weather }}"}
SEEN = {"flights": FLIGHTS, "weather": WEATHER}


@pytest.mark.parametrize(
    ("how", "rows"), [("inner", 3), ("left", 4), ("right", 3), ("full", 4), ("semi", 2), ("anti", 1)]
)
def test_each_kind_of_join(how, rows):
    assert run("join", {**SIDES, "how": how, "on": ["origin"]}, seen=SEEN).output.height == rows


def test_a_cross_join_pairs_every_row():
    assert run("join", {**SIDES, "how": "cross"}, seen=SEEN).output.columns == [
        "origin",
        "delay",
        "origin_right",
        "rain",
    ]


def test_keys_may_have_different_names():
    config = {**SIDES, "leftOn": ["origin"], "rightOn": ["airport"]}
    seen = {"flights": FLIGHTS, "weather": WEATHER.rename({"origin": "airport"})}
    assert run("join", config, seen=seen).output.to_dicts()[0] == {"origin": "JFK", "delay": 1, "rain": 0.1}


def test_a_join_that_would_explode_is_refused_before_it_is_made():
    table = pl.DataFrame({"k": [1] * 5000})
    with pytest.raises(BlockFailed, match=r"25,000,000 rows, more than maxRows \(10,000,000\)") as caught:
        run("join", {**SIDES, "on": ["k"]}, seen={"flights": table, "weather": table})
    assert caught.value.kind == "LIMIT"


def test_keys_of_different_kinds_are_named():
    seen = {"flights": FLIGHTS, "weather": pl.DataFrame({"origin": [1]})}
    with pytest.raises(BlockFailed, match=r"`left\.origin` holds String, `right\.origin` holds Int64"):
        run("join", {**SIDES, "on": ["origin"]}, seen=seen)


def test_a_missing_key_names_its_side():
    with pytest.raises(BlockFailed, match="`right` has no column `delay`; it has origin, rain"):
        run("join", {**SIDES, "on": ["delay"]}, seen=SEEN)


def test_issues():
    assert issues("join", {**SIDES}) == ["on is needed, or leftOn and rightOn"]
    assert issues("join", {**SIDES, "on": ["a"], "leftOn": ["b"]}) == ["on or leftOn and rightOn, not both"]

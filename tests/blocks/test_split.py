"""`split`: its ports, and each branch's share."""

from __future__ import annotations

import polars as pl
import pytest

from tests.blocks.context import REGISTRY, issues, run
from workbench.base.errors import BlockFailed
from workbench.blocks.kind import EVERY_PORT

ROUTES = {
    "strategy": "route",
    "routes": [{"name": "small", "condition": "item < 3"}, {"name": "even", "condition": "item % 2 == 0"}],
}
DEFAULTED = {"strategy": "route", "routes": [*ROUTES["routes"], {"name": "default"}]}


def shares(config, **context):
    fired = run("split", config, **context)
    assert fired.port == EVERY_PORT
    return list(fired.output.values())


def test_each_branch_gets_all():
    assert run("split", {"branchCount": 3}, input=7).output == {"branch-1": 7, "branch-2": 7, "branch-3": 7}


def test_a_list_is_split_into_consecutive_parts_as_even_as_can_be():
    config = {"strategy": "chunk", "branchCount": 3}
    assert shares(config, input=list(range(7))) == [[0, 1], [2, 3], [4, 5, 6]]
    assert shares(config, input=[1]) == [[], [], [1]]


def test_with_a_chunk_size_the_last_branch_takes_the_rest():
    config = {"strategy": "chunk", "branchCount": 3, "chunkSize": 2}
    assert shares(config, input=list(range(7))) == [[0, 1], [2, 3], [4, 5, 6]]
    assert shares(config, input=[1, 2, 3]) == [[1, 2], [3], []]


def test_a_table_is_split_into_tables():
    table = pl.DataFrame({"n": [1, 2, 3]})
    parts = shares({"strategy": "chunk"}, input=table)
    assert [part["n"].to_list() for part in parts] == [[1], [2, 3]]
    config = {"strategy": "route", "routes": [{"name": "a", "condition": "item.n > 1"}, {"name": "default"}]}
    assert [part["n"].to_list() for part in shares(config, input=table)] == [[2, 3], [1]]


def test_an_item_goes_to_the_first_route_that_takes_it():
    assert shares(ROUTES, input=[1, 2, 4]) == [[1, 2], [4]]
    assert shares(DEFAULTED, input=[1, 5, 4, 7]) == [[1], [4], [5, 7]]


def test_an_item_that_no_route_takes_is_an_error():
    with pytest.raises(BlockFailed, match=r"No route takes item 1 \(5\)") as caught:
        run("split", ROUTES, input=[1, 5])
    assert "default" in caught.value.hint


def test_conditions_must_answer_true_or_false():
    config = {"strategy": "route", "routes": [{"name": "a", "condition": "item"}]}
    with pytest.raises(BlockFailed, match="“a” answers a number"):
        run("split", config, input=[1])


def test_only_lists_and_tables_can_be_split_up():
    with pytest.raises(BlockFailed, match="`source` is an object"):
        run("split", {"strategy": "chunk"}, input={"a": 1})
    assert shares({"strategy": "chunk", "source": "{{ xs }}"}, seen={"xs": [1, 2]}) == [[1], [2]]


def test_ports_follow_the_config():
    def ports(config):
        return [(p.name, p.label) for p in REGISTRY.get("split").ports(config)]

    assert ports({}) == [("branch-1", ""), ("branch-2", "")]
    assert len(ports({"branchCount": 8})) == len(ports({"branchCount": 99})) == 8
    assert ports(DEFAULTED) == [("branch-1", "small"), ("branch-2", "even"), ("branch-3", "default")]


def test_routes_are_checked():
    assert issues("split", {"strategy": "route"}) == ["routes needs at least one route"]
    twice = {"strategy": "route", "routes": [{"name": "a"}, {"name": "a", "condition": "True"}]}
    assert issues("split", twice) == [
        "routes[0].condition is needed; only the route `default` has none",
        'routes[1].name "a" is another route\'s name too',
    ]
    assert issues("split", {"branchCount": 9}) == ["branchCount must be less than or equal to 8, not 9"]


def test_the_card_says_how():
    assert REGISTRY.describe("split", {}) == "2 times the same"
    assert REGISTRY.describe("split", {"strategy": "chunk", "chunkSize": 10}) == "2 parts of 10"
    assert REGISTRY.describe("split", DEFAULTED) == "route to small, even, default"

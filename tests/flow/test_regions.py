"""Regions: where each block stands, and what its expressions may name."""

from __future__ import annotations

import pytest

from tests.flow.small_catalogue import CATALOGUE, block, flow
from workbench.flow.model import Flow
from workbench.flow.regions import ROOT, RegionKey, find_regions


def looped() -> Flow:
    """A start, two reads, a loop with a nested retry, and a total after the loop."""
    return flow(
        [
            block("start", "start"),
            block("read"),
            block("beside"),
            block("each", "loop"),
            block("first"),
            block("again", "retry"),
            block("inner"),
            block("second"),
            block("total"),
        ],
        "start > read",
        "start > beside",
        "read > each",
        "each.body > first",
        "first > again",
        "again.body > inner",
        "again > second",
        "each > total",
    )


def test_every_block_stands_in_the_region_that_leads_to_it() -> None:
    regions = find_regions(looped(), CATALOGUE)
    assert regions.key_of("total") == ROOT
    assert regions.key_of("again") == RegionKey("each", "body")
    assert regions.key_of("inner") == RegionKey("again", "body")
    assert list(regions.scopes_around("inner")) == ["again", "each"]
    assert not regions.crossings


def test_a_region_knows_its_entries_its_last_blocks_and_its_depth() -> None:
    regions = find_regions(looped(), CATALOGUE).regions
    body = regions[RegionKey("each", "body")]
    assert (body.blocks, body.entries, body.lasts) == (("first", "again", "second"), ("first",), ("second",))
    assert (body.parent, body.depth) == (ROOT, 1)
    assert regions[RegionKey("again", "body")].depth == 2
    assert regions[ROOT].entries == ("start",)
    assert set(regions[ROOT].lasts) == {"beside", "total"}


def test_a_scope_with_only_a_body_and_a_block_with_only_an_error_wire_are_last() -> None:
    made = flow(
        [block("start", "start"), block("each", "loop"), block("a"), block("caught")],
        "start > each",
        "each.body > a",
        "a.error > caught",
    )
    regions = find_regions(made, CATALOGUE).regions
    assert regions[ROOT].lasts == ("each",)
    assert regions[RegionKey("each", "body")].lasts == ("a", "caught")


def test_an_expression_sees_what_is_upstream_here_and_upstream_of_the_scopes_around() -> None:
    regions = find_regions(looped(), CATALOGUE)
    assert regions.visible("inner") == {"start", "read", "first"}
    assert regions.visible("second") == {"start", "read", "first", "again"}
    assert regions.visible("total") == {"start", "read", "each"}
    assert regions.upstream("second") == {"first", "again"}


@pytest.mark.parametrize(
    ("where", "named", "why"),
    [
        ("total", "read", None),
        ("total", "total", "itself"),
        ("total", "inner", "inside"),
        ("total", "beside", "beside"),
        ("read", "total", "after"),
        ("inner", "each", "around"),
        ("inner", "total", "after"),
        ("first", "second", "after"),
        ("first", "inner", "inside"),
        ("inner", "beside", "beside"),
    ],
)
def test_what_is_not_in_sight_has_a_reason(where: str, named: str, why: str | None) -> None:
    assert find_regions(looped(), CATALOGUE).why_hidden(where, named) == why


def test_instead_of_a_block_inside_its_outermost_scope_may_be_named() -> None:
    regions = find_regions(looped(), CATALOGUE)
    assert regions.outermost_hiding("total", "inner") == "each"
    assert regions.outermost_hiding("second", "inner") == "again"


@pytest.mark.parametrize(
    ("wires", "kind", "edge", "total_in"),
    [
        (["start > each", "each.body > a", "each > total", "a > total"], "leaves", "e3", ROOT),
        (["start > each", "each.body > a", "a > total", "start > total"], "enters", "e3", RegionKey("each", "body")),
        (["start > each", "each.body > a", "a > each", "each > total"], "repeats", "e2", ROOT),
        (["start > each", "each.body > a", "each.body > total", "each > total"], "leaves", "e2", ROOT),
    ],
)
def test_an_edge_between_regions_is_a_crossing(
    wires: list[str], kind: str, edge: str, total_in: tuple[str, str]
) -> None:
    made = flow([block("start", "start"), block("each", "loop"), block("a"), block("total")], *wires)
    regions = find_regions(made, CATALOGUE)
    assert [(c.kind, c.edge.id, c.scope) for c in regions.crossings] == [(kind, edge, "each")]
    assert regions.key_of("total") == total_in


def test_branches_of_a_parallel_are_regions_of_their_own() -> None:
    made = flow(
        [block("start", "start"), block("p", "parallel"), block("a"), block("b"), block("join")],
        "start > p",
        "p.branch-a > a",
        "p.branch-b > b",
        "a > join",
        "b > join",
    )
    regions = find_regions(made, CATALOGUE)
    assert [(c.kind, c.edge.id) for c in regions.crossings] == [("leaves", "e4")]
    assert regions.key_of("join") == RegionKey("p", "branch-a")


def test_a_loop_that_nothing_leads_into_still_owns_its_body() -> None:
    made = flow([block("a"), block("each", "loop")], "each.body > a", "a > each")
    regions = find_regions(made, CATALOGUE)
    assert regions.key_of("a") == RegionKey("each", "body")
    assert [c.kind for c in regions.crossings] == ["repeats"]


def test_unknown_types_unknown_ends_and_double_ids_are_borne() -> None:
    made = flow([block("a", "nonsense"), block("b"), block("b")], "a > b", "b > ghost", "a.body > b")
    regions = find_regions(made, CATALOGUE)
    assert regions.key_of("b") == ROOT
    assert regions.visible("b") == {"a"}

"""Lists: pages by cursor, stable while rows are added."""

from __future__ import annotations

import pytest

from tests.api.test_envelope import error_of
from tests.serving import MovableClock, running


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    clock = MovableClock()
    with running(tmp_path_factory.mktemp("home"), clock) as bench:
        yield bench


def test_pages_hold_every_row_once_while_rows_are_added(bench):
    client = bench.client()
    for n in range(7):  # the clock stands still: all were made in the same microsecond
        client.post("/workspaces", json={"name": f"w{n}"})
    names, cursor, totals = [], None, []
    while True:
        body = client.get("/workspaces", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        names += [w["name"] for w in body["data"]]
        totals.append(body["meta"]["total"])
        assert body["meta"]["limit"] == 3
        client.post("/workspaces", json={"name": "late"})
        cursor = body["meta"]["nextCursor"]
        if cursor is None:
            break
    assert names == [f"w{n}" for n in range(6, -1, -1)] + ["Default"]
    assert totals == [8, 9, 10]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many", "1.5"])
def test_a_limit_outside_1_to_200_is_400(bench, limit):
    error = error_of(bench.client().get("/workspaces", params={"limit": limit}), 400, "VALIDATION_ERROR")
    assert error["details"][0]["field"] == "limit"


@pytest.mark.parametrize("cursor", ["x", "", "AAAA", "kgE", "%", "é", "gaFh"])
def test_a_cursor_of_our_own_making_is_400(bench, cursor):
    error = error_of(bench.client().get("/workspaces", params={"cursor": cursor}), 400, "VALIDATION_ERROR")
    assert error["details"][0]["field"] == "cursor"

"""A table of five million rows on a wire: a page by JSON, the whole by Arrow, and a server that goes on answering."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pyarrow.ipc
import pytest

from tests.acceptance.doors import Doors, block, data_of, python, refused, sql

ROWS = 5_000_000


@pytest.fixture(scope="module")
def value(api: Doors) -> str:
    """The address of the value that a query of five million rows made."""
    made = sql(f"SELECT range AS n, range % 7 AS day, 'x' || (range % 3) AS origin FROM range({ROWS})", "rows")
    run = api.run(
        api.function(made, block("sort", "sort", "sort", input="{{ rows }}", by=[{"field": "day"}])), waitMs=60_000
    )
    assert run["status"] == "completed", run["error"]
    assert run["output"]["$table"]["rows"] == ROWS
    assert len(run["output"]["$table"]["preview"]) <= 100
    first = data_of(api.http.get(f"/runs/{run['id']}/checkpoints?blockId=rows"))[0]
    return f"/runs/{run['id']}/checkpoints/{first['id']}/value"


def test_a_page_has_its_rows_and_the_columns_of_the_whole(api: Doors, value: str) -> None:
    page = data_of(api.http.get(value, params={"offset": ROWS - 2, "limit": 100}))
    assert page["rows"] == ROWS
    assert [row["n"] for row in page["data"]] == [ROWS - 2, ROWS - 1]
    assert [c["name"] for c in page["columns"]] == ["n", "day", "origin"]
    assert sum(page["columns"][0]["histogram"]) == ROWS
    assert (page["columns"][1]["min"], page["columns"][1]["max"]) == (0, 6)
    asked = {"sort": "n", "descending": "true", "filter": "day = 3 AND origin = 'x1'", "limit": 2}
    page = data_of(api.http.get(value, params=asked))
    assert [row["day"] for row in page["data"]] == [3, 3]
    assert page["data"][0]["n"] > page["data"][1]["n"]


def test_bad_sorts_and_filters_name_the_columns(api: Doors, value: str) -> None:
    refused(api.http.get(value, params={"sort": "nope"}), "VALIDATION_ERROR", "origin")
    for bad in ("nope > 1", "day >", "read_csv('/etc/passwd')", "1; DROP TABLE x", "(SELECT 1)", "day + 1"):
        error = refused(api.http.get(value, params={"filter": bad}), "VALIDATION_ERROR")
        assert error["details"][0]["field"] == "filter"
    refused(api.http.get(value, params={"limit": 10_001}), "VALIDATION_ERROR", "limit")


def test_the_whole_comes_as_arrow_while_the_server_answers_others(api: Doors, value: str) -> None:
    accept = {"Accept": "application/vnd.apache.arrow.stream"}
    with ThreadPoolExecutor(1) as pool:
        download = pool.submit(lambda: api.http.get(value, headers=accept, timeout=60))
        slowest, asked = 0.0, 0
        while not download.done() or asked == 0:
            begun = time.monotonic()
            data_of(api.http.get("/queue/stats"))
            slowest, asked = max(slowest, time.monotonic() - begun), asked + 1
        answer = download.result()
    assert answer.headers["content-type"].startswith("application/vnd.apache.arrow.stream")
    table = pl.from_arrow(pyarrow.ipc.open_stream(answer.content).read_all())
    assert table.shape == (ROWS, 3)
    assert table["n"].sum() == ROWS * (ROWS - 1) // 2
    assert slowest < 5


def test_parquet_holds_what_the_filter_leaves(api: Doors, value: str) -> None:
    accept = {"Accept": "application/vnd.apache.parquet"}
    answer = api.http.get(value, params={"filter": "day = 0 AND n < 70"}, headers=accept, timeout=60)
    assert pl.read_parquet(io.BytesIO(answer.content)).height == 10


def test_a_value_that_is_no_table_has_no_arrow(api: Doors) -> None:
    run = api.run(api.function(python("{'a': 1}", "made")))
    refused(api.http.get(f"/runs/{run['id']}/value", headers={"Accept": "text/csv"}), "VALIDATION_ERROR", "JSON")

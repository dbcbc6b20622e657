"""Runs over HTTP: start, see, cancel, debug, values, frames."""

from __future__ import annotations

import io
from typing import Any

import httpx
import polars as pl

from tests.editing.conftest import data

LOOP = {
    "blocks": [
        {"id": "start", "type": "start"},
        {"id": "loop", "type": "loop", "name": "each", "config": {"loopType": "forEach", "items": "{{ start.items }}"}},
        {"id": "double", "type": "transform", "name": "double", "config": {"code": "item * 2"}},
        {"id": "big", "type": "condition", "name": "big", "config": {"mode": "expression", "expression": "item > 1"}},
        {"id": "yes", "type": "transform", "name": "yes", "config": {"code": "double"}},
    ],
    "edges": [
        {"source": "start", "target": "loop"},
        {"source": "loop", "sourcePort": "body", "target": "double"},
        {"source": "double", "target": "big"},
        {"source": "big", "sourcePort": "true", "target": "yes"},
    ],
}
TABLE = {
    "blocks": [
        {"id": "start", "type": "start"},
        {
            "id": "sort",
            "type": "sort",
            "name": "by n",
            "config": {"input": "{{ start.rows }}", "by": [{"field": "n", "descending": True}]},
        },
    ],
    "edges": [{"source": "start", "target": "sort"}],
}
WAIT = {
    "blocks": [{"id": "start", "type": "start"}, {"id": "wait", "type": "delay", "config": {"delayMs": 3_600_000}}],
    "edges": [{"source": "start", "target": "wait"}],
}


def function(api: httpx.Client, flow: dict[str, Any]) -> str:
    return data(api.post("/functions", json={"name": "f", "flow": flow}), 201)["id"]


def run(api: httpx.Client, function_id: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return data(api.post("/runs", json={"functionId": function_id, "inputs": inputs, "async": False, **more}), 202)


def until(api: httpx.Client, run_id: str, *statuses: str) -> dict[str, Any]:
    """Follow the run's events until it has one of these statuses."""
    with api.stream("GET", f"/runs/{run_id}/events", timeout=20) as events:
        found = data(api.get(f"/runs/{run_id}"))
        if found["status"] in statuses:
            return found
        for line in events.iter_lines():
            if line.startswith("data:") and any(f'"{s}"' in line for s in statuses):  # of the run, or of a block
                found = data(api.get(f"/runs/{run_id}"))
                if found["status"] in statuses:
                    return found
    raise AssertionError(f"the events ended before the run was {statuses}: {found['status']}")


def test_a_run_tells_where_each_block_is(api: httpx.Client) -> None:
    done = run(api, function(api, LOOP), {"items": [1, 2, 3]})
    assert done["status"] == "completed"
    assert done["output"]["results"] == [None, 4, 6]
    shown = data(api.get(f"/runs/{done['id']}"))
    states = {s["blockId"]: s for s in shown["blockStates"]}
    assert (states["double"]["completed"], states["yes"]["completed"], states["yes"]["skipped"]) == (3, 2, 1)
    assert states["double"]["lastPath"] == "loop[2]/double"
    assert states["double"]["summary"] == {"kind": "value", "text": "6"}
    assert (states["loop"]["done"], states["loop"]["total"]) == (3, 3)


def test_checkpoints_say_what_went_in_and_what_came_out(api: httpx.Client) -> None:
    done = run(api, function(api, LOOP), {"items": [1, 2]})
    points = data(api.get(f"/runs/{done['id']}/checkpoints", params={"prefix": "loop[1]/"}))
    assert [(p["path"], p["input"], p["output"]) for p in points if p["blockId"] != "big"] == [
        ("loop[1]/double", 2, 4),
        ("loop[1]/yes", {"branch": "true", "operands": points[1]["output"]["operands"], "result": True}, 4),
    ]
    skipped = data(api.get(f"/runs/{done['id']}/checkpoints", params={"blockId": "yes", "status": "skipped"}))
    assert [p["path"] for p in skipped] == ["loop[0]/yes"]
    pages: list[str] = []
    cursor = None
    while True:
        params = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        page = api.get(f"/runs/{done['id']}/checkpoints", params=params).json()
        pages += [p["path"] for p in page["data"]]
        cursor = page["meta"]["nextCursor"]
        if cursor is None:
            break
    assert len(pages) == len(set(pages)) == page["meta"]["total"] == done["checkpointCount"]


def test_a_table_is_a_preview_in_json_and_whole_as_a_file(api: httpx.Client) -> None:
    rows = [{"n": n, "text": str(n)} for n in range(500)]
    done = run(api, function(api, TABLE), {"rows": rows})
    assert done["output"]["$table"]["rows"] == 500
    assert len(done["output"]["$table"]["preview"]) <= 100
    point = data(api.get(f"/runs/{done['id']}/checkpoints", params={"blockId": "sort"}))[0]
    path = f"/runs/{done['id']}/checkpoints/{point['id']}/value"
    page = data(api.get(path, params={"offset": 490, "limit": 100}))
    assert [r["n"] for r in page["data"]] == list(range(9, -1, -1))
    assert page["columns"][0] == {
        "name": "n",
        "type": "Int64",
        "nulls": 0,
        "min": 0,
        "max": 499,
        "histogram": page["columns"][0]["histogram"],
    }
    assert sum(page["columns"][0]["histogram"]) == 500
    arrow = api.get(path, headers={"Accept": "application/vnd.apache.arrow.stream"})
    assert pl.read_ipc_stream(io.BytesIO(arrow.content))["n"].to_list() == list(range(499, -1, -1))
    assert api.get(path, headers={"Accept": "text/csv"}).text.startswith("n,text\n499,499\n")
    assert data(api.get(path, params={"filter": "n < 3", "sort": "n"}))["data"][0]["n"] == 0
    assert api.get(path, params={"filter": "nope ="}).status_code == 400


def test_a_debug_run_stops_steps_and_answers_questions(api: httpx.Client) -> None:
    function_id = function(api, LOOP)
    data(
        api.put(
            f"/functions/{function_id}/breakpoints",
            json={"breakpoints": [{"blockId": "double", "condition": "index == 1"}]},
        )
    )
    started = data(
        api.post("/runs", json={"functionId": function_id, "inputs": {"items": [5, 6, 7]}, "debug": True}), 202
    )
    until(api, started["id"], "paused")
    debug = f"/runs/{started['id']}/debug"
    state = data(api.get(debug))
    assert (state["path"], state["when"], state["names"]) == ("loop[1]/double", "before", {"item": 6, "index": 1})
    assert [f["kind"] for f in state["callStack"]] == ["transform", "loop"]
    states = {s["blockId"]: s for s in data(api.get(f"/runs/{started['id']}"))["blockStates"]}
    assert (states["double"]["status"], states["double"]["completed"]) == ("paused", 1)
    assert states["double"]["lastPath"] == "loop[1]/double"
    assert data(api.post(f"{debug}/evaluate", json={"expression": "item * 100 + index"}))["value"] == 601
    assert api.post(f"{debug}/evaluate", json={"expression": "itm"}).status_code == 400
    state = data(api.post(f"{debug}/step", json={}))
    assert (state["path"], state["blockOutputs"]["double"]) == ("loop[1]/big", 12)
    state = data(api.post(f"{debug}/step", json={"mode": "out"}))
    assert state["status"] == "completed"
    assert data(api.get(debug))["path"] is None
    assert api.post(f"{debug}/step", json={}).json()["error"]["code"] == "INVALID_STATE"


def test_stepping_back_moves_the_view_and_the_next_step_goes_on_in_a_fork(api: httpx.Client) -> None:
    function_id = function(api, LOOP)
    data(api.put(f"/functions/{function_id}/breakpoints", json={"blockIds": ["big"]}))
    asked = {"functionId": function_id, "inputs": {"items": [5, 6]}, "debug": True}
    row = data(api.post("/runs", json=asked), 202)
    until(api, row["id"], "paused")
    debug = f"/runs/{row['id']}/debug"
    assert data(api.get(debug))["canStepBack"] is True
    seen = [data(api.post(f"{debug}/step", json={"mode": "back"})) for _ in range(3)]
    assert [s["path"] for s in seen] == ["loop[0]/double", "loop", "start"]
    assert [(s["isPast"], s["canStepBack"]) for s in seen] == [(True, True), (True, True), (True, False)]
    assert api.post(f"{debug}/step", json={"mode": "back"}).json()["error"]["code"] == "INVALID_STATE"
    assert api.post(f"{debug}/step", json={"mode": "back", "variables": {"n": 1}}).status_code == 400
    assert data(api.get(debug))["path"] == "start"
    assert data(api.put(f"{debug}/variables", json={"variables": {"n": 7}}))["variables"] == {"n": 7}
    stepped = data(api.post(f"{debug}/step", json={}))
    assert stepped["runId"] != row["id"]
    assert (stepped["path"], stepped["isPast"], stepped["variables"]) == ("loop", False, {"n": 7})
    old = data(api.get(f"/runs/{row['id']}"))
    assert (old["status"], old["error"]["message"]) == ("cancelled", "superseded")
    new = data(api.get(f"/runs/{stepped['runId']}"))
    assert new["forkedFrom"]["runId"] == row["id"]
    ended = data(api.post(f"/runs/{stepped['runId']}/debug/continue", json={}))
    assert ended["path"] == "loop[0]/big"
    data(api.post(f"/runs/{stepped['runId']}/cancel"))


def test_a_debug_run_that_works_is_paused_at_its_next_block(api: httpx.Client) -> None:
    flow = {
        "blocks": [*WAIT["blocks"], {"id": "after", "type": "transform", "name": "after", "config": {"code": "1"}}],
        "edges": [*WAIT["edges"], {"source": "wait", "target": "after"}],
    }
    function_id = function(api, flow)
    data(api.put(f"/functions/{function_id}/breakpoints", json={"blockIds": ["after"]}))
    row = data(api.post("/runs", json={"functionId": function_id, "debug": True}), 202)
    until(api, row["id"], "waiting")
    told = data(api.post(f"/runs/{row['id']}/debug/pause", json={"waitMs": 0}))
    assert (told["status"], told["path"]) == ("waiting", None)
    data(api.post(f"/runs/{row['id']}/cancel"))
    until(api, row["id"], "cancelled")
    assert api.post(f"/runs/{row['id']}/debug/pause").status_code == 409


def test_a_waiting_run_is_cancelled_and_says_so(api: httpx.Client) -> None:
    started = data(api.post("/runs", json={"functionId": function(api, WAIT)}), 202)
    until(api, started["id"], "waiting")
    assert data(api.get("/queue/stats"))["waiting"] == 1
    answer = data(api.post(f"/runs/{started['id']}/cancel", json={"reason": "enough"}))
    assert answer["previousStatus"] == "waiting"
    ended = until(api, started["id"], "cancelled")
    assert (ended["status"], ended["error"]["message"]) == ("cancelled", "enough")
    again = api.post(f"/runs/{started['id']}/cancel")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "INVALID_STATE")


def test_history_is_a_table_and_answers_sql(api: httpx.Client) -> None:
    function_id = function(api, LOOP)
    for _ in range(3):
        run(api, function_id, {"items": [1]})
    answer = api.get(
        "/frames/runs", params={"functionId": function_id}, headers={"Accept": "application/vnd.apache.arrow.stream"}
    )
    frame = pl.read_ipc_stream(io.BytesIO(answer.content))
    assert frame["status"].to_list() == ["completed"] * 3
    assert frame["created_at"].dtype == pl.Datetime("us")
    query = f"SELECT count(*) AS n FROM checkpoints c JOIN runs r USING (run_id) WHERE r.function_id = '{function_id}'"
    assert data(api.post("/frames/sql", json={"query": query})) == [{"n": 15}]
    assert api.post("/frames/sql", json={"query": "DROP TABLE runs"}).status_code == 400


def test_a_block_that_waits_says_so(api: httpx.Client) -> None:
    started = data(api.post("/runs", json={"functionId": function(api, WAIT)}), 202)
    until(api, started["id"], "waiting")
    states = {s["blockId"]: s["status"] for s in data(api.get(f"/runs/{started['id']}"))["blockStates"]}
    assert states == {"start": "completed", "wait": "waiting"}
    data(api.post(f"/runs/{started['id']}/cancel"))
    ended = until(api, started["id"], "cancelled")
    states = {s["blockId"]: s["status"] for s in data(api.get(f"/runs/{ended['id']}"))["blockStates"]}
    assert states == {"start": "completed", "wait": "cancelled"}

"""Copies of functions and canvases, the canvases' order, and how a canvas fares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.editing.conftest import data
from tests.serving import running


@pytest.fixture
def alone(tmp_path: Any) -> Iterator[httpx.Client]:
    with running(tmp_path) as bench:
        yield bench.client()


FLOW = {
    "blocks": [
        {"id": "s", "type": "start", "name": "start"},
        {"id": "t", "type": "transform", "name": "sum up", "config": {"language": "expression", "code": "input"}},
        {"id": "u", "type": "transform", "name": "use", "config": {"language": "expression", "code": "sum_up"}},
    ],
    "edges": [{"id": "e1", "source": "s", "target": "t"}, {"id": "e2", "source": "t", "target": "u"}],
    "groups": [{"id": "g", "blockIds": ["t", "u"]}],
}


def test_a_duplicate_stands_beside_its_original_as_a_draft(api: httpx.Client) -> None:
    made = data(api.post("/functions", json={"name": "daily", "flow": FLOW}), 201)
    data(api.put(f"/functions/{made['id']}", json={"status": "active"}))
    copy = data(api.post(f"/functions/{made['id']}/duplicate"), 201)
    assert (copy["name"], copy["status"], copy["version"]) == ("daily (copy)", "draft", 1)
    assert copy["canvasId"] == made["canvasId"]
    assert (copy["id"] != made["id"], copy["flow"]) == (True, made["flow"])


def test_a_clone_has_fresh_ids_and_runs_the_same(api: httpx.Client) -> None:
    made = data(api.post("/functions", json={"name": "daily", "flow": FLOW}), 201)
    target = data(api.post("/canvases", json={"name": "elsewhere"}), 201)
    clone = data(api.post(f"/functions/{made['id']}/clone", json={"targetCanvasId": target["id"]}), 201)
    ids = {b["id"] for b in clone["flow"]["blocks"]}
    assert ids.isdisjoint({"s", "t", "u"})
    assert {e["id"] for e in clone["flow"]["edges"]}.isdisjoint({"e1", "e2"})
    assert set(clone["flow"]["groups"][0]["blockIds"]) < ids
    run = data(api.post("/runs", json={"functionId": clone["id"], "inputs": {"x": 3}, "async": False}), 202)
    assert (run["status"], run["output"]) == ("completed", {"x": 3})
    again = data(api.post(f"/functions/{clone['id']}/clone", json={"targetCanvasId": target["id"]}), 201)
    assert max(len(b["id"]) for b in again["flow"]["blocks"]) <= max(len(i) for i in ids)
    missing = api.post(f"/functions/{made['id']}/clone", json={"targetCanvasId": made["id"]})
    assert missing.status_code == 404


def test_a_duplicated_canvas_calls_its_own_copies(api: httpx.Client) -> None:
    canvas = data(api.post("/canvases", json={"name": "team"}), 201)
    inner = data(api.post("/functions", json={"name": "inner", "canvasId": canvas["id"], "flow": FLOW}), 201)
    other = data(api.post("/functions", json={"name": "other", "flow": FLOW}), 201)
    calls = {
        "blocks": [
            {"id": "s", "type": "start"},
            {"id": "c", "type": "subflow", "name": "call", "config": {"functionId": inner["id"]}},
            {"id": "d", "type": "subflow", "name": "out", "config": {"functionId": other["id"]}},
        ]
    }
    data(api.post("/functions", json={"name": "outer", "canvasId": canvas["id"], "flow": calls}), 201)
    copy = data(api.post(f"/canvases/{canvas['id']}/duplicate"), 201)
    assert (copy["name"], copy["functionCount"]) == ("team (copy)", 2)
    inside = {f["name"]: f for f in data(api.get(f"/canvases/{copy['id']}"))["functions"]}
    outer = data(api.get(f"/functions/{inside['outer']['id']}"))
    called = [b["config"]["functionId"] for b in outer["flow"]["blocks"][1:]]
    assert called == [inside["inner"]["id"], other["id"]]


def test_canvases_stand_in_the_order_that_was_asked_for_and_it_must_name_each_once(alone: httpx.Client) -> None:
    ids = [data(alone.post("/canvases", json={"name": n}), 201)["id"] for n in "abc"]
    ordered = data(alone.put("/canvases/reorder", json={"canvasIds": [ids[2], ids[0], ids[1]]}))
    assert [c["name"] for c in ordered] == ["c", "a", "b"]
    assert [c["name"] for c in data(alone.get("/canvases"))] == ["c", "a", "b"]
    for wrong, field in ((ids[:2], "canvasIds"), ([*ids, ids[0]], "canvasIds[3]"), ([*ids[:2], "x"], "canvasIds[2]")):
        response = alone.put("/canvases/reorder", json={"canvasIds": wrong})
        assert response.status_code == 400
        assert field in [d["field"] for d in response.json()["error"]["details"]]


def test_a_canvas_tells_how_its_functions_fare(alone: httpx.Client) -> None:
    canvas = data(alone.post("/canvases", json={"name": "team"}), 201)
    empty = data(alone.get(f"/canvases/{canvas['id']}/stats"))
    assert (empty["functionCount"], empty["runCounts"], empty["successRate"]) == (0, {}, None)
    assert empty["durationMs"] == {"p50": None, "p90": None, "p95": None, "p99": None}
    flow = {
        "blocks": [
            {"id": "s", "type": "start", "name": "start"},
            {"id": "t", "type": "transform", "name": "t", "config": {"language": "expression", "code": "1 / input.x"}},
        ],
        "edges": [{"source": "s", "target": "t"}],
    }
    made = data(alone.post("/functions", json={"name": "f", "canvasId": canvas["id"], "flow": flow}), 201)
    for x in (1, 2, 4, 0):
        data(alone.post("/runs", json={"functionId": made["id"], "inputs": {"x": x}, "async": False}), 202)
    stats = data(alone.get(f"/canvases/{canvas['id']}/stats"))
    assert (stats["runCounts"], stats["successRate"]) == ({"completed": 3, "failed": 1}, 0.75)
    assert 0 < stats["durationMs"]["p50"] <= stats["durationMs"]["p99"]
    later = data(alone.get(f"/canvases/{canvas['id']}/stats", params={"since": "2100-01-01T00:00:00Z"}))
    assert later["runCounts"] == {}


def test_copies_have_the_settings_of_what_they_are_of(alone: httpx.Client) -> None:
    canvas = data(alone.post("/canvases", json={"name": "team"}), 201)
    handler = data(alone.post("/functions", json={"name": "handler", "canvasId": canvas["id"]}), 201)
    made = data(alone.post("/functions", json={"name": "daily", "canvasId": canvas["id"], "flow": FLOW}), 201)
    wanted = {"timeoutMs": 5000, "onFailure": handler["id"].upper()}
    settings = data(alone.put(f"/functions/{made['id']}/settings", json=wanted))
    assert settings["onFailure"] == handler["id"], "an id in capitals is the same id"

    copy = data(alone.post(f"/functions/{made['id']}/duplicate"), 201)
    clone = data(alone.post(f"/functions/{made['id']}/clone", json={"targetCanvasId": canvas["id"].upper()}), 201)
    for each in (copy, clone):
        assert data(alone.get(f"/functions/{each['id']}/settings")) == settings
    twin = data(alone.post(f"/canvases/{canvas['id']}/duplicate"), 201)
    inside = {f["name"]: f["id"] for f in data(alone.get(f"/canvases/{twin['id']}"))["functions"]}
    expected = {**settings, "onFailure": inside["handler"]}
    assert data(alone.get(f"/functions/{inside['daily (copy)']}/settings")) == expected

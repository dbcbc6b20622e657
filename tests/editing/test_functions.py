"""Functions over HTTP: versions, completion of what is left out, breakpoints."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.editing.conftest import data
from tests.serving import running

FLOW = {
    "blocks": [{"id": "start", "type": "start"}, {"id": "add", "type": "transform", "config": {"code": "input.x + 1"}}],
    "edges": [{"source": "start", "target": "add"}],
}


def make(api: httpx.Client, **more: object) -> dict:
    return data(api.post("/functions", json={"name": "f", "flow": FLOW, **more}), 201)


def test_what_a_client_leaves_out_of_a_flow_is_filled_in(api: httpx.Client) -> None:
    flow = make(api)["flow"]
    assert [b["name"] for b in flow["blocks"]] == ["start", "transform"]
    assert flow["edges"][0]["sourcePort"] == "out"
    assert flow["edges"][0]["targetPort"] == "in"
    assert flow["edges"][0]["id"]
    assert flow["blocks"][0]["position"] != flow["blocks"][1]["position"]


def test_a_function_without_canvas_goes_to_the_default_one(api: httpx.Client) -> None:
    assert make(api)["canvasId"] == make(api)["canvasId"]


def test_each_change_makes_a_version_that_can_be_read_again(api: httpx.Client) -> None:
    function = make(api)
    path = f"/functions/{function['id']}"
    assert data(api.put(path, json={"name": "renamed"}))["version"] == 2
    longer = {**FLOW, "blocks": [*FLOW["blocks"], {"id": "more", "type": "transform", "config": {"code": "1"}}]}
    assert data(api.put(path, json={"flow": longer, "expectedVersion": 2}))["version"] == 3
    assert len(data(api.get(path))["flow"]["blocks"]) == 3
    assert len(data(api.get(path, params={"version": 2}))["flow"]["blocks"]) == 2
    assert api.get(path, params={"version": 9}).status_code == 404


def test_saving_the_same_flow_again_makes_no_version(api: httpx.Client) -> None:
    function = make(api)
    assert data(api.put(f"/functions/{function['id']}", json={"flow": function["flow"]}))["version"] == 1


def test_a_broken_flow_is_saved_but_not_activated(api: httpx.Client) -> None:
    broken = {"blocks": [{"id": "a", "type": "transform", "config": {}}]}
    function = data(api.post("/functions", json={"name": "broken", "flow": broken}), 201)
    answer = api.put(f"/functions/{function['id']}", json={"status": "active"})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "FLOW_INVALID"
    assert data(api.get(f"/functions/{function['id']}"))["status"] == "draft"


def test_ids_that_do_not_fit_are_refused_field_by_field(api: httpx.Client) -> None:
    flow = {
        "blocks": [{"id": "a", "type": "start"}, {"id": "a", "type": "start"}],
        "edges": [{"source": "a", "target": "b"}],
    }
    answer = api.post("/functions", json={"name": "twice", "flow": flow})
    assert answer.status_code == 400
    assert {d["field"] for d in answer.json()["error"]["details"]} == {"flow.blocks[1].id", "flow.edges[0].target"}


def test_breakpoints_live_outside_versions(api: httpx.Client) -> None:
    function = make(api)
    path = f"/functions/{function['id']}/breakpoints"
    points = data(api.put(path, json={"breakpoints": [{"blockId": "add", "condition": "input.x > 3"}]}))
    assert points[0]["condition"] == "input.x > 3"
    assert data(api.get(f"/functions/{function['id']}"))["version"] == 1
    assert data(api.put(path, json={"blockIds": ["start", "add"]}))[1]["blockId"] == "add"
    assert api.put(path, json={"blockIds": ["nope"]}).json()["error"]["details"][0]["field"] == "blockIds[0]"
    assert data(api.delete(path)) == []


def test_cards_say_in_words_what_blocks_do(api: httpx.Client) -> None:
    cards = make(api)["cards"]
    assert cards["add"]["text"] == "input.x + 1"
    assert [p["name"] for p in cards["add"]["outputs"]] == ["out", "error"]


def test_functions_survive_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as bench:
        api = bench.client()
        function = make(api)
        data(api.put(f"/functions/{function['id']}/breakpoints", json={"blockIds": ["add"]}))
    with running(tmp_path) as bench:
        kept = data(bench.client().get(f"/functions/{function['id']}"))
    assert kept["flow"] == function["flow"]
    assert kept["breakpoints"][0]["blockId"] == "add"

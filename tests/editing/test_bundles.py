"""Export, preview and import: what goes out comes in the same, and nothing comes in halfway."""

from __future__ import annotations

import copy
import json
from typing import Any

import httpx
import pytest
from httpx_sse import connect_sse

from tests.editing.conftest import data
from tests.serving import Bench
from workbench.flow.bundles.form import checksum_of

DEEP = {"z": 1, "a": [{"y": 1, "b": {"k": None, "c": "ü"}}]}


def made(api: httpx.Client, name: str, canvas: str | None = None, **config: Any) -> dict[str, Any]:
    blocks = [
        {"id": "start", "type": "start", "name": "start", "position": {"x": 1.5, "y": -20}},
        {"id": "make", "type": "transform", "name": "make", "config": {"code": "1", **config}, "disabled": True},
    ]
    flow = {
        "blocks": blocks,
        "edges": [{"id": "e", "source": "start", "target": "make"}],
        "variables": {"rates": DEEP, "b": 1.0, "a": True},
        "notes": [{"id": "n", "text": "why", "blockIds": ["make"]}],
        "groups": [{"id": "g", "name": "all", "blockIds": ["start", "make"]}],
    }
    return data(api.post("/functions", json={"name": name, "canvasId": canvas, "flow": flow}), 201)


def calling(api: httpx.Client, name: str, called: str, canvas: str) -> dict[str, Any]:
    blocks = [
        {"id": "start", "type": "start"},
        {"id": "call", "type": "subflow", "name": "call", "config": {"functionId": called}},
    ]
    flow = {"blocks": blocks, "edges": [{"source": "start", "target": "call"}]}
    return data(api.post("/functions", json={"name": name, "canvasId": canvas, "flow": flow}), 201)


def export(api: httpx.Client, **wanted: Any) -> dict[str, Any]:
    return data(api.post("/export", json=wanted))


def bring(api: httpx.Client, bundle: dict[str, Any], strategy: str = "skip", **more: Any) -> dict[str, Any]:
    return data(api.post("/import", json={"bundle": bundle, "conflictStrategy": strategy, **more}))


def function(api: httpx.Client, function_id: str) -> dict[str, Any]:
    return data(api.get(f"/functions/{function_id}"))


def content(told: dict[str, Any]) -> str:
    """What a function is, byte for byte; the fields of a config and the variables have no order that means anything."""
    flow = copy.deepcopy(told["flow"])
    for holder, name in [*((b, "config") for b in flow["blocks"]), (flow, "variables")]:
        holder[name] = dict(sorted(holder[name].items()))
    return json.dumps([told["name"], told["description"], told["status"], flow])


def sealed(bundle: dict[str, Any]) -> dict[str, Any]:
    return {**bundle, "checksum": checksum_of(bundle)}


@pytest.fixture
def other(bench: Bench) -> httpx.Client:
    """Another, empty workspace."""
    made = data(bench.client().post("/workspaces", json={"name": "other"}), 201)
    return bench.client(bench.make_key("other", "read", "write", "execute", "admin", workspace=made["id"]))


@pytest.fixture
def canvas(api: httpx.Client, request: pytest.FixtureRequest) -> str:
    new = {"name": request.node.name[:200], "description": "of the day"}
    return data(api.post("/canvases", json=new), 201)["id"]


def test_an_export_is_the_same_bytes_each_time_with_sorted_keys_and_a_checksum(api: httpx.Client, canvas: str) -> None:
    first, second = made(api, "one", canvas), made(api, "two", canvas)
    answers = [api.post("/export", json={"functionIds": ids}).text for ids in ([first["id"], second["id"]],) * 2]
    answers.append(api.post("/export", json={"functionIds": [second["id"], first["id"], first["id"]]}).text)
    bundles = [text.split('"data":', 1)[1].split(',"requestId"')[0] for text in answers]
    assert len(set(bundles)) == 1
    bundle = json.loads(bundles[0])
    assert bundles[0] == json.dumps(bundle, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert bundle["checksum"] == checksum_of(bundle)
    assert (bundle["format"], bundle["formatVersion"]) == ("workbench.bundle", 2)
    assert [c["id"] for c in bundle["canvases"]] == [canvas]


def test_layout_is_a_part_of_its_own(api: httpx.Client) -> None:
    told = made(api, "placed")
    before = data(api.get(f"/export/{told['id']}"))
    move = {
        "type": "MOVE_BLOCK",
        "payload": {"functionId": told["id"], "blockId": "make", "position": {"x": 9, "y": 9}},
    }
    data(api.post("/commands/batch", json={"commands": [move]}))
    after = data(api.get(f"/export/{told['id']}"))
    assert before["functions"] == after["functions"]
    assert "position" not in json.dumps(before["functions"])
    assert before["layout"][told["id"]]["positions"] == {"start": [1.5, -20], "make": [281.5, -20]}
    assert after["layout"][told["id"]]["positions"]["make"] == [9, 9]


def test_what_is_imported_is_what_was_exported_byte_for_byte(
    api: httpx.Client, other: httpx.Client, canvas: str
) -> None:
    first = made(api, "first", canvas, output={"z": 1, "a": 2}, mapping={"late": "1", "early": "2"})
    second = calling(api, "second", first["id"], canvas)
    data(api.put(f"/functions/{second['id']}", json={"description": "calls", "status": "active"}))
    data(api.put(f"/functions/{second['id']}/settings", json={"timeoutMs": 500, "onFailure": first["id"]}))
    bundle = export(api, canvasId=canvas)
    told = bring(other, bundle)
    assert [(i["kind"], i["action"]) for i in told["items"]] == [
        ("canvas", "create"), ("function", "create"), ("function", "create"),
    ]  # fmt: skip
    assert told["counts"] == {"create": 3, "update": 0, "skip": 0, "error": 0}
    ids = told["idMap"]
    assert set(ids) == {canvas, first["id"], second["id"]}
    assert not set(ids) & set(ids.values()), "no id is given twice on one server"
    here = function(other, ids[first["id"]])
    assert content(here) == content(function(api, first["id"]))
    copy_ = function(other, ids[second["id"]])
    assert copy_["status"] == "active"
    assert copy_["flow"]["blocks"][1]["config"]["functionId"] == ids[first["id"]]
    assert data(other.get(f"/functions/{copy_['id']}/settings"))["onFailure"] == ids[first["id"]]
    there = data(other.get(f"/canvases/{ids[canvas]}"))
    assert (there["description"], there["functionCount"]) == ("of the day", 2)
    again = export(other, canvasId=ids[canvas])
    as_told = json.dumps({**again, "checksum": bundle["checksum"]})
    for old, new in ids.items():
        as_told = as_told.replace(new, old)
    assert json.loads(as_told) == bundle


def test_what_was_deleted_comes_back_under_its_ids(api: httpx.Client, canvas: str) -> None:
    told = made(api, "back", canvas)
    run = {"functionId": told["id"], "async": False}
    first = {"blocks": [{"id": "start", "type": "start"}, {"id": "end", "type": "return", "config": {"value": 1}}],
             "edges": [{"source": "start", "target": "end"}]}  # fmt: skip
    second = copy.deepcopy(first)
    second["blocks"][1]["config"]["value"] = 2
    data(api.put(f"/functions/{told['id']}", json={"flow": second}))
    bundle = export(api, canvasId=canvas)
    data(api.put(f"/functions/{told['id']}", json={"flow": first}))
    assert data(api.post("/runs", json=run), 202)["output"] == 1
    data(api.delete(f"/canvases/{canvas}"))
    imported = bring(api, bundle)
    assert imported["idMap"] == {canvas: canvas, told["id"]: told["id"]}
    assert export(api, canvasId=canvas) == bundle
    assert function(api, told["id"])["version"] == 1
    assert data(api.post("/runs", json=run), 202)["output"] == 2


def test_an_import_of_what_is_here_changes_nothing(api: httpx.Client, canvas: str) -> None:
    told = made(api, "same", canvas, mapping={"late": "1", "early": "2"})
    bundle = export(api, functionIds=[told["id"]])
    for strategy in ("skip", "update"):
        answer = bring(api, bundle, strategy)
        assert {i["action"] for i in answer["items"]} == {"skip"}
        assert answer["groupId"] is None
        assert answer["idMap"][told["id"]] == told["id"]
    assert function(api, told["id"])["version"] == 1


def test_skip_update_and_create_do_what_they_say_and_an_update_can_be_taken_back(
    api: httpx.Client, canvas: str
) -> None:
    told = made(api, "three ways", canvas)
    bundle = export(api, functionIds=[told["id"]])
    changed = {"name": "changed", "flow": {**told["flow"], "variables": {"a": 2}}, "description": "new"}
    now = data(api.put(f"/functions/{told['id']}", json=changed))

    skipped = bring(api, bundle, "skip")["items"][1]
    assert (skipped["action"], skipped["targetId"]) == ("skip", told["id"])
    assert content(function(api, told["id"])) == content(now)

    preview = data(api.post("/import/preview", json={"bundle": bundle, "conflictStrategy": "update"}))["items"][1]
    assert preview["action"] == "update"
    assert [v["name"] for v in preview["diff"]["variables"]] == ["a", "b", "rates"]
    assert {v["name"] for v in preview["diff"]["function"]} == {"name", "description"}
    assert content(function(api, told["id"])) == content(now)

    updated = bring(api, bundle, "update", message="from the file")
    assert content(function(api, told["id"])) == content(told)
    version = data(api.get(f"/functions/{told['id']}/versions"))[0]
    assert (version["number"], version["source"], version["message"]) == (3, "import", "from the file")
    undone = data(api.post("/commands/undo", json={"functionId": told["id"]}))
    assert undone["groupId"] == updated["groupId"]
    assert content(function(api, told["id"])) == content(now)

    created = bring(api, bundle, "create")
    assert created["idMap"][canvas] == canvas, "the canvas was only told as the place of the function"
    second = function(api, created["idMap"][told["id"]])
    assert second["id"] != told["id"]
    assert content(second) == content(told)


def test_a_second_one_of_an_active_function_is_a_draft(api: httpx.Client, canvas: str) -> None:
    told = made(api, "armed", canvas)
    data(api.put(f"/functions/{told['id']}", json={"status": "active"}))
    answer = bring(api, export(api, canvasId=canvas), "create")
    assert answer["idMap"][canvas] != canvas, "a whole canvas is made anew"
    assert function(api, answer["idMap"][told["id"]])["status"] == "draft"
    assert "draft" in answer["items"][1]["issues"][0]["issue"]


def test_items_are_found_by_canvas_and_name_where_their_ids_are_unknown(
    api: httpx.Client, other: httpx.Client, canvas: str
) -> None:
    told = made(api, "known by name", canvas)
    bundle = export(api, functionIds=[told["id"]])
    ids = bring(other, bundle)["idMap"]
    assert bring(other, bundle)["idMap"] == ids
    changed = copy.deepcopy(bundle)
    changed["functions"][0]["variables"] = {}
    changed["keyOrder"] = {}
    answer = bring(other, sealed(changed), "update")
    assert answer["idMap"] == ids
    assert answer["items"][1]["action"] == "update"
    assert function(other, ids[told["id"]])["flow"]["variables"] == {}


def test_overrides_decide_item_by_item(api: httpx.Client, other: httpx.Client, canvas: str) -> None:
    one, two, three = (made(api, name, canvas) for name in ("one", "two", "three"))
    bundle = export(api, canvasId=canvas)
    there = data(other.post("/functions", json={"name": "mine"}), 201)
    wishes = {
        one["id"]: {"action": "skip"},
        two["id"]: {"action": "update", "targetId": there["id"], "name": "two here"},
    }
    answer = bring(other, bundle, overrides=wishes)
    assert [i["action"] for i in answer["items"]] == ["create", "skip", "update", "create"]
    assert one["id"] not in answer["idMap"]
    assert answer["idMap"][two["id"]] == there["id"]
    assert function(other, there["id"])["name"] == "two here"
    assert function(other, answer["idMap"][three["id"]])["name"] == "three"
    for wrong, where in (
        ({"x": {}}, "overrides.x"),
        ({one["id"]: {"action": "update"}}, f"overrides.{one['id']}"),
        ({one["id"]: {"targetId": canvas}}, f"overrides.{one['id']}"),
    ):
        changed = {**bundle, "functions": [{**f, "name": f["name"] + "?"} for f in bundle["functions"]]}
        refused = other.post("/import", json={"bundle": sealed(changed), "overrides": wrong})
        assert refused.status_code == 400, refused.text
        assert where in {d["field"] for d in refused.json()["error"]["details"]}


def test_a_target_canvas_takes_all_functions(api: httpx.Client, canvas: str) -> None:
    told = made(api, "wanders", canvas)
    bundle = export(api, canvasId=canvas)
    target = data(api.post("/canvases", json={"name": "Target"}), 201)["id"]
    answer = bring(api, bundle, "create", targetCanvasId=target)
    assert answer["idMap"][canvas] == target
    assert function(api, answer["idMap"][told["id"]])["canvasId"] == target
    missing = api.post("/import", json={"bundle": bundle, "targetCanvasId": told["id"]})
    assert missing.status_code == 404
    assert "canvas" in missing.json()["error"]["message"]


def test_one_wrong_function_and_nothing_is_imported(api: httpx.Client, other: httpx.Client, canvas: str) -> None:
    first, second = made(api, "right", canvas), made(api, "wrong", canvas)
    bundle = export(api, canvasId=canvas)
    bundle["functions"][1]["edges"][0]["target"] = "nowhere"
    body = {"bundle": sealed(bundle)}
    preview = data(other.post("/import/preview", json=body))
    assert [i["action"] for i in preview["items"]] == ["create", "create", "error"]
    assert preview["items"][2]["issues"][0]["field"] == "bundle.functions[1].edges[0].target"
    refused = other.post("/import", json=body)
    assert refused.status_code == 400
    assert refused.json()["error"]["details"] == preview["items"][2]["issues"]
    assert data(other.get("/canvases")) == []
    assert data(other.get("/functions")) == []
    left = bring(other, sealed(bundle), overrides={second["id"]: {"action": "skip"}})
    assert set(left["idMap"]) == {canvas, first["id"]}


def test_references_to_functions_outside_are_listed_and_told_where_they_lead_nowhere(
    api: httpx.Client, other: httpx.Client, canvas: str
) -> None:
    called = made(api, "called", canvas)
    caller = calling(api, "caller", called["id"], canvas)
    bundle = export(api, functionIds=[caller["id"]])
    assert bundle["references"] == [
        {"functionId": called["id"], "name": "called", "usedBy": [{"blockId": "call", "functionId": caller["id"]}]}
    ]
    assert bundle["canvases"][0]["isWhole"] is False
    item = data(other.post("/import/preview", json={"bundle": bundle}))["items"][1]
    assert item["issues"] == [
        {"field": "bundle.functions[0].blocks[1].config.functionId",
         "issue": "calls “called”, which is neither imported nor here"}
    ]  # fmt: skip
    assert data(api.post("/import/preview", json={"bundle": bundle}))["items"][1]["issues"] == []


def test_secrets_never_leave_and_stay_where_they_are(api: httpx.Client, other: httpx.Client) -> None:
    config = {
        "url": "https://example.org",
        "auth": {"type": "bearer", "token": "hunter2"},
        "headers": {"Authorization": "Bearer hunter2", "X-Api-Key": "{{ secrets.key }}", "Accept": "text/plain"},
        "query": {"access_token": "hunter2", "page": "1"},
    }
    flow = {"blocks": [
        {"id": "call", "type": "http_request", "name": "call", "config": config},
        {"id": "odd", "type": "of_a_plugin", "name": "odd",
         "config": {"password": "hunter2", "list": [{"apiKey": "hunter2"}]}},
    ]}  # fmt: skip
    told = data(api.post("/functions", json={"name": "secret", "flow": flow}), 201)
    text = api.get(f"/export/{told['id']}").text
    assert "hunter2" not in text
    bundle = json.loads(text)["data"]
    sent = bundle["functions"][0]["blocks"][0]["config"]
    assert sent["headers"] == {"Accept": "text/plain", "X-Api-Key": "{{ secrets.key }}"}
    assert sent["query"] == {"page": "1"}
    item = data(other.post("/import", json={"bundle": bundle}))["items"][1]
    assert sorted(i["field"].rpartition("config.")[2] for i in item["issues"] if "is secret" in i["issue"]) == [
        "auth.token", "headers.Authorization", "list.0.apiKey", "password", "query.access_token",
    ]  # fmt: skip
    bundle["functions"][0]["description"] = "changed"
    answer = bring(api, sealed(bundle), "update")
    assert [v["name"] for v in answer["items"][1]["diff"]["function"]] == ["description"]
    after = function(api, told["id"])["flow"]["blocks"]
    assert [b["config"] for b in after] == [b["config"] for b in flow["blocks"]]


def test_an_active_function_is_never_made_one_that_cannot_run(api: httpx.Client, canvas: str) -> None:
    told = made(api, "guarded", canvas)
    data(api.put(f"/functions/{told['id']}", json={"status": "active"}))
    bundle = export(api, functionIds=[told["id"]])
    bundle["functions"][0]["blocks"][1].update(type="nothing_known", disabled=False)
    refused = api.post("/import", json={"bundle": sealed(bundle), "conflictStrategy": "update"})
    assert refused.status_code == 400
    assert "cannot run" in refused.json()["error"]["message"]
    data(api.delete(f"/functions/{told['id']}"))
    answer = bring(api, sealed(bundle))
    assert function(api, answer["idMap"][told["id"]])["status"] == "draft"
    assert {i["field"] for i in answer["items"][1]["issues"]} == {
        "bundle.functions[0].status", "bundle.functions[0].blocks[1].type",
    }  # fmt: skip


def test_what_is_exported_must_be_named_and_there(api: httpx.Client, canvas: str) -> None:
    for body in ({}, {"functionIds": []}, {"functionIds": [canvas], "canvasId": canvas}):
        assert api.post("/export", json=body).status_code == 400
    for body in ({"functionIds": [canvas]}, {"canvasId": "00000000-0000-7000-8000-00000000000c"}, {"canvasId": "x"}):
        assert api.post("/export", json=body).status_code == 404
    assert api.get(f"/export/{canvas}").status_code == 404


def test_another_workspaces_ids_are_unknown_to_an_import(api: httpx.Client, other: httpx.Client, canvas: str) -> None:
    told = made(api, "not yours", canvas)
    before = content(function(api, told["id"]))
    bundle = export(api, canvasId=canvas)
    bundle["functions"][0]["variables"] = {}
    bundle["keyOrder"] = {}
    answer = bring(other, sealed(bundle), "update")
    assert told["id"] not in answer["idMap"].values()
    assert content(function(api, told["id"])) == before
    theirs = {"bundle": sealed(bundle), "overrides": {told["id"]: {"targetId": told["id"]}}}
    refused = other.post("/import", json=theirs)
    assert refused.status_code == 400
    assert "names no function of this workspace" in refused.json()["error"]["message"]
    assert other.post("/import", json={"bundle": sealed(bundle), "targetCanvasId": canvas}).status_code == 404


def test_an_import_tells_its_progress_and_then_what_it_would_have_answered(api: httpx.Client, canvas: str) -> None:
    for number in range(30):
        made(api, f"many {number}", canvas)
    bundle = export(api, canvasId=canvas)
    data(api.delete(f"/canvases/{canvas}"))
    events: list[tuple[str, Any]] = []
    with connect_sse(api, "POST", "/import", json={"bundle": bundle}) as source:
        events += [(e.event, e.json()) for e in source.iter_sse()]
    kinds = [kind for kind, _ in events]
    assert kinds == ["progress"] * (len(events) - 1) + ["result"]
    phases = list(dict.fromkeys(told["phase"] for _, told in events[:-1]))
    assert phases == [p for p in ("reading", "comparing", "writing") if p in phases]
    assert events[-2][1] == {"phase": "writing", "done": 30, "total": 30}
    assert events[-1][1]["data"]["counts"]["create"] == 31
    assert export(api, canvasId=canvas) == bundle
    bundle["name"] = "x"
    with connect_sse(api, "POST", "/import", json={"bundle": bundle}) as source:
        (refused,) = [e for e in source.iter_sse() if e.event != "progress"]
    assert refused.event == "error"
    assert refused.json()["error"]["code"] == "VALIDATION_ERROR"


def test_an_id_in_capitals_is_the_same_id(api: httpx.Client, other: httpx.Client, canvas: str) -> None:
    told = made(api, "shouted", canvas)
    bundle = export(api, canvasId=canvas.upper())
    assert export(api, functionIds=[told["id"].upper(), told["id"]])["functions"] == bundle["functions"]
    target = data(other.post("/canvases", json={"name": "target"}), 201)["id"]
    answer = bring(other, bundle, targetCanvasId=target.upper())
    assert function(other, answer["idMap"][told["id"]])["canvasId"] == target
    by_hand = {"format": "workbench.bundle", "formatVersion": 2, "functions": [{"id": "x", "name": "shouted"}]}
    again = data(other.post("/import/preview", json={"bundle": by_hand, "targetCanvasId": target.upper()}))
    assert again["items"][0]["action"] == "skip", "it is found by its name on that canvas"


def test_an_update_that_cannot_run_leaves_a_draft_a_draft(api: httpx.Client, canvas: str) -> None:
    broken = [{"id": "a", "type": "nothing_known", "name": "a"}]
    by_hand = {"id": "x", "name": "half", "status": "active", "blocks": broken}
    bundle = {"format": "workbench.bundle", "formatVersion": 2, "functions": [by_hand]}
    first = bring(api, bundle, targetCanvasId=canvas)
    by_hand["description"] = "again"
    second = bring(api, bundle, "update", targetCanvasId=canvas)
    assert second["counts"]["update"] == 1
    assert any("stays a draft" in i["issue"] for i in second["items"][0]["issues"])
    told = function(api, first["idMap"]["x"])
    assert (told["status"], told["description"]) == ("draft", "again")


def test_a_secret_that_a_function_names_and_that_is_not_here_is_told_and_the_import_goes_on(
    api: httpx.Client, other: httpx.Client
) -> None:
    token = "{{ secrets.bundle_token }}"
    calls = [
        {
            "id": i,
            "type": "http_request",
            "name": i,
            "config": {"url": "https://x.org", "auth": {"type": "bearer", "token": token}},
        }
        for i in ("first", "second")
    ]
    flow = {"blocks": [{"id": "start", "type": "start"}, *calls], "edges": [{"source": "start", "target": "first"}]}
    made_ = data(api.post("/functions", json={"name": "asks with a secret", "flow": flow}), 201)
    bundle = export(api, functionIds=[made_["id"]])
    item = data(other.post("/import/preview", json={"bundle": bundle}))["items"][1]
    assert item["action"] == "create"
    assert item["issues"] == [
        {
            "field": "bundle.functions[0].blocks[1].config.auth.token",
            "issue": "“first” needs the secret `bundle_token`, which is not here: set it before a run, by the key "
            "button of its field or PUT /secrets/bundle_token",
        }
    ]
    done = bring(other, bundle)
    assert (done["counts"]["create"], done["items"][1]["issues"]) == (2, item["issues"])
    data(other.put("/secrets/bundle_token", json={"value": "v"}))
    again = data(other.post("/import/preview", json={"bundle": bundle, "conflictStrategy": "create"}))
    assert again["items"][1]["issues"] == []

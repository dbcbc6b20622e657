"""Workspaces, scopes and keys: what one may not, it may not through any door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.acceptance.doors import Doors, block, data_of, expression, refused
from tests.serving import Bench

BODIES: dict[str, Any] = {
    "updateWorkflowCanvas": {"name": "stolen"},
    "updateWorkflowFunction": {"name": "stolen"},
    "setBreakpoints": {"blockIds": ["make"]},
    "setDebugVariables": {"variables": {"a": 1}},
    "evaluateDebug": {"expression": "1"},
    "createWorkflowCanvas": {"name": "x"},
    "createWorkflowFunction": {"name": "x"},
    "createWorkspace": {"name": "x"},
    "createApiKey": {"name": "x", "scopes": ["read"]},
    "queryFrames": {"query": "SELECT 1 AS one"},
    "validateWorkflow": {"flow": {}},
}


@dataclass(frozen=True)
class Operation:
    """One operation of the document with the path filled in."""

    id: str
    method: str
    path: str
    scope: str
    body: Any
    for_operator: bool


def operations(bench: Bench, ids: dict[str, str]) -> list[Operation]:
    """Every operation that needs a caller, its parameters replaced by `ids`."""
    document = bench.client().get("/openapi.json").json()
    found: list[Operation] = []
    for template, methods in document["paths"].items():
        for method, operation in methods.items():
            if not operation["security"]:
                continue
            name, path = operation["operationId"], template.removeprefix("/api/v1/workflow")
            for parameter, value in ids.items():
                path = path.replace(f"{{{parameter}}}", value)
            body = BODIES.get(name, {"functionId": ids["functionId"]} if name == "createWorkflowRun" else {})
            has_body = "requestBody" in operation
            scope, for_operator = operation["x-scope"], operation.get("x-operator", False)
            found.append(Operation(name, method.upper(), path, scope, body if has_body else None, for_operator))
    return found


def ask(client: httpx.Client, operation: Operation) -> httpx.Response:
    return client.request(operation.method, operation.path, json=operation.body)


@pytest.fixture(scope="module")
def theirs(bench: Bench) -> tuple[Doors, dict[str, str]]:
    """Another workspace with one of everything, and its ids by the document's parameter names."""
    workspace = data_of(bench.client().post("/workspaces", json={"name": "theirs"}))["id"]
    key = bench.make_key("theirs", "read", "write", "execute", "admin", workspace=workspace)
    doors = Doors(bench.client(key))
    function = doors.function(expression("'secret of theirs'"), block("wait", "delay", "wait", delayMs=86_400_000))
    run = doors.at_status(doors.start(function, {"n": "secret of theirs"}, debug=True), "paused")
    kept = data_of(doors.http.post("/api-keys", json={"name": "kept", "scopes": ["read"]}))
    data_of(doors.http.post(f"/runs/{run['id']}/debug/step"))
    checkpoint = data_of(doors.http.get(f"/runs/{run['id']}/checkpoints"))[0]["id"]
    data_of(doors.http.put("/secrets/of_theirs", json={"value": "secret of theirs"}))
    snapshot = data_of(doors.http.post(f"/functions/{function['id']}/snapshots", json={"name": "secret of theirs"}))
    ids = {
        "snapshotId": snapshot["id"], "number": "1",
        "canvasId": function["canvasId"], "functionId": function["id"], "runId": run["id"], "keyId": kept["id"],
        "checkpointId": checkpoint, "name": "runs", "secretName": "of_theirs",
    }  # fmt: skip
    return doors, ids


def test_another_workspaces_ids_read_404_through_every_operation(
    bench: Bench, api: Doors, theirs: tuple[Doors, dict[str, str]]
) -> None:
    doors, ids = theirs

    def now() -> Any:
        run, function = f"/runs/{ids['runId']}", f"/functions/{ids['functionId']}"
        told = data_of(doors.http.get(run))
        return (
            told["status"],
            told["checkpoints"],
            data_of(doors.http.get(function)),
            data_of(doors.http.get("/secrets")),
            data_of(doors.http.get("/api-keys")),
        )

    before = now()
    tried: list[str] = []
    for operation in operations(bench, ids):
        takes_id = any(value in operation.path for name, value in ids.items() if name not in ("name", "number"))
        if not takes_id and operation.id != "createWorkflowRun":
            continue
        answer = ask(api.http, operation)
        refused(answer, "NOT_FOUND")
        assert "secret of theirs" not in answer.text
        tried.append(operation.id)
    assert len(tried) >= 30, tried
    left = {o.id for o in operations(bench, ids) if "{" in o.path}
    assert not left, "a new kind of id in a path needs one of theirs here"
    in_a_body = api.http.post("/functions", json={"name": "x", "canvasId": ids["canvasId"]})
    refused(in_a_body, "NOT_FOUND", "canvas")
    theirs_block = {"functionId": ids["functionId"], "blockId": "make"}
    for path, body in (
        ("/validate", {"functionId": ids["functionId"]}),
        ("/export", {"functionIds": [ids["functionId"]]}),
        ("/export", {"canvasId": ids["canvasId"]}),
        ("/import", {"bundle": {"format": "workbench.bundle", "formatVersion": 2}, "targetCanvasId": ids["canvasId"]}),
        ("/commands/batch", {"commands": [{"type": "REMOVE_BLOCK", "payload": theirs_block}]}),
        ("/commands/undo", {"functionId": ids["functionId"]}),
        ("/commands/redo", {"functionId": ids["functionId"]}),
    ):
        refused(api.http.post(path, json=body), "NOT_FOUND")
    refused(api.http.get(f"/commands/history?functionId={ids['functionId']}"), "NOT_FOUND")
    assert [(part == was) for part, was in zip(now()[:4], before[:4], strict=True)] == [True] * 4
    assert ids["keyId"] in {key["id"] for key in now()[4]}


def test_no_list_frame_or_query_shows_another_workspace(api: Doors, theirs: tuple[Doors, dict[str, str]]) -> None:
    _, ids = theirs
    for path in ("/canvases", "/functions", "/runs", "/api-keys"):
        assert not {row["id"] for row in data_of(api.http.get(f"{path}?limit=200"))} & set(ids.values())
    for path in (f"/functions?canvasId={ids['canvasId']}", f"/runs?functionId={ids['functionId']}"):
        answer = api.http.get(path)
        assert answer.status_code == 404 or answer.json()["data"] == []
    for frame in ("runs", "checkpoints", "logs", "queue"):
        text = api.http.get(f"/frames/{frame}?runId={ids['runId']}").text + api.http.get(f"/frames/{frame}").text
        assert ids["runId"] not in text
        query = f"SELECT * FROM {frame} WHERE run_id = '{ids['runId']}'"
        if frame != "queue":
            assert data_of(api.http.post("/frames/sql", json={"query": query})) == []


def test_each_scope_opens_its_operations_and_no_other(bench: Bench, theirs: tuple[Doors, dict[str, str]]) -> None:
    doors, ids = theirs
    workspace = data_of(doors.http.get("/workspaces"))[0]["id"]
    nowhere = {**ids, "secretName": "x", "canvasId": "x", "functionId": "x", "runId": "x", "keyId": "x"}
    asked = [o for o in operations(bench, nowhere) if not o.path.endswith("/events")]
    for held in ("read", "write", "execute", "admin"):
        client = bench.client(bench.make_key(held, held, workspace=workspace))
        for operation in asked:
            answer = ask(client, operation)
            if operation.scope == held and operation.for_operator:
                refused(answer, "AUTHORIZATION_ERROR", "whole server")
            elif operation.scope == held:
                assert answer.status_code != 403, operation
            else:
                refused(answer, "AUTHORIZATION_ERROR", operation.scope)


def test_no_caller_and_a_wrong_key_are_401_everywhere(bench: Bench, theirs: tuple[Doors, dict[str, str]]) -> None:
    _, ids = theirs
    for key in ("", "wb_wrong", "wb_aaaaaaaaaa_" + "x" * 43, bench.admin_key[:-1], bench.admin_key + "x"):
        client = bench.client(key)
        for operation in operations(bench, ids)[:: 1 if not key else 7]:
            refused(ask(client, operation), "AUTHENTICATION_ERROR", "key")


def test_a_key_of_another_workspace_is_403_and_a_workspace_that_is_no_uuid_400(
    bench: Bench, theirs: tuple[Doors, dict[str, str]]
) -> None:
    doors, _ = theirs
    workspace = data_of(doors.http.get("/workspaces"))[0]["id"]
    for path in ("/canvases", "/nowhere"):
        refused(bench.client(**{"X-Workspace-Id": workspace}).get(path), "AUTHORIZATION_ERROR", "X-Workspace-Id")
    for bad in ("nope", "{" + workspace + "}", workspace.replace("-", ""), ""):
        refused(bench.client(**{"X-Workspace-Id": bad}).get("/canvases"), "VALIDATION_ERROR", "UUID")
    for fine in (workspace, workspace.upper()):
        assert doors.http.get("/canvases", headers={"X-Workspace-Id": fine}).status_code == 200


def test_a_revoked_or_expired_key_is_401_at_once(bench: Bench, api: Doors) -> None:
    made = data_of(api.http.post("/api-keys", json={"name": "short", "scopes": ["read"]}), 201)
    client = bench.client(made["key"])
    assert client.get("/canvases").status_code == 200
    listed = api.http.get("/api-keys?limit=200").text
    assert made["prefix"] in listed
    assert made["key"] not in listed
    data_of(api.http.delete(f"/api-keys/{made['id']}"))
    refused(client.get("/canvases"), "AUTHENTICATION_ERROR", "revoked")
    refused(api.http.delete(f"/api-keys/{made['id']}"), "NOT_FOUND")


def test_a_key_cannot_make_keys_for_another_workspace_nor_see_it(
    bench: Bench, theirs: tuple[Doors, dict[str, str]]
) -> None:
    doors, _ = theirs
    body = {"name": "x", "scopes": ["read"], "workspaceId": "00000000-0000-7000-8000-000000000001"}
    refused(doors.http.post("/api-keys", json=body), "AUTHORIZATION_ERROR", "workspaceId")
    assert len(data_of(doors.http.get("/workspaces"))) == 1
    assert bench.client().post("/api-keys", json={**body, "workspaceId": "nope"}).status_code in {400, 404}


def test_a_secret_is_never_kept_for_an_idempotency_key(api: Doors) -> None:
    body, header = {"name": "once", "scopes": ["read"]}, {"Idempotency-Key": "secret"}
    first = data_of(api.http.post("/api-keys", json=body, headers=header))
    second = data_of(api.http.post("/api-keys", json=body, headers=header))
    assert first["key"] != second["key"]

"""Every answer stands in one envelope, whatever went right or wrong."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.api.feature import THING


def error_of(response, status, code):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert body["success"] is False
    assert body["error"]["code"] == code
    assert body["requestId"] == response.headers["x-request-id"]
    assert "Traceback" not in response.text
    return body["error"]


def test_a_success_has_data_and_the_request_id_of_its_header(client):
    response = client.get("/workspaces")
    body = response.json()
    assert set(body) == {"success", "data", "meta", "requestId"}
    assert body["success"] is True
    assert body["meta"] == {"total": 1, "limit": 50, "nextCursor": None}
    assert UUID(body["requestId"]).version == 7
    assert body["requestId"] == response.headers["x-request-id"]


def test_a_given_request_id_comes_back(client):
    response = client.get("/workspaces", headers={"X-Request-Id": "mine-1"})
    assert (response.headers["x-request-id"], response.json()["requestId"]) == ("mine-1", "mine-1")


@pytest.mark.parametrize("bad", ["", "x" * 129, "a\tb"])
def test_a_request_id_that_is_none_is_replaced(client, bad):
    assert UUID(client.get("/workspaces", headers={"X-Request-Id": bad}).headers["x-request-id"])


@pytest.mark.parametrize("path", ["/workspaces", "/nope", "/health", "/openapi.json"])
def test_every_answer_has_nosniff_and_the_sandbox_policy(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "sandbox"


def test_an_unknown_path_is_404(client):
    error_of(client.get("/nope"), 404, "NOT_FOUND")
    error_of(client.get("/workspaces/"), 404, "NOT_FOUND")


def test_another_method_is_405_and_names_all_that_are_allowed(client):
    response = client.patch("/workspaces")
    error_of(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, POST"
    assert client.post(f"/runs/{THING}").headers["allow"] == "GET"


def test_all_holds_below_a_base_url(bench):
    async def below(scope, receive, send):
        if scope["type"] == "http":
            scope = {**scope, "root_path": "/lab/ada"}
        await bench.workbench.app(scope, receive, send)

    client = bench.client()
    client.base_url = f"{bench.workbench.serve_app(below)}/lab/ada/api/v1/workflow"
    assert client.get("/workspaces").status_code == 200
    assert client.get("/health", headers={"X-API-Key": "no"}).status_code == 200
    assert client.patch("/workspaces").headers["allow"] == "GET, POST"
    error_of(client.get("/nope"), 404, "NOT_FOUND")


def test_a_wrong_field_is_named_by_its_wire_name(client):
    flow = {"blocks": [{"config": {"timerMs": 1}}, {"config": {"timerMs": 1}}, {"config": {"timerMs": "soon"}}]}
    error = error_of(client.put(f"/things/{THING}", json={"flow": flow}), 400, "VALIDATION_ERROR")
    assert [d["field"] for d in error["details"]] == ["flow.blocks[2].config.timerMs"]


def test_missing_and_unknown_fields_are_named(client):
    error = error_of(client.put(f"/things/{THING}", json={"flow": {}, "colour": 1}), 400, "VALIDATION_ERROR")
    assert {(d["field"], d["issue"]) for d in error["details"]} == {
        ("flow.blocks", "is required"),
        ("colour", "is not a known field"),
    }


def test_a_body_of_another_kind_and_no_body_are_400(client):
    assert error_of(client.put(f"/things/{THING}", json=[1]), 400, "VALIDATION_ERROR")["details"][0]["field"] == "body"
    assert error_of(client.put(f"/things/{THING}"), 400, "VALIDATION_ERROR")["details"][0]["field"] == "body"


def test_times_are_rfc_3339_both_ways(client):
    data = client.put(f"/things/{THING}", json={"dueAt": "2026-01-31T13:00:00+01:00"}).json()["data"]
    assert data["dueAt"] == "2026-01-31T12:00:00.000Z"
    for bad in ("2026-01-31T13:00:00", "soon", True, 1.5):
        error = error_of(client.put(f"/things/{THING}", json={"dueAt": bad}), 400, "VALIDATION_ERROR")
        assert error["details"][0]["field"] == "dueAt"


def test_an_unexpected_exception_is_500_and_tells_nothing_of_the_inside(client, capsys):
    response = client.get("/bugs")
    error = error_of(response, 500, "INTERNAL_ERROR")
    assert response.headers["x-request-id"] in error["hint"]
    assert "secret" not in response.text
    assert client.get("/health").status_code == 200
    logged = capsys.readouterr().err
    assert "request.failed" in logged
    assert response.headers["x-request-id"] in logged


def test_unavailable_is_503(client, counter):
    counter.failures = 1
    error_of(client.post("/failing-things"), 503, "UNAVAILABLE")


def test_health_needs_no_key_and_is_green(bench):
    body = bench.client("").get("/health").json()
    assert body["data"]["status"] == "ok"
    assert body["data"]["parts"]["store"]["ok"] is True

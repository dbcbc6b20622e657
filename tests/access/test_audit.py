"""The audit log: who made and revoked keys, and who was refused what."""

from __future__ import annotations

from typing import Any

from tests.serving import running


def entries(client: Any, **query: Any) -> list[dict[str, Any]]:
    response = client.get("/audit", params=query)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def test_changes_to_keys_and_workspaces_are_noted_with_who_made_them(client, bench):
    made = client.post("/api-keys", json={"name": "laptop", "scopes": ["read", "write"]}).json()["data"]
    client.delete(f"/api-keys/{made['id']}")
    client.post("/workspaces", json={"name": "tenant"})
    told = entries(client, limit=3)
    assert [(e["action"], e["actor"]) for e in told] == [
        ("workspace.created", "key:admin"), ("key.revoked", "key:admin"), ("key.created", "key:admin"),
    ]  # fmt: skip
    assert told[2]["subject"] == f"laptop ({made['prefix']}…)"
    assert told[2]["detail"] == "read write"
    assert entries(client, action="key.revoked")[0]["subject"] == told[1]["subject"]
    assert made["key"] not in client.get("/audit").text


def test_refused_calls_are_noted_and_counted_without_the_secrets_that_came_along(client, bench):
    reader = bench.make_key("reader", "read")
    for _ in range(3):
        assert bench.client(reader).post("/canvases", json={"name": "x"}).status_code == 403
    stranger = "wb_aaaaaaaaaa_" + "s" * 43
    assert bench.client(stranger).get("/canvases").status_code == 401
    assert bench.client("my password").get("/canvases").status_code == 401
    assert bench.client("").get("/runs?token=secret").status_code == 401
    found = {(e["actor"], e["subject"], e["detail"], e["times"]) for e in entries(client, action="call.refused")}
    canvases = "/api/v1/workflow/canvases"
    assert found >= {
        ("key:reader", f"POST {canvases}", "AUTHORIZATION_ERROR", 3),
        ("unknown key wb_aaaaaaaaaa…", f"GET {canvases}", "AUTHENTICATION_ERROR", 1),
        ("unknown key", f"GET {canvases}", "AUTHENTICATION_ERROR", 1),
        ("nobody", "GET /api/v1/workflow/runs", "AUTHENTICATION_ERROR", 1),
    }
    text = client.get("/audit?limit=200").text
    assert "sss" not in text
    assert "password" not in text
    assert "secret" not in text
    assert bench.client(reader).get("/audit").status_code == 403


def test_each_workspace_sees_its_own_entries(client, bench):
    other = client.post("/workspaces", json={"name": "other"}).json()["data"]["id"]
    key = bench.make_key("theirs", "admin", workspace=other)
    theirs = bench.client(key)
    assert [e["action"] for e in entries(theirs)] == ["key.created"]
    assert (
        bench.client(key, **{"X-Workspace-Id": "00000000-0000-7000-8000-000000000001"}).get("/runs").status_code == 403
    )
    refused = entries(theirs)[0]
    assert (refused["action"], refused["actor"]) == ("call.refused", "key:theirs")
    assert not any("theirs" in e["actor"] for e in entries(client, limit=200))


def test_a_flood_of_refusals_stays_small(client, bench):
    nobody = bench.client("")
    for number in range(230):
        nobody.get(f"/runs/{number}")
    told = [e for e in entries(client, action="call.refused", limit=200) if e["actor"] == "several"]
    assert sum(e["times"] for e in told) >= 30


def test_the_log_outlives_a_restart(tmp_path):
    with running(tmp_path) as bench:
        assert bench.client("").get("/runs").status_code == 401
    with running(tmp_path) as bench:
        told = entries(bench.client(), action="call.refused")
        assert [e["subject"] for e in told] == ["GET /api/v1/workflow/runs"]

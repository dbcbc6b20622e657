"""API keys: shown once, scoped, found by prefix, ended by expiry or at once."""

from __future__ import annotations

import pytest

from tests.api.test_envelope import error_of
from tests.serving import running
from workbench.base.clock import rfc3339


def make(client, **body):
    response = client.post("/api-keys", json={"name": "k"} | body)
    assert response.status_code == 201, response.text
    return response.json()["data"]


def test_a_key_is_shown_once_and_stored_as_a_hash(client, bench):
    made = make(client, scopes=["read"])
    assert made["key"].startswith(made["prefix"] + "_")
    assert len(made["key"]) >= 40
    listed = client.get("/api-keys")
    assert made["id"] in [k["id"] for k in listed.json()["data"]]
    assert made["key"] not in listed.text
    sql = "SELECT * FROM api_keys"
    rows = bench.workbench.run(bench.workbench.store.read(lambda c: c.execute(sql).fetchall()))
    assert made["key"] not in str(rows)
    for file in bench.workbench.store.home.rglob("*"):
        if file.is_file():
            assert made["key"].encode() not in file.read_bytes()


def test_a_key_may_do_what_its_scopes_say(client, bench):
    reader = bench.client(make(client, scopes=["read"])["key"])
    assert reader.get("/workspaces").status_code == 200
    error_of(reader.get("/api-keys"), 403, "AUTHORIZATION_ERROR")
    error_of(reader.post("/api-keys", json={"name": "x"}), 403, "AUTHORIZATION_ERROR")


def test_a_revoked_key_stops_working_at_once_and_is_listed_no_more(client, bench):
    made = make(client)
    user = bench.client(made["key"])
    assert user.get("/workspaces").status_code == 200
    assert client.delete(f"/api-keys/{made['id']}").json()["data"] == {"id": made["id"], "deleted": True, "counts": {}}
    error_of(user.get("/workspaces"), 401, "AUTHENTICATION_ERROR")
    error_of(client.delete(f"/api-keys/{made['id']}"), 404, "NOT_FOUND")
    assert made["id"] not in [k["id"] for k in client.get("/api-keys").json()["data"]]


def test_a_key_expires(client, bench, clock):
    user = bench.client(make(client, expiresAt=rfc3339(clock.us + 60_000_000))["key"])
    assert user.get("/workspaces").status_code == 200
    clock.move(60)
    error_of(user.get("/workspaces"), 401, "AUTHENTICATION_ERROR")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\x07b"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["root"]}, "scopes[0]"),
        ({"expiresAt": "2001-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "tomorrow"}, "expiresAt"),
        ({"key": "mine"}, "key"),
    ],
)
def test_a_wrong_field_of_a_new_key_is_400(client, body, field):
    error = error_of(client.post("/api-keys", json={"name": "k"} | body), 400, "VALIDATION_ERROR")
    assert field in [d["field"] for d in error["details"]]


def test_an_unknown_key_id_is_404(client):
    error_of(client.delete("/api-keys/nope"), 404, "NOT_FOUND")
    error_of(client.delete("/api-keys/01900000-0000-7000-8000-00000000000a"), 404, "NOT_FOUND")


def test_when_a_key_was_used_is_known_at_once_and_written_in_batches(client, bench, clock):
    made = make(client)
    user = bench.client(made["key"])
    before = bench.workbench.store.health()["durableSeq"]
    for _ in range(5):
        user.get("/workspaces")
    assert bench.workbench.store.health()["durableSeq"] == before
    [listed] = [k for k in client.get("/api-keys").json()["data"] if k["id"] == made["id"]]
    assert listed["lastUsedAt"] == rfc3339(clock.us)
    bench.workbench.run(bench.workbench.access.flush())
    sql = "SELECT last_used_at FROM api_keys WHERE id = ?"
    rows = bench.workbench.run(bench.workbench.store.read(lambda c: c.execute(sql, [made["id"]]).fetchall()))
    assert rows == [(clock.us,)]


def test_a_key_of_one_workspace_neither_sees_nor_ends_keys_of_another(client, bench):
    workspace = client.post("/workspaces", json={"name": "tenant"}).json()["data"]["id"]
    mine = make(client)
    tenant = bench.client(make(client, workspaceId=workspace, scopes=["read", "admin"])["key"])
    assert [k["workspaceId"] for k in tenant.get("/api-keys").json()["data"]] == [workspace]
    error_of(tenant.delete(f"/api-keys/{mine['id']}"), 404, "NOT_FOUND")
    error_of(
        tenant.post("/api-keys", json={"name": "k", "workspaceId": mine["workspaceId"]}), 403, "AUTHORIZATION_ERROR"
    )
    assert [w["id"] for w in tenant.get("/workspaces").json()["data"]] == [workspace]
    error_of(
        client.post("/api-keys", json={"name": "k", "workspaceId": "01900000-0000-7000-8000-00000000000a"}),
        404,
        "NOT_FOUND",
    )


def test_keys_and_workspaces_outlive_a_restart(tmp_path):
    with running(tmp_path) as bench:
        client = bench.client()
        workspace = client.post("/workspaces", json={"name": "tenant"}).json()["data"]["id"]
        kept, revoked = make(client, workspaceId=workspace), make(client)
        client.delete(f"/api-keys/{revoked['id']}")
        bench.client(kept["key"]).get("/workspaces")
    with running(tmp_path) as bench:
        data = bench.client(kept["key"]).get("/workspaces").json()["data"]
        assert [w["id"] for w in data] == [workspace]
        error_of(bench.client(revoked["key"]).get("/workspaces"), 401, "AUTHENTICATION_ERROR")
        sql = "SELECT last_used_at IS NOT NULL FROM api_keys WHERE id = ?"
        rows = bench.workbench.run(bench.workbench.store.read(lambda c: c.execute(sql, [kept["id"]]).fetchall()))
        assert rows == [(True,)]

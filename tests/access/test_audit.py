"""The audit log: who made and revoked keys, and who was refused what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.doors import until
from tests.serving import MovableClock, running
from workbench.access.audit import MOST_GATHERED
from workbench.base import probe
from workbench.base.errors import Unavailable


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


def test_refusals_that_could_not_be_written_are_written_later_and_stay_bounded(tmp_path):
    def hook(name: str) -> None:
        if name in ("log.before_sync", "log.before_mending"):
            raise OSError(28, "No space left on device")

    with running(tmp_path) as bench:
        nobody, audit = bench.client(""), bench.workbench.access.audit
        nobody.get("/runs")
        probe.listen(hook)
        try:
            for _ in range(2):
                with pytest.raises(Unavailable):
                    bench.workbench.run(audit.flush())
            for number in range(MOST_GATHERED + 20):
                nobody.get(f"/runs/{number}")
            nobody.get("/runs")
            with pytest.raises(Unavailable):
                bench.workbench.run(audit.flush())
            assert len(audit._refused) <= MOST_GATHERED + 1
        finally:
            probe.listen(None)
        until(lambda: bench.workbench.store.is_writable, "the log takes facts again")
        told = entries(bench.client(), action="call.refused", limit=200)
        more = entries(bench.client(), action="call.refused", limit=200)
        assert len(told) == len(more)
        total = bench.client().get("/audit", params={"action": "call.refused", "limit": 200}).json()["meta"]["total"]
        assert total <= MOST_GATHERED + 2
        (runs,) = [e for e in told if e["subject"] == "GET /api/v1/workflow/runs"]
        assert runs["times"] == 2


def test_old_entries_and_those_too_many_go(tmp_path):
    clock = MovableClock()
    day = 24 * 3600

    def changes(client: Any) -> list[str]:
        return [e["subject"].partition(" ")[0] for e in entries(client, limit=200)]

    with running(tmp_path, clock, audit_days=10, audit_entries=4) as bench:
        client, audit = bench.client(), bench.workbench.access.audit
        workspace = client.post("/workspaces", json={"name": "theirs"}).json()["data"]["id"]
        theirs = bench.client(bench.make_key("theirs_key", "admin", workspace=workspace))
        bench.workbench.run(audit.sweep())
        assert changes(client) == ["theirs", "admin"]
        clock.move(9 * day)
        for number in range(5):
            clock.move(1)
            client.put(f"/secrets/s{number}", json={"value": "x"})
        bench.workbench.run(audit.sweep())
        assert changes(client) == ["s4", "s3", "s2", "s1"]
        assert changes(theirs) == ["theirs_key"]
        client.put("/secrets/s9", json={"value": "x"})
        clock.move(1800)
        bench.workbench.run(audit.sweep())
        assert len(changes(client)) == 5, "it looks once an hour"
        clock.move(1.5 * day)
        bench.workbench.run(audit.sweep())
        assert changes(theirs) == []
        assert len(changes(client)) == 4
    with running(tmp_path, clock, audit_days=0, audit_entries=0) as bench:
        clock.move(1000 * day)
        bench.workbench.run(bench.workbench.access.audit.sweep())
        assert len(changes(bench.client())) >= 5

"""When the log cannot be written the API says so, and what was not done is not shown as done."""

from __future__ import annotations

import httpx
import pytest

from tests.api.test_envelope import error_of
from tests.serving import BASE, running
from workbench.assembly import open_workbench
from workbench.base import probe


@pytest.fixture
def fails():
    def hook(name):
        if name in ("log.before_sync", "log.before_mending"):
            raise OSError(28, "No space left on device")

    yield lambda: probe.listen(hook)
    probe.listen(None)


def test_writes_answer_503_and_health_turns_red(tmp_path, fails, capsys):
    with running(tmp_path) as bench:
        client = bench.client()
        key = {"Idempotency-Key": "k"}
        assert client.get("/health").status_code == 200
        fails()
        error_of(client.post("/workspaces", json={"name": "lost"}, headers=key), 503, "UNAVAILABLE")
        error_of(client.post("/workspaces", json={"name": "lost"}, headers=key), 503, "UNAVAILABLE")
        error_of(client.post("/api-keys", json={"name": "lost"}), 503, "UNAVAILABLE")
        health = error_of(bench.client("").get("/health"), 503, "UNAVAILABLE")
        assert health["health"]["parts"]["store"]["ok"] is False
        probe.listen(None)
    with running(tmp_path) as bench:
        assert (
            bench.client()
            .post("/workspaces", json={"name": "back"}, headers=key | {"Idempotency-Key": "k2"})
            .is_success
        )
    assert "Traceback" not in capsys.readouterr().err


def test_when_the_logs_thread_dies_who_waits_is_told_and_health_says_so(tmp_path):
    def die(name):
        if name == "log.before_sync":
            raise SystemExit("out of luck")

    with running(tmp_path) as bench:
        client = bench.client()
        probe.listen(die)
        try:
            for name in ("waiting", "later"):
                told = error_of(client.post("/workspaces", json={"name": name}), 503, "UNAVAILABLE")
                assert "thread died: out of luck" in told["message"]
        finally:
            probe.listen(None)
        error_of(client.post("/workspaces", json={"name": "for good"}), 503, "UNAVAILABLE")
        store = error_of(bench.client("").get("/health"), 503, "UNAVAILABLE")["health"]["parts"]["store"]
        assert "thread died" in " ".join(store["reasons"])
        assert client.get("/workspaces").is_success


def test_a_request_that_fails_leaves_no_claim_behind(tmp_path, fails):
    with running(tmp_path) as bench:
        client = bench.client()
        fails()
        for _ in range(3):
            error_of(
                client.post("/workspaces", json={"name": "x"}, headers={"Idempotency-Key": "k"}), 503, "UNAVAILABLE"
            )
        assert bench.workbench.access.idempotency._in_flight == {}
        probe.listen(None)


def test_a_damaged_store_is_served_read_only(tmp_path):
    with running(tmp_path) as bench:
        made = bench.client().post("/workspaces", json={"name": "kept"}).json()["data"]
        settings, key = bench.workbench.settings, bench.admin_key
    segment = sorted((settings.home / "log").glob("*.log"))[0]
    data = bytearray(segment.read_bytes())
    data[100] ^= 0xFF  # in the first frame; the later ones say that it was durable
    segment.write_bytes(data)
    workbench = open_workbench(settings)
    workbench.start()
    address = workbench.serve() + BASE
    try:
        with httpx.Client(base_url=address, headers={"X-API-Key": key}, timeout=20, trust_env=False) as client:
            listed = client.get("/workspaces")
            assert listed.status_code == 200
            assert made["id"] in [w["id"] for w in listed.json()["data"]]
            error_of(client.post("/workspaces", json={"name": "refused"}), 503, "UNAVAILABLE")
            error_of(client.post("/canvases", json={"name": "refused"}), 503, "UNAVAILABLE")
            health = error_of(client.get("/health"), 503, "UNAVAILABLE")["health"]["parts"]["store"]
            assert health["writable"] is False
            assert "workbench restore" in health["reasons"][0]
    finally:
        workbench.stop()


def test_below_the_floor_of_free_space_new_work_is_refused_and_deletes_are_not(tmp_path):
    with running(tmp_path) as bench:
        client = bench.client()
        canvas = client.post("/canvases", json={"name": "there"}).json()["data"]
        space = bench.workbench.store.space
        floor, space.floor = space.floor, 1 << 60
        error = error_of(client.post("/canvases", json={"name": "refused"}), 503, "UNAVAILABLE")
        assert "nearly full" in error["message"]
        assert "by itself" in error["hint"]
        assert client.get("/canvases").status_code == 200
        assert client.delete(f"/canvases/{canvas['id']}").status_code == 200
        space.floor = floor
        assert client.post("/canvases", json={"name": "taken"}).status_code == 201

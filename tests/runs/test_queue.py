"""Settings, pauses and the queue over HTTP and in Python."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.editing.conftest import data
from tests.serving import Bench
from workbench.client.queue import QueueStats, settings_on_wire

FLOW = {
    "blocks": [
        {"id": "start", "type": "start"},
        {"id": "wait", "type": "delay", "config": {"delayMs": 600_000}},
    ],
    "edges": [{"source": "start", "target": "wait"}],
}


@pytest.fixture
def function(api: httpx.Client) -> str:
    return data(api.post("/functions", json={"name": "q", "flow": FLOW}), 201)["id"]


def start(api: httpx.Client, function: str, **inputs: Any) -> dict[str, Any]:
    return data(api.post("/runs", json={"functionId": function, "inputs": inputs}), 202)


def cancel(api: httpx.Client, *runs: dict[str, Any]) -> None:
    for run in runs:
        data(api.post(f"/runs/{run['id']}/cancel"))


def test_settings_are_kept_and_changed_one_by_one(api: httpx.Client, function: str) -> None:
    path = f"/functions/{function}/settings"
    wanted = {"timeoutMs": 5000, "concurrency": {"limit": 1, "key": "input.customer", "policy": "skip"}}
    data(api.put(path, json=wanted))
    data(api.put(path, json={"retention": {"days": 30}, "onFailure": function}))
    data(api.put(path, json={"timeoutMs": None}))
    found = data(api.get(path))
    assert found["concurrency"] == wanted["concurrency"]
    assert (found["timeoutMs"], found["retention"], found["onFailure"]) == (None, {"days": 30, "runs": None}, function)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"concurrency": {"limit": 0}}, "concurrency.limit"),
        ({"concurrency": {"limit": 1, "key": "input. +"}}, "concurrency.key"),
        ({"concurrency": {"limit": 1, "key": "vars.a"}}, "concurrency.key"),
        ({"concurrency": {"limit": 1, "policy": "wish"}}, "concurrency.policy"),
        ({"retention": {"days": -1}}, "retention.days"),
        ({"onFailure": "0199aaaa-0000-7000-8000-000000000000"}, "onFailure"),
        ({"other": 1}, "other"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(
    api: httpx.Client, function: str, change: dict[str, Any], field: str
) -> None:
    answer = api.put(f"/functions/{function}/settings", json=change)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["details"][0]["field"] == field


def test_runs_are_held_by_key_and_the_answer_says_so(api: httpx.Client, function: str) -> None:
    data(api.put(f"/functions/{function}/settings", json={"concurrency": {"limit": 1, "key": "input.c"}}))
    first, second, third = start(api, function, c="a"), start(api, function, c="a"), start(api, function, c="b")
    assert (second["status"], third["status"] != "pending") == ("pending", True)
    assert "with the key 'a'" in second["pendingReason"]
    listed = data(api.get("/runs", params={"functionId": function, "status": "pending"}))
    assert [run["id"] for run in listed] == [second["id"]]
    refused = api.post("/runs", json={"functionId": function})
    assert (refused.status_code, refused.json()["error"]["details"][0]["field"]) == (400, "concurrency.key")
    cancel(api, second, first, third)


def test_a_skipped_run_is_over_at_once_and_says_why(api: httpx.Client, function: str) -> None:
    data(api.put(f"/functions/{function}/settings", json={"concurrency": {"limit": 1, "policy": "skip"}}))
    first, second = start(api, function), start(api, function)
    assert second["status"] == "cancelled"
    assert data(api.get(f"/runs/{second['id']}"))["error"]["message"].startswith("skipped: ")
    cancel(api, first)


def test_a_functions_queue_pauses_and_resumes(api: httpx.Client, function: str) -> None:
    paused = data(api.post(f"/functions/{function}/queue/pause", json={"reason": "bad data"}))
    assert (paused["paused"], paused["reason"]) == (True, "bad data")
    run = start(api, function)
    assert run["status"] == "pending"
    stats = data(api.get("/queue/stats"))
    assert stats["pending"] == 1
    assert [p["functionId"] for p in stats["pauses"]] == [function]
    data(api.post(f"/functions/{function}/queue/resume"))
    assert data(api.get(f"/runs/{run['id']}"))["status"] in ("queued", "running", "waiting")
    cancel(api, run)


def test_the_whole_server_is_the_operators_alone(bench: Bench, api: httpx.Client) -> None:
    tenant = data(api.post("/workspaces", json={"name": "tenant"}), 201)["id"]
    every = ("read", "write", "execute", "admin")
    admin_of_one = bench.client(bench.make_key("tenant", *every, workspace=tenant))
    worker = bench.client(bench.make_key("worker", *every[:3]))
    for path in ("/queue/pause", "/queue/resume", "/system/copies", "/system/compact"):
        for client in (admin_of_one, worker):
            refused = client.post(path)
            assert refused.status_code == 403, (path, refused.text)
            assert "whole server" in refused.json()["error"]["message"]
    assert data(api.get("/queue/stats"))["pauses"] == []


def test_a_kernel_of_this_server_pauses_the_whole_queue(bench: Bench, api: httpx.Client) -> None:
    kernel = bench.client(bench.workbench.access.add_kernel_key())
    assert data(kernel.post("/queue/pause"))["paused"] is True
    assert data(kernel.post("/queue/resume"))["paused"] is False


def test_the_whole_queue_pauses_and_health_says_so(bench: Bench, api: httpx.Client, function: str) -> None:
    data(api.post("/queue/pause", json={"reason": "incident"}))
    run = start(api, function)
    assert run["pendingReason"] == "paused: the queue is paused (incident)"
    health = data(api.get("/health"))["parts"]["engine"]
    assert health["queue"]["paused"] is True
    data(api.post("/queue/resume"))
    cancel(api, run)


def test_a_run_says_how_large_it_is(api: httpx.Client, function: str) -> None:
    run = start(api, function, text="x" * 5000)
    assert data(api.get(f"/runs/{run['id']}"))["sizeBytes"] > 5000
    cancel(api, run)


def test_settings_in_python_have_pythons_names() -> None:
    class F:
        id = "abc"

    assert settings_on_wire({"timeout_ms": 5, "on_failure": F()}) == {"timeoutMs": 5, "onFailure": "abc"}


def test_the_queue_shows_itself(api: httpx.Client) -> None:
    stats = QueueStats(data(api.get("/queue/stats")))
    assert repr(stats).startswith("Queue: ")
    assert "<table" in stats._repr_html_()


def test_a_failure_runs_its_handler_once_and_a_failing_handler_does_not_loop(api: httpx.Client) -> None:
    flow = {
        "blocks": [
            {"id": "start", "type": "start"},
            {"id": "t", "type": "transform", "config": {"code": "1 / input.zero"}},
        ],
        "edges": [{"source": "start", "target": "t"}],
    }
    function = data(api.post("/functions", json={"name": "breaks", "flow": flow}), 201)["id"]
    data(api.put(f"/functions/{function}/settings", json={"onFailure": function}))
    first = data(api.post("/runs", json={"functionId": function, "inputs": {"zero": 0}, "async": False}), 202)
    assert first["status"] == "failed"
    for _ in range(200):
        found = data(api.get("/runs", params={"functionId": function, "status": "failed"}))
        if len(found) > 1:
            break
    handled = next(run for run in found if run["id"] != first["id"])
    assert (handled["trigger"]["type"], handled["inputs"]["runId"]) == ("failure", first["id"])
    assert len(data(api.get("/runs", params={"functionId": function}))) == 2

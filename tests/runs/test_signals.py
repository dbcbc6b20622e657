"""Signals and approvals over HTTP: sent, kept, refused, and seen where a run waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx

from tests.editing.conftest import data
from tests.runs.test_runs import function, until
from tests.serving import Bench


def waiting_flow(*configs: dict[str, Any]) -> dict[str, Any]:
    """Waits in a row, then what each gave."""
    ids = [f"w{i}" for i in range(len(configs))]
    blocks = [{"id": i, "type": "wait", "name": f"wait {i}", "config": c} for i, c in zip(ids, configs, strict=True)]
    end = {"id": "end", "type": "transform", "config": {"code": f"[{', '.join(f'wait_{i}' for i in ids)}]"}}
    names = ["start", *ids, "end"]
    edges = [{"source": a, "target": b} for a, b in pairwise(names)]
    return {"blocks": [{"id": "start", "type": "start"}, *blocks, end], "edges": edges}


PAID = {"waitType": "event", "eventType": "order.paid", "eventFilter": "payload.total > 10"}
ASK = {"waitType": "approval", "title": "Send it?", "message": "{{ wait_w0.payload.total }} euro"}


def start(api: httpx.Client, *configs: dict[str, Any]) -> str:
    """A run that waits."""
    started = data(api.post("/runs", json={"functionId": function(api, waiting_flow(*configs))}), 202)
    until(api, started["id"], "waiting")
    return started["id"]


def send(api: httpx.Client, run_id: str, event_type: str, payload: Any = None) -> httpx.Response:
    return api.post(f"/runs/{run_id}/signals", json={"eventType": event_type, "payload": payload})


def follow(api: httpx.Client, run_id: str, told: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The run, as soon as it is as told; looked at with each of its events."""
    with api.stream("GET", f"/runs/{run_id}/events", timeout=20) as events:
        for _ in events.iter_lines():
            found = data(api.get(f"/runs/{run_id}"))
            if told(found):
                return found
    raise AssertionError("the events ended")


def over(api: httpx.Client, run_id: str) -> dict[str, Any]:
    """The run once it has ended."""
    return follow(api, run_id, lambda run: run["finishedAt"] is not None)


def test_what_a_run_waits_for_is_seen_and_a_signal_moves_it_on(api: httpx.Client) -> None:
    run_id = start(api, PAID, ASK)
    seen = data(api.get(f"/runs/{run_id}"))
    (wait,) = seen["waiting"]
    assert (wait["path"], wait["blockId"], wait["blockName"]) == ("w0", "w0", "wait w0")
    assert (wait["kind"], wait["eventType"], wait["dueAt"] > wait["since"]) == ("event", "order.paid", True)
    state = next(s for s in seen["blockStates"] if s["blockId"] == "w0")
    assert (state["status"], state["waiting"]["eventType"]) == ("waiting", "order.paid")
    (checkpoint,) = [c for c in data(api.get(f"/runs/{run_id}/checkpoints")) if c["blockId"] == "w0"]
    assert (checkpoint["status"], checkpoint["waiting"]["kind"]) == ("waiting", "event")

    small, right = (
        data(send(api, run_id, "order.paid", {"total": 5})),
        data(send(api, run_id, "order.paid", {"total": 50})),
    )
    assert (small["delivered"], right["delivered"], right["runId"], right["eventType"]) == (
        False,
        True,
        run_id,
        "order.paid",
    )
    (wait,) = follow(api, run_id, lambda run: [w["path"] for w in run["waiting"]] == ["w1"])["waiting"]
    assert (wait["kind"], wait["title"], wait["message"]) == ("approval", "Send it?", "50 euro")
    assert data(send(api, run_id, "approval", {"decision": "approve", "comment": "fine"}))["delivered"]
    done = over(api, run_id)
    paid, decided = done["output"]
    assert (paid["payload"], decided["decision"], decided["comment"], decided["by"]) == (
        {"total": 50},
        "approve",
        "fine",
        decided["by"],
    )
    assert decided["by"]
    assert done["waiting"] == []
    assert all(c["waiting"] is None for c in done["checkpoints"])


def test_listeners_hear_what_a_block_waits_for(api: httpx.Client) -> None:
    run_id = start(api, {"waitType": "approval", "message": "well?"})
    with api.stream("GET", f"/runs/{run_id}/events", headers={"Last-Event-ID": "0"}, timeout=20) as events:
        for line in events.iter_lines():
            if line.startswith("data:") and '"waiting"' in line and '"items"' in line:
                items = json.loads(line[5:])["items"]
                break
    item = next(i for i in items if i["blockId"] == "w0")
    assert (item["status"], item["waiting"]["kind"], item["waiting"]["message"]) == ("waiting", "approval", "well?")
    data(api.post(f"/runs/{run_id}/cancel", json={}))


def test_refusals(api: httpx.Client, bench: Bench) -> None:
    run_id = start(api, {"waitType": "approval"})
    for payload in (None, {}, {"decision": "maybe"}, "approve", {"decision": "approve", "comment": 5}):
        answer = send(api, run_id, "approval", payload)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    for body in ({}, {"eventType": ""}, {"eventType": "x", "more": 1}, {"eventType": "x" * 201}):
        assert api.post(f"/runs/{run_id}/signals", json=body).status_code == 400
    assert send(api, "01890000-0000-7000-8000-000000000000", "x").status_code == 404
    data(send(api, run_id, "approval", {"decision": "reject"}))
    over(api, run_id)
    answer = send(api, run_id, "x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "INVALID_STATE")
    assert "completed" in answer.json()["error"]["message"]


def test_a_signal_sent_twice_with_one_key_is_one_signal(api: httpx.Client) -> None:
    config = {"waitType": "event", "eventType": "tick"}
    run_id = start(api, config, config)
    answers = [
        api.post(f"/runs/{run_id}/signals", json={"eventType": "tick", "payload": 1}, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert answers[0].json()["data"] == answers[1].json()["data"]
    data(send(api, run_id, "tick", 2))
    assert [w["payload"] for w in over(api, run_id)["output"]] == [1, 2]

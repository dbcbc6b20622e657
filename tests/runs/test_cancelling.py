"""Cancel reaches everything that a run has under way, outside the process too, and nothing runs on afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.editing.conftest import data
from tests.runs.test_runs import until
from tests.serving import Bench, running
from tests.silent import STUBBORN, Silent, is_alive


@pytest.fixture
def silent() -> Iterator[Silent]:
    made = Silent()
    yield made
    made.close()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running(tmp_path_factory.mktemp("home"), http_allow="127.0.0.1") as made:
        yield made


def block(id: str, type: str, **config: Any) -> dict[str, Any]:
    return {"id": id, "type": type, "name": id, "config": config}


def flow(blocks: list[dict[str, Any]], *wires: str) -> dict[str, Any]:
    """Wires as ``a > b``, ``loop.body > b``."""
    edges: list[dict[str, str]] = []
    for wire in wires:
        source, target = (end.strip() for end in wire.split(">"))
        name, _, port = source.partition(".")
        edges.append({"source": name, "sourcePort": port or "out", "target": target})
    return {"blocks": [{"id": "start", "type": "start"}, *blocks], "edges": edges}


def call(silent: Silent, id: str = "call", method: str = "GET") -> dict[str, Any]:
    return block(id, "http_request", method=method, url=f"http://127.0.0.1:{silent.port}/{id}", timeoutMs=600_000)


def start(api: httpx.Client, made: dict[str, Any], **more: Any) -> dict[str, Any]:
    function = data(api.post("/functions", json={"name": "f", "flow": made}), 201)["id"]
    return data(api.post("/runs", json={"functionId": function, **more}), 202)


def cancel(api: httpx.Client, bench: Bench, run: dict[str, Any]) -> dict[str, Any]:
    """Cancel, and see that nothing of the run is left in the engine."""
    told = data(api.post(f"/runs/{run['id']}/cancel", json={"reason": "enough"}))
    assert told["previousStatus"] in ("running", "waiting", "pending", "queued")
    ended = until(api, run["id"], "cancelled")
    assert ended["error"]["message"] == "enough"
    bench.workbench.run(bench.workbench.store.barrier())
    assert bench.workbench.engine.find(run["id"]) is None
    statuses = {p["status"] for p in data(api.get(f"/runs/{run['id']}/checkpoints", params={"limit": 200}))}
    assert not statuses & {"running", "waiting", "paused"}
    assert ended["waiting"] == []
    return ended


def test_a_loop_of_64_calls_at_once_is_cut_off(bench: Bench, silent: Silent) -> None:
    api = bench.client()
    made = flow(
        [block("l", "loop", loopType="times", iterations=500, concurrency=64), call(silent, method="POST")],
        "start > l", "l.body > call",
    )  # fmt: skip
    run = start(api, made)
    silent.wait(calls=64)
    cancel(api, bench, run)
    silent.wait(is_open=0)
    assert silent.calls == 64
    found = data(api.get(f"/runs/{run['id']}/checkpoints", params={"blockId": "call", "limit": 200}))
    assert {p["status"] for p in found if p["status"] != "running"} == {"unknown"}  # they may have happened


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc for what still runs")
def test_branches_called_functions_and_stubborn_workers_with_children_are_cut_off(bench: Bench, silent: Silent) -> None:
    api = bench.client()
    inner = flow(
        [block("busy", "transform", language="python", code=STUBBORN.format(port=silent.port), timeoutMs=600_000)],
        "start > busy",
    )
    called = data(api.post("/functions", json={"name": "inner", "flow": inner}), 201)["id"]
    made = flow(
        [
            block("p", "parallel", branches=[{"id": "a"}, {"id": "b"}, {"id": "c"}]),
            block("sub", "subflow", functionId=called, timeoutMs=None),
            call(silent),
            block("rest", "delay", delayMs=3_600_000),
        ],
        "start > p", "p.branch-a > sub", "p.branch-b > call", "p.branch-c > rest",
    )  # fmt: skip
    run = start(api, made)
    silent.wait(calls=1, pids=2)
    pids = silent.pids()
    assert all(is_alive(pid) for pid in pids)
    cancel(api, bench, run)
    assert not [pid for pid in pids if is_alive(pid)]  # when it is cancelled nothing runs any more
    silent.wait(is_open=0)


@pytest.mark.parametrize(
    "waits",
    [
        block("w", "delay", delayMs=3_600_000),
        block("w", "wait", waitType="event", eventType="go", timeoutMs=3_600_000),
        block("w", "wait", waitType="event", eventType="approval", timeoutMs=3_600_000),
        block("w", "wait", waitType="condition", expression="False", pollMs=60_000, timeoutMs=3_600_000),
    ],
    ids=["timer", "signal", "approval", "condition"],
)
def test_a_wait_is_cut_off_and_wakes_for_nothing_afterwards(bench: Bench, waits: dict[str, Any]) -> None:
    api = bench.client()
    run = start(api, flow([waits, block("after", "transform", code="1")], "start > w", "w > after"))
    until(api, run["id"], "waiting")
    cancel(api, bench, run)
    refused = api.post(f"/runs/{run['id']}/signals", json={"eventType": "go"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "INVALID_STATE")
    assert "after" not in {p["path"] for p in data(api.get(f"/runs/{run['id']}/checkpoints"))}


def test_a_backoff_is_cut_off(bench: Bench) -> None:
    api = bench.client()
    scope = block("r", "retry", maxAttempts=5, backoff="fixed", initialDelayMs=3_600_000)
    broken = block("t", "transform", code="1 / 0")
    policy = {"id": "p", "type": "transform", "name": "p", "config": {"code": "1 / 0"}}
    policy["policy"] = {"retries": 5, "retryDelayMs": 3_600_000}
    for made in (flow([scope, broken], "start > r", "r.body > t"), flow([policy], "start > p")):
        run = start(api, made)
        until(api, run["id"], "waiting")
        cancel(api, bench, run)


def test_a_run_that_is_held_is_cancelled_at_once(bench: Bench) -> None:
    api = bench.client()
    function = data(
        api.post(
            "/functions",
            json={
                "name": "f",
                "flow": flow(
                    [],
                ),
            },
        ),
        201,
    )["id"]
    data(api.post(f"/functions/{function}/queue/pause"))
    run = data(api.post("/runs", json={"functionId": function}), 202)
    assert run["status"] == "pending"
    cancel(api, bench, run)

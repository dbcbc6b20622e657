"""A Jupyter server killed in the middle of a thousand effects: after its restart none of them is missing or doubled."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.conftest import CountingServer
from tests.server_ext.conftest import TOKEN, Server

REAL = "workbench_server.opener.open_assembly"
CALLS = 1000
LIVE = ("queued", "running", "waiting")


def flow(url: str) -> dict[str, Any]:
    return {
        "blocks": [
            {"id": "start", "type": "start", "name": "start"},
            {"id": "l", "type": "loop", "name": "each", "config": {"loopType": "times", "iterations": CALLS}},
            {
                "id": "call",
                "type": "http_request",
                "name": "call",
                "config": {"method": "POST", "url": url, "body": {"n": "{{ index }}"}},
            },
            {"id": "n", "type": "transform", "name": "number", "config": {"code": "call.body.n"}},
            {"id": "sum", "type": "transform", "name": "total", "config": {"code": "sum(each.results)"}},
        ],
        "edges": [
            {"id": "e1", "source": "start", "target": "l"},
            {"id": "e2", "source": "l", "sourcePort": "body", "target": "call"},
            {"id": "e3", "source": "call", "target": "n"},
            {"id": "e4", "source": "l", "target": "sum"},
        ],
    }


def client(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.api, headers={"Authorization": f"token {TOKEN}"}, timeout=60, trust_env=False)


def data(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()["data"]


@pytest.mark.slow
def test_after_a_kill_each_completed_call_was_made_once(
    start_server: Callable[..., Server], counting: CountingServer, tmp_path: Path
) -> None:
    options = (f"--Workbench.home={tmp_path / 'home'}",)
    env = {"WORKBENCH_HTTP_ALLOW": "127.0.0.1"}
    counting.hold_at = 400
    first = start_server(*options, opener=REAL, env=env)
    with client(first) as api:
        canvas = data(api.post("/canvases", json={"name": "Faults"}))
        function = data(
            api.post("/functions", json={"name": "f", "canvasId": canvas["id"], "flow": flow(counting.url)})
        )
        run = data(api.post("/runs", json={"functionId": function["id"], "async": True}))
        assert counting.held.wait(60)
    first.stop(signal.SIGKILL)
    before = dict(counting.answered)
    counting.release.set()

    second = start_server(*options, opener=REAL, env=env)
    with client(second) as api:
        ended = _wait(api, run["id"])
        assert (ended["status"], ended["error"]) == ("completed", None)
        assert ended["output"] == sum(range(CALLS))
    by_body = Counter({body: 0 for body, _ in counting.calls})
    for (body, _), times in counting.calls.items():
        by_body[body] += times
    assert len(by_body) == CALLS
    assert len(counting.calls) == CALLS, "a repeated call came with another key"
    twice = {body for body, times in by_body.items() if times > 1}
    assert sum(by_body.values()) - CALLS <= 1, twice
    assert not twice & {body for body in before if by_body[body] > 1 and body != '{"n":399}'}


def _wait(api: httpx.Client, run_id: str) -> dict[str, Any]:
    """Follow the run's events to its end."""
    with api.stream("GET", "/events", timeout=60) as stream:
        run = data(api.get(f"/runs/{run_id}"))
        lines = stream.iter_lines()
        while run["status"] in LIVE:
            line = next(lines)
            if line.startswith("data:"):
                news = json.loads(line[5:])
                if news.get("id") == run_id and news.get("status") not in LIVE:
                    break
    return data(api.get(f"/runs/{run_id}"))

"""A Jupyter server with the real workbench in it stops soon whatever its runs do, and leaves nothing running."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server_ext.conftest import TOKEN, Server
from tests.silent import STUBBORN, Silent, is_alive

BY_TOKEN = {"Authorization": f"token {TOKEN}"}
REAL = "workbench_server.opener.open_assembly"
STOP_S = 5.0


def _flow(port: int) -> dict[str, Any]:
    blocks = [
        {"id": "start", "type": "start"},
        {"id": "busy", "type": "transform", "config": {"language": "python", "code": STUBBORN.format(port=port)}},
        {"id": "call", "type": "http_request", "config": {"method": "POST", "url": f"http://127.0.0.1:{port}/"}},
        {"id": "l", "type": "loop", "config": {"loopType": "times", "iterations": 1000, "concurrency": 64}},
        {"id": "many", "type": "http_request", "config": {"url": f"http://127.0.0.1:{port}/many"}},
        {"id": "rest", "type": "delay", "config": {"delayMs": 3_600_000}},
    ]
    edges = [{"source": "start", "target": target} for target in ("busy", "call", "l", "rest")]
    return {"blocks": blocks, "edges": [*edges, {"source": "l", "sourcePort": "body", "target": "many"}]}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc for what still runs")
@pytest.mark.parametrize("way", ["SIGTERM", "api/shutdown"])
def test_a_jupyter_server_with_stubborn_runs_stops_within_five_seconds(
    start_server: Callable[..., Server], tmp_path: Path, way: str
) -> None:
    silent = Silent()
    home = f"--Workbench.home={tmp_path}"
    server = start_server(home, "--Workbench.http_allow=127.0.0.1", opener=REAL)
    with httpx.Client(base_url=server.api, headers=BY_TOKEN, timeout=20, trust_env=False) as client:
        function = client.post("/functions", json={"name": "f", "flow": _flow(silent.port)}).json()["data"]["id"]
        run = client.post("/runs", json={"functionId": function}).json()["data"]["id"]
        silent.wait(calls=65, pids=2)
        with client.stream("GET", "/events") as stream:
            assert next(stream.iter_lines()) == "retry: 2000"
            began = time.monotonic()
            if way == "SIGTERM":
                server.process.send_signal(signal.SIGTERM)
            else:
                assert httpx.post(f"{server.url}api/shutdown", headers=BY_TOKEN, trust_env=False).is_success
            assert server.process.wait(30) == 0
            took = time.monotonic() - began
    assert took < STOP_S
    assert not [pid for pid in silent.pids() if is_alive(pid)]
    silent.wait(is_open=0)
    silent.close()
    if way != "SIGTERM":
        return
    again = start_server(home, opener=REAL)
    with httpx.Client(base_url=again.api, headers=BY_TOKEN, timeout=20, trust_env=False) as client:
        assert client.get(f"/runs/{run}").json()["data"]["status"] in {"running", "waiting"}
        assert client.post(f"/runs/{run}/cancel").is_success
    assert again.stop() == 0

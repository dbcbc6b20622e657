"""`workbench serve` in a process of its own stops soon whatever it is doing, and goes on with it afterwards."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

STOP_S = 10.0
"""It is to be 5 s; a machine that does much else may be slower."""

BUSY = """
import os, signal, socket
signal.signal(signal.SIGTERM, signal.SIG_IGN)
told = socket.create_connection(("127.0.0.1", {port}))
child = os.fork()
told.sendall(f"{{os.getpid()}} ".encode())
while True:
    pass
"""


def _flow(port: int) -> dict[str, Any]:
    busy = {"language": "python", "code": BUSY.format(port=port)}
    blocks = [
        {"id": "start", "type": "start", "name": "start"},
        {"id": "busy", "type": "transform", "name": "busy", "config": busy},
        {"id": "call", "type": "http_request", "name": "call", "config": {"url": f"http://127.0.0.1:{port}/"}},
        {"id": "rest", "type": "delay", "name": "rest", "config": {"delayMs": 3_600_000}},
    ]  # fmt: skip
    edges = [{"source": "start", "target": target} for target in ("busy", "call", "rest")]
    return {"blocks": blocks, "edges": edges}


@contextlib.contextmanager
def _serving(environment: dict[str, str], folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-u", "-m", "workbench.cli", "serve", "--port", "0", *options]
    with subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, "".join(next(process.stdout) for _ in range(3))
        finally:
            process.kill()


def _address(told: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+/api/v1/workflow", told)
    assert found is not None
    return found[0]


def _hear(listening: socket.socket) -> tuple[set[int], list[socket.socket]]:
    """Wait until both blocks have called: the worker's two processes, and the connections."""
    pids: set[int] = set()
    open_: list[socket.socket] = []
    is_called = False
    while len(pids) < 2 or not is_called:
        connection, _ = listening.accept()
        connection.settimeout(60)
        open_.append(connection)
        said = connection.recv(1000)
        if said.startswith(b"GET"):
            is_called = True
            continue
        while len(pids := {int(pid) for pid in said.split()}) < 2:
            more = connection.recv(1000)
            assert more
            said += more
    return pids, open_


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc for what still runs")
def test_a_busy_server_stops_soon_leaves_nothing_running_and_goes_on_with_what_it_took(
    environment: dict[str, str], tmp_path: Path
) -> None:
    environment = {**environment, "WORKBENCH_HTTP_ALLOW": "127.0.0.1"}
    with socket.create_server(("127.0.0.1", 0)) as listening, contextlib.ExitStack() as kept:
        listening.settimeout(90)
        flow = _flow(listening.getsockname()[1])
        with _serving(environment, tmp_path, "--make-key", "k") as (process, told):
            key = re.search(r"API key: +(\S+)", told)
            assert key is not None
            by_key = {"X-API-Key": key[1]}
            client = kept.enter_context(httpx.Client(headers=by_key, timeout=60, trust_env=False))
            base = _address(told)
            made = client.post(f"{base}/functions", json={"name": "f", "flow": flow}).json()
            run = client.post(f"{base}/runs", json={"functionId": made["data"]["id"]}).json()["data"]["id"]
            pids, connections = _hear(listening)
            for connection in connections:
                kept.callback(connection.close)
            with client.stream("GET", f"{base}/events") as stream:
                assert next(stream.iter_lines()) == "retry: 2000"
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                assert process.wait(30) == 0
                took = time.monotonic() - began
            assert took < STOP_S
            assert not [pid for pid in pids if _is_alive(pid)]
        with _serving(environment, tmp_path) as (process, told):
            again, more = _hear(listening)
            for connection in more:
                kept.callback(connection.close)
            assert not again & pids
            found = client.get(f"{_address(told)}/runs/{run}").json()["data"]
            assert found["status"] in {"running", "waiting"}
            cancelled = client.post(f"{_address(told)}/runs/{run}/cancel", json={})
            assert cancelled.is_success
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
            assert not [pid for pid in again if _is_alive(pid)]

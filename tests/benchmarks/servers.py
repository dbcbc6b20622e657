"""The restart of a killed run in real servers: `workbench serve`, and a Jupyter server with the extension."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from tests.benchmarks.children import environ
from tests.benchmarks.flows import AddEffect, chain
from tests.benchmarks.peers.contestant import KILL, KILL_AT, LONG, TAPE, Tape

TOKEN = "benchmark"
PATIENCE_S = 60.0
API = "api/v1/workflow"


class Server:
    """A server in a process of its own; `address` and `headers` once it says where it is."""

    def __init__(self, command: list[str], home: Path, address: str, key: str | None = None, **more: str) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command,
            cwd=home,
            env=environ(home, **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.address = self._find(address)
        self.headers = {"Authorization": f"token {TOKEN}"}
        if key is not None:
            self.headers = {"X-API-Key": self._find(key)}
        self.listening = time.monotonic()
        threading.Thread(target=self.process.stdout.read, daemon=True).start()  # type: ignore[union-attr]

    def _find(self, pattern: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(pattern, line):
                return found.group(1)
        raise RuntimeError("the server ended before it said where it is")

    def client(self) -> httpx.Client:
        """For its REST API."""
        return httpx.Client(base_url=self.address, headers=self.headers, timeout=60)

    def end(self) -> None:
        """Kill it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _uvicorn(home: Path, **more: str) -> Server:
    command = [sys.executable, "-m", "workbench.cli.main", "serve", "--port", "0", "--home", str(home / "store")]
    command += ["--make-key", f"bench {time.monotonic_ns()}"]
    return Server(command, home, r"(http://127\.0\.0\.1:\d+)/api", r"(wb_[\w-]+)", **more)


def _jupyter(home: Path, *options: str, **more: str) -> Server:
    command = [
        sys.executable, "-m", "jupyter_server", "--port=0", "--no-browser", "--allow-root",
        f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={home}", *options,
    ]  # fmt: skip
    folders = {"HOME": home, "JUPYTER_RUNTIME_DIR": home / "runtime", "WORKBENCH_HOME": home / "store"}
    return Server(command, home, r"(http://127\.0\.0\.1:\d+/)", None, **{k: str(v) for k, v in folders.items()}, **more)


def jupyter_alone(home: Path) -> float:
    """Seconds until a Jupyter server without the workbench listens."""
    server = _jupyter(home, "--ServerApp.jpserver_extensions={'workbench_server': False}")
    server.end()
    return server.listening - server.started


def uvicorn_restart(home: Path) -> float:
    """What a restart costs under `workbench serve`."""
    return _restart(home, _uvicorn)


def jupyter_restart(home: Path) -> float:
    """What a restart costs in a Jupyter server, its own start included."""
    return _restart(home, _jupyter)


def _restart(home: Path, serve) -> float:
    from tests.benchmarks.restart import check, rest_of

    clean, killed = home / "clean", home / "killed"
    clean.mkdir()
    killed.mkdir()
    server = serve(clean, **{TAPE: str(home / "clean-tape")})
    try:
        run_id, function_id = _submit(server)
        _until_completed(server, run_id)
        rest = rest_of(home / "clean-tape", Tape(home / "clean-tape").read()[-1][0])
    finally:
        server.end()
    server = serve(killed, **{TAPE: str(home / "killed-tape"), KILL: str(KILL_AT)})
    try:
        run_id, function_id = _submit(server)
        server.process.wait(PATIENCE_S)
    finally:
        server.end()
    del function_id
    server = serve(killed, **{TAPE: str(home / "killed-tape")})
    try:
        _until_completed(server, run_id)
    finally:
        server.end()
    check(home / "killed-tape")
    return Tape(home / "killed-tape").read()[-1][0] - server.started - rest


def _submit(server: Server) -> tuple[str, str]:
    """A run of the long chain; the server may die before it has answered."""
    with server.client() as client:
        end = time.monotonic() + PATIENCE_S
        while client.get(f"{API}/functions").status_code == 503 and time.monotonic() < end:
            threading.Event().wait(0.05)
        body = {"name": "long", "flow": chain(LONG, AddEffect.type).to_wire()}
        function_id = client.post(f"{API}/functions", json=body).raise_for_status().json()["data"]["id"]
        body = {"functionId": function_id, "inputs": {"x": 0}}
        return client.post(f"{API}/runs", json=body).raise_for_status().json()["data"]["id"], function_id


def _until_completed(server: Server, run_id: str) -> None:
    end = time.monotonic() + PATIENCE_S
    with server.client() as client:
        while time.monotonic() < end:
            answer = client.get(f"{API}/runs/{run_id}")
            if answer.status_code == 200:
                status = answer.json()["data"]["status"]
                if status == "completed":
                    return
                assert status in {"queued", "running", "waiting", "pending"}, status
            threading.Event().wait(0.02)
    raise RuntimeError(f"the run was not over within {PATIENCE_S:.0f} s")

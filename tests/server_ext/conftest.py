"""Real Jupyter servers on loopback, each with a home of its own."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

TOKEN = "jupyter-test-token"
REPOSITORY = Path(__file__).parents[2]


@dataclass
class Server:
    """A running Jupyter server and what it has said."""

    process: subprocess.Popen[str]
    lines: queue.Queue[str] = field(default_factory=queue.Queue)
    said: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def api(self) -> str:
        return f"{self.url}api/v1/workflow"

    def wait_for(self, pattern: str, timeout: float = 60) -> re.Match[str]:
        while True:
            try:
                line = self.lines.get(timeout=timeout)
            except queue.Empty:
                raise AssertionError(f"the server never said {pattern!r}:\n{''.join(self.said)}") from None
            if line == "":
                raise AssertionError(f"the server ended before it said {pattern!r}:\n{''.join(self.said)}")
            if found := re.search(pattern, line):
                return found

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(sign)
        return self.process.wait(30)


def starting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """What starts servers, and stops them in the end."""
    servers: list[Server] = []

    def start(
        *options: str, opener: str = "tests.server_ext.asgi_app.open_small", env: dict[str, str] | None = None
    ) -> Server:
        home = tmp_path_factory.mktemp("home")
        command = [
            sys.executable, "-m", "jupyter_server", "--port=0", "--no-browser", "--allow-root",
            f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={home}",
            f"--WorkbenchExtension.opener={opener}", *options,
        ]  # fmt: skip
        folders = {
            "HOME": home, "JUPYTER_CONFIG_DIR": home / "config", "JUPYTER_DATA_DIR": home / "data",
            "JUPYTER_RUNTIME_DIR": home / "runtime", "PYTHONPATH": REPOSITORY,
        }  # fmt: skip
        process = subprocess.Popen(
            command,
            cwd=home,
            env={**os.environ, **{k: str(v) for k, v in folders.items()}, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        server = Server(process)
        servers.append(server)

        def listen() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                server.said.append(line)
                server.lines.put(line)
            server.lines.put("")

        threading.Thread(target=listen, daemon=True).start()
        server.url = server.wait_for(r"(http://127\.0\.0\.1:\d+\S*/)(?:lab|tree)?\?token").group(1)
        server.wait_for("workflow workbench: (running|not running)")
        return server

    yield start
    for server in servers:
        server.stop(signal.SIGKILL)
        assert server.process.stdout is not None
        server.process.stdout.close()


@pytest.fixture(scope="module")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    yield from starting(tmp_path_factory)


@pytest.fixture(scope="module")
def server(start_server: Callable[..., Server]) -> Server:
    return start_server("--ServerApp.base_url=/user/x/", "--Workbench.http_allow=127.0.0.1")


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.api, timeout=20, trust_env=False) as made:
        yield made


@pytest.fixture
def by_token() -> dict[str, str]:
    return {"Authorization": f"token {TOKEN}"}


@pytest.fixture
def by_key() -> dict[str, str]:
    return {"X-API-Key": "test-key"}

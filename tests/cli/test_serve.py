"""`workbench serve` in a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from tests.cli.conftest import Command


def test_serve_answers_with_its_new_key_and_stops_gracefully(
    environment: dict[str, str], workbench: Command, tmp_path: Path
) -> None:
    command = [sys.executable, "-u", "-m", "workbench.cli", "serve", "--port", "0", "--make-key", "first"]
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = "".join(next(process.stdout) for _ in range(3))
        address = re.search(r"http://127\.0\.0\.1:\d+/api/v1/workflow", told)
        key = re.search(r"API key: +(\S+)", told)
        assert address is not None
        assert key is not None
        answer = httpx.get(f"{address[0]}/workspaces", headers={"X-API-Key": key[1]}, trust_env=False)
        assert answer.status_code == 200
        assert httpx.get(f"{address[0]}/workspaces", trust_env=False).status_code == 401
        second = workbench("serve", "--port", "0")
        assert second.returncode == 1
        assert f"held by process {process.pid}" in second.stderr
        assert "Traceback" not in second.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

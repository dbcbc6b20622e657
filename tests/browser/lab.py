"""A real JupyterLab in a process of its own, with a home of its own and a folder of data files."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import nbformat

TOKEN = "browser-test-token"
REPOSITORY = Path(__file__).parents[2]
SLOWNESS = float(os.environ.get("BROWSER_SLOWNESS", "0")) or max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1) / 2)
"""How many times longer than on a calm machine anything may take: as given, else by how many wait for each core."""
PATIENCE = 120 * SLOWNESS
"""Seconds that a loaded machine may take to start a server."""

SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"theme": "JupyterLab Light", "adaptive-theme": False},
    "docmanager-extension/plugin": {"autosave": False},
}
"""Lab's own settings: nothing from the network, nothing that pops up."""


class Lab:
    """The server's process, its files, and its REST API."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.notebooks = home / "notebooks"
        self.port = 0
        self.url = ""
        self.said: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self.notebooks.mkdir()
        for name, values in SETTINGS.items():
            file = home / "config" / "lab" / "user-settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))

    def start(self) -> None:
        """Start, again on the same port when it ran before."""
        command = [
            sys.executable, "-m", "jupyterlab", f"--port={self.port}", "--port-retries=0",
            "--no-browser", "--allow-root",
            f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={self.notebooks}", "--ServerApp.ip=127.0.0.1",
            "--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly",
        ]  # fmt: skip
        folders = {
            "HOME": self.home, "JUPYTER_CONFIG_DIR": self.home / "config", "JUPYTER_DATA_DIR": self.home / "data",
            "JUPYTER_RUNTIME_DIR": self.home / "runtime",
            "JUPYTERLAB_SETTINGS_DIR": self.home / "config/lab/user-settings",
            "JUPYTERLAB_WORKSPACES_DIR": self.home / "workspaces", "IPYTHONDIR": self.home / "ipython",
            "WORKBENCH_HOME": self.home / "store",
        }  # fmt: skip
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "WORKBENCH_"))}
        self._process = subprocess.Popen(
            command,
            cwd=self.home,
            env={**kept, **{name: str(folder) for name, folder in folders.items()}},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, args=(self._process, lines), daemon=True).start()
        self.url = self._wait_for(lines, r"(http://127\.0\.0\.1:\d+)/lab\?token").group(1)
        self._wait_for(lines, "workflow workbench: running")
        self.port = int(self.url.rpartition(":")[2])

    def _listen(self, process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.said.append(line)
                lines.put(line)
        lines.put("")

    def _wait_for(self, lines: queue.Queue[str], pattern: str) -> re.Match[str]:
        for line in self.said:
            if self.port == 0 and (found := re.search(pattern, line)):
                return found
        while True:
            try:
                line = lines.get(timeout=PATIENCE)
            except queue.Empty:
                line = ""
            if line == "":
                raise AssertionError(f"JupyterLab never said {pattern!r}:\n{''.join(self.said[-60:])}")
            if found := re.search(pattern, line):
                return found

    def kill(self) -> None:
        """End the server as a crash would: nothing is saved, no one is told."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, sign: signal.Signals) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(sign)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> Any:
        """One call of the REST API by the Jupyter token; answers its `data`."""
        answer = httpx.request(
            method,
            f"{self.url}/api/v1/workflow{path}",
            headers={"Authorization": f"token {TOKEN}"},
            json=body,
            params=query or None,
            timeout=60,
            trust_env=False,
        )
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json()["data"]

    def make_function(self, name: str, flow: Mapping[str, Any]) -> str:
        return self.call("POST", "/functions", {"name": name, "flow": flow})["id"]

    def write_notebook(self, name: str, cells: Sequence[str]) -> str:
        """Write a notebook of code cells; answers its path in Lab."""
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(made, self.notebooks / f"{name}.ipynb")
        return f"{name}.ipynb"

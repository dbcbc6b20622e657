"""The Jupyter servers of this user that run now, read from the files that they leave for this."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from jupyter_core.paths import jupyter_runtime_dir

PREFIX = "api/v1/workflow"


@dataclass(frozen=True, slots=True)
class Server:
    """One running Jupyter server; `url` ends in a slash."""

    url: str
    token: str
    pid: int
    root: str


def running_servers() -> list[Server]:
    """Every server whose process is alive."""
    found = []
    for file in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        try:
            told = json.loads(file.read_bytes())
            server = Server(told["url"], told.get("token", ""), int(told["pid"]), told.get("root_dir", ""))
        except (OSError, ValueError, KeyError):
            continue  # being written, or of another version
        if psutil.pid_exists(server.pid):
            found.append(server)
    return found


def health(server: Server) -> tuple[bool, str]:
    """Whether the workbench in `server` is well, and what it says."""
    try:
        answer = httpx.get(f"{server.url}{PREFIX}/health", timeout=3, trust_env=False)
        told = answer.json()
    except httpx.HTTPError as error:
        return False, f"does not answer ({type(error).__name__})"
    except ValueError:
        return False, "has no workbench"
    if answer.is_success and told.get("success"):
        return True, str(told["data"].get("status", "ok"))
    error = told.get("error", {})
    return False, " ".join(filter(None, (error.get("message", "has no workbench"), error.get("hint"))))

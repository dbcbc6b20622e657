"""The Jupyter servers of this user that run now and carry a workbench."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from jupyter_core.paths import jupyter_runtime_dir

from workbench.client.address import PREFIX, Address

HEALTH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class JupyterServer:
    """One running server, read from the file that it leaves in Jupyter's runtime folder."""

    url: str
    token: str
    root: Path


def running_servers() -> Iterator[JupyterServer]:
    """Every server of this user whose process is alive."""
    for file in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        try:
            told = json.loads(file.read_bytes())
            if psutil.pid_exists(int(told["pid"])):
                yield JupyterServer(
                    str(told["url"]).rstrip("/"), told.get("token", ""), Path(told.get("root_dir", "/"))
                )
        except (OSError, ValueError, KeyError):
            continue  # being written, or another version's


def find_server() -> Address | None:
    """A running server whose workbench is well: first one whose root folder holds this process's own."""
    here = Path(os.curdir).resolve()
    servers = sorted(running_servers(), key=lambda s: not here.is_relative_to(s.root))
    for server in servers:
        address = Address(server.url, token=server.token or None)
        if is_well(address):
            return address
    return None


def is_well(address: Address) -> bool:
    """Whether a workbench answers there."""
    try:
        answer = httpx.get(f"{address.url}{PREFIX}/health", timeout=HEALTH_SECONDS, trust_env=False)
        return answer.is_success and bool(answer.json().get("success"))
    except (httpx.HTTPError, ValueError, AttributeError):
        return False

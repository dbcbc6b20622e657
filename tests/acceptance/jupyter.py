"""Real Jupyter servers with the real workbench in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.server_ext.conftest import TOKEN, Server

BY_TOKEN = {"Authorization": f"token {TOKEN}"}


def real(start_server: Callable[..., Server], home: Path, *options: str) -> Server:
    """A Jupyter server whose workbench keeps its store in `home`."""
    opener = "--WorkbenchExtension.opener=workbench_server.opener.open_assembly"
    return start_server(opener, f"--Workbench.home={home}", *options)

"""The console command in a process of its own, with a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    folders = {"WORKBENCH_HOME": tmp_path / "home", "JUPYTER_RUNTIME_DIR": tmp_path / "runtime", "COLUMNS": "200"}
    return {**os.environ, **{name: str(value) for name, value in folders.items()}}


@pytest.fixture
def workbench(environment: dict[str, str], tmp_path: Path) -> Command:
    def call(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "workbench.cli", *arguments],
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    return call

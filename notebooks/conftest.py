"""Notebooks are tests: their session has a workbench of its own, in the kernels' processes."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

HOME = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Give the kernels a fresh store, whatever server or store the person who tests works with."""
    for name in [name for name in os.environ if name.startswith("WORKBENCH_")]:
        del os.environ[name]
    os.environ["WORKBENCH_HOME"] = config.stash[HOME] = tempfile.mkdtemp(prefix="workbench-notebooks-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the store away."""
    if HOME in config.stash:
        shutil.rmtree(config.stash[HOME], ignore_errors=True)

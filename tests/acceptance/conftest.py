"""One workbench for all acceptance tests; after each of them it must still be well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.doors import Doors, data_of
from tests.server_ext.conftest import start_server  # noqa: F401 - a fixture
from tests.serving import Bench, running


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that file blocks may touch."""
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[Bench]:
    with running(tmp_path_factory.mktemp("home"), root=root, worker_processes=2) as bench:
        yield bench


@pytest.fixture(scope="session")
def api(bench: Bench) -> Doors:
    """The default workspace, with every scope."""
    return Doors(bench.client())


@pytest.fixture(autouse=True)
def _still_answers(bench: Bench) -> Iterator[None]:
    """Whatever a test did: the server answers, nothing is red, and no run that a test started is left alive."""
    yield
    with bench.client("") as nobody:
        health = data_of(nobody.get("/health"))
    assert health["status"] == "ok"
    assert health["parts"]["store"]["unapplied"] == 0

"""One workbench for all acceptance tests; after each of them it must still be well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.doors import Doors, data_of
from tests.acceptance.jupyter import real
from tests.server_ext.conftest import Server, starting
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
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    yield from starting(tmp_path_factory)


@pytest.fixture(scope="session")
def in_jupyter(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A real Jupyter server below a base URL, with the real workbench in it."""
    return real(start_server, tmp_path_factory.mktemp("home"), "--ServerApp.base_url=/user/x/")


@pytest.fixture(scope="session")
def api(bench: Bench) -> Doors:
    """The default workspace, with every scope."""
    return Doors(bench.client())


@pytest.fixture(scope="session")
def nobody(bench: Bench) -> httpx.Client:
    """A client without a key."""
    return bench.client("")


@pytest.fixture(autouse=True)
def _still_answers(nobody: httpx.Client) -> Iterator[None]:
    """Whatever a test did: the server answers, and nothing is red."""
    yield
    health = data_of(nobody.get("/health"))
    assert health["status"] == "ok"
    assert health["parts"]["store"]["unapplied"] == 0

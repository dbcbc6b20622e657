"""Stores that cannot be opened: who holds it, who wrote it, and that nothing of it was touched."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import httpx
import pytest

from tests.acceptance.doors import data_of, expression, flow, refused
from tests.acceptance.jupyter import BY_TOKEN, real
from tests.server_ext.conftest import Server
from tests.serving import Bench, running
from workbench.assembly import open_workbench
from workbench.base.errors import StoreHeld, StoreTooNew
from workbench.base.settings import Settings

OPEN = """
import sys
from workbench.assembly import open_workbench
from workbench.base.errors import WorkbenchError
from workbench.base.settings import Settings
try:
    open_workbench(Settings.load(environ={}, home=sys.argv[1]))
except WorkbenchError as error:
    print(error.code, error)
"""


def make_newer(home: Path) -> None:
    with running(home) as bench:
        function = {"name": "kept", "flow": flow(expression("1"))}
        data_of(bench.client().post("/functions", json=function))
    (database,) = home.rglob("*.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute("UPDATE meta SET value = '9999' WHERE key = 'schema_version'")
        connection.execute("CHECKPOINT")


def make_older(home: Path, version: str) -> None:
    (database,) = home.rglob("*.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", [version])
        connection.execute("CHECKPOINT")


def contents(home: Path) -> dict[str, bytes]:
    return {str(p.relative_to(home)): p.read_bytes() for p in home.rglob("*") if p.is_file() and "lock" not in p.name}


def test_a_store_held_by_another_process_names_its_owner(tmp_path: Path) -> None:
    with running(tmp_path) as bench:
        bench.workbench.store.announce(bench.address, "a-key")
        told = subprocess.run(
            [sys.executable, "-c", OPEN, str(tmp_path)], capture_output=True, text=True, timeout=30, check=True
        )
        assert told.stdout.startswith("UNAVAILABLE "), told
        for word in (str(tmp_path), "process", bench.address, "WORKBENCH_HOME"):
            assert word in told.stdout
        assert "a-key" not in told.stdout
        with pytest.raises(StoreHeld):
            open_workbench(Settings.load(environ={}, home=tmp_path))
        assert data_of(bench.client().get("/canvases")) == []


def test_a_store_of_a_newer_version_is_left_as_it_is(tmp_path: Path) -> None:
    make_newer(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(StoreTooNew, match="9999") as caught:
        open_workbench(Settings.load(environ={}, home=tmp_path))
    assert "newer" in str(caught.value.hint)
    assert contents(tmp_path) == before
    make_older(tmp_path, "1")
    with running(tmp_path) as bench:
        assert [f["name"] for f in data_of(bench.client().get("/functions"))] == ["kept"]


@pytest.fixture(scope="module")
def newer_and_held(
    start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Server, Bench]]:
    """Two Jupyter servers: one over a store of a newer version, one over a store that this process holds."""
    newer, held = tmp_path_factory.mktemp("newer"), tmp_path_factory.mktemp("held")
    make_newer(newer)
    with running(held) as owner, ThreadPoolExecutor(2) as pool:
        owner.workbench.store.announce(owner.address, "a-key")
        first, second = pool.map(lambda home: real(start_server, home), (newer, held))
        yield first, second, owner


def test_jupyter_starts_beside_a_store_of_a_newer_version_and_says_why(
    newer_and_held: tuple[Server, Server, Bench],
) -> None:
    server, _, _ = newer_and_held
    answer = httpx.get(f"{server.api}/canvases", headers=BY_TOKEN, trust_env=False)
    refused(answer, "UNAVAILABLE", "9999", "newer")
    assert answer.headers["retry-after"]
    assert httpx.get(f"{server.url}api/status", headers=BY_TOKEN, trust_env=False).status_code == 200


def test_jupyter_starts_beside_a_held_store_and_names_its_owner(newer_and_held: tuple[Server, Server, Bench]) -> None:
    _, server, owner = newer_and_held
    for method, path in (("GET", "/canvases"), ("POST", "/runs"), ("GET", "/health")):
        answer = httpx.request(method, server.api + path, headers=BY_TOKEN, trust_env=False)
        refused(answer, "UNAVAILABLE", owner.address, "process")
        assert "a-key" not in answer.text
    assert httpx.get(f"{server.url}api/status", headers=BY_TOKEN, trust_env=False).status_code == 200
    assert httpx.get(f"{server.url}api/contents", headers=BY_TOKEN, trust_env=False).status_code == 200

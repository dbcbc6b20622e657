"""The real workbench in a real Jupyter server."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.server_ext.conftest import TOKEN, Server

BY_TOKEN = {"Authorization": f"token {TOKEN}"}
REAL = "workbench_server.opener.open_assembly"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workbench-home")


@pytest.fixture(scope="module")
def real(start_server: Callable[..., Server], home: Path) -> Server:
    return start_server(f"--Workbench.home={home}", opener=REAL)


@pytest.fixture
def jupyter(real: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=real.api, headers=BY_TOKEN, timeout=20, trust_env=False) as client:
        yield client


def test_a_jupyter_login_makes_a_key_and_the_key_alone_lets_in(real: Server, jupyter: httpx.Client) -> None:
    made = jupyter.post("/api-keys", json={"name": "mine", "scopes": ["read"]})
    assert made.status_code == 201, made.text
    key = {"X-API-Key": made.json()["data"]["key"]}
    with httpx.Client(base_url=real.api, headers=key, timeout=20, trust_env=False) as keyed:
        assert keyed.get("/workspaces").status_code == 200
        assert keyed.post("/workspaces", json={"name": "more"}).status_code == 403
        wrong = keyed.get("/workspaces", headers={"X-API-Key": "wrong", "Authorization": f"token {TOKEN}"})
        assert wrong.status_code == 401


def test_the_store_says_where_its_api_is(real: Server, home: Path) -> None:
    owner = json.loads((home / "owner.json").read_bytes())
    assert owner["address"] + "/" == real.url
    with httpx.Client(base_url=owner["address"], headers={"X-API-Key": owner["key"]}, trust_env=False) as client:
        assert client.get("/api/v1/workflow/workspaces").status_code == 200
    assert (home / "owner.json").stat().st_mode & 0o077 == 0


def test_health_and_the_document_need_no_login(real: Server) -> None:
    with httpx.Client(base_url=real.api, timeout=20, trust_env=False) as nobody:
        assert nobody.get("/health").status_code == 200
        assert nobody.get("/openapi.json").json()["openapi"].startswith("3.1")
        assert nobody.get("/workspaces").status_code == 401


def test_an_unknown_path_is_the_apps_own_404(jupyter: httpx.Client) -> None:
    answer = jupyter.get("/nowhere")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"


def test_a_second_server_on_the_same_home_says_who_holds_it(
    start_server: Callable[..., Server], real: Server, home: Path
) -> None:
    assert real.url
    second = start_server(f"--Workbench.home={home}", opener=REAL)
    answer = httpx.get(f"{second.api}/workspaces", headers=BY_TOKEN, trust_env=False)
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "UNAVAILABLE"
    assert answer.json()["error"]["hint"]


def test_a_setting_that_is_none_is_named(start_server: Callable[..., Server]) -> None:
    server = start_server("--Workbench.hom=/nowhere", opener=REAL)
    answer = httpx.get(f"{server.api}/workspaces", headers=BY_TOKEN, trust_env=False)
    assert answer.status_code == 503
    assert answer.json()["error"]["details"][0]["field"] == "hom"


def test_a_stop_lets_go_of_the_store_and_keeps_what_was_acknowledged(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    option = f"--Workbench.home={tmp_path}"
    first = start_server(option, opener=REAL)
    made = httpx.post(f"{first.api}/workspaces", json={"name": "kept"}, headers=BY_TOKEN, trust_env=False)
    assert made.status_code == 201, made.text
    assert first.stop() == 0
    second = start_server(option, opener=REAL)
    listed = httpx.get(f"{second.api}/workspaces", headers=BY_TOKEN, trust_env=False).json()["data"]
    assert "kept" in {workspace["name"] for workspace in listed}


def test_an_interrupt_without_a_terminal_stops_in_order(start_server: Callable[..., Server], tmp_path: Path) -> None:
    server = start_server(f"--Workbench.home={tmp_path}", opener=REAL)
    assert (tmp_path / "owner.json").exists()
    assert server.stop(signal.SIGINT) == 0
    assert not (tmp_path / "owner.json").exists()
    assert "Traceback" not in "".join(server.said)

"""The assembly's life beside the server: started with it, stopped with it, and absent without harm."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.server_ext.conftest import TOKEN, Server

BY_TOKEN = {"Authorization": f"token {TOKEN}"}


def test_kernels_are_told_where_the_workbench_is(server: Server, client: httpx.Client, by_key: dict[str, str]) -> None:
    told = client.get("/environment", headers=by_key).json()
    assert told["WORKBENCH_URL"] + "/" == server.url
    assert told["WORKBENCH_API_KEY"] == "test-key"
    assert told["WORKBENCH_WORKSPACE"].startswith("018f")


@pytest.mark.parametrize("way", ["SIGTERM", "api/shutdown"])
def test_the_assembly_stops_with_the_server(start_server: Callable[..., Server], tmp_path: Path, way: str) -> None:
    told = tmp_path / "told"
    server = start_server(env={"TEST_LIFESPAN_FILE": str(told)})
    with (
        httpx.Client(base_url=server.api, headers=BY_TOKEN, timeout=20, trust_env=False) as client,
        client.stream("GET", "/events") as stream,
    ):
        if way == "api/shutdown":
            assert httpx.post(f"{server.url}api/shutdown", headers=BY_TOKEN, trust_env=False).is_success
        else:
            server.process.send_signal(signal.SIGTERM)
        assert list(stream.iter_lines()) == []
        assert server.process.wait(20) == 0
    assert told.read_text() == "lifespan shutdown\nassembly stopped\n"


def test_the_assembly_stops_on_an_interrupt_without_a_terminal(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    told = tmp_path / "told"
    server = start_server(env={"TEST_LIFESPAN_FILE": str(told)})
    server.stop(signal.SIGINT)
    assert told.read_text() == "lifespan shutdown\nassembly stopped\n"


def test_health_of_a_second_server_names_the_process_that_holds_the_store(start_server: Callable[..., Server]) -> None:
    server = start_server(opener="tests.server_ext.asgi_app.open_held")
    answer = httpx.get(f"{server.api}/health", headers=BY_TOKEN, timeout=20, trust_env=False)
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("application/json")
    error = answer.json()["error"]
    assert (error["pid"], error["address"]) == (4711, "http://127.0.0.1:1")
    assert "4711" in error["message"]
    assert server.stop() == 0


@pytest.mark.parametrize(
    ("opener", "message", "hint"),
    [
        ("tests.server_ext.asgi_app.open_held", "held by process 4711", "Stop that process"),
        ("tests.server_ext.asgi_app.open_broken", "no module named workbench.nowhere", "workbench doctor"),
    ],
)
def test_jupyter_starts_without_the_workbench_and_says_why(
    start_server: Callable[..., Server], opener: str, message: str, hint: str
) -> None:
    server = start_server(opener=opener)
    with httpx.Client(headers=BY_TOKEN, timeout=20, trust_env=False) as client:
        assert client.get(f"{server.url}api/status").status_code == 200
        answer = client.get(f"{server.api}/canvases")
        assert answer.status_code == 503
        error = answer.json()["error"]
        assert error["code"] == "UNAVAILABLE"
        assert message in error["message"]
        assert hint in error["hint"]
        assert int(answer.headers["retry-after"]) > 0
    assert server.stop() == 0

"""The same doors in a real Jupyter server: curl with a key only, curl with a token only, and what must not get in."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import polars as pl
import pyarrow.ipc
import pytest

from tests.acceptance.doors import block, data_of, expression, flow, refused
from tests.acceptance.jupyter import BY_TOKEN
from tests.server_ext.conftest import TOKEN, Server
from workbench.access.identity import DEFAULT_WORKSPACE

CURL = shutil.which("curl")


@pytest.fixture(scope="module")
def server(in_jupyter: Server) -> Server:
    return in_jupyter


@pytest.fixture
def jupyter(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.api, headers=BY_TOKEN, timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    made = httpx.post(
        f"{server.api}/api-keys",
        json={"name": "curl", "scopes": ["read", "write", "execute"]}, headers=BY_TOKEN, trust_env=False,
    )  # fmt: skip
    return data_of(made, 201)["key"]


class Curl:
    """The real curl with some headers and nothing else: no cookies, no config of the user's."""

    def __init__(self, address: str, *headers: str) -> None:
        assert CURL is not None, "these tests need curl: apt-get install curl"
        self.command = [CURL, "-q", "--silent", "--show-error", "--max-time", "30", "--noproxy", "*"]
        for header in headers:
            self.command += ["-H", header]
        self.address = address

    def raw(self, method: str, path: str, *options: str, body: Any = None) -> bytes:
        """The body of the answer."""
        sent = ["-H", "Content-Type: application/json", "--data-binary", "@-"] if body is not None else []
        done = subprocess.run(
            [*self.command, "-X", method, *options, *sent, self.address + path],
            input=json.dumps(body).encode() if body is not None else None, capture_output=True, timeout=40, check=True,
        )  # fmt: skip
        return done.stdout

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """The data of a success."""
        answer = json.loads(self.raw(method, path, body=body))
        assert answer["success"] is True, answer
        return answer["data"]


FLOW = flow(
    block("loop", "loop", "each", loopType="forEach", items="{{ start.items }}"),
    expression("item * 2", "double", "double it"),
    block("big", "condition", "big", mode="expression", expression="sum(each.results) > 10"),
    block("yes", "return", "yes", value="{{ {'rows': [{'n': n} for n in each.results], 'sum': sum(each.results)} }}"),
    edges=[
        {"source": "start", "target": "loop"},
        {"source": "loop", "sourcePort": "body", "target": "double"},
        {"source": "loop", "target": "big"},
        {"source": "big", "sourcePort": "true", "target": "yes"},
    ],
)


def whole_life(curl: Curl) -> list[Any]:
    """One function from its making to its end; answers what must be the same for every caller."""
    canvas = curl("POST", "/canvases", {"name": "by curl"})
    function = curl("POST", "/functions", {"name": "doubles", "canvasId": canvas["id"], "flow": FLOW})
    valid = curl("POST", "/validate", {"functionId": function["id"]})
    started = curl("POST", "/runs", {"functionId": function["id"], "inputs": {"items": [1, 2, 5]}, "async": False})
    run = curl("GET", f"/runs/{started['id']}")
    logs = curl("GET", f"/runs/{run['id']}/logs")
    frame = pyarrow.ipc.open_stream(
        curl.raw("GET", f"/frames/runs?runId={run['id']}", "-H", "Accept: application/vnd.apache.arrow.stream")
    ).read_all()
    counts = curl("DELETE", f"/canvases/{canvas['id']}")["counts"]
    gone = json.loads(curl.raw("GET", f"/runs/{run['id']}"))["error"]["code"]
    steps = [(c["path"], c["status"], c["port"], c["output"]) for c in run["checkpoints"]]
    return [
        valid, run["status"], run["output"], sorted(steps), len(logs["timings"]), function["version"],
        pl.from_arrow(frame)["status"].to_list(), counts, gone,
    ]  # fmt: skip


def test_the_same_function_runs_with_a_key_only_and_with_a_token_only(server: Server, key: str) -> None:
    by_key = Curl(server.api, f"X-API-Key: {key}", f"X-Workspace-Id: {DEFAULT_WORKSPACE}")
    by_token = Curl(server.api, f"Authorization: token {TOKEN}")
    lives = [whole_life(by_key), whole_life(by_token), whole_life(Curl(server.api, f"X-API-Key: {key}"))]
    assert lives[0] == lives[1] == lives[2]
    assert lives[0][1:3] == ["completed", {"rows": [{"n": 2}, {"n": 4}, {"n": 10}], "sum": 16}]
    assert lives[0][-3:] == [["completed"], {"canvases": 1, "functions": 1, "runs": 1, "snapshots": 0}, "NOT_FOUND"]


def test_events_stream_to_curl_while_a_run_happens(server: Server, key: str) -> None:
    curl = Curl(server.api, f"X-API-Key: {key}")
    with subprocess.Popen(
        [*curl.command, "--no-buffer", f"{server.api}/events"], stdout=subprocess.PIPE, text=True
    ) as listening:
        assert listening.stdout is not None
        lines = iter(listening.stdout.readline, "")
        assert any(line.startswith("event: ready") for line in lines)
        function = curl("POST", "/functions", {"name": "seen", "flow": FLOW})
        curl("POST", "/runs", {"functionId": function["id"], "inputs": {"items": [9]}})
        assert any('"status":"completed"' in line and function["id"] in line for line in lines)
        listening.kill()


def test_a_wrong_key_never_falls_back_to_a_token_or_a_cookie(server: Server) -> None:
    with httpx.Client(base_url=server.url, trust_env=False, follow_redirects=True) as browser:
        assert browser.get(f"tree?token={TOKEN}").status_code in {200, 404}
        assert any(name.startswith("username-") for name in browser.cookies), dict(browser.cookies)
        by_cookie = browser.get("api/v1/workflow/canvases")
        assert by_cookie.status_code == 200, by_cookie.text
        for wrong in ("wrong", "", TOKEN):
            headers = {"X-API-Key": wrong}
            refused(browser.get("api/v1/workflow/canvases", headers=headers), "AUTHENTICATION_ERROR", "key")
            refused(browser.get("api/v1/workflow/canvases", headers={**headers, **BY_TOKEN}), "AUTHENTICATION_ERROR")
        refused(browser.post("api/v1/workflow/canvases", json={"name": "forged"}), "AUTHORIZATION_ERROR", "XSRF")
        xsrf = {"X-XSRFToken": browser.cookies["_xsrf"]}
        data_of(browser.post("api/v1/workflow/canvases", json={"name": "mine"}, headers=xsrf), 201)
        forged = {"X-XSRFToken": browser.cookies["_xsrf"], "Origin": "https://evil.example"}
        refused(
            browser.post("api/v1/workflow/canvases", json={"name": "forged"}, headers=forged), "AUTHORIZATION_ERROR"
        )
        names = {canvas["name"] for canvas in data_of(browser.get("api/v1/workflow/canvases"))}
        assert "mine" in names
        assert "forged" not in names


def test_nobody_and_a_wrong_token_are_401(server: Server) -> None:
    for headers in ({}, {"Authorization": "token wrong"}, {"Authorization": "Bearer x"}, {"Cookie": "_xsrf=1"}):
        for method, path in (("GET", "/canvases"), ("POST", "/runs"), ("DELETE", "/canvases/x"), ("GET", "/nowhere")):
            answer = httpx.request(method, server.api + path, headers=headers, trust_env=False)
            refused(answer, "AUTHENTICATION_ERROR")


def test_a_body_of_50_mb_is_refused_by_its_length_alone(server: Server, key: str) -> None:
    at = urlsplit(server.api)
    head = (
        f"POST {at.path}/functions HTTP/1.1\r\nHost: {at.netloc}\r\nX-API-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {50 * 1024 * 1024}\r\n\r\n"
    )
    with socket.create_connection((at.hostname, at.port), timeout=4) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"PAYLOAD_TOO_LARGE" in answer


def test_curl_that_sends_50_mb_sees_the_refusal(server: Server, key: str, tmp_path: Path) -> None:
    large = tmp_path / "large.json"
    large.write_bytes(b'"' + b"x" * 50 * 1024 * 1024 + b'"')
    curl = Curl(server.api, f"X-API-Key: {key}", "Content-Type: application/json")
    for more in ((), ("-H", "Expect:"), ("-H", "Transfer-Encoding: chunked")):
        sent = [*curl.command, *more, "-X", "POST", "--data-binary", f"@{large}", f"{server.api}/functions"]
        done = subprocess.run(sent, capture_output=True, timeout=40, check=False)
        assert json.loads(done.stdout)["error"]["code"] == "PAYLOAD_TOO_LARGE", (more, done)


@pytest.mark.parametrize(
    ("body", "media", "code"),
    [
        (b"{", "application/json", "VALIDATION_ERROR"),
        (b'{"name": NaN}', "application/json", "VALIDATION_ERROR"),
        (b"[" * 100_000, "application/json", "VALIDATION_ERROR"),
        (b'{"name": "a\\u0000b"}', "application/json", "VALIDATION_ERROR"),
        (b'{"name": "x"}', "text/plain", "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_bad_bodies_are_the_same_refusals_as_without_jupyter(
    jupyter: httpx.Client, body: bytes, media: str, code: str
) -> None:
    refused(jupyter.post("/canvases", content=body, headers={"Content-Type": media}), code)


def test_paths_that_climb_and_methods_that_are_none_stay_inside(server: Server, jupyter: httpx.Client) -> None:
    refused(jupyter.get("/static/..%2f..%2f..%2fpyproject.toml"), "NOT_FOUND")
    refused(jupyter.get("/runs/..%2f..%2f..%2f..%2fetc%2fpasswd"), "NOT_FOUND")
    refused(jupyter.patch("/canvases"), "METHOD_NOT_ALLOWED")
    refused(jupyter.request("BREW", "/canvases"), "METHOD_NOT_ALLOWED")
    assert httpx.get(f"{server.url}api/status", headers=BY_TOKEN, trust_env=False).status_code == 200


def test_files_that_blocks_read_are_those_of_the_jupyter_server(jupyter: httpx.Client) -> None:
    sent = {"name": "climbs", "flow": flow(block("read", "read_table", "read", path="/etc/passwd", format="csv"))}
    answer = jupyter.post("/functions", json=sent)
    function = data_of(answer)
    answer = jupyter.post("/runs", json={"functionId": function["id"], "async": False})
    assert "root:" not in answer.text
    assert answer.status_code == 422 or data_of(answer)["status"] == "failed", answer.text

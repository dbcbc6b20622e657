"""How requests are carried: paths, bodies, streams, back-pressure, disconnects, failures."""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.server_ext.conftest import TOKEN, Server

MIB = 1024 * 1024


def eventually(claim: Callable[[], bool], timeout: float = 10) -> None:
    """Ask again until `claim` holds; each call is a request, so this does not spin."""
    deadline = time.monotonic() + timeout
    while not claim():
        assert time.monotonic() < deadline, "it never came true"


def raw_request(server: Server, head: str) -> socket.socket:
    url = httpx.URL(server.url)
    assert url.port is not None
    connection = socket.create_connection((url.host, url.port), timeout=20)
    path = f"{url.path}api/v1/workflow"
    method, rest = head.split(" ", 1)
    lines = f"{method} {path}{rest}"
    connection.sendall(f"{lines}\r\nHost: {url.host}\r\nAuthorization: token {TOKEN}\r\n".encode())
    return connection


def test_the_path_is_told_raw_and_decoded_below_the_base_url(client: httpx.Client, by_token: dict[str, str]) -> None:
    told = client.get("/echo/a%2Fb%20c/%C3%A9?q=1%2F2&token=", headers=by_token).json()
    assert told["rawPath"] == "/user/x/api/v1/workflow/echo/a%2Fb%20c/%C3%A9"
    assert told["path"] == "/user/x/api/v1/workflow/echo/a/b c/é"
    assert told["rootPath"].startswith("/user/x")
    assert told["query"].startswith("q=1%2F2")


def test_a_path_that_is_not_utf8_is_still_json(client: httpx.Client, by_token: dict[str, str]) -> None:
    assert client.get("/echo/%ff%fe", headers=by_token).json()["rawPath"].endswith("%ff%fe")


@pytest.mark.parametrize("size", [0, 1, 65536, 1_000_003, 10 * MIB])
def test_a_body_arrives_whole(client: httpx.Client, by_token: dict[str, str], size: int) -> None:
    body = bytes(i * 7 % 251 for i in range(1009)) * (size // 1009 + 1)
    told = client.put("/echo", headers=by_token, content=body[:size]).json()
    assert (told["size"], told["sha256"]) == (size, hashlib.sha256(body[:size]).hexdigest())


def test_a_body_in_chunks_arrives_whole(client: httpx.Client, by_token: dict[str, str]) -> None:
    told = client.post("/echo", headers=by_token, content=(b"ab" * 40_000 for _ in range(20))).json()
    assert told["size"] == 1_600_000


def test_a_body_of_50_megabytes_is_refused_quickly(client: httpx.Client, by_token: dict[str, str]) -> None:
    started = time.monotonic()
    answer = client.post("/echo", headers=by_token, content=b"x" * (50 * MIB))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "PAYLOAD_TOO_LARGE"
    assert time.monotonic() - started < 3


def test_a_body_too_large_is_refused_before_any_of_it_is_sent(server: Server) -> None:
    with raw_request(server, "POST /echo HTTP/1.1") as connection:
        connection.sendall(b"Content-Length: 999999999999\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_a_client_that_asks_first_is_told_no_and_never_to_go_on(server: Server) -> None:
    with raw_request(server, "POST /echo HTTP/1.1") as connection:
        connection.sendall(b"Expect: 100-continue\r\nContent-Length: 52428800\r\n\r\n")
        told = b"".join(iter(lambda: connection.recv(65536), b""))
    assert told.startswith(b"HTTP/1.1 413 ")
    assert b"100" not in told.split(b"\r\n", 1)[0]


def test_an_endless_chunked_body_is_refused_at_the_limit(client: httpx.Client, by_token: dict[str, str]) -> None:
    answer = client.post("/echo", headers=by_token, content=(b"x" * 65536 for _ in range(400)))
    assert answer.status_code == 413


def test_an_app_that_answers_without_reading_is_heard(client: httpx.Client, by_token: dict[str, str]) -> None:
    answer = client.post("/unread", headers=by_token, content=b"x" * (9 * MIB))
    assert (answer.status_code, answer.text) == (415, "no thanks")
    assert client.get("/echo", headers=by_token).status_code == 200


def test_events_arrive_at_once_even_when_compression_is_offered(client: httpx.Client, by_token: dict[str, str]) -> None:
    waits = []
    with client.stream("GET", "/events", headers=by_token | {"Accept-Encoding": "gzip"}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        for n in range(20):
            eventually(lambda: client.get("/counts", headers=by_token).json()["listeners"] > 0)
            sent = time.monotonic()
            client.post(f"/tick?say=n{n}", headers=by_token)
            while next(lines) != f"data: n{n}":
                pass
            waits.append(time.monotonic() - sent)
    assert sorted(waits)[10] < 0.1


def test_the_head_of_a_stream_does_not_wait_for_its_first_event(client: httpx.Client, by_token: dict[str, str]) -> None:
    with client.stream("GET", "/events", headers=by_token, timeout=5) as stream:
        assert stream.status_code == 200


def test_the_app_learns_that_a_client_is_gone(client: httpx.Client, by_token: dict[str, str]) -> None:
    before = client.get("/counts", headers=by_token).json()["disconnects"]
    with client.stream("GET", "/events", headers=by_token):
        pass
    eventually(lambda: client.get("/counts", headers=by_token).json()["disconnects"] > before)


def test_eight_streams_and_ordinary_calls_go_on_together(client: httpx.Client, by_token: dict[str, str]) -> None:
    streams = [client.stream("GET", "/events", headers=by_token) for _ in range(8)]
    opened = [stream.__enter__() for stream in streams]
    iterators: list[Iterator[str]] = [stream.iter_lines() for stream in opened]
    eventually(lambda: client.get("/counts", headers=by_token).json()["listeners"] >= 8)
    with ThreadPoolExecutor(16) as pool:
        asked = list(pool.map(lambda n: client.post("/echo", headers=by_token, content=b"y" * n), range(100)))
    assert [answer.json()["size"] for answer in asked] == list(range(100))
    client.post("/tick?say=all", headers=by_token)
    assert [next(lines) for lines in iterators] == ["data: all"] * 8
    for stream in streams:
        stream.__exit__(None, None, None)


def test_a_client_that_does_not_read_holds_the_app_back(server: Server, client: httpx.Client) -> None:
    headers = {"X-API-Key": "test-key"}
    start = client.get("/counts", headers=headers).json()["sent"]
    with raw_request(server, "GET /flood?mib=200 HTTP/1.1") as connection:
        connection.sendall(b"\r\n")
        assert connection.recv(1024).startswith(b"HTTP/1.1 200 ")
        sent = [0, -1]
        while sent[-1] != sent[-2]:
            for _ in range(20):
                now = client.get("/counts", headers=headers).json()["sent"] - start
            sent.append(now)
        assert sent[-1] < 40 * MIB


def test_a_large_answer_arrives_whole(client: httpx.Client, by_token: dict[str, str]) -> None:
    assert len(client.get("/flood?mib=30", headers=by_token).content) == 30 * MIB


def test_a_broken_app_is_a_500_without_its_secrets(client: httpx.Client, by_token: dict[str, str]) -> None:
    answer = client.get("/broken", headers=by_token)
    assert answer.status_code == 500
    assert "secret detail" not in answer.text


def test_half_an_answer_is_not_taken_for_a_whole_one(client: httpx.Client, by_token: dict[str, str]) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/half", headers=by_token)


def test_head_options_and_empty_answers_have_no_body(client: httpx.Client, by_token: dict[str, str]) -> None:
    head = client.head("/echo", headers=by_token)
    assert (head.status_code, head.content, head.headers["x-echo"]) == (200, b"", "yes")
    assert client.options("/echo", headers=by_token).json()["method"] == "OPTIONS"
    nothing = client.get("/nothing", headers=by_token)
    assert nothing.status_code == 204
    assert "content-type" not in nothing.headers


def test_answers_keep_their_headers_and_get_ours(client: httpx.Client, by_token: dict[str, str]) -> None:
    answer = client.get("/echo", headers=by_token)
    assert answer.headers["x-echo"] == "yes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert "etag" not in answer.headers


def test_a_request_id_goes_along_and_a_strange_one_does_not(client: httpx.Client, by_token: dict[str, str]) -> None:
    mine = "018f0000-0000-7000-8000-00000000abcd"
    told = client.get("/echo", headers=by_token | {"X-Request-Id": mine}).json()
    assert told["headers"]["x-request-id"] == mine
    told = client.get("/echo", headers=by_token | {"X-Request-Id": "<script>"}).json()
    assert "script" not in told["headers"]["x-request-id"]


def test_a_refused_request_leaves_its_connection_open(server: Server, client: httpx.Client) -> None:
    with raw_request(server, "GET /echo HTTP/1.1") as connection:
        for _ in range(3):
            connection.sendall(b"X-Foo: 1\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            path = f"{httpx.URL(server.api).path}/echo"
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: k\r\n".encode())

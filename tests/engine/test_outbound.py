"""Outbound HTTP against a real server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import socket
import ssl
import subprocess

import pytest

from tests.engine.http_server import answer, http_server, json_answer
from workbench.base.errors import BlockFailed
from workbench.blocks.context import HttpRequest
from workbench.engine.outbound import OutboundHttp


def calls(make, *, allow=("127.0.0.1",), **routes):
    """Open a server with these routes and make calls: `make(server, send)` is awaited."""

    async def run():
        async with http_server(**routes) as server:
            outbound = OutboundHttp(allow)
            try:
                return await make(server, outbound.send)
            finally:
                await outbound.close()

    return asyncio.run(run())


def fails(make, **more):
    async def run(server, send):
        with pytest.raises(BlockFailed) as caught:
            await make(server, send)
        return caught.value, server

    return calls(run, **more)


def test_a_call_comes_back_with_status_headers_body_and_time():
    async def run(server, send):
        request = HttpRequest(
            "POST", server.url("/a?x=1"), {"X-One": "1"}, {"y": ["a b", 2], "z": None, "t": True}, b"hi"
        )
        return await send(request), server.asked[0]

    response, asked = calls(run, a=lambda _: answer(201, "done", X_Two="2"))
    assert (response.status, response.headers["x-two"], response.body) == (201, "2", b"done")
    assert response.elapsed_ms > 0
    assert asked.query == {"x": ["1"], "y": ["a b", "2"], "t": ["true"]}
    assert (asked.method, asked.body, asked.headers["x-one"]) == ("POST", b"hi", "1")


def test_headers_given_beside_stand_in_for_the_requests_own():
    async def run(server, send):
        await send(HttpRequest("GET", server.url("/a"), {"X-One": "1"}), {"Idempotency-Key": "k", "Host": "evil"})
        return server.asked[0].headers, server.port

    headers, port = calls(run, a=lambda _: answer())
    assert headers["idempotency-key"] == "k"
    assert headers["host"] == f"127.0.0.1:{port}"
    assert "x-one" not in headers


def test_connections_are_kept_between_calls():
    async def run(server, send):
        for _ in range(3):
            await send(HttpRequest("GET", server.url("/a")))
        return server.connections

    assert calls(run, a=lambda _: answer()) == 1


HIDDEN = ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"]


@pytest.mark.parametrize("host", HIDDEN)
def test_a_private_address_is_refused_however_it_is_written(host):
    error, server = fails(lambda s, send: send(HttpRequest("GET", s.url("/a", host))), allow=(), a=lambda _: answer())
    assert error.kind == "HTTP"
    assert "is refused" in error.message
    assert "HTTP_ALLOW" in error.hint
    assert server.connections == 0
    assert not error.unknown


def test_the_metadata_address_is_refused_at_once():
    error, _ = fails(lambda s, send: send(HttpRequest("GET", "http://169.254.169.254/latest/meta-data")), allow=())
    assert "link-local" in error.message


@pytest.mark.parametrize("allow", ["localhost", "127.0.0.0/8,::1"])
def test_a_host_or_network_on_the_list_is_reached_under_its_name(allow):
    async def run(server, send):
        return (await send(HttpRequest("GET", server.url("/a", "localhost")))).status, server.asked[0].headers["host"]

    status, named = calls(run, allow=allow.split(","), a=lambda _: answer())
    assert status == 200
    assert named.startswith("localhost:")


def test_each_redirect_is_checked_again():
    def redirect(_):
        return answer(302, location="http://169.254.169.254/latest")

    error, server = fails(lambda s, send: send(HttpRequest("GET", s.url("/a"))), a=redirect)
    assert "GET http://169.254.169.254/latest is refused" in error.message
    assert len(server.asked) == 1


def test_a_redirect_to_another_scheme_is_refused():
    error, _ = fails(
        lambda s, send: send(HttpRequest("GET", s.url("/a"))), a=lambda _: answer(302, location="file:///etc/passwd")
    )
    assert error.message == "`file:` cannot be called."


def test_redirects_keep_or_change_the_method_as_browsers_do():
    async def run(server, send):
        for path in ("/see", "/keep"):
            await send(HttpRequest("POST", server.url(path), {"Content-Type": "text/plain"}, body=b"x"))
        return [(a.method, a.path, a.body, "content-type" in a.headers) for a in server.asked]

    asked = calls(
        run, see=lambda _: answer(303, location="/a"), keep=lambda _: answer(307, location="/a"), a=lambda _: answer()
    )
    assert asked[1] == ("GET", "/a", b"", False)
    assert asked[3] == ("POST", "/a", b"x", True)


def test_secrets_do_not_follow_to_another_origin():
    async def run(server, send):
        async with http_server(b=lambda _: answer()) as other:
            server.routes["/a"] = lambda _: answer(302, location=other.url("/b"))
            await send(HttpRequest("GET", server.url("/a"), {"Authorization": "x", "X-Api-Key": "y", "X-Plain": "z"}))
            return other.asked[0].headers

    headers = calls(run)
    assert "authorization" not in headers
    assert "x-api-key" not in headers
    assert headers["x-plain"] == "z"


def test_redirects_end():
    error, server = fails(lambda s, send: send(HttpRequest("GET", s.url("/a"))), a=lambda _: answer(302, location="/a"))
    assert "redirected more than 10 times" in error.message
    assert len(server.asked) == 11


def test_redirects_are_left_alone_when_asked():
    async def run(server, send):
        return (await send(HttpRequest("GET", server.url("/a"), follow_redirects=False))).status

    assert calls(run, a=lambda _: answer(302, location="/b")) == 302


def test_an_answer_over_the_limit_is_stopped_while_it_streams_also_when_it_is_packed():
    def packed(_):
        return answer(200, gzip.compress(b"0" * 10_000_000), content_encoding="gzip")

    for route in (packed, lambda _: answer(200, b"0" * 200_000)):
        error, _ = fails(lambda s, send: send(HttpRequest("GET", s.url("/a"), max_bytes=100_000)), a=route)
        assert (error.kind, error.unknown) == ("OUTPUT_LIMIT", False)


def test_a_packed_answer_is_unpacked():
    async def run(server, send):
        return (await send(HttpRequest("GET", server.url("/a")))).body

    assert calls(run, a=lambda _: answer(200, gzip.compress(b"hello"), content_encoding="gzip")) == b"hello"


def test_no_answer_in_time_is_unknown():
    error, server = fails(lambda s, send: send(HttpRequest("POST", s.url("/never"), timeout_ms=200)))
    assert (error.kind, error.unknown) == ("HTTP", True)
    assert "gave no answer within 200 ms" in error.message
    assert len(server.asked) == 1


def test_a_cut_connection_is_unknown():
    for route in (lambda _: None, lambda _: b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\nhalf"):
        error, _ = fails(lambda s, send: send(HttpRequest("POST", s.url("/a"), body=b"x")), a=route)
        assert (error.kind, error.unknown) == ("HTTP", True)


def test_nonsense_instead_of_http_is_unknown():
    error, _ = fails(lambda s, send: send(HttpRequest("GET", s.url("/a"))), a=lambda _: b"what?\r\n\r\n")
    assert (error.kind, error.unknown) == ("HTTP", True)


def test_a_refused_connection_and_an_unknown_name_are_definite_failures():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        error, _ = fails(lambda s, send: send(HttpRequest("POST", url)))
    assert "no connection" in error.message
    assert not error.unknown
    error, _ = fails(lambda s, send: send(HttpRequest("POST", "http://nowhere.invalid/")))
    assert "does not resolve" in error.message
    assert not error.unknown


def test_cancelling_ends_the_call():
    async def run(server, send):
        task = asyncio.create_task(send(HttpRequest("GET", server.url("/never"))))
        await server.waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    calls(run)


@pytest.mark.parametrize("url", ["ftp://x/", "/only/a/path", "http://", "http://a b/", "http://u:p@127.0.0.1/"])
def test_what_is_no_address_is_said_and_no_password_is_shown(url):
    error, _ = fails(lambda s, send: send(HttpRequest("GET", url)))
    assert not error.unknown
    assert "u:p" not in str(error)


def test_a_header_that_cannot_be_sent_is_said():
    for headers in ({"X-A": "one\r\nX-B: two"}, {"X A": "1"}, {"X-A": "✓"}):
        error, server = fails(lambda s, send, h=headers: send(HttpRequest("GET", s.url("/a"), h)), a=lambda _: answer())
        assert "cannot be sent" in error.message
        assert server.asked == []


def test_a_query_is_not_shown_in_messages():
    error, _ = fails(lambda s, send: send(HttpRequest("GET", s.url("/a"), query={"key": "hidden"})), a=lambda _: None)
    assert "hidden" not in str(error)


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    async def run(server, send):
        return (await send(HttpRequest("GET", server.url("/a")))).status

    assert calls(run, a=lambda _: json_answer({})) == 200


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command to make a certificate")
def test_the_certificate_is_checked_against_the_name_and_not_the_address(tmp_path):
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", "key.pem"]
    names = ["-out", "cert.pem", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*make, *names], cwd=tmp_path, check=True, capture_output=True)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    asked_for = []
    serving.sni_callback = lambda _socket, name, _context: asked_for.append(name)

    async def run():
        async with http_server(serving, a=lambda _: answer(200, "hi")) as server:
            outbound = OutboundHttp(
                ["127.0.0.0/8"], ssl_context=ssl.create_default_context(cafile=tmp_path / "cert.pem")
            )
            port = server.port
            right = await outbound.send(HttpRequest("GET", f"https://localhost:{port}/a"))
            with pytest.raises(BlockFailed) as caught:
                await outbound.send(HttpRequest("GET", f"https://127.0.0.1:{port}/a"))
            await outbound.close()
            return right.body, caught.value

    body, error = asyncio.run(run())
    assert body == b"hi"
    assert asked_for[0] == "localhost"
    assert "certificate" in error.message
    assert not error.unknown

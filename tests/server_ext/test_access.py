"""Who may in: Jupyter's token, its cookie with XSRF rules, a key, nobody."""

from __future__ import annotations

import re
from contextlib import closing

import httpx
import pytest

from tests.server_ext.conftest import TOKEN, Server


def login(server: Server) -> httpx.Client:
    """A browser's session: a cookie, no token."""
    client = httpx.Client(base_url=server.api, timeout=20, trust_env=False)
    page = client.get(f"{server.url}login")
    xsrf = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
    assert xsrf is not None
    answer = client.post(f"{server.url}login", data={"password": TOKEN, "_xsrf": xsrf.group(1)})
    assert answer.status_code == 302
    client.headers["X-Test-Xsrf"] = xsrf.group(1)
    return client


def assert_refused(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert told["success"] is False
    assert told["error"]["code"] == code
    assert told["error"]["message"]
    assert told["requestId"] == answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox"


def test_a_token_lets_in_and_is_not_shown_to_the_app(client: httpx.Client, by_token: dict[str, str]) -> None:
    told = client.post("/echo", headers=by_token, json={"a": 1}).json()
    assert told["identity"]["user"]
    assert told["identity"]["scopes"] == ["read", "write", "execute", "admin"]
    assert "authorization" not in told["headers"]
    assert "cookie" not in told["headers"]
    assert told["lifespan"] is True
    assert told["onMainThread"] is False


def test_a_token_in_the_address_lets_in_and_is_not_shown_to_the_app(client: httpx.Client) -> None:
    told = client.get(f"/echo?a=1&token={TOKEN}&b=%20x").json()
    assert told["identity"]
    assert told["query"] == "a=1&b=%20x"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_nobody_gets_a_json_refusal_and_no_redirect(client: httpx.Client, method: str) -> None:
    assert_refused(client.request(method, "/echo"), 401, "AUTHENTICATION_ERROR")


def test_head_without_a_login_is_refused_without_a_body(client: httpx.Client) -> None:
    answer = client.head("/echo")
    assert answer.status_code == 401
    assert answer.content == b""


def test_a_wrong_token_is_refused(client: httpx.Client) -> None:
    assert_refused(client.get("/echo", headers={"Authorization": "token wrong"}), 401, "AUTHENTICATION_ERROR")


def test_a_key_passes_to_the_app_without_login_and_xsrf(client: httpx.Client, by_key: dict[str, str]) -> None:
    told = client.post("/echo", headers=by_key, content=b"x").json()
    assert told["identity"] is None
    assert told["headers"]["x-api-key"] == "test-key"
    assert told["size"] == 1


def test_a_key_beside_a_login_leaves_the_login_out(server: Server) -> None:
    with closing(login(server)) as browser:
        told = browser.post("/echo", headers={"X-API-Key": "wrong"}).json()
    assert told["identity"] is None


def test_a_cookie_reads_but_writes_only_with_the_xsrf_token(server: Server) -> None:
    with closing(login(server)) as browser:
        assert browser.get("/echo").json()["identity"]["user"]
        assert_refused(browser.post("/echo", json={}), 403, "AUTHORIZATION_ERROR")
        token = browser.headers["X-Test-Xsrf"]
        told = browser.post("/echo", json={}, headers={"X-XSRFToken": token})
        assert told.status_code == 200, told.text
        assert told.json()["identity"]["user"]


def test_a_cookie_does_not_write_from_another_origin(server: Server) -> None:
    with closing(login(server)) as browser:
        headers = {"X-XSRFToken": browser.headers["X-Test-Xsrf"], "Origin": "http://evil.example"}
        answer = browser.post("/echo", json={}, headers=headers)
    assert answer.status_code in {403, 404}
    assert answer.json()["success"] is False


def test_a_foreign_host_name_is_refused(client: httpx.Client, by_key: dict[str, str], by_token: dict[str, str]) -> None:
    for headers in (by_key, by_token):
        assert_refused(client.get("/echo", headers=headers | {"Host": "evil.example"}), 403, "AUTHORIZATION_ERROR")


@pytest.mark.parametrize("path", ["/health", "/hooks/w/a/b", "/static/canvas.js"])
def test_public_paths_need_no_login(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_a_hook_takes_a_post_from_anyone_without_identity(client: httpx.Client, by_token: dict[str, str]) -> None:
    assert client.post("/hooks/w/p", content=b"abc").json()["size"] == 3
    assert client.post("/hooks/w/p", content=b"abc", headers=by_token).json()["identity"] is None


@pytest.mark.parametrize("path", ["/healthy", "/openapi.jsonx", "/echo/health", "/staticx/a", "/hooksx"])
def test_only_the_public_paths_are_public(client: httpx.Client, path: str) -> None:
    assert_refused(client.get(path), 401, "AUTHENTICATION_ERROR")


def test_a_preflight_is_answered_without_the_app(client: httpx.Client) -> None:
    asked = {"Origin": "http://elsewhere.example", "Access-Control-Request-Method": "POST"}
    answer = client.options("/echo", headers=asked)
    assert answer.status_code == 204
    assert "x-api-key" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-origin" not in answer.headers


def test_a_method_that_no_server_knows_is_refused_in_json(client: httpx.Client, by_key: dict[str, str]) -> None:
    assert_refused(client.request("BREW", "/echo", headers=by_key), 405, "METHOD_NOT_ALLOWED")


def test_jupyters_own_pages_are_as_before(server: Server, by_token: dict[str, str]) -> None:
    with httpx.Client(base_url=server.url, timeout=20, trust_env=False) as client:
        assert client.get("api/status").status_code == 403
        status = client.get("api/status", headers=by_token)
        assert status.status_code == 200
        assert "sandbox" not in status.headers["content-security-policy"]
        assert client.get("api/contents", headers=by_token).status_code == 200
    with httpx.Client(base_url=server.url, timeout=20, trust_env=False) as stranger:
        assert stranger.get("lab").status_code == 302

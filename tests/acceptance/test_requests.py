"""Bad requests: what is wrong is named, nothing is kept of them."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.acceptance.doors import Doors, block, data_of, expression, flow, refused, until
from tests.serving import Bench

JSON = {"Content-Type": "application/json"}
NOBODY = "01900000-0000-7000-8000-00000000000b"


def total(api: Doors, path: str) -> int:
    return api.http.get(path, params={"limit": 1}).json()["meta"]["total"]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "line 1"),
        (b'{"name": "x",}', "column"),
        (b"not json", "not valid JSON"),
        (b'{"name": NaN}', "NaN"),
        (b'{"name": -Infinity}', "Infinity"),
        (b'{"name": "\xff\xfe"}', "UTF-8"),
        (b'{"name": "\\ud800"}', "surrogate"),
        (b"[" * 100_000, "64"),
        (b'{"name": ' + b'{"a":' * 500 + b"1" + b"}" * 501, "64"),
        (b'{"name": ' + b"9" * 5000 + b"}", "digits"),
        (b"[]", "body"),
        (b'"name"', "body"),
        (b"null", "body"),
        (b"7", "body"),
    ],
)
def test_a_body_that_is_no_sane_json_object_is_400_and_says_where(api: Doors, body: bytes, word: str) -> None:
    before = total(api, "/canvases")
    refused(api.http.post("/canvases", content=body, headers=JSON), "VALIDATION_ERROR", word)
    assert total(api, "/canvases") == before


def test_no_body_at_all_is_400(api: Doors) -> None:
    refused(api.http.post("/canvases"), "VALIDATION_ERROR", "required")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/canvases", {"name": 7}, "name"),
        ("/canvases", {"name": None}, "name"),
        ("/canvases", {"name": ["x"]}, "name"),
        ("/canvases", {"name": "x", "colour": "red"}, "colour"),
        ("/canvases", {}, "name"),
        ("/functions", {"name": "f", "flow": []}, "flow"),
        ("/functions", {"name": "f", "flow": {"blocks": {}}}, "flow.blocks"),
        ("/functions", {"name": "f", "flow": {"blocks": [7]}}, "flow.blocks[0]"),
        ("/functions", {"name": "f", "flow": {"blocks": [{"type": 7}]}}, "flow.blocks[0].type"),
        ("/functions", {"name": "f", "flow": {"blocks": [{"type": "start", "config": "x"}]}}, "flow.blocks[0].config"),
        ("/functions", {"name": "f", "flow": {"blocks": [{"type": "start", "id": "a b"}]}}, "flow.blocks[0].id"),
        ("/functions", {"name": "f", "flow": {"blocks": [{"type": "start", "id": "../x"}]}}, "flow.blocks[0].id"),
        (
            "/functions",
            {"name": "f", "flow": {"blocks": [{"type": "start", "policy": {"timeoutMs": "soon"}}]}},
            "flow.blocks[0].policy.timeoutMs",
        ),
        (
            "/functions",
            {"name": "f", "flow": {"blocks": [{"type": "start", "position": {"x": "left"}}]}},
            "flow.blocks[0].position.x",
        ),
        ("/functions", {"name": "f", "flow": {"edges": [{"source": "a"}]}}, "flow.edges[0].target"),
        ("/functions", {"name": "f", "flow": {"variables": []}}, "flow.variables"),
        ("/runs", {"functionId": 7}, "functionId"),
        ("/runs", {"functionId": NOBODY, "inputs": [1]}, "inputs"),
        ("/runs", {"functionId": NOBODY, "priority": 1e9}, "priority"),
        ("/runs", {"functionId": NOBODY, "priority": 0.5}, "priority"),
        ("/runs", {"functionId": NOBODY, "priority": "5"}, "priority"),
        ("/runs", {"functionId": NOBODY, "version": True}, "version"),
        ("/runs", {"functionId": NOBODY, "debug": "no"}, "debug"),
        ("/runs", {"functionId": NOBODY, "async": 0}, "async"),
        (
            "/functions",
            {"name": "f", "flow": {"blocks": [{"type": "start", "disabled": "no"}]}},
            "flow.blocks[0].disabled",
        ),
        ("/runs", {"functionId": NOBODY, "timeoutMs": -1}, "timeoutMs"),
        ("/runs", {"functionId": NOBODY, "version": 0}, "version"),
        ("/runs", {"functionId": NOBODY, "durability": "none"}, "durability"),
        ("/runs", {"functionId": NOBODY, "waitMs": 10**12}, "waitMs"),
        ("/validate", {"flow": "x"}, "flow"),
        ("/frames/sql", {"query": 7}, "query"),
        ("/frames/sql", {"query": "SELECT 1", "limit": 0}, "limit"),
        ("/api-keys", {"name": "k", "scopes": ["everything"]}, "scopes[0]"),
        ("/api-keys", {"name": "k", "scopes": []}, "scopes"),
        ("/api-keys", {"name": "k", "expiresAt": "tomorrow"}, "expiresAt"),
        ("/api-keys", {"name": "k", "expiresAt": "2026-01-31"}, "expiresAt"),
        ("/api-keys", {"name": "k", "expiresAt": "2000-01-01T00:00:00Z"}, "expiresAt"),
        ("/api-keys", {"name": "k", "expiresAt": 10**40}, "expiresAt"),
        ("/api-keys", {"name": "k", "expiresAt": 1_924_905_600_000_000}, "expiresAt"),
    ],
)
def test_a_field_of_the_wrong_type_is_named_by_its_path(api: Doors, path: str, body: Any, field: str) -> None:
    error = refused(api.http.post(path, json=body), "VALIDATION_ERROR")
    assert field in [d["field"] for d in error["details"]], error


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/runs?limit=0", "limit"), ("/runs?limit=201", "limit"), ("/runs?limit=x", "limit"),
        ("/runs?cursor=x", "cursor"), ("/runs?cursor=gqVoZWxsbw", "cursor"), ("/canvases?cursor=kwEC", "cursor"),
        ("/runs?since=yesterday", "since"), ("/runs?since=2026-01-01", "since"), ("/functions?status=live", "status"),
        ("/runs?status=flying", "status"),
        ("/frames/runs?limit=0", "limit"), ("/frames/secrets", "name"),
    ],
)  # fmt: skip
def test_a_query_parameter_that_is_none_is_named(api: Doors, path: str, field: str) -> None:
    error = refused(api.http.get(path), "VALIDATION_ERROR")
    assert error["details"][0]["field"] == field


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\0b", "\x1b[31mred", "x\x7f", "a\u0085b", "a" * 201])
def test_a_name_without_characters_with_control_characters_or_too_long_is_400(api: Doors, name: str) -> None:
    before = (total(api, "/canvases"), total(api, "/functions"))
    for path in ("/canvases", "/functions", "/workspaces", "/api-keys"):
        error = refused(api.http.post(path, json={"name": name}), "VALIDATION_ERROR")
        assert error["details"][0]["field"] == "name"
    named = {"blocks": [{"type": "start", "name": name}]}
    error = refused(api.http.post("/functions", json={"name": "f", "flow": named}), "VALIDATION_ERROR")
    assert error["details"][0]["field"] == "flow.blocks[0].name"
    assert (total(api, "/canvases"), total(api, "/functions")) == before


@pytest.mark.parametrize(
    "name", ["🦄", "日報 ✓", "naïve café", "ﬁne", "a\u202eb", "  trimmed  ", "'; DROP TABLE runs; --"]
)
def test_any_other_unicode_is_a_name_and_comes_back_as_it_was(api: Doors, name: str) -> None:
    canvas = data_of(api.http.post("/canvases", json={"name": name}), 201)
    function = api.function(expression("input"), name=name, canvasId=canvas["id"])
    run = api.run(function, {"n": name})
    assert [canvas["name"], function["name"], run["functionName"], run["output"]["n"]] == [name.strip()] * 3 + [name]
    found = data_of(api.http.get("/functions", params={"q": name.strip()}))
    assert function["id"] in {f["id"] for f in found}
    assert data_of(api.http.delete(f"/canvases/{canvas['id']}"))["counts"] == {
        "canvases": 1,
        "functions": 1,
        "runs": 1,
        "snapshots": 0,
    }


def test_a_search_for_percent_or_underscore_means_these_characters(api: Doors) -> None:
    data_of(api.http.post("/canvases", json={"name": "50 % off_peak"}))
    data_of(api.http.post("/canvases", json={"name": "plain"}))
    for q in ("%", "_"):
        found = data_of(api.http.get("/canvases", params={"q": q, "limit": 200}))
        assert {q in canvas["name"] for canvas in found} == {True}


@pytest.mark.parametrize("number", [2**53, 2**63, 2**64, -(2**70), 10**300, 1.5e308, 5e-324])
def test_huge_numbers_go_through_a_run_unchanged(api: Doors, number: float) -> None:
    run = api.run(api.function(expression("input.n")), {"n": number})
    assert run["output"] == number
    again = data_of(api.http.get(f"/runs/{run['id']}"))
    assert again["output"] == number
    assert again["inputs"] == {"n": number}


@pytest.mark.parametrize("version", [2**31, 2**63, 2**64, 10**40])
def test_a_huge_version_is_a_version_that_is_not_there(api: Doors, version: int) -> None:
    function = api.function(expression("1"))
    refused(api.http.get(f"/functions/{function['id']}?version={version}"), "NOT_FOUND", "version")
    refused(api.http.post("/runs", json={"functionId": function["id"], "version": version}), "NOT_FOUND", "version")
    body = {"name": "g", "expectedVersion": version}
    refused(api.http.put(f"/functions/{function['id']}", json=body), "VERSION_CONFLICT")


def test_a_huge_offset_is_a_page_without_rows(api: Doors) -> None:
    run = api.run(
        api.function(block("t", "sort", "t", input="{{ input.rows }}", by=[{"field": "a"}])), {"rows": [{"a": 1}]}
    )
    value = api.http.get(f"/runs/{run['id']}/checkpoints").json()["data"][-1]["id"]
    for offset in (2**31, 2**63, 2**64, 10**40):
        for path in (f"/runs/{run['id']}/checkpoints/{value}/value", f"/runs/{run['id']}/value"):
            answer = api.http.get(path, params={"offset": offset})
            assert answer.status_code in {200, 400}, answer.text


@pytest.mark.parametrize("place", ["Infinity", "NaN", 1e999, "1e999"])
def test_a_position_that_is_no_finite_number_is_400(api: Doors, place: Any) -> None:
    body = {"name": "f", "flow": {"blocks": [{"type": "start", "position": {"x": place, "y": 0}}]}}
    refused(api.http.post("/functions", content=json.dumps(body).encode(), headers=JSON), "VALIDATION_ERROR")


def test_deep_values_are_refused_before_they_are_kept(api: Doors) -> None:
    deep: Any = 1
    for _ in range(70):
        deep = [deep]
    before = total(api, "/functions")
    config = flow(block("b", "return", "b", value=deep))
    refused(api.http.post("/functions", json={"name": "f", "flow": config}), "VALIDATION_ERROR", "64")
    assert total(api, "/functions") == before


TRAVERSALS = [
    "..%2f..%2fetc%2fpasswd", "%2e%2e%2f", "%00", "a%00b", "nope", "NULL", "0", "-1",
    "'%20OR%201=1%20--", "%F0%9F%A6%84", "urn:uuid:" + NOBODY, "{" + NOBODY + "}", NOBODY.replace("-", ""), NOBODY,
    "x" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("bad", TRAVERSALS)
def test_an_id_that_names_nothing_is_404_everywhere(bench: Bench, api: Doors, bad: str) -> None:
    document = api.http.get("/openapi.json").json()
    run = api.run(api.function(expression("1")))
    tried = 0
    for template, methods in document["paths"].items():
        for method in methods:
            if "{" not in template or "/frames/" in template or template.endswith("/events"):
                continue
            path = template.replace("{checkpointId}", "\0").replace(
                "{runId}", run["id"] if "{checkpointId}" in template else "\0"
            )
            if template.endswith("/secrets/{secretName}") and method == "put":
                continue  # the caller gives the name, so a bad one is told as such
            for parameter in ("{canvasId}", "{functionId}", "{keyId}", "{name}", "{secretName}"):
                path = path.replace(parameter, "\0")
            content = b"{}" if method in {"post", "put"} else b""
            path = path.replace("\0", bad)
            answer = api.http.request(method, bench.address + path, content=content, headers=JSON if content else {})
            refused(answer, "NOT_FOUND")
            tried += 1
    assert tried > 20


def test_a_filter_that_names_nothing_is_404_or_finds_nothing(api: Doors) -> None:
    for path in ("/runs?functionId=", "/frames/runs?functionId=", "/frames/logs?runId=", "/functions?canvasId="):
        for bad in ("nope", "{" + NOBODY + "}", "%00", NOBODY):
            answer = api.http.get(path + bad)
            assert answer.status_code == 404 or answer.json()["data"] == [], (path, bad, answer.text)


def test_a_path_that_is_none_is_404_and_a_wrong_method_405_with_the_right_ones(api: Doors) -> None:
    refused(api.http.get("/nowhere"), "NOT_FOUND", "openapi.json")
    error = refused(api.http.patch("/canvases", json={}), "METHOD_NOT_ALLOWED")
    assert "GET" in error["hint"]
    assert "POST" in error["hint"]


def test_another_content_type_is_415(api: Doors) -> None:
    for media in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        answer = api.http.post("/canvases", content=b'{"name": "x"}', headers={"Content-Type": media})
        refused(answer, "UNSUPPORTED_MEDIA_TYPE", "application/json")


def test_a_body_of_50_mb_is_refused_before_it_is_sent(bench: Bench, api: Doors) -> None:
    before = total(api, "/functions")
    at = urlsplit(bench.address)
    head = (
        f"POST /api/v1/workflow/functions HTTP/1.1\r\nHost: x\r\nX-API-Key: {bench.admin_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {50 * 1024 * 1024}\r\n\r\n"
    )
    with socket.create_connection((at.hostname, at.port), timeout=5) as connection:
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"PAYLOAD_TOO_LARGE" in answer
    assert total(api, "/functions") == before


def test_a_body_of_50_mb_in_chunks_is_refused_when_it_is_over(bench: Bench, api: Doors) -> None:
    before = total(api, "/functions")

    def chunks() -> Any:
        for _ in range(50):
            yield b'"' + b"x" * 1024 * 1024

    with bench.client() as client:
        try:
            refused(client.post("/functions", content=chunks(), headers=JSON), "PAYLOAD_TOO_LARGE", "10 MiB")
        except httpx.TransportError as cut:  # refused all the same: the connection ended while the client still sent
            assert isinstance(cut, (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError))  # noqa: PT017
    assert total(api, "/functions") == before


def test_sql_over_the_history_reads_only_the_history(api: Doors) -> None:
    for query in (
        "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "SELECT 1; DROP TABLE runs",
        "DROP TABLE runs", "COPY runs TO '/tmp/x'", "ATTACH '/tmp/x'", "INSTALL httpfs", "SET memory_limit='1GB'",
        "SELECT * FROM api_keys", "SELECT getenv('HOME')", "SELECT", "",
    ):  # fmt: skip
        error = refused(api.http.post("/frames/sql", json={"query": query}), "VALIDATION_ERROR")
        assert error["details"][0]["field"] == "query", error
    assert data_of(api.http.post("/frames/sql", json={"query": "SELECT count(*) n FROM runs"}))[0]["n"] >= 0


def test_a_request_id_that_is_none_is_replaced(api: Doors) -> None:
    for given in ("x" * 500, "a\tb"):
        answer = api.http.get("/queue/stats", headers={"X-Request-Id": given})
        assert answer.headers["x-request-id"] not in {given, ""}
    assert api.http.get("/queue/stats", headers={"X-Request-Id": "mine-1"}).headers["x-request-id"] == "mine-1"


def test_a_client_that_leaves_in_the_middle_does_no_harm(bench: Bench, api: Doors) -> None:
    before = total(api, "/canvases")
    at = urlsplit(bench.address)
    head = (
        f"POST /api/v1/workflow/canvases HTTP/1.1\r\nHost: x\r\nX-API-Key: {bench.admin_key}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n" + '{"name": "half'
    )
    for _ in range(3):
        with socket.create_connection((at.hostname, at.port), timeout=5) as connection:
            connection.sendall(head.encode())
    assert until(lambda: data_of(api.http.get("/health"))["status"] == "ok", "well again")
    assert total(api, "/canvases") == before


def test_a_list_of_runs_leaves_large_inputs_to_the_run_itself(api: Doors) -> None:
    large = {"text": "x" * 1_000_000}
    run = api.run(api.function(expression("len(input.text)")), large)
    assert run["output"] == 1_000_000
    (listed,) = data_of(api.http.get(f"/runs?functionId={run['functionId']}"))
    assert listed["inputs"]["$value"]["bytes"] > 1_000_000
    assert data_of(api.http.get(f"/runs/{run['id']}"))["inputs"] == large

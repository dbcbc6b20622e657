"""`http_request`, and `read_table` from an address, against a real server."""

from __future__ import annotations

import asyncio
import json

import polars as pl
import pytest

from tests.blocks.context import REGISTRY, issues, run_in
from tests.engine.http_server import answer, http_server, json_answer
from workbench.base.errors import BlockFailed
from workbench.blocks.kind import Effect
from workbench.engine.outbound import OutboundHttp


def call(config, type="http_request", **routes):
    """The block's output and what the server was asked; ``$`` in the config's url or path is the server."""

    async def run():
        async with http_server(**routes) as server:
            outbound = OutboundHttp(["127.0.0.1"])
            key = "url" if type == "http_request" else "path"
            full = {**config, key: config[key].replace("$", server.url("").rstrip("/"))}
            try:
                fired, ctx = await run_in(type, full, outbound=outbound, input={"n": 1})
            finally:
                await outbound.close()
            return fired.output, server.asked, ctx.logged

    return asyncio.run(run())


def test_json_is_sent_and_read():
    output, asked, _ = call(
        {"method": "POST", "url": "$/a", "body": {"n": "{{ input.n }}"}, "query": {"q": "{{ input.n + 1 }}"}},
        a=lambda _: json_answer({"ok": True}),
    )
    assert set(output) == {"status", "headers", "body", "elapsedMs"}
    assert (output["status"], output["body"]) == (200, {"ok": True})
    assert json.loads(asked[0].body) == {"n": 1}
    assert asked[0].headers["content-type"] == "application/json"
    assert asked[0].query == {"q": ["2"]}


BODIES = [
    (b"caf\xe9", "text/plain; charset=latin-1", "café"),
    (b'{"a":1}\n{"a":2}\n', "application/x-ndjson", [{"a": 1}, {"a": 2}]),
    (b'{"a":1}', "application/problem+json", {"a": 1}),
    (b"\x00\xff", "application/octet-stream", "AP8="),
    (b"", "application/json", None),
]


@pytest.mark.parametrize(("raw", "kind", "value"), BODIES)
def test_the_body_is_read_by_its_content_type(raw, kind, value):
    output, _, _ = call({"url": "$/a"}, a=lambda _: answer(200, raw, content_type=kind))
    assert output["body"] == value


AUTHS = [
    ({"type": "bearer", "token": "{{ 'se' + 'cret' }}"}, "authorization", "Bearer secret"),
    ({"type": "basic", "username": "u", "password": "p"}, "authorization", "Basic dTpw"),
    ({"type": "header", "name": "X-Key", "value": "k"}, "x-key", "k"),
]


@pytest.mark.parametrize(("auth", "header", "value"), AUTHS)
def test_each_kind_of_authentication(auth, header, value):
    _, asked, _ = call({"url": "$/a", "auth": auth}, a=lambda _: answer())
    assert asked[0].headers[header] == value


def fails(config, **routes):
    with pytest.raises(BlockFailed) as caught:
        call(config, **routes)
    return caught.value


def test_an_unexpected_status_fails_with_what_the_answer_says():
    error = fails({"url": "$/a"}, a=lambda _: json_answer({"why": "gone"}, 404))
    assert error.message.endswith('/a answered 404, expected 200 to 299; it says {"why": "gone"}.')
    assert (error.kind, error.unknown, error.data) == ("HTTP", False, {"status": 404})


def test_an_expected_status_is_no_failure():
    output, _, _ = call({"url": "$/a", "expectedStatus": [404]}, a=lambda _: json_answer({}, 404))
    assert output["status"] == 404
    assert fails({"url": "$/a", "expectedStatus": [404]}, a=lambda _: answer()).data == {"status": 200}


def test_an_answer_that_is_not_the_json_it_says_fails():
    assert (
        "says it is JSON and is not"
        in fails({"url": "$/a"}, a=lambda _: answer(200, "{", content_type="application/json")).message
    )


def test_pages_by_number_end_at_the_first_empty_one():
    def page(asked):
        number = int(asked.query["page"][0])
        return json_answer({"items": [number] if number < 4 else []})

    output, asked, _ = call({"url": "$/a", "paging": {"type": "page", "itemsPath": "items"}}, a=page)
    assert (output["body"], output["pages"], len(asked)) == ([1, 2, 3], 4, 4)


def test_pages_by_cursor():
    def page(asked):
        at = int(asked.query.get("after", ["0"])[0])
        return json_answer({"data": {"list": [at]}, "next": str(at + 1) if at < 2 else None})

    paging = {"type": "cursor", "itemsPath": "data.list", "nextPath": "next", "param": "after"}
    output, _, _ = call({"url": "$/a", "query": {"size": 1}, "paging": paging}, a=page)
    assert output["body"] == [0, 1, 2]


def test_pages_by_link_header_stop_at_the_limit_and_say_so():
    def page(asked):
        number = int(asked.query.get("p", ["1"])[0])
        return json_answer([number], link=f'</a?p=0>; rel="prev", </a?p={number + 1}>; rel="next"')

    output, _, logged = call({"url": "$/a", "paging": {"type": "nextLink", "maxPages": 3}}, a=page)
    assert output["body"] == [1, 2, 3]
    assert logged == ["There are more than 3 pages; the rest was not read (maxPages)."]


def test_pages_that_run_in_a_circle_fail():
    error = fails(
        {"url": "$/a", "paging": {"type": "nextLink", "nextPath": "next", "itemsPath": "items"}},
        a=lambda _: json_answer({"items": [], "next": "/a?p=2"}),
    )
    assert "runs in a circle" in error.message


def test_a_page_without_its_list_names_what_is_there():
    error = fails(
        {"url": "$/a", "paging": {"type": "page", "itemsPath": "rows"}}, a=lambda _: json_answer({"items": []})
    )
    assert error.message == "`rows` of the page is null, not a list; the page has items."


def test_get_is_idempotent_and_post_an_effect():
    assert REGISTRY.effect_of("http_request", {"method": "GET"}) is Effect.IDEMPOTENT
    assert REGISTRY.effect_of("http_request", {}) is Effect.IDEMPOTENT
    assert REGISTRY.effect_of("http_request", {"method": "POST"}) is Effect.EFFECT


def test_issues_and_card():
    config = {"url": "https://api.example.org/v1/flights?key=x", "method": "GET", "body": 1, "auth": {"type": "bearer"}}
    assert issues("http_request", config) == [
        "auth.token is needed for bearer",
        "body cannot be sent with GET",
    ]
    assert REGISTRY.describe("http_request", config) == "GET api.example.org/v1/flights"


def test_a_table_is_read_from_an_address():
    output, _, _ = call({"path": "$/t.csv"}, "read_table", **{"t.csv": lambda _: answer(200, "a,b\n1,x\n")})
    assert output.equals(pl.DataFrame({"a": [1], "b": ["x"]}))
    with pytest.raises(BlockFailed, match="answered 404, not the file"):
        call({"path": "$/t.csv"}, "read_table")

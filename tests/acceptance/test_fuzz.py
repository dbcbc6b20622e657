"""Whatever is sent to whatever operation: no 500, a documented status, the envelope and the documented shape."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.acceptance.doors import Doors, block, data_of, expression
from tests.serving import Bench

EXAMPLES = 20
PARTS = 4
STREAMS = {"streamEvents", "streamRunEvents"}
EVENTS = "text/event-stream"
UUID = "01900000-0000-7000-8000-00000000000b"

odd_text = st.one_of(
    st.sampled_from(
        ["", " ", "\0", "a\nb", "\u202e", "😀", "../../etc/passwd", "{{ 1/0 }}", "{{", "'; DROP TABLE runs; --", "%",
         "_", "null", "true", "-1", "1e999", "9" * 40, "urn:uuid:" + UUID, "{" + UUID + "}", UUID.replace("-", ""),
         UUID.upper(), "NaN", "Infinity", "\ud7ff", "\uffff", "a" * 300, "__class__", "input"]
    ),
    st.text(max_size=20),
)  # fmt: skip
odd_number = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**40, 1e308, -1e308, 1e-320, 0.5]),
)
scalar = st.one_of(st.none(), st.booleans(), odd_number, odd_text)
anything = st.recursive(
    scalar, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_text, inner, max_size=3), max_leaves=6
)


class Document:
    """The OpenAPI document, its references followed."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.whole = document
        self.operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        }
        self._shapes: dict[tuple[str, str], Draft202012Validator] = {}

    def breach(self, operation: dict[str, Any], status: str, body: Any) -> str:
        """How an answer is not what the document says; empty when it is."""
        key = operation["operationId"], status
        if key not in self._shapes:
            schema = self.follow(operation["responses"][status])["content"]["application/json"]["schema"]
            self._shapes[key] = Draft202012Validator({**schema, "components": self.whole["components"]})
        wrong = next(self._shapes[key].iter_errors(body), None)
        return f"{wrong.json_path}: {wrong.message:.300}" if wrong is not None else ""

    def follow(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = self.whole
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def values(self, schema: Any, ids: list[str], depth: int = 0) -> st.SearchStrategy[Any]:
        """Values that mostly fit a schema and sometimes do not."""
        fitting = self._fitting(self.follow(schema), ids, depth)
        return st.one_of(fitting, fitting, fitting, fitting, anything)

    def _fitting(self, schema: dict[str, Any], ids: list[str], depth: int) -> st.SearchStrategy[Any]:
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        for word in ("anyOf", "oneOf"):
            if word in schema:
                return st.one_of(*(self.values(s, ids, depth) for s in schema[word]))
        kind = schema.get("type")
        if kind == "object" and "properties" in schema and depth < 6:
            return self._object(schema, ids, depth)
        if kind == "object":
            return st.dictionaries(odd_text, anything, max_size=3)
        if kind == "array":
            return st.lists(self.values(schema.get("items", {}), ids, depth + 1), max_size=4)
        if kind == "boolean":
            return st.booleans()
        if kind in {"integer", "number"}:
            return odd_number
        if kind == "string":
            return st.one_of(st.sampled_from([*ids, "2026-01-31T12:00:00Z"]), odd_text)
        return anything

    def _object(self, schema: dict[str, Any], ids: list[str], depth: int) -> st.SearchStrategy[Any]:
        needed = set(schema.get("required", ()))
        fields = {n: self.values(s, ids, depth + 1) for n, s in schema["properties"].items()}
        return st.fixed_dictionaries(
            {n: s for n, s in fields.items() if n in needed},
            optional={n: s for n, s in fields.items() if n not in needed},
        )


@pytest.fixture(scope="module")
def fuzzed(bench: Bench) -> Iterator[Doors]:
    """A caller in a workspace of its own, so that what the fuzz makes disturbs nobody; a paused server goes on."""
    made = data_of(bench.client().post("/workspaces", json={"name": "fuzz"}))
    yield Doors(bench.client(bench.make_key("fuzz", "read", "write", "execute", "admin", workspace=made["id"])))
    data_of(bench.client().post("/queue/resume"))


@pytest.fixture(scope="module")
def ids(fuzzed: Doors) -> list[str]:
    """Ids and names that exist, so that the fuzz gets past the 404s."""
    canvas = data_of(fuzzed.http.post("/canvases", json={"name": "c"}))
    function = fuzzed.function(expression("{'n': 1}"), block("wait", "delay", "wait", delayMs=86_400_000))
    finished = fuzzed.run(fuzzed.function(expression("[1, 2]")))
    waiting = fuzzed.start(function)
    paused = fuzzed.start(function, debug=True)
    first = data_of(fuzzed.http.get(f"/runs/{finished['id']}/checkpoints"))[0]["id"]
    data_of(fuzzed.http.put("/secrets/make", json={"value": "x"}))
    found = [canvas["id"], function["id"], finished["id"], waiting["id"], paused["id"], first]
    return [*found, "make", "start", "wait", "out", "in", "transform", "delay"]


def check(document: Document, operation: dict[str, Any], answer: httpx.Response, sent: Any) -> None:
    """The rules that every answer keeps."""
    status, said = answer.status_code, f"{sent!r:.1500} -> {answer.status_code} {answer.text[:600]}"
    assert status < 500, said
    assert str(status) in operation["responses"] or status == 405, said
    assert answer.headers["x-request-id"], said
    assert answer.headers["x-content-type-options"] == "nosniff"
    if not answer.headers["content-type"].startswith("application/json"):
        assert status == 200, said
        return
    body = json.loads(answer.content, parse_constant=lambda name: math.nan if name else None)
    if operation["operationId"] == "getOpenApi":
        return
    assert body["requestId"] == answer.headers["x-request-id"], said
    assert body["success"] is (status < 400), said
    if status != 405:
        assert not document.breach(operation, str(status), body), (document.breach(operation, str(status), body), said)
    if status < 400:
        assert "data" in body, said
    else:
        error = body["error"]
        assert error["code"] in document.follow(operation["responses"][str(status)])["description"], said
        assert error["message"].strip(), said
        assert isinstance(error["details"], list), said


def in_a_path(text: str) -> str:
    escaped = quote(text, safe="", errors="surrogatepass")
    return {"": "%20", ".": "%2E%2E", "..": "%2E%2E"}.get(escaped, escaped)


def in_a_query(value: Any) -> str:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return json.dumps(value)


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_that_is_sent_breaks_an_operation(bench: Bench, fuzzed: Doors, ids: list[str], part: int) -> None:
    document = Document(bench.client().get("/openapi.json").json())
    names = sorted(set(document.operations) - STREAMS)[part::PARTS]
    assert len(names) > 5
    for name in names:
        fuzz(document, fuzzed, ids, name)


def fuzz(document: Document, fuzzed: Doors, ids: list[str], name: str) -> None:
    """Send one operation much that it does not expect."""
    method, template, operation = document.operations[name]
    template = template.removeprefix("/api/v1/workflow")
    parameters = [document.follow(p) for p in operation.get("parameters", [])]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    in_path = {
        p["name"]: st.one_of(st.sampled_from(ids), self_fit(document, p, ids), odd_text)
        for p in parameters if p["in"] == "path"
    }  # fmt: skip
    in_query = {p["name"]: document.values(p["schema"], ids) for p in parameters if p["in"] == "query"}
    requests = st.fixed_dictionaries(
        {
            "path": st.fixed_dictionaries(in_path),
            "query": st.fixed_dictionaries({}, optional=in_query),
            "body": document.values(body, ids) if body else st.none(),
            "streams": st.booleans() if EVENTS in str(operation["responses"]) else st.just(value=False),
        }
    )

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(request=requests)
    def send(request: dict[str, Any]) -> None:
        path = template
        for parameter, value in request["path"].items():
            path = path.replace(f"{{{parameter}}}", in_a_path(str(value)))
        query = {n: in_a_query(v) for n, v in request["query"].items() if v is not None}
        sent = request["body"]
        if isinstance(sent, dict):
            sent = {**sent}
            if "waitMs" in sent and isinstance(sent["waitMs"], int) and sent["waitMs"] > 0:
                sent["waitMs"] = 1
            elif name in {"createWorkflowRun", "continueDebug", "stepDebug"}:
                sent.setdefault("waitMs", 1)
        content = json.dumps(sent, ensure_ascii=True).encode() if body and sent is not None else None
        headers = {"Content-Type": "application/json"} if content is not None else {}
        if request["streams"]:
            headers["Accept"] = EVENTS
        answer = fuzzed.http.request(method, path, params=query, content=content, headers=headers)
        check(document, operation, answer, (method, path, query, sent))

    send()


def self_fit(document: Document, parameter: dict[str, Any], ids: list[str]) -> st.SearchStrategy[str]:
    return document.values(parameter["schema"], ids).map(lambda v: v if isinstance(v, str) else json.dumps(v))

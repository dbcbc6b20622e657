"""The REST doors as these tests use them: functions and runs in a line, and refusals that must be whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx

STATUS_OF = {
    "VALIDATION_ERROR": 400, "AUTHENTICATION_ERROR": 401, "AUTHORIZATION_ERROR": 403, "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405, "CONFLICT": 409, "VERSION_CONFLICT": 409, "INVALID_STATE": 409,
    "PAYLOAD_TOO_LARGE": 413, "UNSUPPORTED_MEDIA_TYPE": 415, "FLOW_INVALID": 422, "RATE_LIMITED": 429,
    "INTERNAL_ERROR": 500, "UNAVAILABLE": 503,
}  # fmt: skip
DEADLINE_S = 20.0


def refused(answer: httpx.Response, code: str, *words: str) -> dict[str, Any]:
    """The error of a refusal in the envelope, with the status of its code; its sentence and details hold `words`."""
    assert answer.status_code == STATUS_OF[code], answer.text[:600]
    body = answer.json()
    assert body["success"] is False
    assert body["requestId"] == answer.headers["x-request-id"]
    error = body["error"]
    assert error["code"] == code, error
    assert "Traceback" not in answer.text
    assert len(answer.content) < 100_000, "an error must not send the whole request back"
    told = " ".join(
        [error["message"], error.get("hint", ""), *(f"{d['field']} {d['issue']}" for d in error["details"])]
    )
    for word in words:
        assert word in told, (word, error)
    return error


def data_of(answer: httpx.Response, status: int | None = None) -> Any:
    """The data of a success."""
    assert answer.is_success, answer.text[:1000]
    assert status is None or answer.status_code == status
    body = answer.json()
    assert body["success"] is True
    if "idempotency-replayed" not in answer.headers:  # the first answer, word for word
        assert body["requestId"] == answer.headers["x-request-id"]
    return body["data"]


def until(found: Callable[[], Any], what: str) -> Any:
    """Ask again until the answer is true. Raises AssertionError at the deadline."""
    pause, end = threading.Event(), time.monotonic() + DEADLINE_S
    while not (answer := found()):
        assert time.monotonic() < end, f"never: {what}"
        pause.wait(0.02)
    return answer


class Doors:
    """A caller of one workspace."""

    def __init__(self, client: httpx.Client) -> None:
        self.http = client

    def function(self, *blocks: dict[str, Any], edges: Any = None, name: str = "f", **more: Any) -> dict[str, Any]:
        """A function of a start block and these; without `edges` they stand in a row."""
        return data_of(self.http.post("/functions", json={"name": name, "flow": flow(*blocks, edges=edges), **more}))

    def start(self, function: dict[str, Any], inputs: Any = None, **more: Any) -> dict[str, Any]:
        """A run that is not waited for."""
        body = {"functionId": function["id"], "inputs": inputs or {}, **more}
        return data_of(self.http.post("/runs", json=body), 202)

    def run(self, function: dict[str, Any], inputs: Any = None, **more: Any) -> dict[str, Any]:
        """A run that is over."""
        ended = self.start(function, inputs, **{"async": False, **more})
        assert ended["status"] in {"completed", "failed", "cancelled", "timed_out"}, ended
        return ended

    def at_status(self, run: dict[str, Any], *statuses: str) -> dict[str, Any]:
        """The run once it has one of these statuses."""

        def look() -> Any:
            now = data_of(self.http.get(f"/runs/{run['id']}"))
            return now if now["status"] in statuses else None

        return until(look, f"run {run['id']} is {' or '.join(statuses)}")

    def failed(self, *blocks: dict[str, Any], inputs: Any = None, edges: Any = None, **more: Any) -> dict[str, Any]:
        """The error of a run of these blocks, which must fail with a sentence and name its block."""
        run = self.run(self.function(*blocks, edges=edges), inputs, **more)
        assert run["status"] == "failed", run
        error = run["error"]
        assert error["type"]
        assert error["blockId"]
        assert error["path"]
        assert "Traceback" not in error["message"]
        assert len(error["message"]) < 3000
        return error


def block(block_id: str, kind: str, name: str | None = None, **config: Any) -> dict[str, Any]:
    """A block in wire form; its config in wire names."""
    return {"id": block_id, "type": kind, "config": config, **({"name": name} if name else {})}


def flow(*blocks: dict[str, Any], edges: Any = None) -> dict[str, Any]:
    """A start block and these blocks, in a row unless `edges` says otherwise."""
    whole = [block("start", "start", "start"), *blocks]
    if edges is None:
        edges = [{"source": a["id"], "target": b["id"]} for a, b in pairwise(whole)]
    return {"blocks": whole, "edges": list(edges)}


def expression(code: str, block_id: str = "make", name: str | None = None) -> dict[str, Any]:
    """A transform of one expression."""
    return block(block_id, "transform", name or block_id, code=code)


def python(code: str, block_id: str = "code", **config: Any) -> dict[str, Any]:
    """A transform in Python."""
    return block(block_id, "transform", block_id, language="python", code=code, **config)


def sql(code: str, block_id: str = "query", **config: Any) -> dict[str, Any]:
    """A transform in SQL."""
    return block(block_id, "transform", block_id, language="sql", code=code, **config)

"""Retry, fork and the dead letter over HTTP, with effects counted at a real server."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.editing.conftest import data
from tests.engine.http_server import Asked, Server, http_server, json_answer
from tests.runs.test_runs import function, until
from tests.serving import Bench, running
from workbench.access.identity import DEFAULT_WORKSPACE
from workbench.base.ids import to_bytes
from workbench.base.loop import LoopThread
from workbench.engine.facts import RunFinished, StepStarted
from workbench.engine.facts_forks import RunRetried


class Outside:
    """The world that HTTP effects touch: counts calls by item, fails those it was told to."""

    def __init__(self) -> None:
        self.server = Server()
        self.calls: Counter[str] = Counter()
        self.keys: dict[str, list[str]] = {}
        self.broken: set[str] = set()
        self._loop = LoopThread("outside")
        self._loop.start()
        self._serving = http_server(call=self._answer)
        self.server = self._loop.run(self._serving.__aenter__())

    def _answer(self, asked: Asked) -> bytes:
        what = asked.query["what"][0]
        self.calls[what] += 1
        self.keys.setdefault(what, []).append(asked.headers["idempotency-key"])
        return json_answer({"what": what}, 500 if what in self.broken else 200)

    def reset(self) -> None:
        self.calls.clear()
        self.keys.clear()
        self.broken.clear()

    def close(self) -> None:
        self._loop.run(self._serving.__aexit__(None, None, None))
        self._loop.stop()


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    made = Outside()
    yield made
    made.close()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running(tmp_path_factory.mktemp("home"), http_allow="127.0.0.1") as made:
        yield made


@pytest.fixture
def api(bench: Bench, outside: Outside) -> httpx.Client:
    outside.reset()
    return bench.client()


def post(id: str, url: str) -> dict[str, Any]:
    return {"id": id, "type": "http_request", "name": id.title(), "config": {"method": "POST", "url": url}}


def story(outside: Outside) -> dict[str, Any]:
    url = outside.server.url("/call?what=")
    return {
        "blocks": [
            {"id": "start", "type": "start"},
            post("first", f"{url}first"),
            {
                "id": "each",
                "type": "loop",
                "name": "each",
                "config": {"loopType": "forEach", "items": "{{ start.items }}"},
            },
            post("item", url + "{{ item }}"),
            {"id": "mark", "type": "checkpoint", "name": "after the loop", "config": {"checkpointId": "mark"}},
            post("last", f"{url}last"),
            {"id": "done", "type": "transform", "name": "done", "config": {"code": "[len(each.results), start.n]"}},
        ],
        "edges": [
            {"source": "start", "target": "first"},
            {"source": "first", "target": "each"},
            {"source": "each", "sourcePort": "body", "target": "item"},
            {"source": "each", "target": "mark"},
            {"source": "mark", "target": "last"},
            {"source": "last", "target": "done"},
        ],
    }


INPUTS = {"items": ["a", "b", "c"], "n": 1}


def ended(api: httpx.Client, told: dict[str, Any]) -> dict[str, Any]:
    return until(api, told["id"], "completed", "failed", "cancelled", "dead_letter")


def failed_run(api: httpx.Client, outside: Outside, *broken: str, **more: Any) -> dict[str, Any]:
    outside.broken.update(broken)
    asked = {"functionId": function(api, story(outside)), "inputs": INPUTS, "async": False, **more}
    row = data(api.post("/runs", json=asked), 202)
    outside.broken.clear()
    return row


def test_a_failed_run_goes_on_and_nothing_is_called_twice_but_what_failed(api: httpx.Client, outside: Outside) -> None:
    row = failed_run(api, outside, "b")
    assert (row["status"], row["attempt"]) == ("failed", 1)
    told = data(api.post(f"/runs/{row['id']}/retry"), 202)
    assert (told["id"], told["attempt"]) == (row["id"], 2)
    assert [r["path"] for r in told["reused"]] == ["start", "first", "each[0]/item"]
    assert {r["path"]: r["blockName"] for r in told["rerun"]} == {"each": "each", "each[1]/item": "Item"}
    assert "500" in told["rerun"][1]["reason"]
    assert (told["kept"], told["counts"]) == ([], {"reused": 3, "rerun": 2, "kept": 0})
    done = ended(api, told)
    assert (done["status"], done["output"], done["error"]) == ("completed", [3, 1], None)
    assert outside.calls == {"first": 1, "a": 1, "b": 2, "c": 1, "last": 1}
    assert len(set(outside.keys["b"])) == 2
    points = data(api.get(f"/runs/{row['id']}/checkpoints", params={"path": "each[1]/item"}))
    assert [(p["attempt"], p["status"]) for p in points] == [(1, "failed"), (2, "completed")]
    listed = data(api.get("/runs", params={"functionId": row["functionId"]}))
    assert [(r["id"], r["attempt"], r["status"]) for r in listed] == [(row["id"], 2, "completed")]


def test_only_a_run_that_ended_without_success_is_retried(api: httpx.Client, outside: Outside) -> None:
    done = failed_run(api, outside)
    assert done["status"] == "completed"
    refused = api.post(f"/runs/{done['id']}/retry")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "INVALID_STATE")
    assert "fork" in refused.json()["error"]["hint"]
    waiting = {
        "blocks": [{"id": "start", "type": "start"}, {"id": "w", "type": "delay", "config": {"delayMs": 3_600_000}}],
        "edges": [{"source": "start", "target": "w"}],
    }
    row = data(api.post("/runs", json={"functionId": function(api, waiting)}), 202)
    until(api, row["id"], "waiting")
    assert api.post(f"/runs/{row['id']}/retry").json()["error"]["code"] == "INVALID_STATE"
    data(api.post(f"/runs/{row['id']}/cancel"))
    until(api, row["id"], "cancelled")
    data(api.post(f"/runs/{row['id']}/retry"), 202)
    until(api, row["id"], "waiting")
    data(api.post(f"/runs/{row['id']}/cancel"))
    assert api.post("/runs/01900000-0000-7000-8000-000000000000/retry").status_code == 404
    assert api.post(f"/runs/{done['id']}/retry", json={"fromBlockId": "nope"}).status_code == 400
    assert api.post(f"/runs/{done['id']}/retry", json={"version": 99}).status_code == 404


def test_with_an_idempotency_key_it_is_retried_once(api: httpx.Client, outside: Outside) -> None:
    row = failed_run(api, outside, "last")
    outside.broken.add("last")
    answers = [api.post(f"/runs/{row['id']}/retry", headers={"Idempotency-Key": "once"}).json() for _ in range(2)]
    assert answers[0]["data"] == answers[1]["data"]
    assert ended(api, row)["attempt"] == 2
    assert outside.calls["last"] == 2


def test_with_other_inputs_it_is_a_fork_that_keeps_effects(api: httpx.Client, outside: Outside) -> None:
    row = failed_run(api, outside)
    told = data(api.post(f"/runs/{row['id']}/retry", json={"inputs": {**INPUTS, "n": 2}}), 202)
    assert told["id"] != row["id"]
    assert (told["forkedFrom"]["runId"], told["trigger"]["type"]) == (row["id"], "fork")
    done = ended(api, told)
    assert done["output"] == [3, 2]
    assert outside.calls == {"first": 1, "a": 1, "b": 1, "c": 1, "last": 1}
    assert told["counts"]["kept"] > 0
    flags = {p["path"]: p["flags"] for p in data(api.get(f"/runs/{told['id']}/checkpoints"))}
    assert (flags["first"], flags["last"], flags["done"]) == (["kept"], ["reused"], [])
    repeated = data(api.post(f"/runs/{row['id']}/retry", json={"inputs": {**INPUTS, "n": 2}, "effects": "repeat"}), 202)
    assert repeated["kept"] == []
    ended(api, repeated)
    assert outside.calls["first"] == 2


def test_from_a_block_it_and_what_follows_run_anew(api: httpx.Client, outside: Outside) -> None:
    row = failed_run(api, outside)
    told = data(api.post(f"/runs/{row['id']}/retry", json={"fromBlockId": "last"}), 202)
    assert [r["path"] for r in told["rerun"]] == ["last", "done"]
    assert told["counts"]["reused"] == 7
    assert ended(api, told)["status"] == "completed"
    assert outside.calls == {"first": 1, "a": 1, "b": 1, "c": 1, "last": 2}
    shown = data(api.get(f"/runs/{told['id']}"))
    assert shown["forkedFrom"]["fromBlockId"] == "last"


def test_a_fork_at_a_checkpoint_or_a_restore_point_shares_what_came_before(api: httpx.Client, outside: Outside) -> None:
    row = failed_run(api, outside)
    (point,) = data(api.get(f"/runs/{row['id']}/checkpoints", params={"path": "each[1]/item"}))
    told = data(api.post(f"/runs/{row['id']}/fork", json={"checkpointId": point["id"]}), 202)
    assert told["forkedFrom"]["checkpointId"] == point["id"]
    assert ended(api, told)["output"] == [3, 1]
    assert outside.calls == {"first": 1, "a": 1, "b": 1, "c": 2, "last": 2}
    told = data(api.post(f"/runs/{row['id']}/fork", json={"restorePoint": "after the loop"}), 202)
    assert ended(api, told)["output"] == [3, 1]
    assert outside.calls == {"first": 1, "a": 1, "b": 1, "c": 2, "last": 3}
    unknown = api.post(f"/runs/{row['id']}/fork", json={"restorePoint": "nope"})
    assert (unknown.status_code, "after the loop" in unknown.json()["error"]["hint"]) == (404, True)
    assert api.post(f"/runs/{row['id']}/fork", json={}).status_code == 400
    both = {"checkpointId": point["id"], "restorePoint": "mark"}
    assert api.post(f"/runs/{row['id']}/fork", json=both).status_code == 400
    assert api.post(f"/runs/{row['id']}/fork", json={"checkpointId": "bm9wZX4x"}).status_code == 404


def test_on_another_version_the_fork_runs_that(api: httpx.Client, outside: Outside) -> None:
    row = failed_run(api, outside, "last")
    flow = story(outside)
    flow["blocks"][-1]["config"]["code"] = "'repaired'"
    changed = data(api.put(f"/functions/{row['functionId']}", json={"flow": flow}))
    told = data(api.post(f"/runs/{row['id']}/retry", json={"version": changed["version"]}), 202)
    assert (told["version"], told["counts"]["kept"]) == (changed["version"], 0)
    assert ended(api, told)["output"] == "repaired"
    assert outside.calls == {"first": 1, "a": 1, "b": 1, "c": 1, "last": 2}


def test_the_dead_letter_is_listed_retried_and_discarded(api: httpx.Client, bench: Bench, outside: Outside) -> None:
    rows = [give_up(api, bench, outside), give_up(api, bench, outside)]
    listed = data(api.get("/dead-letter"))
    assert [letter["runId"] for letter in listed] == [rows[1], rows[0]]
    letter = listed[0]
    assert (letter["blockId"], letter["blockName"], letter["path"]) == ("item", "Item", "each[1]/item")
    assert (letter["cause"], letter["attempt"]) == ("The server ended 4 times.", 2)
    assert data(api.get("/queue/stats"))["deadLetter"] == 2
    message = data(api.post(f"/dead-letter/{rows[0]}/discard"))["message"]
    assert "history" in message
    assert [letter["runId"] for letter in data(api.get("/dead-letter"))] == [rows[1]]
    given_up = data(api.get(f"/runs/{rows[0]}"))
    assert given_up["status"] == "dead_letter"
    assert {s["blockId"]: s["status"] for s in given_up["blockStates"]}["item"] == "unknown"
    assert api.post(f"/dead-letter/{rows[0]}/discard").json()["error"]["code"] == "INVALID_STATE"
    told = data(api.post(f"/dead-letter/{rows[1]}/retry"), 202)
    assert (told["id"], told["attempt"]) == (rows[1], 3)
    assert ended(api, told)["status"] == "completed"
    assert data(api.get("/dead-letter")) == []
    assert data(api.get("/queue/stats"))["deadLetter"] == 0


def give_up(api: httpx.Client, bench: Bench, outside: Outside) -> str:
    """A run that recovery has given up, as it writes that."""
    row = failed_run(api, outside, "b")
    at = {"blockId": "item", "path": "each[1]/item"}

    async def write() -> None:
        run, now = to_bytes(row["id"]), bench.workbench.services.clock.now_us()
        error = json.dumps({"type": "RECOVERY_LIMIT", "message": "The server ended 4 times.", **at})
        await bench.workbench.store.append(
            [
                RunRetried(run, 2, now),
                StepStarted(run, "each[1]/item", 2, "item", "subflow", now),
                RunFinished(run, "dead_letter", now, now, 0, None, error, 0, 0, 0),
            ],
            DEFAULT_WORKSPACE,
        )

    bench.workbench.run(write())
    return row["id"]


def marked(*, ttl: int | None = None, **config: Any) -> dict[str, Any]:
    """Sets a variable before and after a restore point, and gives what it finds behind each."""
    point = {"id": "mark", "type": "checkpoint", "name": "mark", "config": {"ttlMinutes": ttl, **config}}
    blocks = [
        {"id": "start", "type": "start"},
        {"id": "set", "type": "set_variables", "name": "set", "config": {"values": {"n": "{{ vars.n + 1 }}", "m": 1}}},
        point,
        {"id": "first", "type": "transform", "name": "first", "config": {"code": "[vars.n, default(vars.m, 'none')]"}},
        {"id": "then", "type": "set_variables", "name": "then", "config": {"values": {"n": 50}}},
        {"id": "end", "type": "transform", "name": "end", "config": {"code": "[first, vars.n]"}},
    ]
    ids = [block["id"] for block in blocks]
    edges = [{"source": a, "target": b} for a, b in pairwise(ids)]
    return {"blocks": blocks, "edges": edges, "variables": {"n": 1}}


def restored(api: httpx.Client, row: dict[str, Any]) -> dict[str, Any]:
    return ended(api, data(api.post(f"/runs/{row['id']}/fork", json={"restorePoint": "mark"}), 202))


def test_a_restore_point_keeps_variables_or_begins_with_fresh_ones(api: httpx.Client) -> None:
    for saves, expected in ((True, [[2, 1], 50]), (False, [[1, "none"], 50])):
        asked = {"functionId": function(api, marked(saveVariables=saves)), "async": False}
        row = data(api.post("/runs", json=asked), 202)
        assert row["output"] == [[2, 1], 50]
        new = restored(api, row)
        assert new["output"] == expected, saves
        (point,) = data(api.get(f"/runs/{new['id']}/checkpoints", params={"path": "first"}))
        again = data(api.post(f"/runs/{new['id']}/fork", json={"checkpointId": point["id"]}), 202)
        assert ended(api, again)["output"] == expected  # a fork of the fork too


def test_a_restore_point_that_restarts_shares_nothing(api: httpx.Client) -> None:
    row = data(api.post("/runs", json={"functionId": function(api, marked(onRestore="restart")), "async": False}), 202)
    told = data(api.post(f"/runs/{row['id']}/fork", json={"restorePoint": "mark"}), 202)
    assert (told["counts"]["reused"], told["counts"]["rerun"]) == (0, 6)
    new = ended(api, told)
    assert new["output"] == [[2, 1], 50]
    assert {flag for p in data(api.get(f"/runs/{new['id']}/checkpoints")) for flag in p["flags"]} == set()


def test_a_restore_point_of_a_called_function_is_found_by_name(api: httpx.Client, outside: Outside) -> None:
    inner = {
        "blocks": [
            {"id": "start", "type": "start"},
            post("before", outside.server.url("/call?what=before")),
            {"id": "mark", "type": "checkpoint", "name": "inside"},
            post("after", outside.server.url("/call?what=after")),
        ],
        "edges": [
            {"source": "start", "target": "before"},
            {"source": "before", "target": "mark"},
            {"source": "mark", "target": "after"},
        ],
    }
    called = function(api, inner)
    outer = {
        "blocks": [
            {"id": "start", "type": "start"},
            {"id": "c", "type": "subflow", "name": "c", "config": {"functionId": called}},
        ],
        "edges": [{"source": "start", "target": "c"}],
    }
    row = data(api.post("/runs", json={"functionId": function(api, outer), "async": False}), 202)
    told = data(api.post(f"/runs/{row['id']}/fork", json={"restorePoint": "inside"}), 202)
    assert told["forkedFrom"]["path"] == "c[0]/mark"
    assert {r["path"] for r in told["rerun"]} == {"c", "c[0]/after"}
    assert ended(api, told)["status"] == "completed"
    assert outside.calls == {"before": 1, "after": 2}
    nowhere = api.post(f"/runs/{row['id']}/fork", json={"restorePoint": "nope"}).json()["error"]
    assert "“inside”" in nowhere["hint"]


def test_a_fork_says_which_versions_of_called_functions_it_uses(api: httpx.Client) -> None:
    def code(text: str) -> dict[str, Any]:
        blocks = [{"id": "start", "type": "start"}, {"id": "t", "type": "transform", "config": {"code": text}}]
        return {"blocks": blocks, "edges": [{"source": "start", "target": "t"}]}

    inner = function(api, code("'old'"))
    flow = code("1")
    flow["blocks"][1] = {"id": "t", "type": "subflow", "name": "t", "config": {"functionId": inner}}
    row = data(api.post("/runs", json={"functionId": function(api, flow), "async": False}), 202)
    data(api.put(f"/functions/{inner}", json={"flow": code("'new'")}))
    same = data(api.post(f"/runs/{row['id']}/retry", json={"fromBlockId": "t"}), 202)
    assert [(c["functionId"], c["version"], c["previousVersion"]) for c in same["calls"]] == [(inner, 1, 1)]
    assert ended(api, same)["output"] == "old"
    anew = data(api.post(f"/runs/{row['id']}/retry", json={"version": row["version"]}), 202)
    assert [(c["version"], c["previousVersion"]) for c in anew["calls"]] == [(2, 1)]
    reasons = {r["path"]: r["reason"] for r in anew["rerun"]}
    assert reasons["t"] == "it is entered again: “t” calls another version of its function"
    assert ended(api, anew)["output"] == "new"

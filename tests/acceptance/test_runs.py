"""Many runs, cancels in every state, deletes while running, versions, twins and pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.acceptance.doors import Doors, block, data_of, expression, python, refused, until
from tests.serving import Bench

LONG_DELAY = block("wait", "delay", "wait", delayMs=86_400_000)
ENDLESS = python("import time\nwhile True: time.sleep(0.01)", timeoutMs=120_000)


@pytest.fixture
def own(bench: Bench) -> Iterator[Doors]:
    """A workspace of its own."""
    made = data_of(bench.client().post("/workspaces", json={"name": "own"}))
    key = bench.make_key("own", "read", "write", "execute", "admin", workspace=made["id"])
    doors = Doors(bench.client(key))
    yield doors
    for canvas in data_of(doors.http.get("/canvases")):
        doors.http.delete(f"/canvases/{canvas['id']}?force=true")


def stats(api: Doors) -> dict[str, Any]:
    return data_of(api.http.get("/queue/stats"))


def test_100_runs_at_once_none_is_refused_and_all_end(own: Doors) -> None:
    function = own.function(expression("input.n * 2"))
    with ThreadPoolExecutor(16) as pool:
        runs = list(pool.map(lambda n: own.start(function, {"n": n}), range(100)))
    assert len({run["id"] for run in runs}) == 100
    until(lambda: stats(own)["completed"] == 100, "100 runs are over")
    seen = data_of(own.http.get(f"/runs?functionId={function['id']}&limit=200"))
    assert sorted(r["output"] for r in seen) == [n * 2 for n in range(100)]
    assert stats(own)["completed"] == 100


def test_past_64_that_work_the_rest_waits_in_the_queue_and_goes_on(own: Doors) -> None:
    blocked = own.function(ENDLESS)
    busy = [own.start(blocked) for _ in range(64)]
    until(lambda: stats(own)["active"] == 64, "64 runs work")
    quick = own.function(expression("'done'"))
    low, high = own.start(quick, priority=0), own.start(quick, priority=50)
    now = stats(own)
    assert (now["active"], now["queued"], now["concurrencyLimit"]) == (64, 2, 64)
    assert data_of(own.http.get(f"/runs/{high['id']}"))["status"] == "queued"
    cancelled = data_of(own.http.post(f"/runs/{low['id']}/cancel"))
    assert cancelled["previousStatus"] == "queued"
    assert own.at_status(low, "cancelled")["startedAt"] is None
    data_of(own.http.post(f"/runs/{busy[0]['id']}/cancel"))
    assert own.at_status(high, "completed")["output"] == "done"
    answer = data_of(own.http.delete(f"/functions/{blocked['id']}?force=true"))
    assert answer["counts"]["runs"] == 64
    assert stats(own)["active"] == 0
    assert own.run(quick)["output"] == "done"


def test_runs_that_only_wait_hold_no_slot(own: Doors) -> None:
    waiting = own.function(LONG_DELAY)
    for _ in range(70):
        own.start(waiting)
    until(lambda: stats(own)["waiting"] == 70, "70 runs wait")
    assert own.run(own.function(expression("1")))["output"] == 1


def begin_running(api: Doors) -> dict[str, Any]:
    return api.at_status(api.start(api.function(ENDLESS)), "running")


def begin_waiting(api: Doors) -> dict[str, Any]:
    return api.at_status(api.start(api.function(LONG_DELAY)), "waiting")


def begin_paused(api: Doors) -> dict[str, Any]:
    return api.at_status(api.start(api.function(expression("1")), debug=True), "paused")


@pytest.mark.parametrize(
    ("begin", "before"), [(begin_running, "running"), (begin_waiting, "waiting"), (begin_paused, "paused")]
)
def test_a_run_is_cancelled_in_every_state_once(own: Doors, begin: Callable[[Doors], Any], before: str) -> None:
    run = begin(own)
    told = data_of(own.http.post(f"/runs/{run['id']}/cancel", json={"reason": "no longer needed"}), 200)
    assert told["runId"] == run["id"]
    assert told["previousStatus"] == before
    assert told["functionName"] == "f"
    ended = own.at_status(run, "cancelled")
    assert ended["finishedAt"]
    assert ended["output"] is None
    refused(own.http.post(f"/runs/{run['id']}/cancel"), "INVALID_STATE", "cancelled")
    assert data_of(own.http.get("/runs?status=cancelled"))[0]["id"] == run["id"]


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_a_run_that_is_over_cannot_be_cancelled(own: Doors, status: str) -> None:
    run = own.run(own.function(expression("1 / input.n")), {"n": 1 if status == "completed" else 0})
    assert run["status"] == status
    refused(own.http.post(f"/runs/{run['id']}/cancel"), "INVALID_STATE", status)
    assert data_of(own.http.get(f"/runs/{run['id']}"))["status"] == status


@pytest.mark.parametrize("begin", [begin_running, begin_waiting, begin_paused])
def test_what_runs_is_not_deleted_unless_by_force(own: Doors, begin: Callable[[Doors], Any]) -> None:
    run = begin(own)
    function = data_of(own.http.get(f"/functions/{run['functionId']}"))
    for path in (f"/functions/{function['id']}", f"/canvases/{function['canvasId']}"):
        error = refused(own.http.delete(path), "INVALID_STATE", "force=true")
        assert error["runIds"] == [run["id"]]
    assert data_of(own.http.get(f"/runs/{run['id']}"))["status"] == run["status"]
    gone = data_of(own.http.delete(f"/canvases/{function['canvasId']}?force=true"))
    assert gone["counts"] == {"canvases": 1, "functions": 1, "runs": 1, "snapshots": 0}
    for path in (f"/runs/{run['id']}", f"/functions/{function['id']}", f"/canvases/{function['canvasId']}"):
        refused(own.http.get(path), "NOT_FOUND")
    assert stats(own)["active"] == stats(own)["waiting"] == stats(own)["paused"] == 0


def test_a_run_over_its_time_limit_ends_as_timed_out(own: Doors) -> None:
    run = own.run(own.function(ENDLESS), timeoutMs=200)
    assert run["status"] == "timed_out"
    assert "200" in run["error"]["message"] or "0.2 s" in run["error"]["message"], run["error"]


def test_an_archived_function_does_not_run(own: Doors) -> None:
    function = own.function(expression("1"))
    data_of(own.http.put(f"/functions/{function['id']}", json={"status": "archived"}))
    refused(own.http.post("/runs", json={"functionId": function["id"]}), "INVALID_STATE", "archived")


def test_a_stale_writer_is_told_the_current_version_and_changes_nothing(own: Doors) -> None:
    function = own.function(expression("1"))
    canvas = data_of(own.http.get(f"/canvases/{function['canvasId']}"))
    for path, version in ((f"/functions/{function['id']}", 1), (f"/canvases/{canvas['id']}", canvas["version"])):
        now = data_of(own.http.put(path, json={"name": "first", "expectedVersion": version}))
        assert now["version"] == version + 1
        error = refused(own.http.put(path, json={"name": "second", "expectedVersion": version}), "VERSION_CONFLICT")
        assert error["currentVersion"] == version + 1
        after = data_of(own.http.get(path))
        assert (after["name"], after["version"]) == ("first", version + 1)


def test_of_many_writers_with_one_version_one_wins(own: Doors) -> None:
    function = own.function(expression("1"))

    def write(n: int) -> int:
        body = {"name": f"writer {n}", "expectedVersion": 1}
        return own.http.put(f"/functions/{function['id']}", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(write, range(16)))
    assert sorted(statuses) == [200] + [409] * 15
    assert data_of(own.http.get(f"/functions/{function['id']}"))["version"] == 2


def test_twins_with_one_idempotency_key_start_one_run(own: Doors) -> None:
    function = own.function(expression("input.n"))
    body = {"functionId": function["id"], "inputs": {"n": 7}}
    barrier = threading.Barrier(8)

    def send(_: int) -> Any:
        barrier.wait(10)
        return own.http.post("/runs", json=body, headers={"Idempotency-Key": "one"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert {a.status_code for a in answers} == {202}
    assert len({data_of(a)["id"] for a in answers}) == 1
    assert sum("idempotency-replayed" in a.headers for a in answers) == 7
    assert own.http.get(f"/runs?functionId={function['id']}").json()["meta"]["total"] == 1
    other = {**body, "inputs": {"n": 8}}
    refused(own.http.post("/runs", json=other, headers={"Idempotency-Key": "one"}), "CONFLICT", "Idempotency-Key")
    own.at_status(data_of(answers[0]), "completed")


@pytest.mark.parametrize("is_async", [True, False])
def test_a_key_gives_the_first_answer_again_whatever_the_spacing(own: Doors, is_async: bool) -> None:
    function = own.function(expression("input.n"))
    body = {"functionId": function["id"], "inputs": {"n": 7}, "async": is_async}
    first = own.http.post("/runs", json=body, headers={"Idempotency-Key": "k"})
    again = own.http.post("/runs", json=dict(reversed(body.items())), headers={"Idempotency-Key": "k"})
    assert again.content == first.content
    own.at_status(data_of(first), "completed")


def test_a_refusal_is_an_answer_too_but_a_bad_key_is_none(own: Doors) -> None:
    for key in ("x" * 256, "a\tb"):
        answer = own.http.post("/canvases", json={"name": "x"}, headers={"Idempotency-Key": key})
        refused(answer, "VALIDATION_ERROR", "Idempotency-Key")
    assert data_of(own.http.get("/canvases")) == []


def pages(api: Doors, path: str, between: Callable[[], Any]) -> list[str]:
    """All ids of a list in pages of three; `between` runs after each page."""
    seen: list[str] = []
    cursor: str | None = None
    while True:
        answer = api.http.get(path, params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        seen += [row["id"] for row in answer["data"]]
        cursor = answer["meta"]["nextCursor"]
        if cursor is None:
            return seen
        between()


def test_pages_stay_stable_while_rows_are_added(own: Doors) -> None:
    function = own.function(expression("1"))
    for n in range(8):
        own.run(function)
        own.function(expression("1"), name=f"f{n}")
        data_of(own.http.post("/canvases", json={"name": f"c{n}"}))
    for path, add in (
        ("/runs", lambda: own.run(function)),
        ("/functions", lambda: own.function(expression("1"), name="later")),
        ("/api-keys", lambda: own.http.post("/api-keys", json={"name": "later", "scopes": ["read"]})),
    ):
        before = [row["id"] for row in data_of(own.http.get(path, params={"limit": 200}))]
        assert pages(own, path, add) == before, path
    before = [row["id"] for row in data_of(own.http.get("/canvases", params={"limit": 200}))]
    assert pages(own, "/canvases", lambda: own.http.post("/canvases", json={"name": "later"}))[: len(before)] == before


def test_a_debug_run_is_stepped_through_and_bad_moves_are_refused(own: Doors) -> None:
    function = own.function(expression("input.n + 1", "first"), expression("first * 2", "second"))
    unknown = own.http.put(f"/functions/{function['id']}/breakpoints", json={"blockIds": ["nowhere"]})
    assert refused(unknown, "VALIDATION_ERROR", "nowhere")["details"][0]["field"] == "blockIds[0]"
    data_of(own.http.put(f"/functions/{function['id']}/breakpoints", json={"blockIds": ["second"]}))
    run = own.start(function, {"n": 1}, debug=True)
    own.at_status(run, "paused")
    debug = f"/runs/{run['id']}/debug"
    assert data_of(own.http.get(debug))["blockId"] == "second"
    assert data_of(own.http.post(f"{debug}/evaluate", json={"expression": "first + 1"}))["value"] == 3
    for bad in ("first.__class__", "nope", "1 / 0", "'a' * 10**9", "first +"):
        refused(own.http.post(f"{debug}/evaluate", json={"expression": bad}), "VALIDATION_ERROR")
    refused(own.http.post(f"{debug}/step", json={"mode": "sideways"}), "VALIDATION_ERROR", "mode")
    ended = data_of(own.http.post(f"{debug}/continue"))
    assert ended["status"] == "completed"
    for move in ("continue", "step"):
        refused(own.http.post(f"{debug}/{move}"), "INVALID_STATE", "completed")

"""The event stream over HTTP: live, resumable, with heartbeats, ended by a revoked key and by the server's stop."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import httpx_sse
import pytest

from tests.api.test_envelope import error_of
from tests.serving import running
from workbench.access.facts import WorkspaceCreated
from workbench.api import streams
from workbench.api.app import create_app
from workbench.rest.caller import missing
from workbench.rest.events import EventType

RUN = "01900000-0000-7000-8000-00000000000a"


async def run_exists(_caller, path):
    if path["runId"] != RUN:
        raise missing("run", path["runId"])


@pytest.fixture
def bench(tmp_path):
    with running(tmp_path) as bench:
        bench.workbench.events.add(
            EventType(
                WorkspaceCreated,
                "workspace",
                lambda f: {"name": f.title},
                run_id=lambda f: RUN if f.title == "r" else None,
            )
        )
        yield bench


@contextmanager
def listening(client, path="/events", last_id=None):
    headers = {"Last-Event-ID": last_id} if last_id is not None else {}
    with httpx_sse.connect_sse(client, "GET", path, headers=headers) as source:
        yield source.iter_sse()


def make(bench, name):
    assert bench.client().post("/workspaces", json={"name": name}).status_code == 201


def test_what_happens_is_streamed_with_the_logs_sequence_as_id(bench):
    with listening(bench.client()) as events:
        ready = next(events)
        assert ready.event == "ready"
        make(bench, "a")
        event = next(events)
    assert (event.event, event.json()) == ("workspace", {"name": "a"})
    assert int(event.id) == int(ready.id) + 1


def test_a_stream_resumes_where_it_broke_off(bench):
    with listening(bench.client()) as events:
        next(events)
        make(bench, "a")
        last = next(events).id
    make(bench, "b")
    make(bench, "c")
    with listening(bench.client(), last_id=last) as events:
        assert next(events).event == "ready"
        assert [next(events).json()["name"] for _ in "bc"] == ["b", "c"]


@pytest.mark.parametrize("last_id", ["999999", "abc", "-5", "1" * 40])
def test_an_id_that_cannot_be_resumed_gets_a_reset_first(bench, last_id):
    with listening(bench.client(), last_id=last_id) as events:
        assert next(events).event == "reset"
        make(bench, "a")
        assert next(events).json() == {"name": "a"}


def test_the_stream_has_its_content_type_and_is_not_buffered(bench):
    with bench.client().stream("GET", "/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["x-accel-buffering"] == "no"


def test_a_stream_needs_a_key_with_read(bench):
    error_of(bench.client("").get("/events"), 401, "AUTHENTICATION_ERROR")
    error_of(bench.client(bench.make_key("w", "write")).get("/events"), 403, "AUTHORIZATION_ERROR")


def test_one_runs_stream_has_only_its_events_and_an_unknown_run_is_404(bench):
    app = create_app(replace(bench.workbench.services, run_exists=run_exists))
    bench.address = bench.workbench.serve_app(app)
    error_of(bench.client().get("/runs/nope/events"), 404, "NOT_FOUND")
    with listening(bench.client(), f"/runs/{RUN}/events") as events:
        next(events)
        make(bench, "other")
        make(bench, "r")
        assert next(events).json() == {"name": "r"}


def test_heartbeats_come_while_nothing_happens_and_a_revoked_key_ends_the_stream(bench, monkeypatch):
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.02)
    admin = bench.client()
    made = admin.post("/api-keys", json={"name": "k", "scopes": ["read"]}).json()["data"]
    with bench.client(made["key"]).stream("GET", "/events") as response:
        lines = response.iter_lines()
        assert ": heartbeat" in (next(lines) for _ in range(20))
        admin.delete(f"/api-keys/{made['id']}")
        assert list(lines)[-1] == ""


def test_stopping_the_server_ends_its_streams(tmp_path):
    with running(tmp_path) as bench:
        client = bench.client()
        request = client.build_request("GET", "/events")
        response = client.send(request, stream=True)
        lines = response.iter_lines()
        assert next(lines) == "retry: 2000"
        bench.workbench.stop()
        assert list(lines)[-1] == ""
        response.close()

"""Secrets in runs: sent where they belong, and in nothing that a run leaves behind."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.acceptance.doors import Doors, block, data_of, until
from tests.secrets.echo import echoing, spellings
from tests.serving import running
from workbench.base.settings import Settings

VALUE = 'tök"en/+ & of <mine>\\ %41'
PLAIN = "Zx9-plain.token_0123456789"


def call(url: str, **config: object):
    return block("call", "http_request", "call", url=url, **config)


AUTHS = [
    ({"auth": {"type": "bearer", "token": "{{ secrets.plain }}"}}, "authorization", f"Bearer {PLAIN}"),
    ({"auth": {"type": "header", "name": "X-Key", "value": "k {{ secrets.plain }}"}}, "x-key", f"k {PLAIN}"),
    ({"headers": {"X-Other": '{{ secrets["plain"] }}'}}, "x-other", PLAIN),
]


@pytest.mark.parametrize(("config", "header", "value"), AUTHS)
def test_each_secret_field_sends_the_value_and_the_result_does_not_have_it(doors, config, header, value):
    doors.http.put("/secrets/plain", json={"value": PLAIN})
    with echoing() as echo:
        run = doors.run(doors.function(call(echo.url, **config)))
    assert echo.asked[0]["headers"][header] == value
    assert PLAIN not in json.dumps(run)
    assert "***" in run["output"]["headers"]["x-echo"] or "***" in json.dumps(run["output"]["body"])


def test_nothing_on_the_disk_and_in_no_answer_has_a_secret_that_was_sent_and_came_back(tmp_path):
    (home := tmp_path / "home").mkdir()
    answers: list[str] = []
    with echoing() as echo, echoing(500) as broken, running(home, http_allow=("127.0.0.1",)) as bench:
        client = bench.client()
        client.event_hooks["response"].append(lambda r: answers.append(r.read().decode("utf-8", "replace")))
        doors = Doors(client)
        for name, value in (("odd", VALUE), ("plain", PLAIN)):
            data_of(client.put(f"/secrets/{name}", json={"value": value}))
        secret = {"auth": {"type": "basic", "username": "me", "password": "{{ secrets.odd }}"}}
        body = {"a": "{{ secrets.odd }}", "b": ["x {{ secrets.plain }} y"]}
        post = call(f"{echo.url}/{{{{ secrets.plain }}}}?q={{{{ secrets.plain }}}}", method="POST", body=body, **secret)
        after = block("after", "transform", code="{'copied': call, 'many': [call.body for n in range(40)]}")
        binary = call(f"{echo.url}/binary", method="POST", body="{{ secrets.odd }}{{ secrets.plain }}", **secret)
        failing = call(broken.url, method="POST", body=body, **secret)
        failing["policy"] = {"timeoutMs": 20_000, "retries": 1, "retryDelayMs": 0}
        nobody = call("http://127.0.0.1:1/{{ secrets.plain }}", **secret)
        runs = [doors.run(doors.function(*blocks)) for blocks in ((post, after), (binary,), (failing,), (nobody,))]
        assert [r["status"] for r in runs] == ["completed", "completed", "failed", "failed"]
        assert len(echo.asked) == 2
        assert VALUE in json.loads(echo.asked[0]["body"])["a"]
        assert echo.asked[1]["body"] == VALUE + PLAIN
        paused = doors.at_status(doors.start(doors.function(post, after), debug=True), "paused")
        for step in range(3):
            data_of(client.post(f"/runs/{paused['id']}/debug/step"))
            client.post(f"/runs/{paused['id']}/debug/evaluate", json={"expression": "secrets.odd"})
            client.post(f"/runs/{paused['id']}/debug/evaluate", json={"expression": "call.headers" if step else "1"})
        for run in [*runs, paused]:
            for path in ("", "/checkpoints", "/logs", "/debug"):
                client.get(f"/runs/{run['id']}{path}")
            for checkpoint in data_of(client.get(f"/runs/{run['id']}/checkpoints")):
                client.get(
                    f"/runs/{run['id']}/checkpoints/{checkpoint['id']}/value", headers={"Accept": "application/json"}
                )
        test = {"flow": None, "inputs": {}}
        client.post(f"/functions/{runs[0]['functionId']}/test", json={k: v for k, v in test.items() if v is not None})
        for frame in ("runs", "checkpoints", "logs"):
            client.get(f"/frames/{frame}?limit=1000")
        client.get("/audit?limit=200")
        client.get("/secrets")
        client.post("/export", json={"functionIds": [r["functionId"] for r in runs]})
        bench.workbench.run(bench.workbench.store.upkeep.copy())
    assert len(answers) > 40
    assert any("***" in answer for answer in answers)
    parts = [*spellings(VALUE), *spellings(PLAIN)]
    for answer in answers:
        assert not [part for part in parts if part in answer.encode()], answer
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".log", ".duckdb", ".key"}
    for path in files:
        raw = path.read_bytes()
        assert not [part for part in parts if part in raw], path


def test_a_changed_secret_is_read_by_the_next_attempt_and_a_fork_does_not_look_at_values(doors):
    doors.http.put("/secrets/turned", json={"value": "first value"})
    with echoing(500) as echo:
        url = echo.url
        function = doors.function(call(url, auth={"type": "bearer", "token": "{{ secrets.turned }}"}))
        run = doors.run(function)
        assert run["status"] == "failed"
        doors.http.put("/secrets/turned", json={"value": "second value"})
        again = data_of(doors.http.post(f"/runs/{run['id']}/retry", json={}), 202)
        until(lambda: len(echo.asked) == 2, "the next attempt")
        doors.at_status(again.get("run", again), "failed")
    assert [a["headers"]["authorization"] for a in echo.asked] == ["Bearer first value", "Bearer second value"]
    with echoing() as echo:
        then = block("then", "http_request", url=echo.url)
        first = call(echo.url, auth={"type": "bearer", "token": "{{ secrets.turned }}"})
        run = doors.run(doors.function(first, then))
        doors.http.put("/secrets/turned", json={"value": "third value"})
        fork = data_of(doors.http.post(f"/runs/{run['id']}/retry", json={"fromBlockId": "then"}), 202)
    assert [r if isinstance(r, str) else r["path"] for r in fork["reused"]] == ["start", "call"]


def test_a_secret_goes_to_no_other_origin(doors):
    doors.http.put("/secrets/plain", json={"value": PLAIN})
    with echoing() as here, echoing() as there:
        moved = f"{here.url}/to?{there.url}/x"
        for config in (
            {"auth": {"type": "header", "name": "X-Shop", "value": "{{ secrets.plain }}"}},
            {"auth": {"type": "bearer", "token": "{{ secrets.plain }}"}},
            {"headers": {"Shop": "a {{ secrets.plain }}"}},
            {"auth": {"type": "header", "name": "X-Shop", "value": "as it stands"}},
        ):
            assert doors.run(doors.function(call(moved, **config)))["status"] == "completed"
        error = doors.failed(call(moved, method="POST", body={"key": "{{ secrets.plain }}"}))
        assert "redirected" in error["message"]
        fine = doors.run(doors.function(call(moved, method="POST", body={"n": 1})))
    assert fine["status"] == "completed"
    assert len(there.asked) == 5
    assert not {"x-shop", "authorization", "shop"} & {name for asked in there.asked for name in asked["headers"]}
    assert PLAIN not in json.dumps(there.asked)


def test_a_missing_secret_fails_the_block_with_what_to_do_unless_a_default_stands_in(doors):
    with echoing() as echo:
        error = doors.failed(call(echo.url, headers={"a": "{{ secrets.nowhere }}"}))
        assert (error["type"], echo.asked) == ("SECRET", [])
        assert "workbench secrets set nowhere" in error["hint"]
        optional = doors.function(call(echo.url, headers={"a": "{{ default(secrets.nowhere, 'none') }}"}))
        assert doors.run(optional)["status"] == "completed"
    assert echo.asked[0]["headers"]["a"] == "none"


def test_what_an_expression_makes_of_a_secret_is_secret_too(doors):
    doors.http.put("/secrets/pair", json={"value": "the-user:the-password"})
    with echoing() as echo:
        made = call(echo.url, headers={"A": "u={{ secrets.pair.split(':')[1] }}", "B": "{{ secrets.pair.upper() }}"})
        run = doors.run(doors.function(made))
    assert echo.asked[0]["headers"]["a"] == "u=the-password"
    assert "the-password" not in json.dumps(run)
    assert "THE-USER" not in json.dumps(run)


def test_each_workspace_has_secrets_of_its_own(bench, client, doors):
    client.put("/secrets/shared_name", json={"value": "the one of the default workspace"})
    workspace = data_of(client.post("/workspaces", json={"name": "other"}))["id"]
    theirs = Doors(bench.client(bench.make_key("all", "read", "write", "execute", "admin", workspace=workspace)))
    assert data_of(theirs.http.get("/secrets")) == []
    assert theirs.http.get("/secrets/shared_name").status_code == 404
    assert theirs.http.delete("/secrets/shared_name").status_code == 404
    with echoing() as echo:
        asks = call(echo.url, auth={"type": "bearer", "token": "{{ secrets.shared_name }}"})
        assert theirs.failed(asks)["type"] == "SECRET"
        data_of(theirs.http.put("/secrets/shared_name", json={"value": "the one of the others"}))
        theirs.run(theirs.function(asks))
        doors.run(doors.function(asks))
    sent = [a["headers"]["authorization"] for a in echo.asked]
    assert sent == ["Bearer the one of the others", "Bearer the one of the default workspace"]


def test_the_code_of_users_finds_no_key_in_its_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_SECRET_KEY", "a" * 43 + "=")
    with running(tmp_path) as bench:
        doors = Doors(bench.client())
        code = "import os\nreturn [n for n, v in os.environ.items() if 'SECRET' in n or 'a' * 43 in v]"
        run = doors.run(doors.function(block("code", "transform", language="python", code=code)))
        assert run["output"] == []
        assert run["status"] == "completed"
    assert os.environ["WORKBENCH_SECRET_KEY"]
    assert Settings.load(home=Path()).secret_key()

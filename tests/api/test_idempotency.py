"""`Idempotency-Key`: one effect and one answer for a request, however often it comes."""

from __future__ import annotations

import threading

import pytest

from tests.api.feature import THING, Counter, routes
from tests.api.test_envelope import error_of
from tests.serving import MovableClock, running


def keyed(key):
    return {"Idempotency-Key": key}


def rows(bench, sql):
    return bench.workbench.run(bench.workbench.store.read(lambda cursor: cursor.execute(sql).fetchall()))


def test_the_same_key_and_body_give_the_first_answer_again(client, counter, bench):
    before = counter.calls
    first = client.post("/things", json={"name": "a"}, headers=keyed("again"))
    second = client.post(
        "/things", content=b' {"name":\n"a"}', headers=keyed("again") | {"Content-Type": "application/json"}
    )
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert counter.calls == before + 1
    assert rows(bench, "SELECT count(*) FROM workspaces WHERE name = 'a'") == [(1,)]


def test_the_same_key_with_another_body_is_409(client):
    client.post("/things", json={"name": "a"}, headers=keyed("other-body"))
    error_of(client.post("/things", json={"name": "b"}, headers=keyed("other-body")), 409, "CONFLICT")


def test_the_same_key_at_another_resource_is_409_and_at_another_operation_is_new(client):
    assert client.post(f"/things/{THING}/touch", headers=keyed("resource")).status_code == 200
    other = THING.replace("a", "b")
    error_of(client.post(f"/things/{other}/touch", headers=keyed("resource")), 409, "CONFLICT")
    assert client.post("/things", json={"name": "a"}, headers=keyed("resource")).status_code == 201


def test_keys_of_two_workspaces_do_not_meet(client, bench):
    workspace = client.post("/workspaces", json={"name": "second"}).json()["data"]["id"]
    other = bench.client(bench.make_key("other", "read", "write", workspace=workspace))
    mine = client.post("/things", json={"name": "a"}, headers=keyed("shared")).json()
    theirs = other.post("/things", json={"name": "b"}, headers=keyed("shared"))
    assert theirs.status_code == 201
    assert theirs.json()["data"] != mine["data"]


def test_an_answer_joins_the_group_of_its_effect(client, bench):
    groups = []
    publish = bench.workbench.store.on_durable

    def listen(group):
        groups.append([fact.name for _, _, fact in group])
        publish(group)

    bench.workbench.store.on_durable = listen
    client.post("/things", json={"name": "a"}, headers=keyed("group"))
    bench.workbench.run(bench.workbench.store.barrier())
    bench.workbench.store.on_durable = publish
    assert ["workspace.created", "answer.kept"] in groups


def test_an_answer_with_meta_is_stored_as_it_was(client):
    first = client.post(f"/things/{THING}/touch", headers=keyed("meta"))
    assert first.json()["meta"] == {"touched": THING}
    assert client.post(f"/things/{THING}/touch", headers=keyed("meta")).content == first.content


def test_a_refusal_is_an_answer_too(client):
    first = client.post("/things", json={"colour": 1}, headers=keyed("refused"))
    assert first.status_code == 400
    assert client.post("/things", json={"colour": 1}, headers=keyed("refused")).content == first.content


def test_a_server_error_is_not_stored(client, counter):
    counter.failures = 1
    before = counter.calls
    error_of(client.post("/failing-things", headers=keyed("failing")), 503, "UNAVAILABLE")
    assert client.post("/failing-things", headers=keyed("failing")).status_code == 200
    assert client.post("/failing-things", headers=keyed("failing")).status_code == 200
    assert counter.calls == before + 2


def test_an_answer_with_a_secret_is_not_stored(client, bench):
    keys = {client.post("/api-keys", json={"name": "k"}, headers=keyed("secret")).json()["data"]["key"] for _ in "ab"}
    assert len(keys) == 2
    for (body,) in rows(bench, "SELECT body FROM idempotency"):
        assert not any(key.encode() in bytes(body) for key in keys)


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_of_the_wrong_length_is_400(client, key):
    error = error_of(client.post("/things", json={"name": "a"}, headers=keyed(key)), 400, "VALIDATION_ERROR")
    assert error["details"][0]["field"] == "Idempotency-Key"


def test_a_twin_in_flight_waits_for_the_first(bench, counter):
    before, answers = counter.calls, []

    def post():
        answers.append(bench.client().post("/slow-things", json={"name": "a"}, headers=keyed("twin")))

    async def in_flight():
        await counter.entered.wait()

    twins = [threading.Thread(target=post) for _ in range(3)]
    for twin in twins:
        twin.start()
    bench.workbench.run(in_flight(), 10)
    other = bench.client().post("/slow-things", json={"name": "b"}, headers=keyed("twin"))
    error_of(other, 409, "CONFLICT")
    assert answers == []
    bench.workbench.loop.loop.call_soon_threadsafe(counter.gate.set)
    for twin in twins:
        twin.join(10)
    assert counter.calls == before + 1
    assert len({answer.content for answer in answers}) == 1
    assert len(answers) == 3


def test_first_answers_outlive_a_restart_and_end_after_a_day(tmp_path):
    clock, counter = MovableClock(), Counter()

    def post():
        with running(tmp_path, clock, mount=lambda w: [routes(w, counter)]) as bench:
            answer = bench.client().post("/things", json={"name": "a"}, headers=keyed("k"))
            bench.workbench.run(bench.workbench.access.idempotency.sweep())
            return answer, rows(bench, "SELECT count(*) FROM idempotency")[0][0]

    first, _ = post()
    clock.move(24 * 3600 - 1)
    again, kept = post()
    assert (again.content, kept) == (first.content, 1)
    clock.move(2)
    later, kept = post()
    assert later.status_code == 201
    assert later.json()["data"]["call"] == 2
    assert kept == 1


def test_old_first_answers_are_deleted(tmp_path):
    clock = MovableClock()
    with running(tmp_path, clock) as bench:
        idempotency = bench.workbench.access.idempotency
        for n in range(3):
            bench.client().post("/workspaces", json={"name": "a"}, headers=keyed(f"k{n}"))
            clock.move(3600)
        clock.move(21 * 3600 + 60)
        bench.workbench.run(idempotency.sweep())
        assert rows(bench, "SELECT key FROM idempotency ORDER BY key") == [("k0",), ("k1",), ("k2",)]
        clock.move(600)
        bench.workbench.run(idempotency.sweep())
        assert rows(bench, "SELECT key FROM idempotency ORDER BY key") == [("k1",), ("k2",)]
        assert len(idempotency._known) == 2

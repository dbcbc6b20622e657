"""Secrets over the API: set, listed, changed, deleted; never answered."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.doors import block, data_of, refused
from tests.serving import MovableClock, running
from workbench.secrets.models import SecretChange

VALUE = "s3cr3t value of mine"


def test_a_secret_is_set_listed_changed_and_deleted_and_no_answer_has_its_value(client, bench):
    made = client.put("/secrets/api_token", json={"value": VALUE, "description": "of the shop"})
    told = data_of(made, 200)
    assert (told["name"], told["description"], told["version"]) == ("api_token", "of the shop", 1)
    assert (told["updatedBy"], told["lastUsedAt"], told["problem"], told["usedBy"]) == ("key:admin", None, None, [])
    changed = client.put("/secrets/api_token", json={"value": VALUE + "!", "expectedVersion": 1})
    assert data_of(changed)["description"] == "of the shop"
    cleared = data_of(client.put("/secrets/api_token", json={"description": None}))
    assert (cleared["description"], cleared["version"]) == (None, 3)
    assert cleared["valueUpdatedAt"] == data_of(changed)["updatedAt"]
    refused(
        client.put("/secrets/api_token", json={"value": "x", "expectedVersion": 1}), "VERSION_CONFLICT", "version 3"
    )
    refused(client.put("/secrets/new", json={"value": "x", "expectedVersion": 4}), "VERSION_CONFLICT", "version 0")
    shown = client.get("/secrets/api_token")
    listed = client.get("/secrets")
    assert data_of(listed) == [data_of(shown)]
    gone = client.delete("/secrets/api_token")
    assert data_of(gone) == {"id": "api_token", "deleted": True, "counts": {}}
    for answer in (client.get("/secrets/api_token"), client.delete("/secrets/api_token")):
        refused(answer, "NOT_FOUND", "api_token")
    refused(client.put("/secrets/api_token", json={"description": "x"}), "NOT_FOUND", "value")
    audit = client.get("/audit", params={"limit": 5})
    entries = [(e["action"], e["actor"], e["subject"], e["detail"]) for e in data_of(audit)[:4]]
    assert entries == [
        ("secret.deleted", "key:admin", "api_token", None),
        ("secret.changed", "key:admin", "api_token", "description"),
        ("secret.changed", "key:admin", "api_token", "value"),
        ("secret.created", "key:admin", "api_token", "value and description"),
    ]
    for answer in (made, changed, shown, listed, gone, audit):
        assert VALUE not in answer.text


@pytest.mark.parametrize("name", ["1a", "a-b", "a.b", "a b", "ä", "a" * 65, "a%0A"])
def test_a_name_is_one_that_an_expression_can_write(client, name):
    refused(client.put(f"/secrets/{name}", json={"value": "x"}), "VALIDATION_ERROR", "secretName")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"value": ""}, "must not be empty"), ({"value": 5}, "must be text"), ({"value": ["hunter2hunter2"]}, "text"),
        ({"value": "a" * 65_537}, "65,536 bytes"), ({"value": "ä" * 33_000}, "65,536 bytes"),
        ({"value": "hunter2hunter2", "x": 1}, "not a known field"), ({"value": "x", "description": "d" * 2001}, "2000"),
    ],
)  # fmt: skip
def test_a_value_is_text_of_1_to_65536_bytes_and_a_refusal_does_not_repeat_it(client, body, word):
    answer = client.put("/secrets/checked", json=body)
    refused(answer, "VALIDATION_ERROR", word)
    assert "hunter2" not in answer.text
    assert data_of(client.put("/secrets/longest", json={"value": "ä" * 32_768}))["version"] >= 1


def test_the_body_does_not_show_its_value_in_a_log_or_a_trace():
    assert VALUE not in repr(SecretChange(value=VALUE)) + str(SecretChange(value=VALUE))


def test_secrets_come_by_name_in_pages(bench, client):
    workspace = data_of(client.post("/workspaces", json={"name": "pages"}))["id"]
    theirs = bench.client(bench.make_key("pages", "read", "admin", workspace=workspace))
    for name in ("c", "A", "b"):
        theirs.put(f"/secrets/{name}", json={"value": "x"})
    first = theirs.get("/secrets", params={"limit": 2}).json()
    rest = theirs.get("/secrets", params={"limit": 2, "cursor": first["meta"]["nextCursor"]}).json()
    assert [s["name"] for s in first["data"] + rest["data"]] == ["A", "b", "c"]
    assert (first["meta"]["total"], rest["meta"]["nextCursor"]) == (3, None)


def test_the_scope_admin_or_a_kernel_of_this_server_writes_and_read_reads(bench, client):
    writer = bench.client(bench.make_key("writer", "read", "write", "execute"))
    for answer in (writer.put("/secrets/a", json={"value": "x"}), writer.delete("/secrets/a")):
        refused(answer, "AUTHORIZATION_ERROR", "admin")
    assert writer.get("/secrets").status_code == 200
    kernel = bench.client(bench.workbench.access.add_kernel_key())
    assert data_of(kernel.put("/secrets/of_kernel", json={"value": "x"}))["updatedBy"] == "kernel"
    assert data_of(kernel.delete("/secrets/of_kernel"))["deleted"] is True
    workspace = data_of(client.post("/workspaces", json={"name": "other"}))["id"]
    theirs = bench.client(bench.make_key("theirs", "admin", workspace=workspace))
    refused(theirs.post("/secrets/rotate", json={}), "AUTHORIZATION_ERROR", "whole server")


def test_a_secret_says_which_functions_name_it(client, doors):
    client.put("/secrets/shared", json={"value": "x"})
    call = block(
        "call", "http_request", url="https://x.org/{{ secrets.shared }}", headers={"a": '{{ secrets["shared"] }}'}
    )
    first = doors.function(call, name="Beta")
    second = doors.function({**call, "id": "other"}, name="alpha")
    doors.function(block("no", "http_request", url="https://x.org/?q=secrets.shared"), name="gamma")
    edit = {
        "type": "UPDATE_BLOCK",
        "payload": {"functionId": first["id"], "blockId": "call", "config": {"url": "https://x"}},
    }
    assert data_of(client.get("/secrets/shared"))["usedBy"] == [
        {"functionId": second["id"], "functionName": "alpha", "blockIds": ["other"]},
        {"functionId": first["id"], "functionName": "Beta", "blockIds": ["call"]},
    ]
    data_of(client.post("/commands/batch", json={"commands": [edit]}))
    assert [u["functionName"] for u in data_of(client.get("/secrets/shared"))["usedBy"]] == ["alpha"]


def test_validation_warns_of_a_secret_that_is_not_there(client, doors):
    client.put("/secrets/billing_key", json={"value": "x"})
    call = block(
        "call", "http_request", url="https://x.org", auth={"type": "bearer", "token": "{{ secrets.biling_key }}"}
    )
    (problem,) = data_of(client.post("/validate", json={"functionId": doors.function(call)["id"]}))["warnings"]
    assert (problem["code"], problem["field"]) == ("UNKNOWN_SECRET", "config.auth.token")
    assert problem["fix"]["commands"][0]["payload"]["config"]["auth"]["token"] == "{{ secrets.billing_key }}"
    pure = block("call", "transform", code="secrets.billing_key")
    answer = client.post("/runs", json={"functionId": doors.function(pure)["id"]})
    refused(answer, "FLOW_INVALID", "secret fields of a block that is not pure")


def test_secrets_outlive_a_restart_with_their_last_use(tmp_path):
    clock = MovableClock()
    with running(tmp_path, clock) as bench:
        bench.client().put("/secrets/kept", json={"value": VALUE, "description": "d"})
        workspace = data_of(bench.client().get("/workspaces"))[0]["id"]
        clock.move(5)
        assert bench.workbench.secrets.read(workspace, ["kept", "none"]) == {"kept": VALUE}
        before = data_of(bench.client().get("/secrets/kept"))
        assert before["lastUsedAt"] > before["createdAt"]
        bench.client().put("/secrets/gone", json={"value": VALUE})
        bench.client().delete("/secrets/gone")
    with running(tmp_path, clock) as bench:
        assert data_of(bench.client().get("/secrets")) == [before]
        assert bench.workbench.secrets.read(workspace, ["kept"]) == {"kept": VALUE}
        assert json.dumps(before).count(VALUE) == 0

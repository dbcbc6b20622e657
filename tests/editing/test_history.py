"""Commands in batches, undo and redo, versions and their differences, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.editing.conftest import data
from tests.serving import Bench, running


@pytest.fixture
def function(api: httpx.Client) -> dict[str, Any]:
    flow = {
        "blocks": [
            {"id": "start", "type": "start", "name": "start"},
            {"id": "sum", "type": "transform", "name": "total", "config": {"language": "expression", "code": "1 + 1"}},
        ],
        "edges": [{"id": "e", "source": "start", "target": "sum"}],
        "variables": {"limit": 3},
    }
    return data(api.post("/functions", json={"name": "daily", "flow": flow}), 201)


def command(function: dict[str, Any], type_: str, **payload: Any) -> dict[str, Any]:
    return {"type": type_, "payload": {"functionId": function["id"], **payload}}


def batch(api: httpx.Client, *commands: dict[str, Any], **more: Any) -> Any:
    return data(api.post("/commands/batch", json={"commands": list(commands), **more}))


def flow_of(api: httpx.Client, function: dict[str, Any], version: int | None = None) -> Any:
    return data(api.get(f"/functions/{function['id']}", params={"version": version} if version else {}))["flow"]


def undo(api: httpx.Client, function: dict[str, Any], **more: Any) -> httpx.Response:
    return api.post("/commands/undo", json={"functionId": function["id"], **more})


def redo(api: httpx.Client, function: dict[str, Any], **more: Any) -> httpx.Response:
    return api.post("/commands/redo", json={"functionId": function["id"], **more})


def test_a_batch_is_one_version_and_one_undo_and_refers_to_ids_it_makes(
    api: httpx.Client, function: dict[str, Any]
) -> None:
    before = flow_of(api, function)
    answer = batch(
        api,
        command(function, "ADD_BLOCK", block={"type": "transform", "config": {"language": "expression", "code": "2"}}),
        command(function, "ADD_EDGE", edge={"source": "sum", "target": "$0"}),
        command(function, "MOVE_BLOCK", blockId="$0", position={"x": 300, "y": 40}),
    )
    made = answer["results"][0]["blockId"]
    assert answer["versions"] == {function["id"]: 2}
    assert [r["type"] for r in answer["results"]] == ["ADD_BLOCK", "ADD_EDGE", "MOVE_BLOCK"]
    after = flow_of(api, function)
    assert after["edges"][1]["target"] == made
    assert next(b for b in after["blocks"] if b["id"] == made)["position"] == {"x": 300, "y": 40}
    told = data(undo(api, function))
    assert told["label"] == answer["label"]
    assert flow_of(api, function) == before
    data(redo(api, function))
    assert flow_of(api, function) == after


def test_a_batch_that_fails_changes_nothing_and_names_the_command(api: httpx.Client, function: dict[str, Any]) -> None:
    before = flow_of(api, function)
    response = api.post(
        "/commands/batch",
        json={
            "commands": [
                command(function, "REMOVE_BLOCK", blockId="sum"),
                command(function, "MOVE_BLOCK", blockId="sum", position={"x": 1, "y": 1}),
            ]
        },
    )
    assert response.status_code == 404
    assert response.json()["error"]["details"][0]["field"] == "commands[1]"
    assert flow_of(api, function) == before
    assert data(api.get(f"/functions/{function['id']}"))["version"] == 1


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"type": "ADD_BLOCK", "payload": {"block": {}}}, "commands[0].payload.block.type"),
        ({"type": "MOVE_BLOCK", "payload": {"blockId": "sum"}}, "commands[0].payload.position"),
        ({"type": "EXPLODE", "payload": {}}, "commands[0].type"),
    ],
)
def test_a_wrong_command_is_refused_with_its_place(
    api: httpx.Client, function: dict[str, Any], bad: dict[str, Any], field: str
) -> None:
    bad["payload"]["functionId"] = function["id"]
    response = api.post("/commands/batch", json={"commands": [bad]})
    assert response.status_code == 400
    assert [d["field"] for d in response.json()["error"]["details"]] == [field]


def test_a_stale_batch_is_refused_with_the_current_version(api: httpx.Client, function: dict[str, Any]) -> None:
    move = command(function, "MOVE_BLOCK", blockId="sum", position={"x": 5, "y": 5})
    batch(api, {**move, "expectedVersion": 1})
    response = api.post("/commands/batch", json={"commands": [{**move, "expectedVersion": 1}]})
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "VERSION_CONFLICT"
    assert response.json()["error"]["currentVersion"] == 2


def test_a_rename_rewrites_the_expressions_that_use_the_name_and_undo_brings_both_back(
    api: httpx.Client, function: dict[str, Any]
) -> None:
    batch(
        api,
        command(
            function,
            "ADD_BLOCK",
            block={"id": "use", "type": "transform", "config": {"language": "expression", "code": "total * 2"}},
        ),
        command(function, "ADD_EDGE", edge={"source": "sum", "target": "use"}),
    )
    before = flow_of(api, function)
    batch(api, command(function, "UPDATE_BLOCK", blockId="sum", name="grand total"))
    assert flow_of(api, function)["blocks"][2]["config"]["code"] == "grand_total * 2"
    data(undo(api, function))
    assert flow_of(api, function) == before


def test_a_whole_flow_that_is_put_becomes_the_smallest_commands(api: httpx.Client, function: dict[str, Any]) -> None:
    flow = flow_of(api, function)
    flow["blocks"][1]["position"] = {"x": 77, "y": 0}
    flow["blocks"][0]["name"] = "begin"
    data(api.put(f"/functions/{function['id']}", json={"flow": flow, "description": "each morning"}))
    entries = data(api.get("/commands/history", params={"functionId": function["id"]}))
    assert sorted(e["type"] for e in entries) == ["MOVE_BLOCK", "UPDATE_BLOCK", "UPDATE_FUNCTION"]
    assert len({e["groupId"] for e in entries}) == 1


def test_everything_undone_gives_back_the_first_flow_and_redone_the_last(
    api: httpx.Client, function: dict[str, Any]
) -> None:
    first = api.get(f"/functions/{function['id']}").json()["data"]["flow"]
    batch(api, command(function, "REMOVE_BLOCK", blockId="start"))
    batch(api, command(function, "SET_VARIABLES", variables={"a": 1, "limit": 4}))
    batch(api, command(function, "UPDATE_FUNCTION", name="nightly"))
    last = data(api.get(f"/functions/{function['id']}"))
    for _ in range(3):
        data(undo(api, function))
    back = data(api.get(f"/functions/{function['id']}"))
    assert (back["flow"], back["name"]) == (first, "daily")
    refused = undo(api, function)
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "INVALID_STATE"
    for _ in range(3):
        data(redo(api, function))
    again = data(api.get(f"/functions/{function['id']}"))
    assert (again["flow"], again["name"]) == (last["flow"], "nightly")
    assert redo(api, function).status_code == 409


def test_something_new_ends_what_could_be_redone(api: httpx.Client, function: dict[str, Any]) -> None:
    batch(api, command(function, "MOVE_BLOCK", blockId="sum", position={"x": 1, "y": 0}))
    data(undo(api, function))
    batch(api, command(function, "MOVE_BLOCK", blockId="start", position={"x": 2, "y": 0}))
    assert redo(api, function).status_code == 409
    meta = api.get("/commands/history", params={"functionId": function["id"]}).json()["meta"]
    assert (meta["canUndo"], meta["canRedo"]) == (True, False)
    assert meta["undo"]["label"] == "Move of “start”"


def test_an_earlier_change_is_taken_back_alone_unless_a_later_one_stands_in_the_way(
    api: httpx.Client, function: dict[str, Any]
) -> None:
    config = {"language": "expression", "code": "1 + 1"}
    stood = flow_of(api, function)["blocks"][1]["position"]
    moved = batch(api, command(function, "MOVE_BLOCK", blockId="sum", position={"x": 9, "y": 9}))
    coded = batch(api, command(function, "UPDATE_BLOCK", blockId="sum", config={**config, "code": "5"}))
    later = batch(api, command(function, "UPDATE_BLOCK", blockId="sum", config={**config, "code": "6", "pure": True}))
    data(undo(api, function, groupId=moved["groupId"]))
    block = flow_of(api, function)["blocks"][1]
    assert (block["position"], block["config"]["code"]) == (stood, "6")
    refused = undo(api, function, groupId=coded["groupId"])
    assert refused.status_code == 409
    error = refused.json()["error"]
    assert (error["blockId"], error["groupId"]) == ("sum", later["groupId"])
    assert "total" in error["message"]
    assert undo(api, function, groupId=moved["groupId"]).status_code == 409


def test_typing_in_one_field_is_one_step_to_take_back(api: httpx.Client, function: dict[str, Any]) -> None:
    before = flow_of(api, function)
    for text in ("1", "1 +", "1 + 2"):
        config = {"language": "expression", "code": text}
        batch(api, command(function, "UPDATE_BLOCK", blockId="sum", config=config))
    data(undo(api, function))
    assert flow_of(api, function) == before


def test_without_a_function_the_callers_own_last_change_is_taken_back(
    bench: Bench, api: httpx.Client, function: dict[str, Any]
) -> None:
    ada = bench.client(bench.make_key("ada", "read", "write"))
    batch(ada, command(function, "MOVE_BLOCK", blockId="sum", position={"x": 1, "y": 1}))
    batch(api, command(function, "MOVE_BLOCK", blockId="start", position={"x": 2, "y": 2}))
    data(ada.post("/commands/undo"))
    start, total = flow_of(api, function)["blocks"]
    assert start["position"]["x"] == 2
    assert total["position"] == function["flow"]["blocks"][1]["position"]


def test_versions_tell_who_made_them_and_any_two_can_be_compared(api: httpx.Client, function: dict[str, Any]) -> None:
    code = {"language": "expression", "code": "(\n  1\n  + 2\n)"}
    batch(
        api,
        command(function, "UPDATE_BLOCK", blockId="sum", config=code),
        command(function, "MOVE_BLOCK", blockId="start", position={"x": 5, "y": 0}),
        command(function, "ADD_BLOCK", block={"id": "new", "type": "transform"}),
        command(function, "SET_VARIABLES", variables={"limit": 9}),
        message="a better total",
    )
    batch(api, command(function, "UPDATE_FUNCTION", name="weekly"))
    versions = data(api.get(f"/functions/{function['id']}/versions"))
    assert [v["number"] for v in versions] == [3, 2, 1]
    assert versions[1]["message"] == "a better total"
    assert versions[1]["author"] == "key:admin"
    diff = data(api.get(f"/functions/{function['id']}/versions/diff", params={"from": 1, "to": 3}))
    assert [b["id"] for b in diff["blocks"]["added"]] == ["new"]
    assert [b["id"] for b in diff["blocks"]["moved"]] == ["start"]
    (changed,) = diff["blocks"]["changed"]
    assert changed["fields"][0]["field"] == "config.code"
    assert {"sign": "+", "text": "  + 2"} in changed["fields"][0]["lines"]
    assert diff["variables"] == [{"name": "limit", "before": 3, "after": 9}]
    assert diff["function"] == [{"name": "name", "before": "daily", "after": "weekly"}]
    assert data(api.get(f"/functions/{function['id']}/versions/diff", params={"from": 2, "to": 2}))["isEmpty"]
    assert api.get(f"/functions/{function['id']}/versions/diff", params={"from": 1, "to": 9}).status_code == 404


def test_an_old_version_is_restored_as_a_new_one_and_that_can_be_undone(
    api: httpx.Client, function: dict[str, Any]
) -> None:
    first = flow_of(api, function)
    batch(api, command(function, "REMOVE_BLOCK", blockId="sum"))
    restored = data(api.post(f"/functions/{function['id']}/versions/1/restore", json={}))
    assert (restored["version"], restored["flow"]) == (3, first)
    assert data(api.get(f"/functions/{function['id']}/versions"))[0]["source"] == "restore"
    data(undo(api, function))
    assert len(flow_of(api, function)["blocks"]) == 1


def test_every_version_between_two_kept_ones_can_be_read_after_a_restart(tmp_path: Any) -> None:
    with running(tmp_path) as bench:
        api = bench.client()
        flow = {"blocks": [{"id": "a", "type": "start"}]}
        function = data(api.post("/functions", json={"name": "f", "flow": flow}), 201)
        for x in range(1, 45):
            batch(api, command(function, "MOVE_BLOCK", blockId="a", position={"x": x, "y": 0}))
    with running(tmp_path) as bench:
        api = bench.client()
        for version in (1, 2, 20, 21, 39, 40, 45):
            assert flow_of(api, function, version)["blocks"][0]["position"]["x"] == version - 1
        data(undo(api, function))
        assert flow_of(api, function)["blocks"][0]["position"]["x"] == 43


def test_two_peoples_notes_and_groups_are_taken_back_apart(api: httpx.Client) -> None:
    function = data(api.post("/functions", json={"name": "noted"}), 201)["id"]

    def do(type_: str, **payload: Any) -> Any:
        commands = [{"type": type_, "payload": {"functionId": function, **payload}}]
        return data(api.post("/commands/batch", json={"commands": commands}))

    def notes() -> list[dict[str, Any]]:
        return data(api.get(f"/functions/{function}"))["flow"]["notes"]

    mine = do("ADD_NOTE", note={"id": "mine", "text": "a", "position": {"x": 1, "y": 2}})
    assert mine["label"] == "New note" and mine["results"][0]["noteId"] == "mine"
    free = do("ADD_NOTE", note={"text": "b"})["results"][0]["noteId"]
    assert notes() == [{"id": "mine", "text": "a", "position": {"x": 1, "y": 2}}, {"id": free, "text": "b"}]
    changed = do("UPDATE_NOTE", noteId=free, note={"text": "c", "width": 5})
    data(api.post("/commands/undo", json={"functionId": function, "groupId": mine["groupId"]}))
    assert notes() == [{"id": free, "text": "c", "width": 5}]
    do("UPDATE_NOTE", noteId=free, note={"width": None})
    blocked = api.post("/commands/undo", json={"functionId": function, "groupId": changed["groupId"]})
    assert blocked.status_code == 409 and f"note “{free}”" in blocked.json()["error"]["message"]
    do("ADD_GROUP", group={"id": "g", "title": "all", "blockIds": []})
    do("REMOVE_NOTE", noteId=free)
    do("UPDATE_GROUP", groupId="g", group={"locked": True})
    assert data(api.get(f"/functions/{function}"))["flow"]["groups"][0]["locked"] is True
    for wrong, status in (
        ({"type": "REMOVE_NOTE", "payload": {"functionId": function, "noteId": free}}, 404),
        ({"type": "ADD_GROUP", "payload": {"functionId": function, "group": {"id": "g"}}}, 409),
        ({"type": "ADD_NOTE", "payload": {"functionId": function, "note": {"id": 7}}}, 400),
        ({"type": "UPDATE_GROUP", "payload": {"functionId": function, "groupId": "g", "group": {"id": "h"}}}, 400),
    ):
        assert api.post("/commands/batch", json={"commands": [wrong]}).status_code == status
    while api.post("/commands/undo", json={"functionId": function}).status_code == 200:
        pass
    assert data(api.get(f"/functions/{function}"))["flow"] == {
        "blocks": [], "edges": [], "variables": {}, "notes": [], "groups": []
    }  # fmt: skip


def test_notes_that_ids_do_not_tell_apart_are_changed_as_a_list(api: httpx.Client) -> None:
    flow = {"notes": [{"text": "no id"}, {"id": "n", "text": "1"}, {"id": "n", "text": "2"}]}
    function = data(api.post("/functions", json={"name": "old notes", "flow": flow}), 201)["id"]
    add = {"type": "ADD_NOTE", "payload": {"functionId": function, "note": {"text": "new"}}}
    made = data(api.post("/commands/batch", json={"commands": [add]}))["results"][0]["noteId"]
    assert data(api.get(f"/functions/{function}"))["flow"]["notes"] == [*flow["notes"], {"id": made, "text": "new"}]
    data(api.post("/commands/undo", json={"functionId": function}))
    assert data(api.get(f"/functions/{function}"))["flow"]["notes"] == flow["notes"]


def test_all_changes_from_one_on_are_taken_back_at_once_or_none(api: httpx.Client) -> None:
    function = data(api.post("/functions", json={"name": "long"}), 201)["id"]
    groups = []
    for n in range(5):
        new = {"functionId": function, "block": {"id": f"b{n}", "type": "transform", "name": f"step {n}"}}
        told = data(api.post("/commands/batch", json={"commands": [{"type": "ADD_BLOCK", "payload": new}]}))
        groups.append(told["groupId"])

    def ids() -> list[str]:
        return [b["id"] for b in data(api.get(f"/functions/{function}"))["flow"]["blocks"]]

    told = data(api.post("/commands/undo", json={"functionId": function, "toGroupId": groups[2]}))
    assert told["label"] == "3 changes" and told["versions"] == {function: 9}
    assert ids() == ["b0", "b1"]
    for n in range(2, 5):
        data(api.post("/commands/redo", json={"functionId": function}))
        assert ids() == [f"b{m}" for m in range(n + 1)]
    data(api.post("/commands/undo", json={"functionId": function, "groupId": groups[3]}))
    data(api.post("/commands/undo", json={"functionId": function, "toGroupId": groups[2]}))
    assert ids() == ["b0", "b1"]
    for body in (
        {"toGroupId": groups[0]},
        {"functionId": function, "groupId": groups[0], "toGroupId": groups[0]},
    ):
        assert api.post("/commands/undo", json=body).status_code == 400
    for unknown in ("x", groups[4], function):
        assert api.post("/commands/undo", json={"functionId": function, "toGroupId": unknown}).status_code == 404


def test_taking_all_back_names_what_stands_in_the_way_and_changes_nothing(api: httpx.Client) -> None:
    def batch(*commands: tuple[str, dict[str, Any]]) -> str:
        sent = [{"type": t, "payload": p} for t, p in commands]
        return data(api.post("/commands/batch", json={"commands": sent}))["groupId"]

    one, two = (data(api.post("/functions", json={"name": n}), 201)["id"] for n in ("one", "two"))
    new = {"id": "a", "type": "transform", "name": "a"}
    both = batch(*(("ADD_BLOCK", {"functionId": f, "block": new}) for f in (one, two)))
    other = batch(("MOVE_BLOCK", {"functionId": two, "blockId": "a", "position": {"x": 9, "y": 9}}))
    batch(("MOVE_BLOCK", {"functionId": one, "blockId": "a", "position": {"x": 5, "y": 5}}))
    before = data(api.get(f"/functions/{one}"))
    refused = api.post("/commands/undo", json={"functionId": one, "toGroupId": both})
    assert refused.status_code == 409
    assert refused.json()["error"]["groupId"] == other
    assert data(api.get(f"/functions/{one}")) == before
    data(api.post("/commands/undo", json={"functionId": two}))
    data(api.post("/commands/undo", json={"functionId": one, "toGroupId": both}))
    assert data(api.get(f"/functions/{two}"))["flow"] == data(api.get(f"/functions/{one}"))["flow"]
    assert data(api.get(f"/functions/{one}"))["flow"]["blocks"] == []


def test_notes_and_groups_take_part_in_the_references_of_a_batch(api: httpx.Client, function: dict[str, Any]) -> None:
    answer = batch(
        api,
        command(function, "ADD_BLOCK", block={"type": "transform"}),
        command(function, "ADD_GROUP", group={"title": "mine", "blockIds": ["$0", "sum"]}),
        command(function, "ADD_NOTE", note={"text": "first"}),
        command(function, "UPDATE_NOTE", noteId="$2", note={"text": "then"}),
        command(function, "UPDATE_GROUP", groupId="$1", group={"locked": True}),
    )
    made = [r["blockId"] or r["groupId"] or r["noteId"] for r in answer["results"]]
    flow = flow_of(api, function)
    assert flow["groups"] == [{"id": made[1], "title": "mine", "blockIds": [made[0], "sum"], "locked": True}]
    assert flow["notes"] == [{"id": made[2], "text": "then"}]
    told = data(api.get("/commands/history", params={"functionId": function["id"], "limit": 5}))
    assert "$" not in str([e["payload"] for e in told])
    unknown = command(function, "ADD_GROUP", group={"title": "x", "blockIds": ["$7"]})
    refused = api.post("/commands/batch", json={"commands": [unknown]})
    assert refused.status_code == 404
    assert "$7" in refused.json()["error"]["message"]


def test_a_stale_undo_is_a_version_conflict_whatever_else_stands_in_its_way(
    api: httpx.Client, function: dict[str, Any]
) -> None:
    for ask in (undo, redo):
        error = ask(api, function, expectedVersion=9).json()["error"]
        assert (error["code"], error["currentVersion"]) == ("VERSION_CONFLICT", 1)
    without = api.post("/commands/undo", json={"expectedVersion": 1})
    assert without.json()["error"]["details"] == [{"field": "expectedVersion", "issue": "needs functionId"}]


def test_a_conflict_tells_a_block_that_is_gone_by_its_name(api: httpx.Client, function: dict[str, Any]) -> None:
    change = batch(api, command(function, "UPDATE_BLOCK", blockId="sum", config={"code": "9"}))["groupId"]
    batch(api, command(function, "REMOVE_BLOCK", blockId="sum"))
    name = next(b["name"] for b in function["flow"]["blocks"] if b["id"] == "sum")
    assert f"block “{name}”: it is gone" in undo(api, function, groupId=change).json()["error"]["message"]


@pytest.mark.parametrize(
    ("change", "label"),
    [
        ({"name": "nightly"}, "Rename of the function to “nightly”"),
        ({"description": "sums up"}, "Change of the description"),
        ({"status": "archived"}, "Archiving"),
        ({"name": "nightly", "description": "sums up"}, "Change of the function"),
    ],
)
def test_a_change_of_the_function_itself_says_what_it_was(
    api: httpx.Client, function: dict[str, Any], change: dict[str, Any], label: str
) -> None:
    assert batch(api, command(function, "UPDATE_FUNCTION", **change))["label"] == label
    assert data(undo(api, function))["label"] == label
    data(api.put(f"/functions/{function['id']}", json=change))
    assert data(api.get("/commands/history", params={"functionId": function["id"]}))[0]["label"] == label


def test_what_was_made_again_is_taken_back_before_what_it_was_made_on(
    api: httpx.Client, function: dict[str, Any]
) -> None:
    first = flow_of(api, function)
    block = next(b for b in first["blocks"] if b["id"] == "sum")
    change = batch(api, command(function, "UPDATE_BLOCK", blockId="sum", config={"code": "9"}))["groupId"]
    data(undo(api, function, groupId=change))
    before = flow_of(api, function)
    anew = batch(
        api,
        command(function, "REMOVE_BLOCK", blockId="sum"),
        command(function, "ADD_BLOCK", block={**block, "config": before["blocks"][1]["config"]}),
    )["groupId"]
    data(redo(api, function, groupId=change))
    error = undo(api, function, groupId=anew).json()["error"]
    assert (error["code"], error["groupId"]) == ("CONFLICT", change)
    assert error["hint"].startswith("Undo “Change of “")
    told = api.get("/commands/history", params={"functionId": function["id"]}).json()["meta"]
    assert told["undo"]["groupId"] == change
    assert data(undo(api, function))["groupId"] == change
    assert data(undo(api, function))["groupId"] == anew
    assert flow_of(api, function) == first
    assert undo(api, function).status_code == 409
    data(redo(api, function))
    data(redo(api, function))
    data(undo(api, function, toGroupId=anew))
    assert flow_of(api, function) == first


def test_what_an_undo_stands_in_the_way_of_says_to_redo_it(api: httpx.Client, function: dict[str, Any]) -> None:
    added = batch(api, command(function, "ADD_BLOCK", block={"id": "x", "type": "transform"}))["groupId"]
    change = batch(api, command(function, "UPDATE_BLOCK", blockId="x", config={"code": "9"}))["groupId"]
    data(undo(api, function))
    data(undo(api, function))
    error = redo(api, function, groupId=change).json()["error"]
    assert (error["code"], error["groupId"]) == ("CONFLICT", added)
    assert error["hint"].startswith("Redo “New block")


def test_a_change_that_a_later_one_went_over_stays_even_when_all_is_as_it_was(
    api: httpx.Client, function: dict[str, Any]
) -> None:
    first = flow_of(api, function)
    groups = [
        batch(api, command(function, "UPDATE_BLOCK", blockId="sum", config={"code": code}), message=code)["groupId"]
        for code in ("7", "8", "7")
        if data(api.put(f"/functions/{function['id']}", json={"description": code}))
    ]
    error = undo(api, function, groupId=groups[0]).json()["error"]
    assert (error["code"], error["groupId"], error["blockId"]) == ("CONFLICT", groups[2], "sum")
    assert "was changed since" in error["message"]
    while undo(api, function).status_code == 200:
        pass
    assert flow_of(api, function) == first

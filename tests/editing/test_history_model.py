"""Any sequence of commands, batches, undo, redo and restore keeps a function equal to a simple model of it."""

from __future__ import annotations

import copy
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.editing.conftest import data
from tests.serving import Bench

IDS = st.sampled_from("abcdef")
NAMES = st.sampled_from(["fetch", "total", "worst of day", "mail"])
CODES = st.sampled_from(["1", "input", "2 + 3"])
State = dict[str, Any]


def machine(api: httpx.Client) -> type[RuleBasedStateMachine]:
    """The machine over one workbench's API. The model is a list of states and how many of them stand."""

    class Editing(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.function = data(api.post("/functions", json={"name": "f"}), 201)
            self.states: list[State] = [self.seen()]
            self.undone: list[State] = []
            self.versions: list[State] = [self.states[0]]

        # What is there

        def seen(self) -> State:
            told = data(api.get(f"/functions/{self.function['id']}"))
            return {"flow": told["flow"], "name": told["name"], "status": told["status"]}

        @property
        def now(self) -> State:
            return self.states[-1]

        def send(self, *commands: tuple[str, dict[str, Any]]) -> httpx.Response:
            body = [{"type": t, "payload": {"functionId": self.function["id"], **p}} for t, p in commands]
            return api.post("/commands/batch", json={"commands": body})

        def expect(self, response: httpx.Response, after: State | None) -> None:
            if after is None:
                assert response.status_code in (400, 404, 409), response.text
            elif after != self.now:
                assert response.status_code == 200, response.text
                self.states.append(after)
                self.undone.clear()
                self.versions.append(after)
            self.check()

        def check(self) -> None:
            assert json.dumps(self.seen()) == json.dumps(self.now)

        # What people do

        @rule(block_id=IDS, name=NAMES, code=CODES)
        def add_block(self, block_id: str, name: str, code: str) -> None:
            after = copy.deepcopy(self.now)
            config = {"language": "expression", "code": code}
            if any(b["id"] == block_id for b in after["flow"]["blocks"]):
                after = None
            else:
                after["flow"]["blocks"].append(block(block_id, f"{name} {block_id}", config))
            sent = {"id": block_id, "type": "transform", "name": f"{name} {block_id}", "config": config}
            self.expect(self.send(("ADD_BLOCK", {"block": sent})), after)

        @rule(block_id=IDS, code=CODES, disabled=st.booleans(), retries=st.sampled_from([None, 2]))
        def configure(self, block_id: str, code: str, disabled: bool, retries: int | None) -> None:
            after = copy.deepcopy(self.now)
            policy = (
                {"timeoutMs": None, "retries": retries, "retryDelayMs": 1000, "onError": "fail"} if retries else None
            )
            changed = {"config": {"language": "expression", "code": code}, "disabled": disabled, "policy": policy}
            found = [b for b in after["flow"]["blocks"] if b["id"] == block_id]
            for b in found:
                b.update(changed)
            self.expect(self.send(("UPDATE_BLOCK", {"blockId": block_id, **changed})), after if found else None)

        @rule(ids=st.lists(IDS, unique=True, max_size=3), title=st.sampled_from(["", "one", "two"]))
        def group(self, ids: list[str], title: str) -> None:
            after = copy.deepcopy(self.now)
            there = after["flow"]["groups"]
            wanted = {"title": title, "blockIds": ids}
            if not there:
                there.append({"id": "g", **wanted})
                self.expect(self.send(("ADD_GROUP", {"group": {"id": "g", **wanted}})), after)
            elif title:
                there[0].update(wanted)
                self.expect(self.send(("UPDATE_GROUP", {"groupId": "g", "group": wanted})), after)
            else:
                there.clear()
                self.expect(self.send(("REMOVE_GROUP", {"groupId": "g"})), after)

        @rule(block_id=IDS, x=st.integers(0, 3))
        def move(self, block_id: str, x: int) -> None:
            after = copy.deepcopy(self.now)
            found = [b for b in after["flow"]["blocks"] if b["id"] == block_id]
            for b in found:
                b["position"] = {"x": float(x), "y": 0.0}
            response = self.send(("MOVE_BLOCK", {"blockId": block_id, "position": {"x": x, "y": 0}}))
            self.expect(response, after if found else None)

        @rule(block_id=IDS)
        def remove(self, block_id: str) -> None:
            after = copy.deepcopy(self.now)
            flow = after["flow"]
            there = any(b["id"] == block_id for b in flow["blocks"])
            flow["blocks"] = [b for b in flow["blocks"] if b["id"] != block_id]
            flow["edges"] = [e for e in flow["edges"] if block_id not in (e["source"], e["target"])]
            self.expect(self.send(("REMOVE_BLOCK", {"blockId": block_id})), after if there else None)

        @rule(edge_id=st.sampled_from("pqrs"), source=IDS, end=IDS)
        def wire(self, edge_id: str, source: str, end: str) -> None:
            after = copy.deepcopy(self.now)
            flow = after["flow"]
            ids = {b["id"] for b in flow["blocks"]}
            is_double = any(e["id"] == edge_id or (e["source"], e["target"]) == (source, end) for e in flow["edges"])
            edge = {"id": edge_id, "source": source, "sourcePort": "out", "target": end, "targetPort": "in"}
            if is_double or not {source, end} <= ids:
                after = None
            else:
                flow["edges"].append(edge)
            self.expect(self.send(("ADD_EDGE", {"edge": edge})), after)

        @rule(variables=st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2), max_size=2))
        def set_variables(self, variables: dict[str, int]) -> None:
            after = copy.deepcopy(self.now)
            before = after["flow"]["variables"]
            kept = {k: variables[k] for k in before if k in variables}
            after["flow"]["variables"] = before if before == variables else _in_order(variables, kept)
            self.expect(self.send(("SET_VARIABLES", {"variables": variables})), after)

        @rule(name=NAMES)
        def rename_function(self, name: str) -> None:
            after = copy.deepcopy(self.now)
            after["name"] = name
            self.expect(self.send(("UPDATE_FUNCTION", {"name": name})), after)

        @rule(first=IDS, second=IDS)
        def a_batch_that_cannot_be_whole_leaves_nothing(self, first: str, second: str) -> None:
            response = self.send(
                ("ADD_BLOCK", {"block": {"id": f"{first}{second}", "type": "transform", "name": "half"}}),
                ("REMOVE_BLOCK", {"blockId": "nowhere"}),
            )
            self.expect(response, None)

        @rule()
        def undo(self) -> None:
            response = api.post("/commands/undo", json={"functionId": self.function["id"]})
            if len(self.states) == 1:
                assert response.status_code == 409
            else:
                assert response.status_code == 200, response.text
                self.undone.append(self.states.pop())
                self.versions.append(self.now)
            self.check()

        @rule()
        def redo(self) -> None:
            response = api.post("/commands/redo", json={"functionId": self.function["id"]})
            if not self.undone:
                assert response.status_code == 409
            else:
                assert response.status_code == 200, response.text
                self.states.append(self.undone.pop())
                self.versions.append(self.now)
            self.check()

        @precondition(lambda self: len(self.versions) > 2)
        @rule(pick=st.randoms(use_true_random=False))
        def restore(self, pick: Any) -> None:
            number = pick.randrange(1, len(self.versions) + 1)
            wanted = self.versions[number - 1]["flow"]
            after = {**copy.deepcopy(self.now), "flow": copy.deepcopy(wanted)}
            response = api.post(f"/functions/{self.function['id']}/versions/{number}/restore", json={})
            assert response.status_code == 200, response.text
            told = self.seen()
            assert told["flow"] == after["flow"]
            if after["flow"] != self.now["flow"]:
                self.states.append(told)
                self.undone.clear()
                self.versions.append(told)

        # Whole flows: put, imported, from a snapshot

        def taken_over(self, response: httpx.Response, flow: dict[str, Any]) -> None:
            """The function has this flow now, in one step."""
            assert response.status_code in (200, 201), response.text
            after = {**self.now, "flow": flow}
            if after["flow"] != self.now["flow"]:
                self.states.append(self.seen())
                self.undone.clear()
                self.versions.append(self.now)
            assert self.seen() == after
            self.check()

        @rule(code=CODES, ids=st.lists(IDS, unique=True, max_size=4), wired=st.booleans(), noted=st.booleans())
        def put(self, code: str, ids: list[str], wired: bool, noted: bool) -> None:
            flow = self.flow_of(code, ids, wired, noted)
            self.taken_over(api.put(f"/functions/{self.function['id']}", json={"flow": flow}), flow)

        @rule(
            code=CODES,
            ids=st.lists(IDS, unique=True, max_size=3),
            strategy=st.sampled_from(["skip", "update", "create"]),
        )
        def bring(self, code: str, ids: list[str], strategy: str) -> None:
            parts = {
                "blocks": [
                    {
                        "id": i,
                        "type": "transform",
                        "name": f"in {i}",
                        "config": {"language": "expression", "code": code},
                    }
                    for i in ids
                ],
                "edges": [],
            }
            item = {"id": self.function["id"], "name": self.now["name"], "status": self.now["status"], **parts}
            bundle = {"format": "workbench.bundle", "formatVersion": 2, "functions": [item]}
            response = api.post("/import", json={"bundle": bundle, "conflictStrategy": strategy})
            told = data(response)
            (action,) = (i["action"] for i in told["items"] if i["kind"] == "function")
            assert action == strategy or (strategy, action) == ("update", "skip"), "nothing differs"
            assert action != "skip" or json.dumps(self.seen()) == json.dumps(self.now)
            if strategy == "create":
                (made,) = (i["targetId"] for i in told["items"] if i["kind"] == "function")
                made_here = told["idMap"][self.function["id"]]
                assert made_here != self.function["id"] and made in (None, made_here)
                assert [b["id"] for b in data(api.get(f"/functions/{made_here}"))["flow"]["blocks"]] == ids
                data(api.delete(f"/functions/{made_here}"))
            elif strategy == "update":
                seen = self.seen()
                assert [(b["id"], b["config"]["code"]) for b in seen["flow"]["blocks"]] == [(i, code) for i in ids]
                assert seen["flow"]["edges"] == []
                assert (seen["flow"]["notes"], seen["flow"]["groups"]) == (
                    self.now["flow"]["notes"],
                    self.now["flow"]["groups"],
                ), "what the bundle does not tell stays"
                if seen != self.now:
                    self.states.append(seen)
                    self.undone.clear()
                    self.versions.append(seen)
            self.check()

        @rule()
        def snapshot_and_come_back(self) -> None:
            path = f"/functions/{self.function['id']}"
            kept, flow = data(api.post(f"{path}/snapshots", json={"name": "s"}), 201)["id"], self.now["flow"]
            self.put("2 + 3", ["f", "a"], wired=True, noted=True)
            self.taken_over(api.post(f"/snapshots/{kept}/restore", json={}), flow)

        @rule(status=st.sampled_from(["archived", "draft"]))
        def archive(self, status: str) -> None:
            after = {**copy.deepcopy(self.now), "status": status}
            self.expect(self.send(("UPDATE_FUNCTION", {"status": status})), after)

        @rule()
        def duplicate(self) -> None:
            made = data(api.post(f"/functions/{self.function['id']}/duplicate", json={}), 201)
            assert data(api.get(f"/functions/{made['id']}"))["flow"] == self.now["flow"]
            assert api.post("/commands/undo", json={"functionId": made["id"]}).status_code == 409
            data(api.delete(f"/functions/{made['id']}"))
            self.check()

        # Gestures

        @rule(ids=st.lists(IDS, unique=True, min_size=2, max_size=4), x=st.integers(4, 7))
        def drag_many(self, ids: list[str], x: int) -> None:
            after = copy.deepcopy(self.now)
            there = {b["id"]: b for b in after["flow"]["blocks"]}
            for i in ids:
                if i in there:
                    there[i]["position"] = {"x": float(x), "y": 1.0}
            moves = [("MOVE_BLOCK", {"blockId": i, "position": {"x": x, "y": 1}}) for i in ids]
            self.expect(self.send(*moves), after if set(ids) <= set(there) else None)

        @rule(code=CODES)
        def paste_with_references(self, code: str) -> None:
            config = {"language": "expression", "code": code}
            new = {"type": "transform", "config": config}
            response = self.send(
                ("ADD_BLOCK", {"block": {**new, "name": f"first {len(self.versions)}"}}),
                ("ADD_BLOCK", {"block": {**new, "name": f"second {len(self.versions)}"}}),
                ("ADD_EDGE", {"edge": {"source": "$0", "target": "$1"}}),
            )
            first, second, edge = (r.get("blockId") or r.get("edgeId") for r in data(response)["results"])
            after = copy.deepcopy(self.now)
            after["flow"]["blocks"].append(block(first, f"first {len(self.versions)}", config))
            after["flow"]["blocks"].append(block(second, f"second {len(self.versions)}", config))
            wire = {"id": edge, "source": first, "sourcePort": "out", "target": second, "targetPort": "in"}
            after["flow"]["edges"].append(wire)
            self.expect(response, after)

        @rule(note_id=st.sampled_from("mn"), text=st.sampled_from(["", "a", "b"]))
        def note(self, note_id: str, text: str) -> None:
            after = copy.deepcopy(self.now)
            notes = after["flow"]["notes"]
            there = [n for n in notes if n["id"] == note_id]
            if text == "":
                after["flow"]["notes"] = [n for n in notes if n["id"] != note_id]
                self.expect(self.send(("REMOVE_NOTE", {"noteId": note_id})), after if there else None)
            elif there:
                there[0]["text"] = text
                self.expect(self.send(("UPDATE_NOTE", {"noteId": note_id, "note": {"text": text}})), after)
            else:
                notes.append({"id": note_id, "text": text})
                self.expect(self.send(("ADD_NOTE", {"note": {"id": note_id, "text": text}})), after)

        @precondition(lambda self: len(self.states) > 2)
        @rule(steps=st.integers(1, 3))
        def undo_to(self, steps: int) -> None:
            steps = min(steps, len(self.states) - 1)
            path = f"/commands/history?functionId={self.function['id']}&limit=200"
            standing = [e for e in data(api.get(path)) if not e["undone"] and e["kind"] not in ("undo", "redo")]
            groups = list(dict.fromkeys(e["groupId"] for e in standing))
            data(api.post("/commands/undo", json={"functionId": self.function["id"], "toGroupId": groups[steps - 1]}))
            for _ in range(steps):
                self.undone.append(self.states.pop())
                self.versions.append(self.now)
            self.check()

        def flow_of(self, code: str, ids: list[str], wired: bool, noted: bool) -> dict[str, Any]:
            config = {"language": "expression", "code": code}
            edges = [
                {"id": f"w{n}", "source": a, "sourcePort": "out", "target": b, "targetPort": "in"}
                for n, (a, b) in enumerate(pairwise(ids))
            ]
            return {
                "blocks": [block(i, f"put {i}", config) for i in ids],
                "edges": edges if wired else [],
                "variables": {},
                "notes": [{"id": "m", "text": code}] if noted else [],
                "groups": [],
            }

        @initialize()
        def a_fresh_function_has_nothing_to_take_back(self) -> None:
            assert api.post("/commands/undo", json={"functionId": self.function["id"]}).status_code == 409

        def teardown(self) -> None:
            while len(self.states) > 1:
                self.undo()
            api.delete(f"/functions/{self.function['id']}")

    return Editing


def block(block_id: str, name: str, config: dict[str, Any]) -> dict[str, Any]:
    place = {"x": 0.0, "y": 0.0}
    return {
        "id": block_id,
        "type": "transform",
        "name": name,
        "config": config,
        "position": place,
        "disabled": False,
        "policy": None,
    }


def _in_order(wanted: dict[str, int], kept: dict[str, int]) -> dict[str, int]:
    """Keys that stay keep their order; those that come stand where the sender put them."""
    pairs = list(kept.items())
    for at, (key, value) in enumerate(wanted.items()):
        if key not in kept:
            pairs.insert(at, (key, value))
    return dict(pairs)


@pytest.mark.slow
def test_a_function_is_what_a_simple_model_says_whatever_is_done_to_it(api: httpx.Client) -> None:
    run_state_machine_as_test(
        machine(api),
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_editors_at_the_same_time_lose_no_acknowledged_command(bench: Bench, api: httpx.Client) -> None:
    function = data(api.post("/functions", json={"name": "shared"}), 201)

    def work(editor: int) -> list[str]:
        client = bench.client(bench.make_key(f"editor {editor}", "read", "write"))
        acknowledged: list[str] = []
        version = 1
        while len(acknowledged) < 12:
            made = f"e{editor}-{len(acknowledged)}"
            new = {"functionId": function["id"], "block": {"id": made, "type": "transform", "name": made}}
            command = {"type": "ADD_BLOCK", "payload": new, "expectedVersion": version}
            response = client.post("/commands/batch", json={"commands": [command]})
            if response.status_code == 200:
                acknowledged.append(made)
                version = response.json()["data"]["versions"][function["id"]]
            else:
                assert response.status_code == 409
                version = response.json()["error"]["currentVersion"]
        return acknowledged

    with ThreadPoolExecutor(4) as pool:
        made = [block_id for ids in pool.map(work, range(4)) for block_id in ids]
    now = data(api.get(f"/functions/{function['id']}"))
    assert sorted(b["id"] for b in now["flow"]["blocks"]) == sorted(made)
    assert now["version"] == 1 + len(made)

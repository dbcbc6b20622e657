"""Changes are taken back and made again one by one, in any order; in the end everything undone is the first flow."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.editing.conftest import data
from tests.editing.test_history_model import CODES, NAMES, block

IDS = st.sampled_from("abc")
CHANGES = st.one_of(
    st.tuples(st.just("set"), IDS, CODES),
    st.tuples(st.just("name"), IDS, NAMES),
    st.tuples(st.just("add"), IDS, CODES),
    st.tuples(st.just("remove"), IDS),
    st.tuples(st.just("anew"), IDS, CODES),
    st.tuples(st.just("wire"), IDS, IDS),
    st.tuples(st.sampled_from(["undo", "redo"]), st.integers(0, 30)),
    st.tuples(st.just("restore"), st.integers(0, 30)),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(CHANGES, min_size=5, max_size=25))
def test_whatever_is_taken_back_and_made_again_alone_all_undone_is_the_first_flow(
    api: httpx.Client, steps: list[tuple[Any, ...]]
) -> None:
    """Changes are taken back and made again out of order; what is refused changes nothing."""
    start = {"blocks": [block(i, f"block {i}", {"language": "expression", "code": "1"}) for i in "ab"]}
    made = data(api.post("/functions", json={"name": "f", "flow": start}), 201)
    path, flow = f"/functions/{made['id']}", made["flow"]
    for step in steps:
        where, body = alone(api, made["id"], step)
        answer = api.post(where, json=body)
        assert answer.status_code in (200, 400, 404, 409), answer.text
        now = data(api.get(path))["flow"]
        assert answer.status_code == 200 or now == flow
        flow = now
    while (answer := api.post("/commands/undo", json={"functionId": made["id"]})).status_code == 200:
        pass
    assert answer.json()["error"]["code"] == "INVALID_STATE", answer.text
    assert in_any_order(data(api.get(path))["flow"]) == in_any_order(made["flow"])
    api.delete(path)


def in_any_order(flow: dict[str, Any]) -> str:
    """Its bytes but for the order of blocks, which hangs on what stood when each was removed."""
    return json.dumps({**flow, "blocks": sorted(flow["blocks"], key=lambda b: b["id"])})


def alone(api: httpx.Client, function_id: str, step: tuple[Any, ...]) -> tuple[str, Any]:
    """One of `CHANGES` as a request: its path and body."""
    kind, first, *rest = step
    if kind in ("undo", "redo"):
        told = data(api.get("/commands/history", params={"functionId": function_id, "limit": 200}))
        groups = list(dict.fromkeys(e["groupId"] for e in told)) or [function_id]
        return f"/commands/{kind}", {"groupId": groups[first % len(groups)]}
    if kind == "restore":
        versions = data(api.get(f"/functions/{function_id}"))["version"]
        return f"/functions/{function_id}/versions/{1 + first % versions}/restore", {}
    config = {"language": "expression", "code": rest[0]} if rest else {}
    new = {"id": first, "type": "transform", "name": f"block {first}", "config": config}
    commands = {
        "set": [("UPDATE_BLOCK", {"blockId": first, "config": config})],
        "name": [("UPDATE_BLOCK", {"blockId": first, "name": rest[0] if rest else ""})],
        "add": [("ADD_BLOCK", {"block": new})],
        "remove": [("REMOVE_BLOCK", {"blockId": first})],
        "anew": [("REMOVE_BLOCK", {"blockId": first}), ("ADD_BLOCK", {"block": new})],
        "wire": [("ADD_EDGE", {"edge": {"source": first, "target": rest[0] if rest else first}})],
    }[kind]
    sent = [{"type": t, "payload": {"functionId": function_id, **p}} for t, p in commands]
    return "/commands/batch", {"commands": sent}

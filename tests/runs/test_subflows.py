"""Functions that call functions over HTTP: pinned versions, refusals that name the chain, and what is seen inside."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import httpx

from tests.editing.conftest import data

ID = "01890000-0000-7000-8000-00000000dead"


def flow(*calls: str, code: str = "1", **config: Any) -> dict[str, Any]:
    """Calls these functions one after another, then a transform named `end`."""
    blocks = [
        {"id": f"c{i}", "type": "subflow", "name": f"call {i}", "config": {"functionId": function, **config}}
        for i, function in enumerate(calls)
    ]
    end = {"id": "end", "type": "transform", "name": "end", "config": {"code": code}}
    ids = ["start", *(b["id"] for b in blocks), "end"]
    edges = [{"source": a, "target": b} for a, b in pairwise(ids)]
    return {"blocks": [{"id": "start", "type": "start"}, *blocks, end], "edges": edges}


def make(api: httpx.Client, name: str, made: dict[str, Any]) -> str:
    return data(api.post("/functions", json={"name": name, "flow": made}), 201)["id"]


def change(api: httpx.Client, function: str, made: dict[str, Any]) -> None:
    data(api.put(f"/functions/{function}", json={"flow": made}))


def run(api: httpx.Client, function: str, **more: Any) -> dict[str, Any]:
    return data(api.post("/runs", json={"functionId": function, "inputs": {}, "async": False, **more}), 202)


def refused(api: httpx.Client, function: str) -> str:
    answer = api.post("/runs", json={"functionId": function, "inputs": {}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "FLOW_INVALID")
    assert answer.json()["error"]["details"][0]["field"] == "flow.blocks[1].config.functionId"
    return answer.json()["error"]["message"]


def test_checkpoints_and_states_inside_say_their_function(api: httpx.Client) -> None:
    inner = make(api, "inner", flow(code="start.n * 2"))
    outer = make(api, "outer", flow(inner, code="call_0 + 1", inputs={"n": 4}))
    done = run(api, outer)
    assert (done["status"], done["output"]) == ("completed", 9)
    seen = data(api.get(f"/runs/{done['id']}"))
    told = {c["path"]: (c["functionId"], c["blockName"], c["input"]) for c in seen["checkpoints"]}
    assert told["c0[0]/end"] == (inner, "end", {"n": 4})
    assert told["c0[0]/start"] == (inner, "start", {"n": 4})
    assert told["end"] == (outer, "end", 8)
    states = {(s["functionId"], s["blockId"]): s["lastPath"] for s in seen["blockStates"]}
    assert states[inner, "end"] == "c0[0]/end"
    assert states[outer, "end"] == "end"
    checkpoint = next(c for c in seen["checkpoints"] if c["path"] == "c0[0]/end")
    assert data(api.get(f"/runs/{done['id']}/checkpoints/{checkpoint['id']}/value"))  # the value is found by its path


def test_a_fixed_version_stays_and_latest_follows(api: httpx.Client) -> None:
    inner = make(api, "inner", flow(code="'old'"))
    latest, fixed = (
        make(api, "latest", flow(inner, code="call_0")),
        make(api, "fixed", flow(inner, code="call_0", functionVersion=1)),
    )
    change(api, inner, flow(code="'new'"))
    assert (run(api, latest)["output"], run(api, fixed)["output"]) == ("new", "old")


def test_what_cannot_be_called_is_refused_with_the_chain_and_warned_of_before(api: httpx.Client) -> None:
    gone = make(api, "to a ghost", flow(ID))
    assert "“to a ghost”" in refused(api, gone)
    assert ID in refused(api, gone)
    warning = data(api.post("/validate", json={"functionId": gone}))["warnings"][0]
    assert (warning["code"], warning["blockId"], warning["field"]) == ("BAD_SUBFLOW", "c0", "config.functionId")

    a = make(api, "A", flow())
    b = make(api, "B", flow(a))
    change(api, a, flow(b))
    assert "“A” → “B” → “A”" in refused(api, a)

    old = make(api, "old", flow())
    data(api.put(f"/functions/{old}", json={"status": "archived"}))
    assert "“old” is archived" in refused(api, make(api, "uses old", flow(old)))
    bad = make(api, "bad", {"blocks": [{"id": "t", "type": "transform", "config": {"code": "1"}}]})
    assert "cannot run" in refused(api, make(api, "uses bad", flow(bad)))
    assert "has no version 9" in refused(api, make(api, "uses nine", flow(b, functionVersion=9)))


def test_calls_lie_at_most_five_deep(api: httpx.Client) -> None:
    function = make(api, "level 5", flow())
    for level in range(4, -1, -1):
        function = make(api, f"level {level}", flow(function))
    assert run(api, function)["status"] == "completed"
    deeper = make(api, "too deep", flow(function))
    assert "“too deep” → “level 0” → “level 1” → “level 2” → “level 3” → “level 4” → “level 5”" in refused(api, deeper)


def test_inputs_that_do_not_fit_are_warned_of(api: httpx.Client) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    made = flow()
    made["blocks"][0]["config"] = {"inputSchema": schema}
    inner = make(api, "wants n", made)
    for inputs, part in (
        ({}, "needs the input `n`"),
        ({"n": "x"}, "`n` does not fit"),
        ({"n": 1, "m": 2}, "no input `m`"),
    ):
        found = data(api.post("/validate", json={"flow": flow(inner, inputs=inputs)}))
        assert found["valid"]
        assert part in found["warnings"][0]["message"]
    assert data(api.post("/validate", json={"flow": flow(inner, inputs={"n": "{{ start.n }}"})}))["warnings"] == []
    failed = run(api, make(api, "gives nothing", flow(inner)))
    assert (failed["status"], failed["error"]["path"], failed["error"]["functionId"]) == (
        "failed",
        "c0[0]/start",
        inner,
    )


def test_an_open_run_keeps_its_version_and_holds_the_function(api: httpx.Client) -> None:
    waits = flow(code="w.payload")
    waits["blocks"].insert(
        1, {"id": "w", "type": "wait", "name": "w", "config": {"waitType": "event", "eventType": "go"}}
    )
    waits["edges"] = [{"source": "start", "target": "w"}, {"source": "w", "target": "end"}]
    inner = make(api, "inner", waits)
    outer = make(api, "outer", flow(inner, code="call_0"))
    started = data(api.post("/runs", json={"functionId": outer}), 202)
    change(api, inner, flow(code="'changed'"))
    answer = api.delete(f"/functions/{inner}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "INVALID_STATE")
    data(api.post(f"/runs/{started['id']}/signals", json={"eventType": "go", "payload": "as it was"}))
    for _ in range(200):
        seen = data(api.get(f"/runs/{started['id']}"))
        if seen["finishedAt"]:
            break
    assert seen["output"] == "as it was"
    data(api.delete(f"/functions/{inner}"))
    assert data(api.get(f"/runs/{started['id']}/checkpoints"))  # what is left of it can be read


def test_retry_and_fork_use_the_versions_that_the_run_had(api: httpx.Client) -> None:
    inner = make(api, "inner", flow(code="1 / 0"))
    outer = make(api, "outer", flow(inner, code="call_0"))
    failed = run(api, outer)
    change(api, inner, flow(code="'fine'"))
    again = data(api.post(f"/runs/{failed['id']}/retry", json={}), 202)
    for _ in range(200):
        seen = data(api.get(f"/runs/{again['id']}"))
        if seen["finishedAt"]:
            break
    assert (seen["attempt"], seen["status"]) == (2, "failed")
    assert run(api, outer)["output"] == "fine"

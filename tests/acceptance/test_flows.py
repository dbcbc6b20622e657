"""Bad flows and bad names: validation says what is wrong where, saving keeps what may be kept, running refuses."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.acceptance.doors import Doors, block, data_of, expression, flow, refused

LONG = {"source": "start", "target": "a"}


def problems(api: Doors, sent: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What validation says of a flow, by code; errors and warnings alike."""
    told = data_of(api.http.post("/validate", json={"flow": sent}), 200)
    found = [*told["errors"], *told["warnings"]]
    assert told["valid"] is not bool(told["errors"])
    for problem in found:
        assert problem["message"].endswith((".", "?")), problem
        assert problem["severity"] in {"error", "warning"}
    return {p["code"]: p for p in found}


def test_a_name_that_is_no_identifier_is_used_by_its_handle(api: Doors) -> None:
    names = {
        "worst of day": "worst_of_day", "3 days": "_3_days", "naïve café": "naïve_café", "a-b.c": "a_b_c",
        "日報": "日報", "🦄 horn": "_horn", "ﬁne": "fine",
    }  # fmt: skip
    for name, handle in names.items():
        function = api.function(expression("41", "a", name), expression(f"{handle} + 1", "b", "last one"))
        assert api.run(function)["output"] == 42, name


def test_two_names_with_one_handle_do_not_validate_and_do_not_run(api: Doors) -> None:
    twins = flow(expression("1", "a", "my value"), expression("2", "b", "my-value"))
    problem = problems(api, twins)["DUPLICATE_NAME"]
    assert problem["blockId"] in {"a", "b"}
    assert problem["field"] == "name"
    assert "my_value" in problem["message"]
    assert problem["fix"]["commands"][0]["type"] == "UPDATE_BLOCK"
    saved = data_of(api.http.post("/functions", json={"name": "twins", "flow": twins}), 201)
    assert [b["name"] for b in saved["flow"]["blocks"]] == ["start", "my value", "my-value"]
    error = refused(api.http.post("/runs", json={"functionId": saved["id"]}), "FLOW_INVALID", "my_value")
    assert error["details"][0]["field"].startswith("flow.blocks[")
    assert api.http.get(f"/runs?functionId={saved['id']}").json()["meta"]["total"] == 0


@pytest.mark.parametrize("name", ["input", "vars", "item", "secrets", "len", "class", "None", "now"])
def test_a_name_that_the_language_uses_is_reserved(api: Doors, name: str) -> None:
    problem = problems(api, flow(expression("1", "a", name)))["RESERVED_NAME"]
    assert problem["blockId"] == "a"
    assert name in problem["message"]


@pytest.mark.parametrize(
    ("sent", "code", "place"),
    [
        (flow(), None, None),
        ({"blocks": [], "edges": []}, "EMPTY_FLOW", None),
        (flow(block("a", "teleport", "a")), "UNKNOWN_TYPE", "a"),
        (flow(block("a", "delay", "a", delayMs="soon")), "BAD_CONFIG", "a"),
        (flow(block("a", "delay", "a", delayMs=-1)), "BAD_CONFIG", "a"),
        (flow(block("a", "delay", "a", delayMs=10**15)), "BAD_CONFIG", "a"),
        (flow(block("a", "delay", "a", colour="red", delayMs=1)), "BAD_CONFIG", "a"),
        (flow(block("a", "sort", "a", by=[])), "BAD_CONFIG", "a"),
        (flow(block("a", "transform", "a", language="python", code="def (")), "BAD_CONFIG", "a"),
        (flow(block("a", "transform", "a", language="sql", code="SELECT 1; DROP TABLE x")), "BAD_CONFIG", "a"),
        (flow(expression("1 +", "a")), "BAD_EXPRESSION", "a"),
        (flow(expression("''.__class__", "a")), "BAD_EXPRESSION", "a"),
        (flow(expression("'a' * 10**9", "a")), "BAD_EXPRESSION", "a"),
        (flow(expression("nowhere + 1", "a")), "UNKNOWN_NAME", "a"),
        (flow(expression("1", "a"), expression("2", "b"), edges=[LONG]), "UNCONNECTED_PORT", "b"),
        (
            flow(expression("1", "a"), edges=[LONG, {"source": "a", "target": "a"}]),
            "CYCLE", "a",
        ),
        (flow(expression("1", "a"), edges=[{**LONG, "sourcePort": "sideways"}]), "UNKNOWN_PORT", None),
        (flow(expression("1", "a"), edges=[LONG, LONG]), "DUPLICATE_EDGE", None),
    ],
)  # fmt: skip
def test_validation_names_the_block_and_refuses_to_run(api: Doors, sent: Any, code: str | None, place: Any) -> None:
    found = problems(api, sent)
    if code is None:
        assert not [p for p in found.values() if p["severity"] == "error"], found
        return
    assert code in found, found
    if place is not None:
        assert found[code]["blockId"] == place
    saved = data_of(api.http.post("/functions", json={"name": "bad", "flow": sent}), 201)
    if found[code]["severity"] == "error":
        refused(api.http.post("/runs", json={"functionId": saved["id"]}), "FLOW_INVALID")
        active = api.http.put(f"/functions/{saved['id']}", json={"status": "active"})
        refused(active, "FLOW_INVALID")
    now = data_of(api.http.get(f"/functions/{saved['id']}"))
    assert (now["version"], now["status"]) == (1, "draft")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"blocks": [{"type": "start", "id": "a"}, {"type": "delay", "id": "a"}]}, "flow.blocks[1].id"),
        ({"blocks": [{"type": "start", "id": "a"}], "edges": [{"source": "a", "target": "b"}]}, "flow.edges[0].target"),
    ],
)
def test_what_cannot_be_saved_is_400_and_nothing_is_kept(api: Doors, sent: dict[str, Any], field: str) -> None:
    function = api.function(expression("1"))
    refused(api.http.post("/functions", json={"name": "bad", "flow": sent}), "VALIDATION_ERROR")
    error = refused(api.http.put(f"/functions/{function['id']}", json={"flow": sent}), "VALIDATION_ERROR")
    assert field in [d["field"] for d in error["details"]], error
    assert data_of(api.http.get(f"/functions/{function['id']}"))["flow"] == function["flow"]


def test_a_flow_of_10_000_blocks_is_refused_in_one_sentence(api: Doors) -> None:
    before = api.http.get("/functions?limit=1").json()["meta"]["total"]
    blocks = [{"type": "start", "id": "start"}]
    blocks += [{"type": "transform", "id": f"b{i}", "config": {"code": "1"}} for i in range(9_999)]
    edges = [{"source": blocks[i]["id"], "target": blocks[i + 1]["id"]} for i in range(9_999)]
    sent = {"blocks": blocks, "edges": edges}
    begun = time.monotonic()
    told = data_of(api.http.post("/validate", json={"flow": sent}))
    assert told["valid"] is False
    assert told["errors"][0]["code"] == "TOO_LARGE"
    assert "2,000" in told["errors"][0]["message"]
    assert len(told["errors"]) <= 2
    error = refused(api.http.post("/functions", json={"name": "huge", "flow": sent}), "VALIDATION_ERROR", "2,000")
    assert "10,000" in error["message"]
    assert api.http.get("/functions?limit=1").json()["meta"]["total"] == before
    assert time.monotonic() - begun < 20


def test_a_flow_that_cannot_be_saved_validates_to_problems(api: Doors) -> None:
    sent = {
        "blocks": [{"type": "start", "id": "a"}, {"type": "delay", "id": "a"}],
        "edges": [{"source": "a", "target": "b"}],
    }
    assert {"DUPLICATE_ID", "UNKNOWN_BLOCK"} <= set(problems(api, sent))


def test_a_flow_of_2_000_blocks_validates_and_runs(api: Doors) -> None:
    blocks = [{"type": "transform", "id": f"b{i}", "config": {"code": "1"}} for i in range(1_999)]
    function = data_of(api.http.post("/functions", json={"name": "large", "flow": flow(*blocks)}), 201)
    assert api.run(function)["checkpointCount"] == 2_000


def test_an_edge_that_leaves_a_loop_is_named(api: Doors) -> None:
    sent = flow(
        block("loop", "loop", "each", loopType="times", iterations="3"),
        expression("index", "inner"),
        expression("1", "outer"),
        edges=[
            {"source": "start", "target": "loop"},
            {"source": "loop", "sourcePort": "body", "target": "inner"},
            {"source": "loop", "sourcePort": "out", "target": "outer"},
            {"id": "escape", "source": "inner", "target": "outer"},
        ],
    )
    found = problems(api, sent)
    code = next(c for c in ("EDGE_LEAVES_REGION", "EDGE_ENTERS_REGION") if c in found)
    assert found[code]["edgeId"] == "escape"


def test_a_block_in_another_region_is_not_in_scope(api: Doors) -> None:
    sent = flow(
        block("loop", "loop", "each", loopType="times", iterations="3"),
        expression("index", "inner"),
        expression("inner + 1", "outer"),
        edges=[
            {"source": "start", "target": "loop"},
            {"source": "loop", "sourcePort": "body", "target": "inner"},
            {"source": "loop", "sourcePort": "out", "target": "outer"},
        ],
    )
    problem = problems(api, sent)["NOT_IN_SCOPE"]
    assert problem["blockId"] == "outer"
    assert "each.results" in problem["message"]

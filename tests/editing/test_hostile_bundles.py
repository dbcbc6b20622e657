"""Bundles that are damaged, old, huge or meant to do harm: refused, with where and why; nothing of them is kept."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.editing.conftest import data

Bundle = dict[str, Any]


def bundle(*functions: Bundle, **more: Any) -> Bundle:
    """A bundle without a checksum, as by hand."""
    return {"format": "workbench.bundle", "formatVersion": 2, "functions": list(functions), **more}


def function(function_id: str = "f", *blocks: Bundle, **more: Any) -> Bundle:
    return {"id": function_id, "name": function_id, "blocks": list(blocks), **more}


def block(block_id: str, **more: Any) -> Bundle:
    return {"id": block_id, "type": "transform", "name": block_id, **more}


def edge(edge_id: str, source: str, target: str) -> Bundle:
    return {"id": edge_id, "source": source, "target": target}


def calls(block_id: str, function_id: str) -> Bundle:
    return {"id": block_id, "type": "subflow", "name": block_id, "config": {"functionId": function_id}}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


ROUND = function("f", block("a"), block("b"), edges=[edge("x", "a", "b"), edge("y", "b", "a")])
HOSTILE: dict[str, tuple[Callable[[], Any], str, str]] = {
    "no object": (list, "bundle", "must be an object"),
    "no bundle": (lambda: {"functions": []}, "bundle.format", "missing"),
    "another format": (lambda: {"format": "x"}, "bundle.format", "workbench.bundle"),
    "a newer version": (lambda: {**bundle(), "formatVersion": 3}, "bundle.formatVersion", "one of 1, 2"),
    "a version that is none": (lambda: {**bundle(), "formatVersion": True}, "bundle.formatVersion", "one of"),
    "an unknown part": (lambda: bundle(code="import os"), "bundle.code", "known"),
    "a false checksum": (lambda: bundle(checksum="sha256:0"), "bundle.checksum", "damaged"),
    "no list": (lambda: {**bundle(), "functions": {}}, "bundle.functions", "list"),
    "no function": (lambda: bundle(1), "bundle.functions[0]", "object"),  # type: ignore[arg-type]
    "no id": (lambda: bundle({"name": "x"}), "bundle.functions[0].id", "text"),
    "two functions of one id": (lambda: bundle(function("a"), function("A")), "bundle.functions[1].id", "functions[0]"),
    "two canvases of one id": (
        lambda: bundle(canvases=[{"id": "c", "name": "c"}] * 2),
        "bundle.canvases[1].id",
        "canvases[0]",
    ),
    "a canvas without a name": (lambda: bundle(canvases=[{"id": "c"}]), "bundle.canvases[0].name", "required"),
    "a depth bomb": (
        lambda: bundle(function("f", block("a", config={"x": nested(49)}))),
        "bundle.functions[0]",
        "deep",
    ),
    "a deep config": (
        lambda: bundle(function("f", block("a", config={"x": nested(38)}))),
        "bundle.functions[0].blocks[0].config",
        "deep",
    ),
    "100,000 blocks in one": (
        lambda: bundle(function("f", *[{"id": "a"}] * 100_000)),
        "bundle.functions[0].blocks",
        "at most 2,000",
    ),
    "100,000 blocks in many": (
        lambda: bundle(*(function(f"f{n}", *[{"id": "a"}] * 1000) for n in range(100))),
        "bundle.functions",
        "at most 50,000",
    ),
    "too many functions": (lambda: bundle(*[{}] * 5001), "bundle.functions", "at most 5,000"),
    "two blocks of one id": (
        lambda: bundle(function("f", block("a"), block("a"))),
        "bundle.functions[0].blocks[1].id",
        "is the id of",
    ),
    "two edges of one id": (
        lambda: bundle(
            function("f", block("a"), block("b"), block("c"), edges=[edge("x", "a", "b"), edge("x", "b", "c")])
        ),
        "bundle.functions[0].edges[1].id",
        "is the id of",
    ),
    "an edge to nowhere": (
        lambda: bundle(function("f", block("a"), edges=[edge("x", "a", "b")])),
        "bundle.functions[0].edges[0].target",
        "no block",
    ),
    "wires in a circle": (lambda: bundle(ROUND), "bundle.functions[0].edges[1]", "“a” → “b” → “a”"),
    "a wire to itself": (
        lambda: bundle(function("f", block("a"), edges=[edge("x", "a", "a")])),
        "bundle.functions[0].edges[0]",
        "loop",
    ),
    "functions that call each other": (
        lambda: bundle(function("f", calls("c", "g")), function("g", block("a"), calls("c", "f"))),
        "bundle.functions[1].blocks[1].config.functionId",
        "“g” → “f” → “g”",
    ),
    "a name with control characters": (
        lambda: bundle({**function("f"), "name": "a\x1b[2Jb"}),
        "bundle.functions[0].name",
        "control characters",
    ),
    "a block's name with control characters": (
        lambda: bundle(function("f", block("a") | {"name": "a\nb"})),
        "bundle.functions[0].blocks[0].name",
        "control",
    ),
    "a name of 10,000 characters": (
        lambda: bundle({**function("f"), "name": "a" * 10_000}),
        "bundle.functions[0].name",
        "200",
    ),
    "an id that is none": (lambda: bundle(function("../../x")), "bundle.functions[0].id", "letters"),
    "a place that is none": (
        lambda: bundle(function("f", block("a")), layout={"f": {"positions": {"a": ["x", 1]}}}),
        "bundle.layout.f.positions.a[0]",
        "number",
    ),
    "settings that are none": (
        lambda: bundle({**function("f"), "settings": {"timeoutMs": -1}}),
        "bundle.functions[0].settings.timeoutMs",
        "greater",
    ),
    "a status that is none": (
        lambda: bundle({**function("f"), "status": "admin"}),
        "bundle.functions[0].status",
        "draft",
    ),
    "a canvas that is not there": (
        lambda: bundle({**function("f"), "canvasId": "c"}),
        "bundle.functions[0].canvasId",
        "no canvas",
    ),
    "an order of keys that is none": (
        lambda: bundle(function("f"), keyOrder={"f": {"/variables/a": [1]}}),
        "bundle.keyOrder.f/variables/a",
        "keys",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_refused_with_where_and_why(api: httpx.Client, what: str) -> None:
    make, where, why = HOSTILE[what]
    before = data(api.get("/canvases")), data(api.get("/functions"))
    response = api.post("/import", json={"bundle": make()})
    assert response.status_code == 400, response.text[:500]
    error = response.json()["error"]
    assert error["code"] == "VALIDATION_ERROR"
    assert any(d["field"].startswith(where) and why in d["issue"] for d in error["details"]), error
    assert len(response.content) < 50_000
    assert (data(api.get("/canvases")), data(api.get("/functions"))) == before


def test_a_bundle_over_the_limit_of_a_body_is_413_and_one_that_is_no_json_400(api: httpx.Client) -> None:
    assert api.post("/import", json={"bundle": {"x": "a" * 11_000_000}}).status_code == 413
    deep = '{"bundle": ' + "[" * 100_000 + "]" * 100_000 + "}"
    broken = api.post("/import", content=deep, headers={"Content-Type": "application/json"})
    assert broken.status_code == 400
    assert "deeper" in broken.json()["error"]["message"]


def test_any_single_byte_that_is_changed_is_noticed(api: httpx.Client) -> None:
    made = data(api.post("/functions", json={"name": "kept", "flow": {"blocks": [{"type": "start"}]}}), 201)
    text = json.dumps(data(api.get(f"/export/{made['id']}")), ensure_ascii=False)
    at = text.index('"kept"')
    for other in (text[:at] + '"kent"' + text[at + 6 :], text.replace("draft", "active")):
        refused = api.post("/import/preview", json={"bundle": json.loads(other)})
        assert refused.status_code == 400
        assert "damaged" in refused.json()["error"]["message"]


def test_a_bundle_that_another_program_wrote_anew_is_the_same_one(api: httpx.Client) -> None:
    flow = {"blocks": [{"type": "start", "position": {"x": 1.0, "y": 2.5}, "config": {"inputs": {"n": 1.0}}}]}
    made = data(api.post("/functions", json={"name": "kept", "flow": flow}), 201)
    bundle_ = data(api.get(f"/export/{made['id']}"))
    as_javascript = json.loads(
        json.dumps(bundle_), parse_float=lambda text: int(float(text)) if text.endswith(".0") else float(text)
    )
    turned = {k: as_javascript[k] for k in reversed(as_javascript)}
    assert data(api.post("/import/preview", json={"bundle": turned}))["counts"]["error"] == 0


def test_bundles_of_version_1_are_read(api: httpx.Client) -> None:
    text = (Path(__file__).parent / "bundle_1.json").read_text(encoding="utf-8")
    old = json.loads(text)
    told = data(api.post("/import", json={"bundle": old}))
    assert told["counts"]["error"] == 0
    made = data(api.get(f"/functions/{told['idMap'][old['functions'][0]['id']]}"))
    assert made["flow"] == old["functions"][0]["flow"]
    assert (made["name"], made["status"]) == ("older", "draft")


def test_a_bundle_by_hand_needs_little_and_is_laid_out(api: httpx.Client) -> None:
    by_hand = bundle(
        function("f", {"id": "start", "type": "start", "name": "start"}, block("a"), edges=[edge("x", "start", "a")])
    )
    told = data(api.post("/import", json={"bundle": by_hand}))
    made = data(api.get(f"/functions/{told['idMap']['f']}"))
    places = [b["position"] for b in made["flow"]["blocks"]]
    assert places[0]["x"] < places[1]["x"]
    again = copy.deepcopy(by_hand)
    again["functions"][0]["description"] = "now described"
    move = {"type": "MOVE_BLOCK", "payload": {"functionId": made["id"], "blockId": "a", "position": {"x": 7, "y": 7}}}
    data(api.post("/commands/batch", json={"commands": [move]}))
    item = data(api.post("/import", json={"bundle": again, "conflictStrategy": "update"}))["items"][0]
    assert item["diff"]["blocks"]["moved"] == [], "a bundle without a layout moves nothing"
    assert item["diff"]["function"] == [{"name": "description", "before": None, "after": "now described"}]


def test_what_a_layout_leaves_out_is_placed_and_the_rest_stays(api: httpx.Client) -> None:
    blocks = [block(name) for name in "abc"]
    edges = [edge("x", "a", "b"), edge("y", "b", "c")]
    told = {"placed": {"positions": {"a": [0, 0], "b": [300, 7]}}}
    answer = data(api.post("/import", json={"bundle": bundle(function("placed", *blocks, edges=edges), layout=told)}))

    def places() -> dict[str, tuple[float, float]]:
        flow = data(api.get(f"/functions/{answer['idMap']['placed']}"))["flow"]
        return {b["id"]: (b["position"]["x"], b["position"]["y"]) for b in flow["blocks"]}

    first = places()
    assert (first["a"], first["b"]) == ((0, 0), (300, 7))
    assert first["c"][0] > 300
    again = bundle(function("placed", *blocks, block("d"), edges=[*edges, edge("z", "c", "d")]))
    override = {"placed": {"targetId": answer["idMap"]["placed"], "action": "update"}}
    note = {
        "type": "ADD_NOTE",
        "payload": {"functionId": answer["idMap"]["placed"], "note": {"id": "n", "text": "why"}},
    }
    data(api.post("/commands/batch", json={"commands": [note]}))
    data(api.post("/import", json={"bundle": again, "overrides": override}))
    second = places()
    assert data(api.get(f"/functions/{answer['idMap']['placed']}"))["flow"]["notes"] == [{"id": "n", "text": "why"}]
    assert {name: second[name] for name in "abc"} == first, "a new block moves no other"
    assert second["d"][0] > second["c"][0]


@pytest.mark.parametrize(
    "what", ["a place that is none", "settings that are none", "two blocks of one id", "an order of keys that is none"]
)
def test_why_an_item_cannot_be_imported_is_a_sentence_with_its_place(api: httpx.Client, what: str) -> None:
    make, _, _ = HOSTILE[what]
    reason = data(api.post("/import/preview", json={"bundle": make()}))["items"][0]["reason"]
    assert reason in {
        "It cannot be imported: layout.positions.a[0] must be a number.",
        "It cannot be imported: settings.timeoutMs must be greater than or equal to 1.",
        'It cannot be imported: blocks[1].id "a" is the id of blocks[0] too.',
        "It cannot be imported: keyOrder/variables/a must be a list of keys.",
    }

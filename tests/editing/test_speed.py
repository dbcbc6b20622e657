"""How long edits take: limits wide enough for a busy machine, far below what a slip of order would cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.editing.conftest import data
from workbench.blocks.registry import BlockRegistry
from workbench.flow.model import Flow
from workbench.flow.validation import validate

SLACK = 10
"""So many times the aim may a busy machine take; a cost that grows with the size would be hundreds of times it."""


def chain(count: int) -> dict[str, Any]:
    blocks = [{"id": "start", "type": "start", "name": "start"}]
    blocks += [
        {"id": f"b{n}", "type": "transform", "name": f"step {n}", "config": {"code": "input"}} for n in range(count - 1)
    ]
    ids = [b["id"] for b in blocks]
    edges = [{"id": f"e{n}", "source": a, "target": b} for n, (a, b) in enumerate(pairwise(ids))]
    return {"blocks": blocks, "edges": edges}


def best_ms(work: Callable[[], object], times: int = 5) -> float:
    """The quickest of some tries, in milliseconds: what others do meanwhile is not counted."""
    tries: list[float] = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        tries.append((time.perf_counter() - begun) * 1000)
    return min(tries)


def test_two_hundred_blocks_are_validated_within_20_ms() -> None:
    registry = BlockRegistry.standard()
    flow = Flow.model_validate(chain(200))
    assert validate(flow, registry).valid
    assert best_ms(lambda: validate(flow, registry)) < 20 * SLACK


def test_one_block_of_two_hundred_is_patched_within_50_ms(api: httpx.Client) -> None:
    function = data(api.post("/functions", json={"name": "large", "flow": chain(200)}), 201)["id"]
    codes = iter(range(100))

    def patch() -> None:
        payload = {"functionId": function, "blockId": "b100", "config": {"code": f"input + {next(codes)}"}}
        data(api.post("/commands/batch", json={"commands": [{"type": "UPDATE_BLOCK", "payload": payload}]}))

    assert best_ms(patch) < 50 * SLACK


def test_a_patch_of_one_block_of_two_hundred_is_with_a_second_viewer_within_100_ms(api: httpx.Client) -> None:
    function = data(api.post("/functions", json={"name": "seen twice", "flow": chain(200)}), 201)["id"]
    begun: list[float] = []
    taken: list[float] = []
    with api.stream("GET", "/events") as viewer:
        lines = viewer.iter_lines()
        next(line for line in lines if line == "event: ready")
        for n in range(12):
            payload = {"functionId": function, "blockId": "b100", "config": {"code": f"input + {n}"}}
            begun.append(time.perf_counter())
            data(api.post("/commands/batch", json={"commands": [{"type": "UPDATE_BLOCK", "payload": payload}]}))
            told = next(line for line in lines if line.startswith("data: ") and function in line)
            taken.append((time.perf_counter() - begun[-1]) * 1000)
            assert f"input + {n}" in told
    print(f"from the first viewer to the second: best {min(taken):.1f} ms, median {sorted(taken)[6]:.1f} ms")  # noqa: T201 - a figure to read with -s
    assert min(taken) < 100


@pytest.mark.slow
def test_a_history_of_ten_thousand_commands_is_undone_and_paged_as_quickly_as_a_short_one(api: httpx.Client) -> None:
    function = data(api.post("/functions", json={"name": "old", "flow": chain(10)}), 201)["id"]
    for batch in range(10):
        commands = [
            {"type": "MOVE_BLOCK", "payload": {"functionId": function, "blockId": "b1", "position": {"x": x, "y": 1}}}
            for x in range(batch * 1000 + 1, batch * 1000 + 1001)
        ]
        data(api.post("/commands/batch", json={"commands": commands}))
    for x in range(8):
        move = {"functionId": function, "blockId": "b2", "position": {"x": x + 1, "y": 7}}
        data(api.post("/commands/batch", json={"commands": [{"type": "MOVE_BLOCK", "payload": move}]}))
    assert api.get(f"/commands/history?functionId={function}").json()["meta"]["total"] == 10_008
    assert best_ms(lambda: data(api.post("/commands/undo", json={"functionId": function}))) < 20 * SLACK
    assert best_ms(lambda: data(api.get(f"/commands/history?functionId={function}&limit=50"))) < 50 * SLACK
    assert best_ms(lambda: data(api.get(f"/functions/{function}/versions?limit=50"))) < 50 * SLACK


@pytest.mark.slow
def test_a_bundle_of_a_thousand_functions_is_imported_taken_back_and_deleted_in_seconds(api: httpx.Client) -> None:
    flow = chain(10)
    functions = [{"id": f"f{n}", "name": f"function {n}", **flow} for n in range(1000)]
    bundle = {"format": "workbench.bundle", "formatVersion": 2, "functions": functions}
    target = data(api.post("/canvases", json={"name": "many"}), 201)["id"]
    begun = time.perf_counter()
    told = data(api.post("/import", json={"bundle": bundle, "targetCanvasId": target}, timeout=60))
    assert told["counts"]["create"] == 1000
    assert time.perf_counter() - begun < 40
    again = {**bundle, "functions": [{**f, "description": "again"} for f in functions]}
    asked = {"bundle": again, "targetCanvasId": target, "conflictStrategy": "update"}
    group = data(api.post("/import", json=asked, timeout=60))["groupId"]
    for act in (
        lambda: data(api.post("/commands/undo", json={"groupId": group}, timeout=60)),
        lambda: data(api.delete(f"/canvases/{target}", timeout=60)),
    ):
        begun = time.process_time()
        act()
        assert time.process_time() - begun < 5

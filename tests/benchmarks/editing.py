"""Editing: what a change, its undo and the lists cost beside an old history, and what is done with 1,000 functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx

from tests.benchmarks.flows import chain
from tests.benchmarks.machine import Watch
from tests.benchmarks.results import Beside, Result
from tests.serving import running
from workbench.blocks.registry import BlockRegistry
from workbench.flow.validation import validate

COMMANDS = 10_000
FUNCTIONS = 1_000
TIMES = 9
LABEL = "limit"


def run(home: Path, rounds: int) -> list[Result]:
    """Requests over loopback, server and client in one process; each is done nine times."""
    del rounds
    results = [_timed(*case, "ms") for case in _validation()]
    with running(home / "editing") as bench:
        client = bench.client()
        client.timeout = httpx.Timeout(300)
        results += [_timed(*case, "ms") for case in _history(client)]
        results += [_timed(*case, "s") for case in _bulk(client)]
    return results


Case = tuple[str, float, int, Callable[[int], object]]
"""What, the limit in the unit, how often, what to do the nth time."""


def _timed(what: str, limit: float, times: int, work: Callable[[int], object], unit: str) -> Result:
    factor = 1000 if unit == "ms" else 1
    taken: list[float] = []
    with Watch() as watch:
        for n in range(times):
            begun = perf_counter()
            work(n)
            taken.append((perf_counter() - begun) * factor)
    return Result("editing", what, unit, taken, [Beside(LABEL, [limit], 1.0)], "less", watch.foreign)


def _validation() -> list[Case]:
    registry, flow = BlockRegistry.standard(), chain(199)
    assert validate(flow, registry).valid
    return [("a flow of 200 blocks validated", 20, TIMES, lambda _: validate(flow, registry))]


def _post(client: httpx.Client, path: str, **body: Any) -> Any:
    return client.post(path, json=body).raise_for_status().json()["data"]


def _history(client: httpx.Client) -> list[Case]:
    function = _post(client, "/functions", name="old", flow=chain(9).to_wire())["id"]
    large = _post(client, "/functions", name="large", flow=chain(199).to_wire())["id"]

    def move(x: int, block: str = "s1") -> dict[str, Any]:
        payload = {"functionId": function, "blockId": block, "position": {"x": x, "y": 1}}
        return {"type": "MOVE_BLOCK", "payload": payload}

    for begin in range(0, COMMANDS, 1000):
        _post(client, "/commands/batch", commands=[move(begin + n + 1) for n in range(1000)])
    for n in range(2 * TIMES):
        _post(client, "/commands/batch", commands=[move(n + 1, "s2")])

    def patch(n: int) -> None:
        payload = {"functionId": large, "blockId": "s100", "config": {"code": f"input + {n}"}}
        _post(client, "/commands/batch", commands=[{"type": "UPDATE_BLOCK", "payload": payload}])

    beside = f"beside a history of {COMMANDS:,} commands"
    return [
        (f"undo {beside}", 20, TIMES, lambda _: _post(client, "/commands/undo", functionId=function)),
        (f"redo {beside}", 20, TIMES, lambda _: _post(client, "/commands/redo", functionId=function)),
        (f"a command {beside}", 20, TIMES, lambda n: _post(client, "/commands/batch", commands=[move(n + 9000, "s3")])),
        *[
            (f"a page of {what} {beside}", 50, TIMES, lambda _, path=path: client.get(path).raise_for_status())
            for what, path in (
                ("the history", f"/commands/history?functionId={function}"),
                ("the workspace's history", "/commands/history"),
                ("the versions", f"/functions/{function}/versions"),
                ("the functions", "/functions"),
            )
        ],
        ("one block of 200 patched, to the answer", 50, TIMES, patch),
    ]


def _bulk(client: httpx.Client) -> list[Case]:
    target = _post(client, "/canvases", name="many")["id"]
    kept: dict[str, str] = {}

    def bundle(extra: int) -> dict[str, Any]:
        flow = chain(9 + extra).to_wire()
        for block in flow["blocks"]:
            del block["position"]  # layout stands in a part of its own
        parts = {"blocks": flow["blocks"], "edges": flow["edges"]}
        functions = [{"id": f"f{n}", "name": f"function {n}", **parts} for n in range(FUNCTIONS)]
        return {"format": "workbench.bundle", "formatVersion": 2, "functions": functions}

    def bring(extra: int, strategy: str) -> None:
        answer = _post(client, "/import", bundle=bundle(extra), targetCanvasId=target, conflictStrategy=strategy)
        kept["group"] = answer["groupId"]

    def take_back(how: str) -> None:
        _post(client, f"/commands/{how}", groupId=kept["group"])

    return [
        (f"import of {FUNCTIONS:,} new functions", 10, 1, lambda _: bring(0, "create")),
        (f"import of {FUNCTIONS:,} updates", 10, 1, lambda _: bring(1, "update")),
        ("… taken back", 5, 1, lambda _: take_back("undo")),
        ("… made again", 5, 1, lambda _: take_back("redo")),
        (f"export of {FUNCTIONS:,} functions", 5, 1, lambda _: _post(client, "/export", canvasId=target)),
        ("a canvas of them duplicated", 5, 1, lambda _: _post(client, f"/canvases/{target}/duplicate")),
        ("a canvas of them deleted", 5, 1, lambda _: client.delete(f"/canvases/{target}").raise_for_status()),
    ]

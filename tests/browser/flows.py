"""The functions that the browser tests draw, and the files that they read."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import polars as pl

Flow = dict[str, Any]

FLIGHTS = 3_000
AIRPORTS = ("EWR", "JFK", "LGA")


def write_data(folder: Path) -> None:
    """Flights with known delays: each airport's worst delay is its own, two of the three are severe."""
    rows = range(FLIGHTS)
    pl.DataFrame(
        {
            "month": [1 + i % 2 for i in rows],
            "origin": [AIRPORTS[i % 3] for i in rows],
            "carrier": [("UA", "AA", "B6", "DL")[i % 4] for i in rows],
            "dep_delay": [None if i % 50 == 7 else float((i * 37) % (90, 250, 160)[i % 3]) for i in rows],
        }
    ).write_parquet(folder / "flights.parquet")


def block(id: str, type: str, name: str = "", at: tuple[int, int] | None = None, **config: Any) -> dict[str, Any]:
    """A block on the wire; where no block of a flow has a place, the server lays them out."""
    made: dict[str, Any] = {"id": id, "type": type, "name": name or id, "config": config}
    return made if at is None else {**made, "position": {"x": at[0], "y": at[1]}}


def wire(source: str, target: str, port: str = "out") -> dict[str, Any]:
    return {"id": f"{source}-{port}-{target}", "source": source, "sourcePort": port, "target": target}


def delays() -> Flow:
    """Read a table, find each airport's worst delay, loop over the airports, branch on severity."""
    return {
        "blocks": [
            block("start", "start", at=(0, 40)),
            block("read", "read_table", "flights", (200, 24), path="flights.parquet"),
            block(
                "worst",
                "aggregate",
                "worst of month",
                (480, 24),
                groupBy=["origin"],
                operations=[{"op": "max", "field": "dep_delay", "as": "worst"}, {"op": "count", "as": "flights"}],
            ),
            block("loop", "loop", "each airport", (760, 24), loopType="forEach", items="{{ worst_of_month }}"),
            block("severe", "condition", "severe", (800, 180), mode="expression", expression="item.worst > 120"),
            block("alarm", "transform", "alarm", (1080, 160), language="expression", code="item.origin + ' late'"),
            block("calm", "transform", "calm", (1080, 280), language="expression", code="item.origin + ' fine'"),
        ],
        "edges": [
            wire("start", "read"),
            wire("read", "worst"),
            wire("worst", "loop"),
            wire("loop", "severe", "body"),
            wire("severe", "alarm", "true"),
            wire("severe", "calm", "false"),
        ],
    }


def chain(count: int = 3) -> Flow:
    """A start and as many steps of plain numbers, one after another."""
    steps = [
        block(f"step{i}", "transform", f"step {i}", (220 + 280 * i, 24), language="expression", code=str(i))
        for i in range(count)
    ]
    names = ["start", *(step["id"] for step in steps)]
    return {
        "blocks": [block("start", "start", at=(0, 40)), *steps],
        "edges": [wire(a, b) for a, b in itertools.pairwise(names)],
    }


def times_ten(iterations: int = 5) -> Flow:
    """A loop whose one block inside gives ten times its index."""
    return {
        "blocks": [
            block("start", "start", at=(0, 40)),
            block("loop", "loop", "tens", (200, 24), loopType="times", iterations=str(iterations)),
            block("ten", "transform", "ten times", (240, 180), language="expression", code="index * 10"),
        ],
        "edges": [wire("start", "loop"), wire("loop", "ten", "body")],
    }


def broken_sum() -> Flow:
    """A step that divides by zero at run time."""
    return {
        "blocks": [
            block("start", "start", at=(0, 40)),
            block("zero", "transform", "nothing", (200, 24), language="expression", code="0"),
            block("ratio", "transform", "ratio", (480, 24), language="expression", code="100 / nothing"),
            block("after", "transform", "after", (760, 24), language="expression", code="ratio + 1"),
        ],
        "edges": [wire("start", "zero"), wire("zero", "ratio"), wire("ratio", "after")],
    }


def long_wait() -> Flow:
    """A step that takes ten minutes unless someone cancels."""
    return {
        "blocks": [block("start", "start", at=(0, 40)), block("wait", "delay", "nap", (200, 24), delayMs=600_000)],
        "edges": [wire("start", "wait")],
    }


def grid(count: int, across: int = 25) -> Flow:
    """Many blocks in rows, each row a chain from the start."""
    blocks = [block("start", "start", at=(-220, 40))]
    edges = []
    for i in range(count - 1):
        row, column = divmod(i, across)
        blocks.append(
            block(f"b{i}", "transform", f"b {i}", (280 * column, 104 * row), language="expression", code=str(i))
        )
        edges.append(wire("start" if column == 0 else f"b{i - 1}", f"b{i}"))
    return {"blocks": blocks, "edges": edges}


def trip() -> Flow:
    """Two branches side by side, one with a retry that fails three times, and a handler behind them."""
    return {
        "blocks": [
            block("start", "start"),
            block(
                "both",
                "parallel",
                "both sources",
                joinStrategy="settled",
                branches=[{"id": "a", "label": "prices"}, {"id": "b", "label": "weather"}],
            ),
            block("prices", "transform", "prices", language="expression", code="[3, 4]"),
            block("total", "transform", "total", language="expression", code="sum(prices)"),
            block("again", "retry", "try thrice", maxAttempts=3, backoff="fixed", initialDelayMs=100, jitter=False),
            block("flaky", "transform", "flaky", language="expression", code="1 / 0"),
            block("safe", "error_handler", "safe", strategy="catch"),
            block("wrong", "transform", "wrong", language="expression", code="1 / 0"),
            block("sorry", "transform", "sorry", language="expression", code="safe.error.message"),
        ],
        "edges": [
            wire("start", "both"),
            wire("both", "prices", "branch-a"),
            wire("prices", "total"),
            wire("both", "again", "branch-b"),
            wire("again", "flaky", "body"),
            wire("both", "safe"),
            wire("safe", "wrong", "body"),
            wire("safe", "sorry", "caught"),
        ],
    }


def late_file(path: str) -> Flow:
    """Reads a table that may not be there yet, behind steps that need not run twice."""
    return {
        "blocks": [
            block("start", "start", at=(0, 40)),
            block("first", "transform", "first", (200, 24), language="expression", code="1 + 1"),
            block("mark", "checkpoint", "mark", (480, 24), checkpointId="before-the-file"),
            block("read", "read_table", "file", (760, 24), path=path),
            block("count", "transform", "count", (1040, 24), language="expression", code="len(file)"),
        ],
        "edges": [wire("start", "first"), wire("first", "mark"), wire("mark", "read"), wire("read", "count")],
    }


def approval() -> Flow:
    """Somebody has to say yes before the last step."""
    return {
        "blocks": [
            block("start", "start", at=(0, 40)),
            block("text", "transform", "text", (200, 24), language="expression", code="'all quiet'"),
            block(
                "ask", "wait", "ask", (480, 24), waitType="approval", title="Publish?", message="It says: {{ text }}"
            ),
            block("send", "transform", "send", (760, 24), language="expression", code="ask.comment"),
        ],
        "edges": [wire("start", "text"), wire("text", "ask"), wire("ask", "send")],
    }


def call() -> Flow:
    """A block that runs another function, not yet said which."""
    return {
        "blocks": [
            block("start", "start", at=(0, 40)),
            block("price", "subflow", "ask price", (200, 24), functionId=""),
        ],
        "edges": [wire("start", "price")],
    }

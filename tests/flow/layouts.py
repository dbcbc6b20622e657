"""The layouts that server and canvas must agree on; `python -m tests.flow.layouts` writes them anew."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from tests.flow.small_catalogue import CATALOGUE, TYPES, block, flow
from workbench.flow.layout import arrange
from workbench.flow.model import Flow

FILE = Path(__file__).with_name("layouts.json")


def _chain(*names: str) -> list[str]:
    return [f"{a} > {b}" for a, b in itertools.pairwise(names)]


def flows() -> dict[str, Flow]:
    """The named flows: each shape that the layout knows."""
    steps = [f"s{i}" for i in range(15)]
    return {
        "a chain of fifteen breaks into rows": flow(
            [block("start", "start"), *map(block, steps)], *_chain("start", *steps)
        ),
        "what follows a loop stands above its frame": flow(
            [block("start", "start"), block("each", "loop"), *map(block, ("a", "b", "after", "last"))],
            *_chain("start", "each", "after", "last"),
            "each.body > a",
            "a > b",
        ),
        "branches of a parallel are lanes, with a retry in one of them": flow(
            [
                block("start", "start"),
                block("both", "parallel"),
                *map(block, ("a1", "a2", "b1")),
                block("again", "retry"),
                *map(block, ("x", "y", "after")),
                block("safe", "error_handler"),
                *map(block, ("z", "caught", "end")),
            ],
            "start > both",
            "both.branch-a > a1",
            "a1 > a2",
            "both.branch-b > b1",
            "b1 > again",
            "again.body > x",
            "x > y",
            *_chain("both", "after", "safe", "end"),
            "safe.body > z",
            "safe.caught > caught",
        ),
        "a lower branch makes room for the frame above it": flow(
            [
                block("start", "start"),
                block("ask", "condition"),
                block("each", "loop"),
                *map(block, ("i", "j", "k1", "k2", "k3")),
                block("join", "merge"),
                block("n"),
            ],
            "start > ask",
            "ask.true > each",
            "each.body > i",
            "i > j",
            "ask.false > k1",
            *_chain("k1", "k2", "k3", "join"),
            "each > join",
            "join > n",
        ),
        "loops in loops, a wire that goes back, and a block alone": flow(
            [
                block("start", "start"),
                block("outer", "loop"),
                block("inner", "loop"),
                *map(block, ("deep", "back", "alone")),
            ],
            "start > outer",
            "outer.body > inner",
            "inner.body > deep",
            "outer > back",
            "back > start",
        ),
    }


def layouts() -> dict[str, Any]:
    """What stands in the file: the catalogue as the canvas sees it, and each flow with its places."""
    types = {
        name: {
            "isTrigger": not inputs,
            "isScope": any(port.region for port in outputs),
            "outputs": [{"name": p.name, "type": p.type, "region": p.region} for p in outputs],
        }
        for name, (inputs, outputs) in TYPES.items()
    }
    cases = [
        {"name": name, "flow": arrange(made, CATALOGUE).model_dump(by_alias=True, mode="json")}
        for name, made in flows().items()
    ]
    return {"types": types, "cases": cases}


if __name__ == "__main__":
    FILE.write_text(json.dumps(layouts(), indent=1) + "\n")

"""The flows that are measured; every step adds 1 to a number."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.peers.contestant import add_one
from workbench.blocks.kind import BlockConfig, BlockType, Effect, Fired
from workbench.flow.model import Flow


class AddConfig(BlockConfig):
    """Nothing to set."""


class AddEffect(BlockType[AddConfig]):
    """Adds 1 to its input and says that it touches the world, so its intent must be durable before it starts."""

    type = "bench_effect"
    title = "Add 1 (effect)"
    category = "data"
    summary = "Adds 1; counts as an effect."
    icon = "plus"
    effect = Effect.EFFECT
    Config = AddConfig

    def run(self, config: AddConfig, ctx: Any) -> Fired:
        del config
        given = ctx.input
        return Fired(add_one(given["x"] if isinstance(given, dict) else given))


def chain(steps: int, kind: str = "transform") -> Flow:
    """`start`, then so many steps one after another."""
    blocks: list[dict[str, Any]] = [{"id": "start", "type": "start", "name": "start"}]
    edges = []
    before = "start"
    for i in range(steps):
        code = "input.x + 1" if i == 0 else "input + 1"
        config = {"code": code} if kind == "transform" else {}
        blocks.append({"id": f"s{i}", "type": kind, "name": f"step {i}", "config": config})
        edges.append({"id": f"e{i}", "source": before, "target": f"s{i}"})
        before = f"s{i}"
    return Flow.model_validate({"blocks": blocks, "edges": edges})


def loop(iterations: int) -> Flow:
    """So many items through one step."""
    blocks = [
        {"id": "start", "type": "start", "name": "start"},
        {
            "id": "loop",
            "type": "loop",
            "name": "each",
            "config": {"loopType": "times", "iterations": iterations, "maxIterations": 1_000_000},
        },
        {"id": "add", "type": "transform", "name": "add", "config": {"code": "item + 1"}},
    ]
    edges = [
        {"id": "e1", "source": "start", "target": "loop"},
        {"id": "e2", "source": "loop", "sourcePort": "body", "target": "add"},
    ]
    return Flow.model_validate({"blocks": blocks, "edges": edges})

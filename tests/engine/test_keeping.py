"""Large values are encoded and stored beside the loop: other runs go on meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from tests.benchmarks.flows import AddConfig
from tests.engine.flows import block, flow, transform
from tests.engine.house import House
from workbench.base.probe import listen
from workbench.blocks.kind import BlockType, Effect, Fired
from workbench.blocks.registry import BlockRegistry

ROWS = 5_000

BIG = flow([block("give", "big"), transform("same", "input"), transform("n", "len(input)")], "start > big > same > n")


class Give(BlockType[AddConfig]):
    """Answers at once with what it was made with."""

    type = "give"
    title = "Give"
    category = "data"
    summary = "Gives a value."
    icon = "plus"
    effect = Effect.PURE
    Config = AddConfig

    def __init__(self, value: Any) -> None:
        self.value = value

    def run(self, config: AddConfig, ctx: Any) -> Fired:
        del config, ctx
        return Fired(self.value)


def give(house: House, value: Any) -> None:
    """Let `give` blocks give this."""
    house.engine.lives.programs.registry = BlockRegistry.standard([*house.world.types(), Give(value)])


def test_a_large_value_is_encoded_in_a_thread_and_is_there_when_its_step_is_over(houses: Callable[..., House]) -> None:
    house = houses().start()
    rows = [{"name": f"{i:088}"} for i in range(ROWS)]
    give(house, rows)
    seen: set[str] = set()
    listen(lambda name: seen.add(threading.current_thread().name) if name == "values.before_rename" else None)
    try:
        row = house.submit(BIG)
        ended = house.finish(row)
    finally:
        listen(None)
    assert ended.output == ROWS
    assert house.checkpoints(row)["same"] == "completed"
    assert len(seen) == 1
    assert "house" not in seen


def test_a_large_value_that_cannot_be_stored_fails_its_block(houses: Callable[..., House]) -> None:
    house = houses().start()
    give(house, ["x" * 1000] * 1000 + [{1, 2}])
    row = house.run(BIG)
    assert row.status == "failed"
    assert "cannot be stored" in row.error["message"]
    assert row.error["blockId"] == "big"

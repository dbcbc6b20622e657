"""Large values are encoded and stored beside the loop: other runs go on meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from time import thread_time
from typing import Any
from uuid import UUID

import pytest

from tests.benchmarks.flows import AddConfig
from tests.engine.flows import block, flow, touch, transform
from tests.engine.house import WORKSPACE, House
from workbench.base.probe import listen
from workbench.blocks.kind import BlockType, Effect, Fired
from workbench.blocks.registry import BlockRegistry
from workbench.engine.records import RunRequest, RunRow
from workbench.flow.model import Flow

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


async def turns_of_the_loop(until: asyncio.Future[Any]) -> float:
    """The longest turn that the loop took until then, in seconds of its own thread: whatever else the machine does."""
    longest = 0.0
    while not until.done():
        before = thread_time()
        await Turn()
        longest = max(longest, thread_time() - before)
    return longest


class Turn:
    """One turn of the loop."""

    def __await__(self) -> Generator[None, None, None]:
        yield


@pytest.mark.parametrize("made", [BIG, flow([block("give", "big"), touch("t", "{{ big }}")], "start > big > t")])
def test_twenty_megabytes_on_a_wire_never_hold_the_loop_for_fifty_milliseconds(
    houses: Callable[..., House], made: Flow
) -> None:
    house = houses().start()
    give(house, [{"name": f"{i:088}"} for i in range(200_000)])

    async def watched() -> tuple[float, RunRow | None]:
        function = str(UUID(int=1000))
        house.flows[function, 1] = made
        row = await house.engine.submit(RunRequest(WORKSPACE, function, "f", 1, made, {}))
        ended = asyncio.ensure_future(house.engine.wait(row.id, 60))
        return await turns_of_the_loop(ended), await ended

    longest, row = house.do(watched())
    assert row is not None
    assert row.status == "completed"
    assert longest < 0.05

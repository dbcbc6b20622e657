"""What the effects of the tests touch, and the block types that do so."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar

from workbench.base.errors import BlockFailed
from workbench.blocks.context import BlockContext, RegionResult, ScopeContext
from workbench.blocks.kind import TEMPLATE, BlockConfig, BlockType, Effect, Fired, Port, ScopeType


@dataclass(frozen=True)
class Call:
    """One touch: by which block, where, with which key and value."""

    block: str
    path: str
    key: str
    value: Any


@dataclass
class World:
    """Counts what was done, and holds doors that blocks wait at. Outlives engines, as the real world does."""

    calls: list[Call] = field(default_factory=list)
    failures: dict[str, list[BaseException | None]] = field(default_factory=lambda: defaultdict(list))
    """By block id: what its next calls raise (None: nothing), after they have touched the world."""
    began: Counter[str] = field(default_factory=Counter)
    broken_off: Counter[str] = field(default_factory=Counter)
    ledger: Path | None = None
    """Where each call is written too, so that it outlives a killed process."""
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _doors: dict[str, asyncio.Event] = field(default_factory=dict)

    def note(self, counter: Counter[str], name: str) -> None:
        """Count, and wake whoever waits for it."""
        with self._changed:
            counter[name] += 1
            self._changed.notify_all()

    def until(self, counter: Counter[str], name: str, count: int = 1) -> None:
        """Wait until a block has begun (or was broken off) so often."""
        with self._changed:
            assert self._changed.wait_for(lambda: counter[name] >= count, 20), f"{name} never came to {count}"

    async def pass_door(self, name: str) -> None:
        """Wait until the door is opened."""
        await self._doors.setdefault(name, asyncio.Event()).wait()

    async def open(self, name: str) -> None:
        """Open a door for good."""
        self._doors.setdefault(name, asyncio.Event()).set()

    def called(self, call: Call) -> None:
        """Count a call."""
        self.calls.append(call)
        if self.ledger is not None:
            with self.ledger.open("a") as file:
                file.write(f"{call.path} {call.key}\n")

    def reset(self) -> None:
        """Begin anew."""
        self.calls.clear()
        self.failures.clear()
        self.began.clear()
        self.broken_off.clear()
        self._doors.clear()

    def fails_at(self, name: str, call: int, error: BaseException) -> None:
        """Let a block's `call`-th call from now (1: the next) raise, those before it not."""
        self.failures[name] = [*([None] * (call - 1)), error]

    def new_loop(self) -> None:
        """Doors belong to one event loop."""
        self._doors.clear()

    def count(self, block: str) -> int:
        """How often a block has touched the world."""
        return sum(1 for call in self.calls if call.block == block)

    def types(self) -> list[BlockType[Any]]:
        """The block types of the tests."""
        return [Touch(self), Ask(self), Hold(self), Weird(), Again(), Rogue(self), Stubborn(self)]


class TouchConfig(BlockConfig):
    value: Annotated[Any, TEMPLATE] = None
    door: Annotated[str | None, TEMPLATE] = None
    fail: Annotated[str | None, TEMPLATE] = None


class Touch(BlockType[TouchConfig]):
    """Touches the world once a call."""

    type = "touch"
    title = "Touch"
    category = "integration"
    summary = "Counts its calls."
    icon = "hand"
    effect = Effect.EFFECT
    Config = TouchConfig
    example: ClassVar[dict[str, Any]] = {}

    def __init__(self, world: World) -> None:
        self.world = world

    async def run(self, config: TouchConfig, ctx: BlockContext) -> Fired:
        name = ctx.path.rpartition("/")[2]
        self.world.called(Call(name, ctx.path, ctx.idempotency_key, config.value))
        self.world.note(self.world.began, name)
        try:
            if config.door is not None:
                await self.world.pass_door(config.door)
        except asyncio.CancelledError:
            self.world.note(self.world.broken_off, name)
            raise
        failure = self.world.failures[name].pop(0) if self.world.failures[name] else None
        if failure is not None:
            raise failure
        if config.fail is not None:
            raise BlockFailed(config.fail, kind="HTTP")
        return Fired(config.value)


class Ask(Touch):
    """The same, safe to repeat."""

    type = "ask"
    effect = Effect.IDEMPOTENT


class Hold(Touch):
    """Pure, and takes until its door opens."""

    type = "hold"
    effect = Effect.PURE


class Stubborn(Touch):
    """An effect that ends when its door opens, whoever wants it to end before."""

    type = "stubborn"

    async def run(self, config: TouchConfig, ctx: BlockContext) -> Fired:
        name = ctx.path.rpartition("/")[2]
        self.world.called(Call(name, ctx.path, ctx.idempotency_key, config.value))
        self.world.note(self.world.began, name)
        passing = asyncio.ensure_future(self.world.pass_door(config.door or ""))
        while not passing.done():
            try:
                await asyncio.shield(passing)
            except asyncio.CancelledError:
                self.world.note(self.world.broken_off, name)
        await passing  # which the loop's own end cancels
        return Fired(config.value)


class Rogue(Touch):
    """An effect that raises what no block should."""

    type = "rogue"

    async def run(self, config: TouchConfig, ctx: BlockContext) -> Fired:
        self.world.calls.append(Call(ctx.path.rpartition("/")[2], ctx.path, ctx.idempotency_key, config.value))
        if config.value == "cancel":
            raise asyncio.CancelledError("inner")
        if config.value == "timeout":
            raise TimeoutError("its own")
        raise KeyError(config.value)


class WeirdConfig(BlockConfig):
    pass


class Weird(BlockType[WeirdConfig]):
    """Gives what is no wire value."""

    type = "weird"
    title = "Weird"
    category = "data"
    summary = "Gives what cannot be stored."
    icon = "bug"
    Config = WeirdConfig
    example: ClassVar[dict[str, Any]] = {}

    def run(self, config: WeirdConfig, ctx: BlockContext) -> Fired:
        return Fired({"a": {1, 2}})


class AgainConfig(BlockConfig):
    attempts: int = 3
    delay_ms: int = 0


class Again(ScopeType[AgainConfig]):
    """Runs its body until it does not fail; its iterations attempt the same thing."""

    type = "again"
    title = "Again"
    category = "control"
    summary = "Tries again."
    icon = "repeat"
    repeats = True
    Config = AgainConfig
    outputs = (Port("body", region=True), Port("out"))
    example: ClassVar[dict[str, Any]] = {}

    async def run_scope(self, config: AgainConfig, ctx: ScopeContext) -> Fired:
        result = RegionResult()
        for attempt in range(config.attempts):
            result = await ctx.run_region("body", attempt, {})
            if result.error is None:
                return Fired({"result": result.value, "attempts": attempt + 1}, variables=result.variables)
            if config.delay_ms and attempt + 1 < config.attempts:
                await ctx.wait_until(ctx.now_us + config.delay_ms * 1000 * (attempt + 1))
        raise BlockFailed("All attempts failed.", kind="REGION", data={"error": result.error})

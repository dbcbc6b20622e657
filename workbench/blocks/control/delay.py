"""`delay`: waits durably, holding no slot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from workbench.blocks.context import BlockContext
from workbench.blocks.kind import TEMPLATE, BlockConfig, BlockType, Effect, Fired
from workbench.blocks.words import duration

LONGEST_MS = 30 * 24 * 3600 * 1000


class DelayConfig(BlockConfig):
    delay_ms: Annotated[int, TEMPLATE] = Field(
        ge=0, le=LONGEST_MS, title="Delay (ms)", description="How long to wait, 0 to 30 days."
    )


class DelayOutput(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    delayed_ms: int


class Delay(BlockType[DelayConfig]):
    """Answers how long it waited, by the journaled start of its attempt: a restart does not wait again."""

    type = "delay"
    title = "Delay"
    category = "control"
    summary = "Waits for a time that survives a restart."
    icon = "timer"
    effect = Effect.IDEMPOTENT
    Config = DelayConfig
    Output = DelayOutput
    example: ClassVar[dict[str, Any]] = {"delayMs": 100}

    def describe(self, config: Mapping[str, Any]) -> str:
        return duration(config.get("delayMs"))

    async def run(self, config: DelayConfig, ctx: BlockContext) -> Fired:
        await ctx.wait_until(ctx.now_us + config.delay_ms * 1000)
        return Fired({"delayedMs": config.delay_ms})

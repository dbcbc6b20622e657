"""`return`: ends the function with a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from workbench.blocks.context import BlockContext
from workbench.blocks.kind import TEMPLATE, BlockConfig, BlockType, Fired
from workbench.blocks.words import shorten


class ReturnConfig(BlockConfig):
    value: Annotated[Any, TEMPLATE] = Field(
        default=None, title="Value", description="The function's output; left out: the block's own input."
    )


class Return(BlockType[ReturnConfig]):
    """Answers `value`; without one, what came in."""

    type = "return"
    title = "Return"
    category = "control"
    summary = "Ends the function with this output."
    icon = "corner-down-left"
    Config = ReturnConfig
    outputs = ()
    ends_function = True
    example: ClassVar[dict[str, Any]] = {"value": {"ok": True}}

    def describe(self, config: Mapping[str, Any]) -> str:
        return shorten(config["value"]) if "value" in config else ""

    def run(self, config: ReturnConfig, ctx: BlockContext) -> Fired:
        return Fired(config.value if "value" in config.model_fields_set else ctx.input)

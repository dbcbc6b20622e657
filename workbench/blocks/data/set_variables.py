"""`set_variables`: gives names to values for the blocks downstream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator

from workbench.blocks.context import BlockContext
from workbench.blocks.kind import TEMPLATE, BlockConfig, BlockType, Fired, Port
from workbench.blocks.words import listed, shorten


class SetVariablesConfig(BlockConfig):
    values: Annotated[dict[str, Any], TEMPLATE] = Field(
        title="Values", description="Variable names and their values; downstream they are `vars.name`."
    )

    @field_validator("values")
    @classmethod
    def _names_are_identifiers(cls, values: dict[str, Any]) -> dict[str, Any]:
        wrong = [name for name in values if not name.isidentifier()]
        if wrong:
            raise ValueError(f"has names that expressions cannot use: {listed(wrong)}")
        return values


class SetVariables(BlockType[SetVariablesConfig]):
    """Answers the variables that it set."""

    type = "set_variables"
    title = "Set variables"
    category = "data"
    summary = "Names values for the blocks downstream."
    icon = "variable"
    Config = SetVariablesConfig
    Output = dict[str, Any]
    outputs = (Port("out", "object"),)
    writes_variables = True
    example: ClassVar[dict[str, Any]] = {"values": {"threshold": 15}}

    def describe(self, config: Mapping[str, Any]) -> str:
        values = config.get("values")
        if not isinstance(values, Mapping):
            return ""
        return shorten(", ".join(f"{name} = {shorten(value, 20)}" for name, value in values.items()))

    def run(self, config: SetVariablesConfig, ctx: BlockContext) -> Fired:
        del ctx
        return Fired(config.values, variables=config.values)

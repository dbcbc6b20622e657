"""`subflow`: runs another function as a part of this run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.base.ids import is_uuid
from workbench.blocks.context import ScopeContext
from workbench.blocks.kind import TEMPLATE, BlockConfig, Call, Fired, Port, ScopeType
from workbench.blocks.words import duration, shorten

LONGEST_MS = 30 * 24 * 3600 * 1000


class SubflowConfig(BlockConfig):
    function_id: str = Field(
        title="Function",
        description="The function to run.",
        json_schema_extra={"x-reference": "function"},
    )
    function_version: Annotated[int, Field(ge=1)] | Literal["latest"] = Field(
        default="latest",
        title="Version",
        description="A number, or `latest`: the one that is the latest when the run is created.",
    )
    inputs: Annotated[dict[str, Any], TEMPLATE] = Field(
        default_factory=dict,
        title="Inputs",
        description="What the function is started with; checked against the inputs of its start block.",
    )
    inherit_context: bool = Field(
        default=False,
        title="Inherit variables",
        description="Whether the function sees the variables in sight here too; its own of the same name hide them.",
    )
    timeout_ms: int | None = Field(
        default=60_000,
        ge=1,
        le=LONGEST_MS,
        title="At most (ms)",
        description="How long it may take; pauses do not count. Empty: as long as it takes.",
    )


class Subflow(ScopeType[SubflowConfig]):
    """Gives the function's result. A failure inside is this block's; a `return` inside ends the function alone."""

    type = "subflow"
    title = "Subflow"
    category = "integration"
    summary = "Runs another function inside this run."
    icon = "workflow"
    Config = SubflowConfig
    outputs = (Port("out"),)
    example: ClassVar[dict[str, Any]] = {
        "functionId": "01890000-0000-7000-8000-000000000000",
        "functionVersion": "latest",
        "inputs": {"day": "{{ input }}"},
    }

    def calls(self, config: Mapping[str, Any]) -> Call | None:
        function_id, version = config.get("functionId"), config.get("functionVersion", "latest")
        if not isinstance(function_id, str) or not function_id:
            return None
        is_number = isinstance(version, int) and not isinstance(version, bool)
        return Call(function_id.lower(), version if is_number else None)

    def describe(self, config: Mapping[str, Any]) -> str:
        version = config.get("functionVersion")
        inputs = config.get("inputs")
        parts = [
            ", ".join(inputs) if isinstance(inputs, Mapping) else shorten(inputs, 30) if inputs else "",
            f"version {version}" if isinstance(version, int) else "",
        ]
        return " · ".join(part for part in parts if part)

    def check(self, config: SubflowConfig) -> list[tuple[str, str]]:
        return [] if is_uuid(config.function_id) else [("functionId", "must be the id of a function")]

    async def run_scope(self, config: SubflowConfig, ctx: ScopeContext) -> Fired:
        result = await ctx.call_function(
            config.inputs, inherits_variables=config.inherit_context, timeout_ms=config.timeout_ms
        )
        if result.timed_out:
            raise BlockFailed(
                f"“{ctx.block_name}” took longer than {duration(config.timeout_ms)}.",
                kind="TIMEOUT",
                hint="Give it more time (timeoutMs), or less to do.",
                unknown=result.unknown,
            )
        if result.error is not None:
            raise BlockFailed(
                f"The function failed: {result.error.get('message', 'no message')}",
                kind="REGION",
                unknown=result.unknown,
                data={"error": result.error},
            )
        return Fired(result.value)

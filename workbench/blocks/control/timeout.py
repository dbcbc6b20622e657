"""`timeout`: gives its body a time limit that a restart does not move and a pause stops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks.context import ScopeContext
from workbench.blocks.kind import TEMPLATE, BlockConfig, Fired, Port, ScopeType, when
from workbench.blocks.words import duration, shorten


class TimeoutConfig(BlockConfig):
    timeout_ms: Annotated[int, TEMPLATE] = Field(
        ge=1000, le=3_600_000, title="Time limit (ms)", description="How long the blocks inside may take, 1 s to 1 h."
    )
    on_timeout: Literal["error", "default", "skip"] = Field(
        default="error",
        title="When the time is up",
        description="Fail; go on from `out` with the default; or go on from `timeout`.",
    )
    default_value: Annotated[Any, TEMPLATE] = Field(
        default=None,
        title="Default",
        description="The result when the time is up.",
        json_schema_extra=when(on_timeout="default"),
    )


class TimeoutOutput(BlockConfig):
    result: Any
    timed_out: bool


class Timeout(ScopeType[TimeoutConfig]):
    """Cuts the region off; an effect in flight ends with an unknown outcome."""

    type = "timeout"
    title = "Timeout"
    category = "control"
    summary = "Limits how long the blocks inside it may take."
    icon = "timer-off"
    Config = TimeoutConfig
    Output = TimeoutOutput
    outputs = (Port("body", region=True), Port("timeout", "object"), Port("out", "object"))
    example: ClassVar[dict[str, Any]] = {"timeoutMs": 30_000, "onTimeout": "error"}

    def describe(self, config: Mapping[str, Any]) -> str:
        limit = duration(config.get("timeoutMs"))
        match config.get("onTimeout"):
            case "default":
                return f"{limit}, then {shorten(config.get('defaultValue'), 30)}"
            case "skip":
                return f"{limit}, then `timeout`"
            case _:
                return limit

    async def run_scope(self, config: TimeoutConfig, ctx: ScopeContext) -> Fired:
        result = await ctx.run_region("body", 0, {}, timeout_ms=config.timeout_ms)
        variables = result.variables or None
        if result.timed_out:
            if config.on_timeout == "error":
                raise BlockFailed(
                    f"“{ctx.block_name}” took longer than {config.timeout_ms} ms.",
                    kind="TIMEOUT",
                    hint="Give it more time, or say in onTimeout what to do instead.",
                    unknown=result.unknown,
                )
            is_default = config.on_timeout == "default"
            output = {"result": config.default_value if is_default else None, "timedOut": True}
            return Fired(output, "out" if is_default else "timeout", variables)
        if result.error is not None:
            raise BlockFailed(
                f"The inside failed: {result.error.get('message', 'no message')}",
                kind="REGION",
                data={"error": result.error},
            )
        return Fired({"result": result.value, "timedOut": False}, variables=variables)

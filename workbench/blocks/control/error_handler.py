"""`error_handler`: catches what fails inside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from workbench.blocks.context import RegionResult, ScopeContext
from workbench.blocks.kind import TEMPLATE, BlockConfig, Fired, Port, ScopeType, when
from workbench.blocks.words import duration, shorten

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


class ErrorHandlerConfig(BlockConfig):
    strategy: Literal["catch", "retry", "fallback"] = Field(
        default="catch", title="When it fails", description="Catch the failure, try again first, or give a fallback."
    )
    error_variable: VariableName = Field(
        default="error", title="Error's name", description="What the blocks behind `caught` call the failure."
    )
    max_retries: int = Field(
        default=3,
        ge=1,
        le=10,
        title="Retries",
        description="Attempts after the first. What may have happened is not tried again.",
        json_schema_extra=when(strategy="retry"),
    )
    retry_delay_ms: int = Field(
        default=1000, ge=0, le=86_400_000, title="Delay (ms)", json_schema_extra=when(strategy="retry")
    )
    fallback_value: Annotated[Any, TEMPLATE] = Field(
        default=None, title="Fallback", description="The result instead.", json_schema_extra=when(strategy="fallback")
    )
    log_error: bool = Field(default=True, title="Log", description="Write what it caught to the run's log.")


class ErrorHandlerOutput(BlockConfig):
    result: Any
    error: dict[str, Any] | None
    handled: bool


class ErrorHandler(ScopeType[ErrorHandlerConfig]):
    """Fires `caught` where that is wired, else `out`; both say what failed."""

    type = "error_handler"
    title = "Error handler"
    category = "control"
    summary = "Catches the failures of the blocks inside it."
    icon = "shield-alert"
    repeats = True
    Config = ErrorHandlerConfig
    Output = ErrorHandlerOutput
    outputs = (Port("body", region=True), Port("caught", "object"), Port("out", "object"))
    example: ClassVar[dict[str, Any]] = {"strategy": "catch"}

    def describe(self, config: Mapping[str, Any]) -> str:
        match config.get("strategy", "catch"):
            case "retry":
                delay = duration(config.get("retryDelayMs", 1000))
                return f"retry {shorten(config.get('maxRetries', 3), 10)} times, every {delay}"
            case "fallback":
                return f"else {shorten(config.get('fallbackValue'), 40)}"
            case _:
                return "catch"

    def check(self, config: ErrorHandlerConfig) -> list[tuple[str, str]]:
        if config.error_variable != "error" and config.error_variable in _TAKEN:
            return [("errorVariable", f"cannot be `{config.error_variable}`: expressions use it for something else")]
        return []

    async def run_scope(self, config: ErrorHandlerConfig, ctx: ScopeContext) -> Fired:
        result = await _tried(config, ctx)
        variables = result.variables or None
        error = result.error
        if error is None:
            return Fired({"result": result.value, "error": None, "handled": False}, variables=variables)
        if config.log_error:
            ctx.log(f"Caught: {error.get('message', 'no message')}", "error", error=error)
        value = config.fallback_value if config.strategy == "fallback" else None
        output = {"result": value, "error": error, "handled": True}
        return Fired(output, "caught" if ctx.is_wired("caught") else "out", variables)


_TAKEN = frozenset({"input", "vars", "item", "index", "run", "now", "secrets", "last", "accumulator"})


async def _tried(config: ErrorHandlerConfig, ctx: ScopeContext) -> RegionResult:
    """The body's result, after the retries that the strategy allows. An unknown outcome is not tried again."""
    retries = config.max_retries if config.strategy == "retry" else 0
    attempt = 0
    while True:
        result = await ctx.run_region("body", attempt, {})
        if result.error is None or result.unknown or attempt >= retries:
            return result
        attempt += 1
        message = result.error.get("message", "no message")
        ctx.log(f"Attempt {attempt} failed: {message} Again in {config.retry_delay_ms} ms.", "warning")
        if config.retry_delay_ms:
            await ctx.wait_ms(config.retry_delay_ms)

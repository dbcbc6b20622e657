"""`retry`: runs its body again until it does not fail."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks.context import ScopeContext
from workbench.blocks.kind import DEFERRED, BlockConfig, Fired, Port, ScopeType
from workbench.blocks.words import duration, kind_of, shorten

LONGEST_MS = 24 * 3600 * 1000
Backoff = Literal["fixed", "linear", "exponential"]


class RetryConfig(BlockConfig):
    max_attempts: int = Field(default=3, ge=1, le=10, title="Attempts", description="The first one counts too.")
    backoff: Backoff = Field(
        default="fixed",
        title="Backoff",
        description="How the delay grows: not at all, by its first length, or twofold.",
    )
    initial_delay_ms: int = Field(default=1000, ge=100, le=LONGEST_MS, title="First delay (ms)")
    max_delay_ms: int | None = Field(
        default=None, ge=100, le=LONGEST_MS, title="Longest delay (ms)", description="Left out: 24 hours."
    )
    jitter: bool = Field(
        default=True,
        title="Jitter",
        description="Takes up to half of each delay off, so that many runs do not retry at once.",
    )
    retry_on: list[Literal["error", "timeout"]] = Field(
        default=["error"],
        min_length=1,
        title="Retry on",
        description="`timeout` are unknown outcomes: an effect may have happened; it is tried with the same key.",
    )
    condition: Annotated[str | None, DEFERRED] = Field(
        default=None, title="Condition", description="Tries again only while true; sees `error`."
    )


class RetryOutput(BlockConfig):
    result: Any
    attempts: int


class Retry(ScopeType[RetryConfig]):
    """Its iterations attempt the same thing: the effects inside share their keys."""

    type = "retry"
    title = "Retry"
    category = "control"
    summary = "Tries the blocks inside it again when they fail."
    icon = "rotate-cw"
    repeats = True
    Config = RetryConfig
    Output = RetryOutput
    outputs = (Port("body", region=True), Port("out", "object"))
    example: ClassVar[dict[str, Any]] = {"maxAttempts": 3, "backoff": "exponential", "initialDelayMs": 1000}

    def own_names(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        del config
        return ("error",)

    def describe(self, config: Mapping[str, Any]) -> str:
        first = duration(config.get("initialDelayMs", 1000))
        growth = {"fixed": "every", "linear": "after a growing", "exponential": "after a doubling"}
        how = growth.get(str(config.get("backoff", "fixed")), "every")
        return f"{shorten(config.get('maxAttempts', 3), 10)} attempts, {how} {first}"

    def check(self, config: RetryConfig) -> list[tuple[str, str]]:
        if config.max_delay_ms is not None and config.max_delay_ms < config.initial_delay_ms:
            return [("maxDelayMs", f"must not be less than initialDelayMs ({config.initial_delay_ms})")]
        return []

    async def run_scope(self, config: RetryConfig, ctx: ScopeContext) -> Fired:
        attempt = 0
        while True:
            result = await ctx.run_region("body", attempt, {})
            attempt += 1
            if result.error is None:
                return Fired({"result": result.value, "attempts": attempt}, variables=result.variables or None)
            why = _why_not(config, ctx, attempt, result.error, unknown=result.unknown)
            if why is not None:
                raise _given_up(result.error, why)
            delay_ms = delay_after(config, attempt, f"{ctx.idempotency_key} {ctx.path}")
            ctx.log(f"Attempt {attempt} failed: {result.error.get('message')} Again in {delay_ms} ms.", "warning")
            await ctx.wait_ms(delay_ms)


def _why_not(
    config: RetryConfig, ctx: ScopeContext, attempt: int, error: dict[str, Any], *, unknown: bool
) -> str | None:
    """Why there is no other attempt after this failure; None where there is one."""
    if attempt >= config.max_attempts:
        return "All attempts failed" if attempt > 1 else "The attempt failed"
    if ("timeout" if unknown else "error") not in config.retry_on:
        return "The outcome is not known" if unknown else "A failure is not tried again"
    if config.condition:
        answer = ctx.code("condition", {"error": error})
        if not isinstance(answer, bool):
            raise BlockFailed(
                f"The retry's condition answers {kind_of(answer)} ({shorten(answer, 40)}), not true or false.",
                kind="CONFIG",
                hint='Compare the error with something, as in `error.type == "HTTP"`.',
            )
        if not answer:
            return "The condition says not to try again"
    return None


def _given_up(error: dict[str, Any], why: str) -> BlockFailed:
    return BlockFailed(f"{why}: {error.get('message', 'no message')}", kind="REGION", data={"error": error})


def delay_after(config: RetryConfig, attempt: int, seed: str) -> int:
    """Milliseconds to wait after the `attempt`-th failure (from 1).

    With jitter it is between half of the delay and all of it, and the same for the same `seed`.
    """
    match config.backoff:
        case "fixed":
            delay = config.initial_delay_ms
        case "linear":
            delay = config.initial_delay_ms * attempt
        case "exponential":
            delay = config.initial_delay_ms * 2 ** (attempt - 1)
    delay = min(delay, config.max_delay_ms or LONGEST_MS)
    if config.jitter:
        number = int.from_bytes(hashlib.blake2b(f"{seed} {attempt}".encode(), digest_size=4).digest(), "big")
        delay -= delay * number // 2**33
    return delay

"""`wait`: stands until a time, an event, a condition or somebody's decision; durable, holding no slot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from workbench.base.clock import to_datetime
from workbench.base.errors import BlockFailed
from workbench.blocks.context import BlockContext, Wait, Woken
from workbench.blocks.kind import DEFERRED, TEMPLATE, BlockConfig, BlockType, Effect, Fired, Port, when
from workbench.blocks.words import duration, shorten

APPROVAL = "approval"
"""The event type of decisions."""
LONGEST_TIMER_MS = 10 * 366 * 24 * 3600 * 1000
SHORTEST_MS = 5000
LONGEST_MS = 24 * 3600 * 1000
LONGEST_APPROVAL_MS = 365 * 24 * 3600 * 1000
DEFAULT_MS = {"event": 60_000, "condition": 60_000, "approval": LONGEST_MS}


class WaitConfig(BlockConfig):
    wait_type: Literal["timer", "event", "condition", "approval"] = Field(title="Waits for")
    timer_ms: Annotated[int | None, TEMPLATE] = Field(
        default=None,
        ge=0,
        le=LONGEST_TIMER_MS,
        title="Time (ms)",
        description="How long to wait.",
        json_schema_extra=when(wait_type="timer"),
    )
    event_type: Annotated[str | None, TEMPLATE] = Field(
        default=None,
        min_length=1,
        max_length=200,
        title="Event",
        description="The type of the signal, such as order.paid.",
        json_schema_extra=when(wait_type="event"),
    )
    event_filter: Annotated[str | None, DEFERRED] = Field(
        default=None,
        title="Filter",
        description="Takes a signal only if this is true; sees `payload`. Left out: takes any of the type.",
        json_schema_extra=when(wait_type="event"),
    )
    expression: Annotated[str | None, DEFERRED] = Field(
        default=None,
        title="Condition",
        description="Waits until this is true; sees `now` and `waitedMs` as they are at each look.",
        json_schema_extra=when(wait_type="condition"),
    )
    poll_ms: int = Field(
        default=1000,
        ge=100,
        le=3_600_000,
        title="Look each (ms)",
        json_schema_extra=when(wait_type="condition"),
    )
    title: Annotated[str | None, TEMPLATE] = Field(
        default=None, max_length=200, title="Title", json_schema_extra=when(wait_type="approval")
    )
    message: Annotated[str | None, TEMPLATE] = Field(
        default=None,
        max_length=10_000,
        title="Message",
        description="What whoever decides should know.",
        json_schema_extra=when(wait_type="approval"),
    )
    timeout_ms: int | None = Field(
        default=None,
        ge=SHORTEST_MS,
        le=LONGEST_APPROVAL_MS,
        title="At most (ms)",
        description="5 s to 24 h, an approval up to a year. Left out: 60 s, an approval 24 h. Then `timeout` fires if "
        "it is wired, else the block fails.",
        json_schema_extra=when(wait_type=("event", "condition", "approval")),
    )


class WaitOutput(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    waited_ms: float
    payload: Any = None
    decision: Literal["approve", "reject"] | None = None
    comment: str | None = None
    by: str | None = None


class WaitBlock(BlockType[WaitConfig]):
    """A timer answers its own time; the others how long it took. After a restart the same wait goes on."""

    type = "wait"
    title = "Wait"
    category = "flow"
    summary = "Waits for a time, an event, a condition or a decision, however long it takes."
    icon = "hourglass"
    effect = Effect.IDEMPOTENT
    Config = WaitConfig
    Output = WaitOutput
    outputs = (Port("out", "object"), Port("timeout", "object", needed=False))
    example: ClassVar[dict[str, Any]] = {"waitType": "timer", "timerMs": 100}

    def own_names(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        kind = config.get("waitType")
        if kind == "event":
            return ("payload", "event")
        return ("waitedMs",) if kind == "condition" else ()

    def describe(self, config: Mapping[str, Any]) -> str:
        match config.get("waitType"):
            case "timer":
                return duration(config.get("timerMs"))
            case "event":
                where = f" where {shorten(config['eventFilter'], 30)}" if config.get("eventFilter") else ""
                return f"until {shorten(config.get('eventType') or 'an event', 30)}{where}"
            case "condition":
                return f"until {shorten(config.get('expression') or '', 50)}"
            case "approval":
                return shorten(config.get("title") or config.get("message") or "until somebody approves", 50)
            case _:
                return ""

    def check(self, config: WaitConfig) -> list[tuple[str, str]]:
        needed = {"timer": "timer_ms", "event": "event_type", "condition": "expression"}.get(config.wait_type)
        issues: list[tuple[str, str]] = []
        if needed is not None and getattr(config, needed) in (None, ""):
            issues.append((to_camel(needed), f"is needed when waitType is {config.wait_type}"))
        if config.wait_type in ("event", "condition") and (config.timeout_ms or 0) > LONGEST_MS:
            issues.append(("timeoutMs", f"must be at most {LONGEST_MS} (24 h) when waitType is {config.wait_type}"))
        return issues

    async def run(self, config: WaitConfig, ctx: BlockContext) -> Fired:
        for field, issue in self.check(config):
            raise BlockFailed(f"`{field}` of this wait block {issue}.", kind="CONFIG")
        if config.wait_type == "timer":
            due = ctx.now_us + (config.timer_ms or 0) * 1000
            await ctx.wait_for(Wait("timer", due))
            return Fired({"waitedMs": config.timer_ms, "payload": None})
        woken = await ctx.wait_for(_wait(config, ctx))
        told = {"waitedMs": woken.waited_us / 1000, "payload": woken.payload}
        if woken.by == "time":
            return _timed_out(config, ctx, told)
        return Fired({**told, **_decision(woken)} if config.wait_type == "approval" else told)


def _wait(config: WaitConfig, ctx: BlockContext) -> Wait:
    due = ctx.now_us + _limit_ms(config) * 1000
    if config.wait_type == "condition":

        def holds(now_us: int, waited_us: int) -> bool:
            return bool(ctx.code("expression", {"now": to_datetime(now_us), "waitedMs": waited_us / 1000}))

        return Wait("condition", due, holds=holds, poll_ms=config.poll_ms)
    if config.wait_type == "approval":

        def is_for_this(event: Mapping[str, Any]) -> bool:
            return _path_of(event["payload"]) in (None, ctx.path)

        return Wait("approval", due, APPROVAL, is_for_this, title=config.title, message=config.message)

    def fits(event: Mapping[str, Any]) -> bool:
        return bool(ctx.code("eventFilter", {"payload": event["payload"], "event": event}))

    return Wait("event", due, config.event_type, fits if config.event_filter else None)


def _limit_ms(config: WaitConfig) -> int:
    return DEFAULT_MS[config.wait_type] if config.timeout_ms is None else config.timeout_ms


def _path_of(payload: Any) -> Any:
    """Which of several waiting blocks a decision is for; None: whichever waits."""
    return payload.get("path") if isinstance(payload, dict) else None


def _decision(woken: Woken) -> dict[str, Any]:
    payload = woken.payload if isinstance(woken.payload, dict) else {}
    by = payload.get("by") or woken.author
    return {"decision": payload.get("decision"), "comment": payload.get("comment"), "by": by}


def _timed_out(config: WaitConfig, ctx: BlockContext, told: dict[str, Any]) -> Fired:
    if ctx.is_wired("timeout"):
        return Fired(told, "timeout")
    what = {
        "event": f"No {config.event_type} came",
        "condition": "The condition did not become true",
        "approval": "Nobody decided",
    }[config.wait_type]
    raise BlockFailed(
        f"{what} within {duration(_limit_ms(config))}.",
        kind="TIMEOUT",
        hint="Give it more time (timeoutMs), or wire its `timeout` port.",
    )

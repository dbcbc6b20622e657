"""More kinds of blocks for random flows: scopes, joins, waits, checkpoints and calls of other functions."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Protocol

from tests.engine.flows import block
from workbench.flow.model import Block


class Making(Protocol):
    """Who makes a flow."""

    @property
    def rng(self) -> Random: ...

    @property
    def callees(self) -> list[str]: ...


Made = Callable[[Any, str, int], Block]


def _parallel(maker: Making, name: str, _depth: int) -> Block:
    rng = maker.rng
    more: dict[str, Any] = {"timeoutMs": rng.choice((5000, 60_000))} if rng.random() < 0.3 else {}
    if rng.random() < 0.3:
        more["maxConcurrency"] = rng.randint(1, 2)
    return block(
        "parallel",
        name,
        joinStrategy=rng.choice(("settled", "all", "any", "race")),
        branches=[{"id": "a"}, {"id": "b", "enabled": rng.random() < 0.8}, {"id": "c"}][: rng.randint(1, 3)],
        **more,
    )


def _retry(maker: Making, name: str, _depth: int) -> Block:
    rng = maker.rng
    return block(
        "retry",
        name,
        maxAttempts=rng.randint(1, 4),
        backoff=rng.choice(("fixed", "exponential", "linear")),
        initialDelayMs=rng.choice((100, 3000)),
        jitter=rng.random() < 0.5,
        retryOn=rng.choice((["error"], ["error", "timeout"])),
    )


def _timeout(maker: Making, name: str, _depth: int) -> Block:
    rng = maker.rng
    return block(
        "timeout", name, timeoutMs=rng.choice((1000, 10_000)), onTimeout=rng.choice(("error", "default", "skip"))
    )


def _error_handler(maker: Making, name: str, _depth: int) -> Block:
    rng = maker.rng
    return block(
        "error_handler",
        name,
        strategy=rng.choice(("catch", "retry", "fallback")),
        maxRetries=rng.randint(1, 3),
        retryDelayMs=rng.choice((0, 500)),
    )


def _subflow(maker: Making, name: str, _depth: int) -> Block:
    rng = maker.rng
    if not maker.callees:
        return _checkpoint(maker, name, 0)
    return block(
        "subflow",
        name,
        functionId=rng.choice(maker.callees),
        functionVersion=rng.choice(("latest", "latest", 1)),
        inheritContext=rng.random() < 0.5,
        timeoutMs=rng.choice((None, None, 60_000, 5_000)),
    )


def _checkpoint(_maker: Making, name: str, _depth: int) -> Block:
    return block("checkpoint", name, checkpointId=f"at {name}")


def _wait(maker: Making, name: str, _depth: int) -> Block:
    rng = maker.rng
    match rng.choice(("timer", "event", "event", "approval", "condition")):
        case "timer":
            return block("wait", name, waitType="timer", timerMs=rng.choice((0, 20, 4000)))
        case "event":
            return block("wait", name, waitType="event", eventType="go", timeoutMs=rng.choice((5000, 600_000)))
        case "approval":
            return block("wait", name, waitType="approval", message="may it?", timeoutMs=60_000)
        case _:
            return block("wait", name, waitType="condition", expression="True", pollMs=1000, timeoutMs=10_000)


def _split(maker: Making, name: str, _depth: int) -> Block:
    rng = maker.rng
    match rng.choice(("duplicate", "duplicate", "chunk", "route")):
        case "chunk":
            return block("split", name, strategy="chunk", source=[1, 2, 3, 4, 5])
        case "route":
            routes = [{"name": "even", "condition": "item % 2 == 0"}, {"name": "default"}]
            return block("split", name, strategy="route", source=[1, 2, 3, 4, 5], routes=routes)
        case _:
            return block("split", name, strategy="duplicate", branchCount=2)


def _merge(maker: Making, name: str, _depth: int) -> Block:
    rng = maker.rng
    more: dict[str, Any] = {"order": "completion"} if rng.random() < 0.2 else {}
    strategy = rng.choice(("all", "all", "first", "last", "race", "concat", "concat", "zip"))
    if strategy == "race" and rng.random() < 0.5:
        more["raceTimeoutMs"] = rng.choice((500, 30_000))
    return block("merge", name, mergeStrategy=strategy, **more)


MORE: dict[str, Made] = {
    "checkpoint": _checkpoint,
    "wait": _wait,
    "split": _split,
    "merge": _merge,
    "subflow": _subflow,
}
"""By block type."""
MORE_SCOPES: dict[str, Made] = {
    "parallel": _parallel,
    "retry": _retry,
    "timeout": _timeout,
    "error_handler": _error_handler,
}

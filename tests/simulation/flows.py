"""Random flows from a seed: every kind of block in every kind of wiring that a person could draw."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.engine.flows import block, transform, when
from workbench.flow.model import Block, Edge, Flow

LARGE = "'x' * 70000"
Made = Callable[["Maker", str, int], Block]


@dataclass
class Maker:
    """Makes one flow. `types` are the block types that there are."""

    rng: Random
    types: Collection[str]
    blocks: list[Block] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    most: int = 7
    effects: float = 0.3
    """The chance that a block touches the world."""
    more: float = 0.0
    """The chance of one of the blocks that the reference interpreter does not know."""
    loops: list[bool] = field(default_factory=list)
    """Of the regions around: whether they are a loop's."""
    seen: list[str] = field(default_factory=list)
    """Blocks that may be named by the one that is made now."""

    def flow(self) -> Flow:
        """A flow with one start, joins, conditions, nested scopes, variables, returns, error ports and effects."""
        start = block("start", "start")
        self.blocks.append(start)
        self._fill(start, 0, self.most, [])
        return Flow(blocks=tuple(self.blocks), edges=tuple(self.edges), variables={"x": 0, "y": 0})

    def wire(self, source: str, port: str, target: str) -> None:
        """Add an edge."""
        self.edges.append(Edge(id=f"e{len(self.edges)}", source=source, source_port=port, target=target))

    def _fill(self, owner: Block, depth: int, most: int, outside: list[str], entry: str = "") -> None:
        rng = self.rng
        entry = entry or ("body" if owner.type in SCOPES else "out")
        self.loops.append(owner.type == "loop")
        here: list[Block] = []
        for _ in range(rng.randint(1, most)):
            name = f"b{len(self.blocks)}"
            self.seen = [*outside, *(b.id for b in here)]
            made = self._block(name, depth)
            candidates = [owner, *here]
            sources = rng.sample(candidates, min(len(candidates), rng.choice((1, 1, 1, 2, 3))))
            sources = [s for s in sources if s.type != "return"] or [owner]
            for source in sources:
                self.wire(source.id, entry if source is owner else rng.choice(ports_of(source)), name)
            self.blocks.append(made)
            here.append(made)
            if made.type in SCOPES:
                seen = self.seen
                for port in regions_of(made):
                    self._fill(made, depth + 1, 3, seen, port)
        self.loops.pop()

    def _block(self, name: str, depth: int) -> Block:
        rng = self.rng
        if rng.random() < self.effects:
            return rng.choice(EFFECTS)(self, name, depth)
        kinds = [*PURE, *([_loop] if depth < 2 else [])]
        if rng.random() < self.more:
            kinds = [make for type_, make in MORE.items() if type_ in self.types]
            if depth < 3:
                kinds += [make for type_, make in MORE_SCOPES.items() if type_ in self.types]
        return rng.choice(kinds)(self, name, depth)


# Pure blocks that the reference interpreter knows


def _constant(_maker: Maker, name: str, _depth: int) -> Block:
    return transform(name, f"'{name}'")


def _passing(_maker: Maker, name: str, _depth: int) -> Block:
    return transform(name, "input")


def _large(maker: Maker, name: str, _depth: int) -> Block:
    return transform(name, LARGE if maker.rng.random() < 0.3 else f"'{name}'")


def _reading(_maker: Maker, name: str, _depth: int) -> Block:
    return transform(name, "[vars.x, vars.y]")


def _looking(maker: Maker, name: str, _depth: int) -> Block:
    return transform(name, f"default({maker.rng.choice([*maker.seen, 'b0'])}, 'none')")


def _failing(maker: Maker, name: str, _depth: int) -> Block:
    return transform(name, "1 / 0" if maker.rng.random() < 0.3 else "input")


def _condition(maker: Maker, name: str, _depth: int) -> Block:
    texts = ["True", "False", "vars.x == 1"] + (["index % 2 == 0"] if any(maker.loops) else [])
    return when(name, maker.rng.choice(texts))


def _writing(maker: Maker, name: str, _depth: int) -> Block:
    return block("set_variables", name, values={maker.rng.choice("xy"): maker.rng.randint(0, 2)})


def _returning(maker: Maker, name: str, _depth: int) -> Block:
    if maker.rng.random() < 0.4:
        return block("return", name, value=f"returned {name}")
    return transform(name, "input")


def _loop(maker: Maker, name: str, _depth: int) -> Block:
    rng = maker.rng
    return block(
        "loop",
        name,
        loopType="times",
        iterations=rng.randint(0, 3),
        concurrency=rng.choice((1, 1, 2, 3)),
        errorPolicy=rng.choice(("stop", "continue")),
    )


# Blocks that touch the world


def _policy(maker: Maker) -> dict[str, Any] | None:
    rng = maker.rng
    if rng.random() < 0.6:
        return None
    policy: dict[str, Any] = {"onError": rng.choice(("fail", "continue"))}
    if rng.random() < 0.6:
        policy |= {"retries": rng.randint(0, 3), "retryDelayMs": rng.choice((0, 100, 60_000))}
    if rng.random() < 0.3:
        policy["timeoutMs"] = rng.choice((100, 5_000))
    return policy


def _call(maker: Maker, name: str, _depth: int) -> Block:
    method = maker.rng.choice(("POST", "POST", "PUT"))
    url = f"http://world/{name}/{{{{ run.id }}}}"
    return block("http_request", name, _policy(maker), method=method, url=url, body="{{ [input] }}", timeoutMs=5000)


def _ask(maker: Maker, name: str, _depth: int) -> Block:
    return block("http_request", name, _policy(maker), method="GET", url=f"http://world/{name}/{{{{ run.id }}}}")


def _python(maker: Maker, name: str, _depth: int) -> Block:
    return transform(name, f"['{name}', input]", language="python", pure=maker.rng.random() < 0.4)


def _delay(maker: Maker, name: str, _depth: int) -> Block:
    return block("delay", name, delayMs=maker.rng.choice((0, 1, 500, 90_000, 86_400_000)))


PURE: list[Made] = [
    _constant,
    _passing,
    _passing,
    _reading,
    _condition,
    _condition,
    _writing,
    _writing,
    _looking,
    _large,
    _failing,
    _returning,
    _loop,
]
EFFECTS: list[Made] = [_call, _call, _call, _ask, _python, _delay]


def _parallel(maker: Maker, name: str, _depth: int) -> Block:
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


def _retry(maker: Maker, name: str, _depth: int) -> Block:
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


def _timeout(maker: Maker, name: str, _depth: int) -> Block:
    rng = maker.rng
    return block(
        "timeout", name, timeoutMs=rng.choice((1000, 10_000)), onTimeout=rng.choice(("error", "default", "skip"))
    )


def _error_handler(maker: Maker, name: str, _depth: int) -> Block:
    rng = maker.rng
    return block(
        "error_handler",
        name,
        strategy=rng.choice(("catch", "retry", "fallback")),
        maxRetries=rng.randint(1, 3),
        retryDelayMs=rng.choice((0, 500)),
    )


def _checkpoint(_maker: Maker, name: str, _depth: int) -> Block:
    return block("checkpoint", name, checkpointId=f"at {name}")


def _wait(maker: Maker, name: str, _depth: int) -> Block:
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


MORE: dict[str, Made] = {"checkpoint": _checkpoint, "wait": _wait}
"""By block type: blocks that are used where there is such a type."""
MORE_SCOPES: dict[str, Made] = {
    "parallel": _parallel,
    "retry": _retry,
    "timeout": _timeout,
    "error_handler": _error_handler,
}
SCOPES = {"loop", *MORE_SCOPES}
KNOWN = frozenset({"start", "transform", "condition", "set_variables", "return", "loop", "http_request", "delay"})
"""Block types that the reference interpreter knows."""


def ports_of(made: Block) -> list[str]:
    """The ports that a wire may come from, the usual ones more often."""
    match made.type:
        case "condition":
            return ["true", "false"]
        case "set_variables" | "start" | "checkpoint":
            return ["out"]
        case "error_handler":
            return ["out", "out", "caught"]
        case "timeout":
            return ["out", "out", "timeout", "error"]
        case "wait":
            return ["out", "out", "timeout", "error"]
        case _:
            return ["out", "out", "error"]


def regions_of(made: Block) -> list[str]:
    """The ports that start regions."""
    if made.type == "parallel":
        return [f"branch-{branch['id']}" for branch in made.config["branches"]]
    return ["body"]

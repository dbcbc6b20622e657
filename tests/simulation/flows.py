"""Random flows from a seed: every kind of block in every kind of wiring that a person could draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.engine.flows import block, transform, when
from tests.simulation.flows_more import MORE, MORE_SCOPES
from workbench.flow.model import Block, Edge, Flow

LARGE = "'x' * 70000"
Made = Callable[["Maker", str, int], Block]


@dataclass
class Maker:
    """Makes one flow."""

    rng: Random
    prefix: str = ""
    """Of all names, so that those of different functions differ."""
    callees: list[str] = field(default_factory=list)
    """Functions that it may call."""
    blocks: list[Block] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    most: int = 7
    effects: float = 0.3
    """The chance that a block touches the world."""
    more: float = 0.0
    """The chance of a scope other than a loop, of a join, a wait or a call."""
    loops: list[bool] = field(default_factory=list)
    """Of the regions around: whether they are a loop's."""
    seen: list[str] = field(default_factory=list)
    """Blocks that may be named by the one that is made now."""

    def flow(self) -> Flow:
        """A flow with one start, joins, conditions, nested scopes, variables, returns, error ports and effects."""
        start = block("start", f"{self.prefix}start")
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
            name = f"{self.prefix}b{len(self.blocks)}"
            self.seen = [*outside, *(b.id for b in here)]
            made = self._block(name, depth)
            candidates = [owner, *here]
            wires = rng.choice((2, 2, 3) if made.type == "merge" else (1, 1, 1, 2, 3))
            sources = rng.sample(candidates, min(len(candidates), wires))
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
            kinds = [*MORE.values(), *(MORE_SCOPES.values() if depth < 3 else ())]
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
    return transform(name, f"default({maker.rng.choice([*maker.seen, f'{maker.prefix}b0'])}, 'none')")


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


SCOPES = {"loop", *MORE_SCOPES}
BLOCKS = ("start", "transform", "condition", "set_variables", "return", "http_request", "delay", *MORE, *sorted(SCOPES))
"""Types of the blocks that flows are made of."""


def ports_of(made: Block) -> list[str]:
    """The ports that a wire may come from, the usual ones more often."""
    match made.type:
        case "condition":
            return ["true", "false"]
        case "set_variables" | "start" | "checkpoint":
            return ["out"]
        case "split":
            return ["branch-1", "branch-2"]
        case "merge":
            return ["out", "out", "error"]
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

"""Small builders: a flow in one line a block, with wires as ``"a > b"``, ``"c.true > d"``."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from workbench.flow.model import Block, Edge, Flow, Policy


def block(type: str, id: str, policy: dict[str, Any] | None = None, name: str | None = None, **config: Any) -> Block:
    """A block; its config's names are camelCase as on the wire."""
    made = Policy.model_validate(policy) if policy is not None else None
    return Block(id=id, type=type, name=name or id, config=config, policy=made)


def flow(blocks: list[Block], *wires: str, **variables: Any) -> Flow:
    """A flow: a `start` is put in front of blocks that begin with none; ``"a > b > c"`` are wires one after another."""
    if all(b.type != "start" for b in blocks):
        blocks = [block("start", "start"), *blocks]
    edges: list[Edge] = []
    for chain in wires:
        ends = [end.strip() for end in chain.split(">")]
        for source, target in pairwise(ends):
            name, _, port = source.partition(".")
            edges.append(
                Edge(id=f"e{len(edges)}", source=name, source_port=port or "out", target=target.partition(".")[0])
            )
    return Flow(blocks=tuple(blocks), edges=tuple(edges), variables=variables)


def transform(id: str, code: str, **more: Any) -> Block:
    """An expression."""
    return block("transform", id, code=code, **more)


def when(id: str, expression: str) -> Block:
    """A condition."""
    return block("condition", id, mode="expression", expression=expression)


def each(id: str, items: Any = "{{ input }}", **more: Any) -> Block:
    """A loop over items."""
    return block("loop", id, loopType="forEach", items=items, **more)


def times(id: str, count: int, **more: Any) -> Block:
    """A loop that counts."""
    return block("loop", id, loopType="times", iterations=count, maxIterations=1_000_000, **more)


def touch(id: str, value: Any = None, policy: dict[str, Any] | None = None, **more: Any) -> Block:
    """An effect that the world of the test counts."""
    return block("touch", id, policy, value=value, **more)


def parallel(id: str, *branches: str, **more: Any) -> Block:
    """Branches side by side."""
    return block("parallel", id, branches=[{"id": name} for name in branches], **more)


def retry(id: str, attempts: int = 3, **more: Any) -> Block:
    """Attempts, without jitter."""
    return block("retry", id, **{"maxAttempts": attempts, "initialDelayMs": 1000, "jitter": False, **more})

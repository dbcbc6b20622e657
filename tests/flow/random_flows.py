"""Hypothesis strategies for flows: any wiring at all, and wiring that makes a valid flow."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.flow.small_catalogue import TYPES
from workbench.flow.model import Block, Edge, Flow, Position

names = st.sampled_from(["a", "b", "c d", "input", "ä", "3", "read", "each", "x y", "item"])
texts = st.sampled_from(
    [
        "{{ a.x }}",
        "{{ c_d }} and {{ item }}",
        "{{ nope",
        "{{ default(read, 1) }}",
        "a +",
        "plain",
        "{{ error }}",
        "{{ each }}",
    ]
)
configs = st.dictionaries(
    st.sampled_from(["value", "test", "items", "condition", "delayMs", "values", "itemVariable"]),
    texts | st.integers() | st.none() | st.dictionaries(st.sampled_from(["x", "y"]), texts),
    max_size=3,
)
types = st.sampled_from([*TYPES, "nonsense"])
ports = st.sampled_from(["out", "out", "out", "body", "error", "true", "branch-a", "branch-b", "caught", "nowhere"])


@st.composite
def flows(draw: st.DrawFn, most: int = 12) -> Flow:
    """Any flow that the model accepts: loops, ghosts, double ids, crossed regions."""
    count = draw(st.integers(0, most))
    ids = [draw(st.sampled_from([f"b{at}"] * 9 + ["b0"])) for at in range(count)]
    blocks = tuple(
        Block(
            id=block_id,
            type=draw(types),
            name=draw(names),
            config=draw(configs),
            disabled=draw(st.sampled_from([False, False, False, True])),
            position=Position(x=draw(st.integers(-50, 50)), y=draw(st.integers(-50, 50))),
        )
        for block_id in ids
    )
    ends = st.sampled_from([*ids, "ghost"]) if ids else st.just("ghost")
    wires = draw(st.lists(st.tuples(ends, ports, ends), max_size=2 * most))
    edges = tuple(
        Edge(id=f"e{at % 20}", source=source, source_port=port, target=target)
        for at, (source, port, target) in enumerate(wires)
    )
    return Flow(blocks=blocks, edges=edges)


@st.composite
def forward_flows(draw: st.DrawFn, most: int = 14) -> Flow:
    """Flows without loops: every edge leads to a later block, and each block has one way in."""
    count = draw(st.integers(1, most))
    kinds = [
        "start",
        *(draw(st.sampled_from(["step", "loop", "condition", "retry", "parallel"])) for _ in range(count)),
    ]
    blocks = tuple(Block(id=f"b{at}", type=kind, name=f"block {at}") for at, kind in enumerate(kinds))
    edges: list[Edge] = []
    for at in range(1, len(blocks)):
        source = draw(st.integers(0, at - 1))
        port = draw(st.sampled_from([port.name for port in TYPES[kinds[source]][1]]))
        edges.append(Edge(id=f"e{at}", source=f"b{source}", source_port=port, target=f"b{at}"))
    return Flow(blocks=blocks, edges=tuple(edges))

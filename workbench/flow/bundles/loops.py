"""What goes round in circles in a bundle: wires of a flow, and functions that call each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from workbench.base.errors import Issue
from workbench.flow.copying import called_function
from workbench.flow.graph import components, shortest_loop
from workbench.flow.model import Flow

MOST_SHOWN = 8


class Calling(Protocol):
    """A function that may call others."""

    @property
    def at(self) -> int: ...

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def flow(self) -> Flow: ...

    @property
    def errors(self) -> list[Issue]: ...


def loops_of(flow: Flow, where: str) -> list[Issue]:
    """One issue for each loop that wires close; a flow with one can never run."""
    index = {b.id: at for at, b in enumerate(flow.blocks)}
    edges = [(at, e) for at, e in enumerate(flow.edges) if e.source in index and e.target in index]
    following: list[list[int]] = [[] for _ in flow.blocks]
    for _, edge in edges:
        following[index[edge.source]].append(index[edge.target])
    issues: list[Issue] = []
    for members in components(following):
        way = shortest_loop(following, members[0], set(members))
        closing = next(at for at, e in edges if index[e.source] == way[-1] and index[e.target] == way[0])
        shown = _shown([flow.blocks[at].name for at in way])
        issues.append(Issue(f"{where}.edges[{closing}]", f"closes a loop: {shown}; wires cannot go round"))
    return issues


def add_call_loops(functions: Sequence[Calling]) -> None:
    """Tell every function of the bundle that would call itself, directly or through others, that it does."""
    index = {f.id.lower(): at for at, f in enumerate(functions)}
    following: list[list[int]] = [[] for _ in functions]
    for at, function in enumerate(functions):
        called = (called_function(b) for b in function.flow.blocks)
        following[at] = [index[c] for c in called if c is not None and c in index]
    for members in components(following):
        for member in members:
            function = functions[member]
            way = shortest_loop(following, member, set(members))
            target = functions[way[1] if len(way) > 1 else member].id.lower()
            at = next(i for i, b in enumerate(function.flow.blocks) if called_function(b) == target)
            where = f"bundle.functions[{function.at}].blocks[{at}].config.functionId"
            shown = _shown([functions[i].name for i in way])
            function.errors.append(Issue(where, f"makes the function call itself: {shown}"))


def _shown(names: list[str]) -> str:
    ring = [*names, names[0]]
    if len(ring) > MOST_SHOWN:
        ring = [*ring[: MOST_SHOWN - 2], "…", ring[-1]]
    return " → ".join(name if name == "…" else f"“{name[:40]}”" for name in ring)

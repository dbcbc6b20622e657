"""A flow's blocks and edges indexed for walking: order, neighbours, loops. Bears any flow, valid or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from workbench.flow.model import Block, Edge, Flow


@dataclass(frozen=True, slots=True)
class Graph:
    """Blocks by position and the edges between them.

    Of blocks with one id the first counts; edges with an unknown end are left out. `order` is topological where the
    flow has no loop; in a loop the edge that closes it points backwards.
    """

    blocks: tuple[Block, ...]
    edges: tuple[Edge, ...]
    index: dict[str, int]
    outgoing: tuple[tuple[Edge, ...], ...]
    incoming: tuple[tuple[Edge, ...], ...]
    order: tuple[int, ...]

    def block(self, block_id: str) -> Block:
        """The block with this id; KeyError when there is none."""
        return self.blocks[self.index[block_id]]

    def reached_from(self, starts: Iterable[int], passes: Callable[[Block], bool] | None = None) -> set[int]:
        """Positions reachable along edges from `starts`; with `passes`, only through blocks that it accepts."""
        seen: set[int] = set()
        todo = list(starts)
        while todo:
            at = todo.pop()
            if at in seen or (passes is not None and not passes(self.blocks[at])):
                continue
            seen.add(at)
            todo.extend(self.index[edge.target] for edge in self.outgoing[at])
        return seen


def build_graph(flow: Flow, starts_first: Callable[[Block], bool] | None = None) -> Graph:
    """Index `flow`. In a part that no block leads into, the walk starts at a block that `starts_first` accepts."""
    index: dict[str, int] = {}
    blocks: list[Block] = []
    for block in flow.blocks:
        if block.id not in index:
            index[block.id] = len(blocks)
            blocks.append(block)
    edges = tuple(edge for edge in flow.edges if edge.source in index and edge.target in index)
    outgoing: list[list[Edge]] = [[] for _ in blocks]
    incoming: list[list[Edge]] = [[] for _ in blocks]
    for edge in edges:
        outgoing[index[edge.source]].append(edge)
        incoming[index[edge.target]].append(edge)
    following = [[index[edge.target] for edge in leaving] for leaving in outgoing]
    roots = [at for at, entering in enumerate(incoming) if not entering]
    if starts_first is not None:
        roots += [at for at, block in enumerate(blocks) if starts_first(block)]
    roots += range(len(blocks))
    return Graph(
        blocks=tuple(blocks),
        edges=edges,
        index=index,
        outgoing=tuple(map(tuple, outgoing)),
        incoming=tuple(map(tuple, incoming)),
        order=tuple(_reverse_postorder(following, roots)),
    )


def _reverse_postorder(following: Sequence[Sequence[int]], roots: Iterable[int]) -> list[int]:
    """Depth-first, without recursion: a block before all that follows it, except along edges that close a loop."""
    finished: list[int] = []
    seen = bytearray(len(following))
    for root in roots:
        if seen[root]:
            continue
        seen[root] = 1
        stack = [(root, iter(following[root]))]
        while stack:
            at, rest = stack[-1]
            for target in rest:
                if not seen[target]:
                    seen[target] = 1
                    stack.append((target, iter(following[target])))
                    break
            else:
                finished.append(at)
                stack.pop()
    finished.reverse()
    return finished


def components(following: Sequence[Sequence[int]]) -> list[list[int]]:
    """The strongly connected components of two or more nodes, and nodes that follow themselves (Tarjan 1972)."""
    number = [0] * len(following)
    low = [0] * len(following)
    on_path = bytearray(len(following))
    path: list[int] = []
    found: list[list[int]] = []
    count = 0
    for root in range(len(following)):
        if number[root]:
            continue
        stack = [(root, iter(following[root]))]
        count += 1
        number[root] = low[root] = count
        path.append(root)
        on_path[root] = 1
        while stack:
            at, rest = stack[-1]
            for target in rest:
                if not number[target]:
                    count += 1
                    number[target] = low[target] = count
                    path.append(target)
                    on_path[target] = 1
                    stack.append((target, iter(following[target])))
                    break
                if on_path[target]:
                    low[at] = min(low[at], number[target])
            else:
                stack.pop()
                if stack:
                    low[stack[-1][0]] = min(low[stack[-1][0]], low[at])
                if low[at] == number[at]:
                    members = _pop_until(path, on_path, at)
                    if len(members) > 1 or at in following[at]:
                        found.append(members)
    return found


def _pop_until(path: list[int], on_path: bytearray, at: int) -> list[int]:
    members: list[int] = []
    while True:
        member = path.pop()
        on_path[member] = 0
        members.append(member)
        if member == at:
            members.reverse()
            return members


def shortest_loop(following: Sequence[Sequence[int]], start: int, members: set[int]) -> list[int]:
    """The shortest way from `start` back to itself inside `members`, without the repeated end."""
    before: dict[int, int] = {}
    todo = [start]
    while todo:
        reached: list[int] = []
        for at in todo:
            for target in following[at]:
                if target == start:
                    way = [at]
                    while way[-1] != start:
                        way.append(before[way[-1]])
                    return way[::-1]
                if target in members and target not in before:
                    before[target] = at
                    reached.append(target)
        todo = reached
    return [start]

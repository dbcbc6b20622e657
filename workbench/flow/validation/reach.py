"""Checks of how a run gets around: triggers, blocks that never run, loops, nesting."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.flow.graph import components, shortest_loop
from workbench.flow.handles import free_name, handle
from workbench.flow.model import Block
from workbench.flow.validation.problems import Code, Fix, Problem, fix, remove_edge
from workbench.flow.validation.subject import Subject

MAX_SCOPE_DEPTH = 16
_SHOWN = 8


def check_reach(subject: Subject) -> Iterator[Problem]:
    """No trigger, unreachable blocks, blocks behind disabled ones, loops of edges."""
    yield from _cycles(subject)
    triggers = [at for at, block in enumerate(subject.graph.blocks) if _is_trigger(subject, block)]
    if not triggers:
        yield from _no_trigger(subject)
    else:
        yield from _unreached(subject, triggers)


def _is_trigger(subject: Subject, block: Block) -> bool:
    shape = subject.shape(block)
    return shape is not None and shape.is_trigger


def _no_trigger(subject: Subject) -> Iterator[Problem]:
    blocks = subject.graph.blocks
    if not all(subject.shape(block) for block in blocks if not subject.graph.incoming[subject.graph.index[block.id]]):
        return  # an unknown type may well be the trigger; its own problem says so
    yield Problem(
        code=Code.NO_TRIGGER,
        severity="error",
        message="Nothing starts this flow: add a start block and wire it to the first block.",
        fix=_add_start(subject),
    )


def _add_start(subject: Subject) -> Fix | None:
    """A start block, wired to the blocks with one open input that nothing leads to."""
    if "start" not in subject.catalogue.types():
        return None
    graph = subject.graph
    ids, edge_ids = {b.id for b in subject.flow.blocks}, {e.id for e in subject.flow.edges}
    block_id = _free_id("start", ids)
    first = [block for at, block in enumerate(graph.blocks) if not graph.incoming[at]]
    left = min((block.position.x for block in first), default=280.0)
    top = first[0].position.y if first else 0.0
    name = free_name("start", {handle(block.name) for block in graph.blocks})
    block = Block.model_validate(
        {"id": block_id, "type": "start", "name": name, "position": {"x": left - 280, "y": top}}
    )
    wires: list[tuple[str, dict[str, object]]] = []
    for target in first:
        shape = subject.shape(target)
        needed = [port.name for port in shape.inputs] if shape else []
        if len(needed) == 1:
            edge_id = _free_id(f"{block_id}-{target.id}"[:60], edge_ids)
            edge_ids.add(edge_id)
            edge = {
                "id": edge_id,
                "source": block_id,
                "sourcePort": "out",
                "target": target.id,
                "targetPort": needed[0],
            }
            wires.append(("ADD_EDGE", {"edge": edge}))
    return fix("Add a start block", ("ADD_BLOCK", {"block": block.to_wire()}), *wires)


def _free_id(wish: str, taken: set[str]) -> str:
    number, text = 2, wish
    while text in taken:
        text, number = f"{wish}-{number}", number + 1
    return text


def _unreached(subject: Subject, triggers: list[int]) -> Iterator[Problem]:
    graph = subject.graph
    reached = graph.reached_from(triggers)
    alive = graph.reached_from(triggers, lambda block: not block.disabled)
    if not alive:
        yield Problem(
            code=Code.NO_TRIGGER,
            severity="error",
            message=f"Nothing starts this flow: every trigger is switched off ({_names(subject, triggers)}).",
        )
        return
    for at, block in enumerate(graph.blocks):
        if block.disabled or at in alive:
            continue
        if at not in reached:
            if graph.incoming[at] or not _has_needed_input(subject, block):
                message = f'"{block.name}" never runs: no way leads to it from {_names(subject, triggers)}.'
                yield Problem(code=Code.UNREACHABLE, severity="error", message=message, block_id=block.id)
        else:
            off = [graph.index[e.source] for e in graph.incoming[at] if graph.block(e.source).disabled]
            why = f": {_names(subject, off)} is switched off" if off else ": what leads to it is switched off"
            message = f'"{block.name}" is skipped in every run{why}.'
            yield Problem(code=Code.DISABLED_UPSTREAM, severity="warning", message=message, block_id=block.id)


def _has_needed_input(subject: Subject, block: Block) -> bool:
    shape = subject.shape(block)
    return shape is not None and any(port.needed for port in shape.inputs)


def _names(subject: Subject, places: list[int]) -> str:
    names = [f'"{subject.graph.blocks[at].name}"' for at in places[:3]]
    if len(places) > len(names):
        names.append(f"{len(places) - len(names)} more")
    return " or ".join(names)


def _cycles(subject: Subject) -> Iterator[Problem]:
    graph = subject.graph
    following = subject.following()
    rank = {at: place for place, at in enumerate(graph.order)}
    crossed = subject.crossed()
    for members in components(following):
        inside = set(members)
        entered = [at for at in members if any(graph.index[e.source] not in inside for e in graph.incoming[at])]
        first = min(entered or members, key=rank.__getitem__)
        way = shortest_loop(following, first, inside)
        names = [f'"{graph.blocks[at].name}"' for at in [*way, first]]
        if len(names) > _SHOWN:
            names = [*names[: _SHOWN - 2], "…", names[-1]]
        closing = [e for e in graph.incoming[first] if graph.index[e.source] in inside and e.id not in crossed]
        last = next((e for e in closing if graph.index[e.source] == way[-1]), None)
        certain = len(closing) == 1 and len(entered) <= 1
        yield Problem(
            code=Code.CYCLE,
            severity="error",
            message=f"These blocks wait for one another: {' → '.join(names)}. To repeat blocks, use a loop block.",
            block_id=graph.blocks[first].id,
            edge_id=last.id if last else None,
            fix=remove_edge(closing[0].id) if certain else None,
        )


def check_depth(subject: Subject) -> Iterator[Problem]:
    """Scopes nested too deep."""
    for region in subject.regions.regions.values():
        if region.depth == MAX_SCOPE_DEPTH + 1:
            scope = subject.graph.block(region.key.scope)
            text = f'"{scope.name}" is nested in more than {MAX_SCOPE_DEPTH} scopes. Move the inside into a subflow.'
            yield Problem(code=Code.TOO_DEEP, severity="error", message=text, block_id=scope.id)

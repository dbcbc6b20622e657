"""Checks of edges and ports: unknown ports, open inputs, doubled edges, types that do not fit, regions crossed."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.flow.catalogue import PortShape
from workbench.flow.model import Block, Edge
from workbench.flow.regions import Crossing
from workbench.flow.validation.problems import Code, Fix, Problem, fix, remove_edge
from workbench.flow.validation.subject import Subject, wire_text

_FITTING = {("table", "list"), ("list", "table"), ("object", "table")}
"""A list of objects is a table, and table blocks look for the one table inside an object."""


def check_edges(subject: Subject) -> Iterator[Problem]:
    """All checks of edges, edge by edge, then open inputs block by block."""
    crossings = {id(crossing.edge): crossing for crossing in subject.regions.crossings}
    seen: set[tuple[str, str, str, str]] = set()
    for edge in subject.graph.edges:
        ends = (edge.source, edge.source_port, edge.target, edge.target_port)
        if ends in seen:
            message = f"{wire_text(subject, edge)} is wired twice between the same ports."
            yield Problem(
                code=Code.DUPLICATE_EDGE,
                severity="warning",
                message=message,
                edge_id=edge.id,
                fix=remove_edge(edge.id),
            )
            continue
        seen.add(ends)
        yield from _ports(subject, edge)
        if id(edge) in crossings:
            yield _crossing(subject, crossings[id(edge)])
    yield from _open_inputs(subject)


def _ports(subject: Subject, edge: Edge) -> Iterator[Problem]:
    source, target = subject.graph.block(edge.source), subject.graph.block(edge.target)
    source_shape, target_shape = subject.shape(source), subject.shape(target)
    given = taken = None
    if source_shape is not None and edge.source_port != "error":
        given = _port(source_shape.outputs, edge.source_port)
        if given is None:
            yield _unknown_port(subject, edge, source, "output", (*source_shape.outputs, _ERROR))
    if target_shape is not None:
        taken = _port(target_shape.inputs, edge.target_port)
        if taken is None:
            yield _unknown_port(subject, edge, target, "input", target_shape.inputs)
    if given and taken and not _fits(given.type, taken.type):
        yield Problem(
            code=Code.TYPE_MISMATCH,
            severity="warning",
            message=f"{wire_text(subject, edge)}: gives {_a(given.type)}, but {_a(taken.type)} is expected.",
            edge_id=edge.id,
        )


_ERROR = PortShape("error", "object", needed=False, region=False)


def _port(ports: tuple[PortShape, ...], name: str) -> PortShape | None:
    return next((port for port in ports if port.name == name), None)


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _fits(given: str, taken: str) -> bool:
    return "any" in {given, taken} or given == taken or (given, taken) in _FITTING


def _unknown_port(subject: Subject, edge: Edge, block: Block, side: str, ports: tuple[PortShape, ...]) -> Problem:
    name = edge.source_port if side == "output" else edge.target_port
    names = [port.name for port in ports]
    if not names:
        text = f'"{block.name}" ({block.type}) has no {side} ports: nothing can be wired into it.'
    else:
        text = f'"{block.name}" ({block.type}) has no {side} port "{name}". It has: {", ".join(names)}.'
    return Problem(
        code=Code.UNKNOWN_PORT,
        severity="error",
        message=text,
        block_id=block.id,
        edge_id=edge.id,
        fix=_other_port(subject, edge, side, name, [n for n in names if n != "error"])
        if names
        else remove_edge(edge.id),
    )


def _other_port(subject: Subject, edge: Edge, side: str, name: str, names: list[str]) -> Fix | None:
    """Wire to the only port there is, or to the one that reads most alike."""
    port = names[0] if len(names) == 1 else subject.nearest.find(name, names)
    if port is None:
        return None
    changed = edge.to_wire() | {"sourcePort" if side == "output" else "targetPort": port}
    return fix(f'Use the port "{port}"', ("REMOVE_EDGE", {"edgeId": edge.id}), ("ADD_EDGE", {"edge": changed}))


def _crossing(subject: Subject, crossing: Crossing) -> Problem:
    edge, scope = crossing.edge, subject.graph.block(crossing.scope)
    source, target, owner = subject.title(edge.source), subject.title(edge.target), f'{scope.type} "{scope.name}"'
    if crossing.kind == "repeats":
        text = f"{source} is wired back to the {owner} that it stands in. The {scope.type} repeats by itself."
    elif crossing.kind == "leaves":
        text = (
            f"{source} stands inside the {owner} and {target} does not: no wire leaves a {scope.type}. "
            f"Wire the `out` port of {subject.title(scope.id)} to {target} instead: it gives what came out inside."
        )
    else:
        text = (
            f"{target} stands inside the {owner}, {source} does not: a {scope.type} is entered by its own ports only. "
            f"Expressions inside may name {source} without a wire if it comes before the {scope.type}."
        )
    return Problem(
        code=Code.EDGE_ENTERS_REGION if crossing.kind == "enters" else Code.EDGE_LEAVES_REGION,
        severity="error",
        message=text,
        block_id=edge.target if crossing.kind == "enters" else edge.source,
        edge_id=edge.id,
        fix=remove_edge(edge.id),
    )


def _open_inputs(subject: Subject) -> Iterator[Problem]:
    for at, block in enumerate(subject.graph.blocks):
        shape = subject.shape(block)
        if shape is None or block.disabled:
            continue
        wired = {edge.target_port for edge in subject.graph.incoming[at]}
        for port in shape.inputs:
            if port.needed and port.name not in wired:
                tail = "" if wired else ", so it never runs"
                yield Problem(
                    code=Code.UNCONNECTED_PORT,
                    severity="error",
                    message=f'Nothing is wired into "{port.name}" of "{block.name}"{tail}.',
                    block_id=block.id,
                    field=f"ports.{port.name}",
                )
        yield from _empty_regions(subject, at, block)


def _empty_regions(subject: Subject, at: int, block: Block) -> Iterator[Problem]:
    shape = subject.shape(block)
    starting = [port.name for port in shape.outputs if port.region] if shape else []
    wired = {edge.source_port for edge in subject.graph.outgoing[at]}
    if starting and not wired.intersection(starting):
        ports = " or ".join(f'"{name}"' for name in starting[:3])
        yield Problem(
            code=Code.EMPTY_REGION,
            severity="warning",
            message=f'The {block.type} "{block.name}" has nothing inside: wire its port {ports} to a block.',
            block_id=block.id,
        )

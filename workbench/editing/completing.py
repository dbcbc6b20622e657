"""A flow as a client sends it, made whole: ids, names and positions where they were left out."""

from __future__ import annotations

from workbench.base.errors import InvalidInput
from workbench.blocks.registry import BlockRegistry
from workbench.editing.models import NewFlow
from workbench.flow.commands import NewBlock
from workbench.flow.handles import free_name, handle
from workbench.flow.layout import completed
from workbench.flow.model import Block, Edge, Flow, Position
from workbench.flow.validation import check_structure


def complete(new: NewFlow, registry: BlockRegistry) -> Flow:
    """The whole flow. Raises InvalidInput, field by field, for what cannot be saved."""
    flow = fill(new, registry)
    issues = check_structure(flow)
    if issues:
        more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
        raise InvalidInput(
            f"The flow cannot be saved: {issues[0].field}: {issues[0].issue}{more}.",
            hint="Ids must be unique, edges must join existing blocks; POST /validate says more of each problem.",
            details=issues,
        )
    told = {b.id: b.position for b, sent in zip(flow.blocks, new.blocks, strict=True) if sent.position is not None}
    return flow if len(told) == len(flow.blocks) else completed(flow, told, registry)


def fill(new: NewFlow, registry: BlockRegistry) -> Flow:
    """The flow with ids and names where they were left out, fit to be saved or not."""
    return Flow.model_construct(
        blocks=_blocks(new, registry),
        edges=_edges(new),
        variables=new.variables,
        notes=new.notes,
        groups=new.groups,
    )


def new_block(flow: Flow, sent: NewBlock, registry: BlockRegistry) -> Block:
    """A whole block of what a client sends to be added to `flow`."""
    names = {handle(b.name) for b in flow.blocks}
    return _block(sent, registry, {b.id for b in flow.blocks}, names, {})


def new_edge_id(flow: Flow) -> str:
    """An edge id that is free in `flow`."""
    return _free_id("edge", {e.id for e in flow.edges})


def _blocks(new: NewFlow, registry: BlockRegistry) -> tuple[Block, ...]:
    ids = {b.id for b in new.blocks if b.id}
    names = {handle(b.name) for b in new.blocks if b.name}
    last: dict[str, str] = {}
    return tuple(_block(sent, registry, ids, names, last) for sent in new.blocks)


def _block(sent: NewBlock, registry: BlockRegistry, ids: set[str], names: set[str], last: dict[str, str]) -> Block:
    """The block, with an id that is not in `ids` and a name whose handle is not in `names`; both learn it.

    The next free name is looked for after the `last` one of its kind, not from the first on.
    """
    name = sent.name
    if not name:
        kind = registry.find(sent.type)
        plain = kind.title.lower() if kind else _printable(sent.type)
        name = last[plain] = free_name(last.get(plain, plain), names)
    names.add(handle(name))
    block_id = sent.id or _free_id(sent.type, ids)
    ids.add(block_id)
    return Block.model_construct(
        id=block_id,
        type=sent.type,
        name=name,
        config=sent.config,
        position=sent.position or Position(),
        disabled=sent.disabled,
        policy=sent.policy,
    )


def _edges(new: NewFlow) -> tuple[Edge, ...]:
    ids = {e.id for e in new.edges if e.id}
    edges: list[Edge] = []
    for sent in new.edges:
        edge_id = sent.id or _free_id("edge", ids)
        ids.add(edge_id)
        edges.append(
            Edge.model_construct(
                id=edge_id,
                source=sent.source,
                source_port=sent.source_port,
                target=sent.target,
                target_port=sent.target_port,
            )
        )
    return tuple(edges)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip() or "block"


def _free_id(stem: str, taken: set[str]) -> str:
    number = len(taken) + 1
    stem = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in stem)[:48]
    while f"{stem}_{number}" in taken:
        number += 1
    return f"{stem}_{number}"

"""Carries commands out on a flow: the changes that each makes, or why it cannot be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from workbench.base.errors import Conflict, InvalidInput, Issue, NotFound
from workbench.flow.catalogue import Catalogue
from workbench.flow.changes import LISTS, Change, Draft, Drop, Put, Set, between, set_head
from workbench.flow.commands import (
    AddBlock,
    AddEdge,
    AddGroup,
    AddNote,
    Arranging,
    EdgeIn,
    MoveBlock,
    NewBlock,
    Payload,
    RemoveBlock,
    RemoveEdge,
    RemoveGroup,
    RemoveNote,
    SetGroups,
    SetNotes,
    SetVariables,
    UpdateBlock,
    UpdateFunction,
    UpdateGroup,
    UpdateNote,
)
from workbench.flow.model import Block, Edge, Flow, Position
from workbench.flow.renaming import rename_block


class Editor:
    """Carries commands out on one function, one after the other, and tells what each changed.

    `new_block` makes a whole block of what a client sends, `new_edge_id` a free id.
    """

    def __init__(
        self,
        draft: Draft,
        catalogue: Catalogue,
        new_block: Callable[[Flow, NewBlock], Block],
        new_edge_id: Callable[[Flow], str],
    ) -> None:
        self.draft = draft
        self._catalogue = catalogue
        self._new_block = new_block
        self._new_edge_id = new_edge_id

    def do(self, payload: Payload) -> list[Change]:
        """Carry a command out. Raises NotFound, Conflict, InvalidInput; nothing has changed then."""
        changes = self._changes(payload)
        self.draft.apply(changes)
        return changes

    def _changes(self, payload: Payload) -> list[Change]:
        flow = self.draft.flow
        match payload:
            case AddBlock():
                return [Put("block", len(flow.blocks), self._added_block(payload.block).to_wire())]
            case UpdateBlock():
                return between(flow, self._updated(payload))
            case MoveBlock():
                return _moved(self._block(payload.block_id), payload.position)
            case RemoveBlock():
                return _removed(flow, self._block(payload.block_id))
            case AddEdge():
                return [Put("edge", len(flow.edges), self._added_edge(payload.edge).to_wire())]
            case RemoveEdge():
                return self._without_edge(payload.edge_id)
            case SetVariables() | SetNotes() | SetGroups():
                return between(flow, flow.model_copy(update=dict(payload)))
            case AddNote() | UpdateNote() | RemoveNote() | AddGroup() | UpdateGroup() | RemoveGroup():
                return self._arranged(payload)
            case UpdateFunction():
                return self._head(payload)

    def _without_edge(self, edge_id: str) -> list[Change]:
        edges = self.draft.flow.edges
        at = next((i for i, e in enumerate(edges) if e.id == edge_id), None)
        if at is None:
            raise NotFound(f'No edge of this function has the id "{edge_id}".')
        return [Drop("edge", at, edges[at].to_wire())]

    def _arranged(self, payload: Arranging) -> list[Change]:
        match payload:
            case AddNote():
                return self._with_item("notes", None, payload.note)
            case UpdateNote():
                return self._with_item("notes", payload.note_id, payload.note)
            case RemoveNote():
                return self._with_item("notes", payload.note_id, None)
            case AddGroup():
                return self._with_item("groups", None, payload.group)
            case UpdateGroup():
                return self._with_item("groups", payload.group_id, payload.group)
            case RemoveGroup():
                return self._with_item("groups", payload.group_id, None)

    def _with_item(
        self, field: Literal["notes", "groups"], item_id: str | None, sent: dict[str, Any] | None
    ) -> list[Change]:
        """A note or group added (no `item_id`), changed or removed (nothing `sent`)."""
        flow, kind = self.draft.flow, LISTS[field]
        items = list(getattr(flow, field))
        ids = [item.get("id") for item in items]
        if item_id is None:
            item = {"id": _free(kind, ids), **(sent or {})}
            check_item(kind, item)
            if item["id"] in ids:
                raise Conflict(f'A {kind} with the id "{item["id"]}" is there already.', hint="Leave the id out.")
            return between(flow, flow.model_copy(update={field: (*items, item)}))
        if item_id not in ids:
            raise NotFound(f'No {kind} of this function has the id "{item_id}".')
        at = ids.index(item_id)
        if sent is None:
            del items[at]
        else:
            items[at] = {k: v for k, v in {**items[at], **sent}.items() if v is not None or k not in sent}
            if items[at].get("id") != item_id:
                raise InvalidInput(
                    f"A {kind} keeps its id.", details=[Issue(f"{kind}.id", f"must be {item_id}, or left out")]
                )
            check_item(kind, items[at])
        return between(flow, flow.model_copy(update={field: tuple(items)}))

    def _block(self, block_id: str) -> Block:
        block = self.draft.flow.block(block_id)
        if block is None:
            raise NotFound(f'No block of this function has the id "{block_id}".')
        return block

    def _added_block(self, sent: NewBlock) -> Block:
        flow = self.draft.flow
        if sent.id is not None and flow.block(sent.id) is not None:
            raise Conflict(
                f'A block with the id "{sent.id}" is there already.', hint="Leave the id out to get a new one."
            )
        return self._new_block(flow, sent)

    def _added_edge(self, sent: EdgeIn) -> Edge:
        flow = self.draft.flow
        edge = Edge(
            id=sent.id or self._new_edge_id(flow),
            source=self._block(sent.source).id,
            source_port=sent.source_port,
            target=self._block(sent.target).id,
            target_port=sent.target_port,
        )
        for other in flow.edges:
            if other.id == edge.id:
                raise Conflict(f'An edge with the id "{edge.id}" is there already.')
            if other.model_copy(update={"id": edge.id}) == edge:
                raise Conflict(f'These two ports are joined already, by the edge "{other.id}".')
        return edge

    def _updated(self, payload: UpdateBlock) -> Flow:
        flow, sent = self.draft.flow, payload.model_fields_set
        block = self._block(payload.block_id)
        for field in ("name", "type", "config", "disabled"):
            if field in sent and getattr(payload, field) is None:
                raise InvalidInput(f"A block needs a {field}.", details=[Issue(field, "cannot be null")])
        if payload.name is not None and payload.name != block.name:
            flow = rename_block(flow, block.id, payload.name, self._catalogue)
        fields = [f for f in ("type", "config", "disabled", "policy") if f in sent]
        changed = {field: getattr(payload, field) for field in fields}
        blocks = tuple(b.model_copy(update=changed) if b.id == block.id else b for b in flow.blocks)
        return flow.model_copy(update={"blocks": blocks})

    def _head(self, payload: UpdateFunction) -> list[Change]:
        sent = payload.model_fields_set
        for field in ("name", "status"):
            if field in sent and getattr(payload, field) is None:
                raise InvalidInput(f"A function needs a {field}.", details=[Issue(field, "cannot be null")])
        return set_head(self.draft.head, {field: getattr(payload, field) for field in sent})


def check_item(kind: str, item: dict[str, Any]) -> None:
    """Raise InvalidInput for a note or group without an id that tells it apart."""
    if not isinstance(item.get("id"), str) or not 1 <= len(item["id"]) <= 64:
        raise InvalidInput(f"A {kind} needs an id.", details=[Issue(f"{kind}.id", "must be 1 to 64 characters")])


def _free(kind: str, ids: Sequence[Any]) -> str:
    n = len(ids) + 1
    while f"{kind}_{n}" in ids:
        n += 1
    return f"{kind}_{n}"


def _moved(block: Block, position: Position) -> list[Change]:
    if block.position == position:
        return []
    return [Set("block", block.id, ["position"], block.position.to_wire(), position.to_wire())]


def _removed(flow: Flow, block: Block) -> list[Change]:
    edges: list[Change] = [
        Drop("edge", at, flow.edges[at].to_wire())
        for at in range(len(flow.edges) - 1, -1, -1)
        if block.id in (flow.edges[at].source, flow.edges[at].target)
    ]
    return [*edges, Drop("block", flow.blocks.index(block), block.to_wire())]

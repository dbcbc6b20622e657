"""Commands: the edits of a flow as people and programs ask for them, and the changes that each makes.

Every edit is one, whatever made it: a mouse, a request, a Python cell, a whole flow that is put, or an import.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StringConstraints

from workbench.base.errors import Conflict, InvalidInput, Issue, NotFound
from workbench.base.wire import Flag, Wire
from workbench.flow.catalogue import Catalogue
from workbench.flow.changes import LISTS, Change, Draft, Drop, Order, Put, Set, between, set_head
from workbench.flow.model import Block, Edge, Flow, FlowId, Name, Policy, Position
from workbench.flow.renaming import rename_block

Reference: TypeAlias = Annotated[str, StringConstraints(pattern=r"^(\$\d{1,4}|[A-Za-z0-9_-]{1,64})$")]
"""An id, or ``$n``: the id that command n of the same batch made."""
ItemId: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Status: TypeAlias = Literal["draft", "active", "archived"]
Description: TypeAlias = Annotated[str, StringConstraints(max_length=10_000)]
Port: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class NewBlock(Wire):
    """A block as a client sends it: only its type is needed."""

    id: FlowId | None = None
    type: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    name: Name | None = None
    config: dict[str, Any] = Field(default_factory=dict)
    position: Position | None = None
    disabled: Flag = False
    policy: Policy | None = None


class EdgeIn(Wire):
    """An edge as a client sends it: only its ends are needed."""

    id: FlowId | None = None
    source: Reference
    source_port: Port = "out"
    target: Reference
    target_port: Port = "in"


class AddBlock(Wire):
    """A new block; without a position it stands at the origin, without a name it is called like its type."""

    block: NewBlock


class UpdateBlock(Wire):
    """Change what is sent; a new name rewrites the expressions that use the old one."""

    block_id: Reference
    name: Name | None = None
    type: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    config: dict[str, Any] | None = None
    disabled: Flag | None = None
    policy: Policy | None = None


class MoveBlock(Wire):
    """Put a block somewhere else on the canvas."""

    block_id: Reference
    position: Position


class RemoveBlock(Wire):
    """Remove a block and its edges."""

    block_id: Reference


class AddEdge(Wire):
    """A new edge between two blocks that are there."""

    edge: EdgeIn


class RemoveEdge(Wire):
    """Remove an edge."""

    edge_id: Reference


class SetVariables(Wire):
    """Replace the variables."""

    variables: dict[str, Any]


class SetNotes(Wire):
    """Replace the notes."""

    notes: tuple[dict[str, Any], ...]


class SetGroups(Wire):
    """Replace the groups."""

    groups: tuple[dict[str, Any], ...]


Item: TypeAlias = Annotated[dict[str, Any], Field(max_length=64)]
"""A note or a group: an object with an `id`; the canvas knows text, position, width and height of a note, title,
blockIds and locked of a group, and leaves other fields alone."""


class AddNote(Wire):
    """A new note; without an id it gets one."""

    note: Item


class UpdateNote(Wire):
    """Set the fields of a note that are sent; null takes a field away."""

    note_id: ItemId
    note: Item


class RemoveNote(Wire):
    """Remove a note."""

    note_id: ItemId


class AddGroup(Wire):
    """A new group of blocks; without an id it gets one."""

    group: Item


class UpdateGroup(Wire):
    """Set the fields of a group that are sent; null takes a field away."""

    group_id: ItemId
    group: Item


class RemoveGroup(Wire):
    """Remove a group; its blocks stay."""

    group_id: ItemId


class UpdateFunction(Wire):
    """Change the function's own name, description (null clears) or status."""

    name: Name | None = None
    description: Description | None = None
    status: Status | None = None


Arranging: TypeAlias = AddNote | UpdateNote | RemoveNote | AddGroup | UpdateGroup | RemoveGroup
Payload: TypeAlias = (
    AddBlock
    | UpdateBlock
    | MoveBlock
    | RemoveBlock
    | AddEdge
    | RemoveEdge
    | SetVariables
    | SetNotes
    | SetGroups
    | Arranging
    | UpdateFunction
)
COMMANDS: dict[str, type[Payload]] = {
    "ADD_BLOCK": AddBlock,
    "UPDATE_BLOCK": UpdateBlock,
    "MOVE_BLOCK": MoveBlock,
    "REMOVE_BLOCK": RemoveBlock,
    "ADD_EDGE": AddEdge,
    "REMOVE_EDGE": RemoveEdge,
    "SET_VARIABLES": SetVariables,
    "SET_NOTES": SetNotes,
    "SET_GROUPS": SetGroups,
    "ADD_NOTE": AddNote,
    "UPDATE_NOTE": UpdateNote,
    "REMOVE_NOTE": RemoveNote,
    "ADD_GROUP": AddGroup,
    "UPDATE_GROUP": UpdateGroup,
    "REMOVE_GROUP": RemoveGroup,
    "UPDATE_FUNCTION": UpdateFunction,
}
"""Payload by command type, as on the wire."""


class Editor:
    """Carries commands out on one function, one after the other, and tells what each changed.

    `new_block` makes a whole block of what a client sends, `new_edge_id` a free id; `resolve` turns ``$n`` into an id.
    """

    def __init__(
        self,
        draft: Draft,
        catalogue: Catalogue,
        new_block: Callable[[Flow, NewBlock], Block],
        new_edge_id: Callable[[Flow], str],
        resolve: Callable[[str], str],
    ) -> None:
        self.draft = draft
        self._catalogue = catalogue
        self._new_block = new_block
        self._new_edge_id = new_edge_id
        self._resolve = resolve

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
                return self._without_edge(self._resolve(payload.edge_id))
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

    def _block(self, reference: str) -> Block:
        block_id = self._resolve(reference)
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


# Changes as commands, for the history of what was not asked for as commands


def as_commands(changes: Sequence[Change]) -> list[tuple[str, dict[str, Any], list[Change]]]:
    """Changes (of a whole flow that was put, of an import) as commands: (type, payload, its changes), in their order.

    An order of blocks or edges goes with the command before it.
    """
    commands: list[tuple[str, dict[str, Any], list[Change]]] = []
    for change in changes:
        match change:
            case Put():
                commands.append((f"ADD_{change.kind.upper()}", {change.kind: change.value}, [change]))
            case Drop():
                commands.append((f"REMOVE_{change.kind.upper()}", {f"{change.kind}Id": change.value["id"]}, [change]))
            case Order():
                if commands:
                    commands[-1][2].append(change)
                else:
                    commands.append((f"ORDER_{change.kind.upper()}S", {"ids": change.after}, [change]))
            case Set():
                _gather(commands, change)
    return commands


def _gather(commands: list[tuple[str, dict[str, Any], list[Change]]], change: Set) -> None:
    """One command for all fields of a block, of the variables, of the function that change one after the other."""
    name, payload = _named(change)
    if commands and commands[-1][0] == name and _about(commands[-1][1]) == _about(payload):
        known = commands[-1][1]
        for key, value in payload.items():
            known[key] = (
                {**known[key], **value} if isinstance(value, dict) and isinstance(known.get(key), dict) else value
            )
        commands[-1][2].append(change)
        return
    commands.append((name, payload, [change]))


def _about(payload: dict[str, Any]) -> list[Any]:
    return [payload.get(key) for key in ("blockId", "noteId", "groupId")]


def _named(change: Set) -> tuple[str, dict[str, Any]]:
    field = change.path[0]
    if change.kind == "function":
        return "UPDATE_FUNCTION", {field: change.after}
    if change.kind == "flow":
        value = {change.path[1]: change.after} if field == "variables" else change.after
        return f"SET_{field.upper()}", {field: value}
    if change.kind in LISTS.values():
        return f"UPDATE_{change.kind.upper()}", {f"{change.kind}Id": change.id, change.kind: {field: change.after}}
    if field == "position":
        return "MOVE_BLOCK", {"blockId": change.id, "position": change.after}
    value = {change.path[1]: change.after} if field == "config" else change.after
    return "UPDATE_BLOCK", {"blockId": change.id, field: value}


def label_of(types: Sequence[str], names: Sequence[str]) -> str:
    """What a group of commands does, in a few words: ``Move of 3 blocks``, ``New block “fetch”``.

    `names` are those of the blocks that it touches, without doubles.
    """
    kinds = set(types)
    one = f" “{names[0]}”" if len(names) == 1 else ""
    if kinds <= {"MOVE_BLOCK"}:
        return f"Move of{one}" if one else f"Move of {len(names)} blocks"
    if kinds == {"UPDATE_BLOCK"}:
        return f"Change of{one}" if one else f"Change of {len(names)} blocks"
    if "ADD_BLOCK" in kinds and kinds <= {"ADD_BLOCK", "ADD_EDGE", "MOVE_BLOCK"}:
        count = list(types).count("ADD_BLOCK")
        return f"New block{one}" if count == 1 and one else f"{count} new block{'s' * (count != 1)}"
    if "REMOVE_BLOCK" in kinds and kinds <= {"REMOVE_BLOCK", "REMOVE_EDGE", "ADD_EDGE"}:
        count = list(types).count("REMOVE_BLOCK")
        return f"Removal of{one}" if one else f"Removal of {count} blocks"
    plain = {_PLAIN.get(kind) for kind in kinds}
    (only,) = plain if len(plain) == 1 else (None,)
    return only or f"{len(types)} changes"


_PLAIN = {
    "ADD_EDGE": "New wire",
    "REMOVE_EDGE": "Removal of a wire",
    "SET_VARIABLES": "Change of the variables",
    "SET_NOTES": "Change of the notes",
    "SET_GROUPS": "Change of the groups",
    "ADD_NOTE": "New note",
    "UPDATE_NOTE": "Change of a note",
    "REMOVE_NOTE": "Removal of a note",
    "ADD_GROUP": "New group",
    "UPDATE_GROUP": "Change of a group",
    "REMOVE_GROUP": "Removal of a group",
    "UPDATE_FUNCTION": "Change of the function",
}

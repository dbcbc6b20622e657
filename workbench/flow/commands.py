"""Commands: the edits of a flow as people and programs ask for them; `editor.py` carries them out.

Every edit is one, whatever made it: a mouse, a request, a Python cell, a whole flow that is put, or an import.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, cast

from pydantic import Field, StringConstraints

from workbench.base.wire import Flag, Wire
from workbench.flow.model import FlowId, Name, Policy, Position

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

REFERENCE = re.compile(r"\$\d{1,4}")
"""``$n``: the id that command n of the same batch made."""
PayloadT = TypeVar("PayloadT", bound=Wire)


def with_ids(payload: PayloadT, id_of: Callable[[int], str]) -> PayloadT:
    """The payload with the id that `id_of` tells in the place of each ``$n``; `blockIds` of notes and groups too."""

    def told(text: str) -> str:
        return id_of(int(text[1:])) if REFERENCE.fullmatch(text) else text

    def item(sent: dict[str, Any]) -> dict[str, Any]:
        ids: Any = sent.get("blockIds")
        if not isinstance(ids, list):
            return sent
        return {**sent, "blockIds": [told(i) if isinstance(i, str) else i for i in cast("list[Any]", ids)]}

    update: dict[str, Any] = {}
    for name, value in payload:
        if name in ("block_id", "edge_id", "note_id", "group_id"):
            update[name] = told(value)
        elif name == "edge":
            update[name] = value.model_copy(update={end: told(getattr(value, end)) for end in ("source", "target")})
        elif name in ("note", "group"):
            update[name] = item(value)
        elif name in ("notes", "groups"):
            update[name] = tuple(item(each) for each in value)
    return payload.model_copy(update=update)

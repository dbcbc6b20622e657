"""Changes told as commands, for a history where all are; and a group of commands in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.flow.changes import HEAD_FIELDS, LISTS, Change, Drop, Order, Put, Set


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


def label_of_head(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What a change of a function's name, description or status does, in a few words."""
    changed = [name for name in HEAD_FIELDS if before[name] != after[name]]
    if changed == ["name"]:
        return f"Rename of the function to “{after['name']}”"
    if changed == ["status"]:
        return _STATUS[after["status"]]
    return "Change of the description" if changed == ["description"] else _PLAIN["UPDATE_FUNCTION"]


_STATUS = {"draft": "Back to a draft", "active": "Activation", "archived": "Archiving"}
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

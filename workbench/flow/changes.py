"""What an edit did to a flow, as small values that can be applied, taken back, stored and compared.

A change names one place and what stood there before and after. Taking it back needs what it made to be still there, so
that an undo never runs over somebody else's later edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias, cast

import msgspec

from workbench.flow.model import Block, Edge, Flow, Policy, Position

Kind: TypeAlias = Literal["block", "edge", "note", "group"]
"""What a flow has many of, each with an id of its own."""
BLOCK_FIELDS = ("type", "name", "position", "disabled", "policy")
LISTS: dict[str, Kind] = {"notes": "note", "groups": "group"}
"""The lists of layout, and what is in them: objects of whatever fields."""
HEAD_FIELDS = ("name", "description", "status")


class Put(msgspec.Struct, frozen=True, tag="put"):
    """A block, edge, note or group was added at a place among its like; `value` is it as on the wire."""

    kind: Kind
    at: int
    value: dict[str, Any]


class Drop(msgspec.Struct, frozen=True, tag="drop"):
    """A block, edge, note or group was removed from a place among its like."""

    kind: Kind
    at: int
    value: dict[str, Any]


class Set(msgspec.Struct, frozen=True, tag="set", omit_defaults=True):
    """One field has another value: of a block, note, group, or (without `id`) the flow or the function's head.

    Notes and groups whose ids do not tell them apart are changed as a whole list of the flow.
    """

    kind: Literal["block", "note", "group", "flow", "function"]
    id: str
    path: list[str]
    before: Any = None
    after: Any = None
    at: int = -1
    """Where the key stands in its object when this change, or taking it back, adds it."""
    absent: Literal["", "before", "after"] = ""
    """When the key was not there at all."""


class Order(msgspec.Struct, frozen=True, tag="order"):
    """Blocks, edges, notes or groups stand in another order; it changes no behaviour."""

    kind: Kind
    before: list[str]
    after: list[str]


Change: TypeAlias = Put | Drop | Set | Order
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[Change])


def to_text(changes: Sequence[Change]) -> str:
    """Changes as JSON, for the store."""
    return _encoder.encode(changes).decode()


def from_text(text: str | bytes) -> list[Change]:
    """Changes as `to_text` wrote them."""
    return _decoder.decode(text)


class Standing(Exception):
    """A change cannot be made: something else stands at its place. `change` is the one, `why` says it in words."""

    def __init__(self, change: Change, why: str) -> None:
        super().__init__(why)
        self.change = change
        self.why = why


def inverse(changes: Sequence[Change]) -> list[Change]:
    """What takes `changes` back, in the order to apply."""
    return [_back(change) for change in reversed(changes)]


def _back(change: Change) -> Change:
    match change:
        case Put():
            return Drop(change.kind, change.at, change.value)
        case Drop():
            return Put(change.kind, change.at, change.value)
        case Order():
            return Order(change.kind, change.after, change.before)
        case Set():
            absent: Literal["", "before", "after"] = (
                "before" if change.absent == "after" else "after" if change.absent == "before" else ""
            )
            return Set(change.kind, change.id, change.path, change.after, change.before, change.at, absent)


def touched(change: Change) -> tuple[str, str]:
    """What a change is about: (kind, id). The flow and the function have no id."""
    match change:
        case Put() | Drop():
            return change.kind, change.value["id"]
        case Order():
            return change.kind, ""
        case Set():
            return change.kind, change.id


class Draft:
    """A flow and its function's head that changes are applied to, one after the other."""

    def __init__(self, flow: Flow, head: dict[str, Any] | None = None) -> None:
        self.head = dict(head or {})
        self._items: dict[Kind, list[Any]] = {
            "block": list(flow.blocks),
            "edge": list(flow.edges),
            "note": list(flow.notes),
            "group": list(flow.groups),
        }
        self._variables = flow.variables
        self._flow: Flow | None = flow

    @property
    def flow(self) -> Flow:
        """The flow as it is now."""
        if self._flow is None:
            self._flow = Flow.model_construct(
                blocks=tuple(self._items["block"]),
                edges=tuple(self._items["edge"]),
                variables=self._variables,
                notes=tuple(self._items["note"]),
                groups=tuple(self._items["group"]),
            )
        return self._flow

    def apply(self, changes: Iterable[Change]) -> None:
        """Make changes. Raises Standing at the first that cannot be made; those before it are made then."""
        for change in changes:
            self._apply(change)

    def _apply(self, change: Change) -> None:
        self._flow = None
        match change:
            case Put():
                self._put(change)
            case Drop():
                self._drop(change)
            case Order():
                self._order(change)
            case Set() if change.kind == "function":
                self._set_head(change)
            case Set() if change.kind == "flow":
                self._set_flow(change)
            case Set() if change.kind == "block":
                self._set_block(change)
            case Set():
                self._set_item(cast("Kind", change.kind), change)

    def _find(self, kind: Kind, item_id: str) -> int:
        for at, item in enumerate(self._items[kind]):
            if _id_of(item) == item_id:
                return at
        return -1

    def _put(self, change: Put) -> None:
        items = self._items[change.kind]
        if self._find(change.kind, change.value["id"]) >= 0:
            raise Standing(change, f"there is another {change.kind} with its id")
        if change.kind == "edge":
            for end in ("source", "target"):
                if self._find("block", change.value[end]) < 0:
                    raise Standing(change, f"the block that it joins is gone ({change.value[end]})")
        items.insert(change.at, item_of(change.kind, change.value))

    def _drop(self, change: Drop) -> None:
        at = self._find(change.kind, change.value["id"])
        if at < 0:
            raise Standing(change, "it is gone")
        if _wire_of(self._items[change.kind][at]) != change.value:
            raise Standing(change, "it was changed since")
        if change.kind == "block":
            block_id = change.value["id"]
            if any(block_id in (e.source, e.target) for e in self._items["edge"]):
                raise Standing(change, "it was wired since")
        del self._items[change.kind][at]

    def _order(self, change: Order) -> None:
        """What was added meanwhile stands behind; what is gone is passed over."""
        items = {_id_of(item): item for item in self._items[change.kind]}
        ordered = [items.pop(i) for i in change.after if i in items]
        self._items[change.kind] = [*ordered, *items.values()]

    def _set_head(self, change: Set) -> None:
        (field,) = change.path
        if self.head.get(field) != change.before:
            raise Standing(change, f"its {field} was changed since")
        self.head[field] = change.after

    def _set_flow(self, change: Set) -> None:
        field, *rest = change.path
        if field in LISTS:
            kind = LISTS[field]
            if self._items[kind] != change.before:
                raise Standing(change, f"the {field} were changed since")
            self._items[kind] = list(change.after)
            return
        self._variables = _with_key(self._variables, rest[0], change, f"the variable “{rest[0]}”")

    def _set_block(self, change: Set) -> None:
        blocks, at = self._items["block"], self._find("block", change.id)
        if at < 0:
            raise Standing(change, "it is gone")
        block, field = blocks[at], change.path[0]
        if field == "config":
            config = _with_key(block.config, change.path[1], change, f"its field “{change.path[1]}”")
            blocks[at] = block.model_copy(update={"config": config})
            return
        if _field(block, field) != change.before:
            raise Standing(change, f"its {field} was changed since")
        blocks[at] = block.model_copy(update={field: _parsed(field, change.after)})

    def _set_item(self, kind: Kind, change: Set) -> None:
        at = self._find(kind, change.id)
        if at < 0:
            raise Standing(change, "it is gone")
        (field,) = change.path
        self._items[kind][at] = _with_key(self._items[kind][at], field, change, f"its {field}")


def _with_key(values: dict[str, Any], key: str, change: Set, what: str) -> dict[str, Any]:
    if (key in values) == (change.absent == "before") or (change.absent != "before" and values[key] != change.before):
        raise Standing(change, f"{what} was changed since")
    if change.absent == "before":
        pairs = list(values.items())
        pairs.insert(change.at if change.at >= 0 else len(pairs), (key, change.after))
        return dict(pairs)
    if change.absent == "after":
        return {k: v for k, v in values.items() if k != key}
    return {k: change.after if k == key else v for k, v in values.items()}


def item_of(kind: Kind, value: dict[str, Any]) -> Any:
    """A block, edge, note or group from how it stands on the wire."""
    if kind in ("note", "group"):
        return value
    return Block.model_validate(value) if kind == "block" else Edge.model_validate(value)


def _id_of(item: Any) -> Any:
    return cast("dict[str, Any]", item).get("id") if isinstance(item, dict) else item.id


def _wire_of(item: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", item) if isinstance(item, dict) else item.to_wire()


def _field(item: Any, field: str) -> Any:
    value = getattr(item, field)
    return value.to_wire() if isinstance(value, Position | Policy) else value


def _parsed(field: str, value: Any) -> Any:
    if field == "position":
        return Position.model_validate(value)
    if field == "policy":
        return Policy.model_validate(value) if value is not None else None
    return value


# From one flow to another


def between(before: Flow, after: Flow) -> list[Change]:
    """The fewest changes that make `after` of `before`; ids tell which block or edge is which.

    An edge with other ends is dropped and put again, so that no edge ever stands without its blocks.
    """
    blocks, edges = {b.id for b in after.blocks}, set(after.edges)
    changes: list[Change] = _dropped("edge", before.edges, [e not in edges for e in before.edges])
    changes += _dropped("block", before.blocks, [b.id not in blocks for b in before.blocks])
    blocks, edges = {b.id for b in before.blocks}, set(before.edges)
    changes += _set_fields(before, after)
    changes += _added("block", before.blocks, after.blocks, [b.id not in blocks for b in after.blocks])
    changes += _added("edge", before.edges, after.edges, [e not in edges for e in after.edges])
    changes += _keys("flow", "", "variables", before.variables, after.variables)
    for field, kind in LISTS.items():
        was, now = list(getattr(before, field)), list(getattr(after, field))
        if not same(was, now):
            changes += _of_list(field, kind, was, now)
    return changes


def _of_list(field: str, kind: Kind, was: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[Change]:
    """Note by note, or group by group, so that one person's undo leaves another's alone."""
    if not (_have_ids(was) and _have_ids(now)):
        return [Set("flow", "", [field], was, now)]
    old, new = {i["id"]: i for i in was}, {i["id"]: i for i in now}
    changes = _dropped(kind, was, [i["id"] not in new for i in was])
    for item in now:
        if item["id"] in old:
            changes += _keys(cast("Any", kind), item["id"], None, old[item["id"]], item)
    return changes + _added(kind, was, now, [i["id"] not in old for i in now])


def _have_ids(items: list[dict[str, Any]]) -> bool:
    ids = [i.get("id") for i in items]
    return all(isinstance(i, str) for i in ids) and len(set(ids)) == len(ids)


def _dropped(kind: Kind, before: Sequence[Any], gone: Sequence[bool]) -> list[Change]:
    return [Drop(kind, at, _wire_of(before[at])) for at in range(len(before) - 1, -1, -1) if gone[at]]


def _added(kind: Kind, before: Sequence[Any], after: Sequence[Any], fresh: Sequence[bool]) -> list[Change]:
    changes: list[Change] = [Put(kind, at, _wire_of(item)) for at, item in enumerate(after) if fresh[at]]
    kept = {_id_of(item) for item, is_fresh in zip(after, fresh, strict=True) if not is_fresh}
    order = [_id_of(item) for item in before if _id_of(item) in kept]
    for at, item in enumerate(after):
        if fresh[at]:
            order.insert(at, _id_of(item))
    wanted = [_id_of(item) for item in after]
    if order != wanted:
        changes.append(Order(kind, order, wanted))
    return changes


def _set_fields(before: Flow, after: Flow) -> list[Change]:
    changes: list[Change] = []
    blocks = {b.id: b for b in before.blocks}
    for now in after.blocks:
        was = blocks.get(now.id)
        if was is None or was is now:
            continue
        changes += [
            Set("block", now.id, [field], _field(was, field), _field(now, field))
            for field in BLOCK_FIELDS
            if getattr(was, field) != getattr(now, field)
        ]
        changes += _keys("block", now.id, "config", was.config, now.config)
    return changes


def _keys(
    kind: Literal["block", "flow", "note", "group"],
    item_id: str,
    field: str | None,
    was: dict[str, Any],
    now: dict[str, Any],
) -> list[Change]:
    """Changes of an object key by key; the order of keys is kept where keys come and go."""
    if was is now:
        return []
    path = [field] if field is not None else []
    changes: list[Change] = []
    left = list(was)
    for at in range(len(left) - 1, -1, -1):
        if left[at] not in now:
            changes.append(Set(kind, item_id, [*path, left[at]], was[left[at]], None, at, "after"))
            del left[at]
    for key, value in now.items():
        if key in was and not same(was[key], value):
            changes.append(Set(kind, item_id, [*path, key], was[key], value))
    for at, (key, value) in enumerate(now.items()):
        if key not in was:
            changes.append(Set(kind, item_id, [*path, key], None, value, at, "before"))
    return changes


def same(a: Any, b: Any) -> bool:
    """Whether two JSON values are the same; ``1``, ``1.0`` and ``true`` are three different ones."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        pairs = cast("dict[str, Any]", a)
        return list(pairs) == list(b) and all(same(v, b[k]) for k, v in pairs.items())
    if isinstance(a, list):
        items = cast("list[Any]", a)
        return len(items) == len(b) and all(same(x, y) for x, y in zip(items, b, strict=True))
    return a == b


def set_head(head: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """The changes of a function's name, description and status."""
    return [
        Set("function", "", [field], head.get(field), after[field])
        for field in HEAD_FIELDS
        if field in after and after[field] != head.get(field)
    ]

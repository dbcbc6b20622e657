"""The form of a bundle: its parts, its limits, its checksum, and one flow taken apart and put together again.

A bundle is one JSON object with sorted keys. What a function does stands in `functions`, where its blocks stand in
`layout`, so that a moved block is no changed function. Objects whose order of keys means something (the columns of a
table) have it in `keyOrder`. The same content gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from workbench.flow.config_paths import replaced_at
from workbench.flow.model import Block, Flow, Position

FORMAT = "workbench.bundle"
VERSION = 2
MOST_CANVASES = 1_000
MOST_FUNCTIONS = 5_000
MOST_BLOCKS = 50_000
"""Of all functions of a bundle together."""
MOST_DEPTH = 48

Json: TypeAlias = Any
SecretPaths: TypeAlias = Callable[[str, Mapping[str, Any]], Iterable[tuple[str | int, ...]]]
"""``(type, config) → key paths``: where a block's config holds a secret as it stands."""


def canonical(value: Json) -> str:
    """A JSON value as one text, whatever program wrote it: keys sorted, no spaces, ``1.0`` as ``1``."""
    return json.dumps(_plain_numbers(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain_numbers(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {k: _plain_numbers(v) for k, v in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_plain_numbers(v) for v in cast("list[Any]", value)]
    return value


def checksum_of(bundle: Mapping[str, Json]) -> str:
    """The checksum of a bundle: over all of it but the checksum itself."""
    text = canonical({k: v for k, v in bundle.items() if k != "checksum"})
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def finished(parts: Mapping[str, Json]) -> dict[str, Json]:
    """A bundle of these parts: format, version and checksum added, keys sorted all the way down."""
    bundle = {"format": FORMAT, "formatVersion": VERSION, **parts}
    return cast("dict[str, Json]", sorted_keys({**bundle, "checksum": checksum_of(bundle)}))


def sorted_keys(value: Json) -> Json:
    """The same value with the keys of every object sorted."""
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        return {k: sorted_keys(pairs[k]) for k in sorted(pairs)}
    if isinstance(value, list):
        return [sorted_keys(v) for v in cast("list[Any]", value)]
    return value


@dataclass(frozen=True, slots=True)
class FlowParts:
    """One flow as a bundle holds it."""

    does: dict[str, Json]
    """``blocks``, ``edges``, ``variables``."""
    layout: dict[str, Json]
    """``positions`` by block id, ``notes``, ``groups``."""
    key_order: dict[str, list[str]]
    """By JSON pointer, as ``/blocks/<id>/config/columns``."""
    withheld: list[str]
    """JSON pointers of what was left out because it is secret."""


def take_apart(flow: Flow, secret_paths: SecretPaths) -> FlowParts:
    """A flow as a bundle holds it, without what is secret."""
    order: dict[str, list[str]] = {}
    withheld: list[str] = []
    blocks: list[Json] = []
    for block in flow.blocks:
        config = block.config
        for keys in secret_paths(block.type, config):
            config = without(config, keys)
            withheld.append(pointer("blocks", block.id, "config", *keys))
        for key, value in config.items():
            _note_order(value, ("blocks", block.id, "config", key), order)
        entry: dict[str, Json] = {"id": block.id, "type": block.type, "name": block.name, "config": config}
        if block.disabled:
            entry["disabled"] = True
        if block.policy is not None:
            entry["policy"] = block.policy.to_wire()
        blocks.append(entry)
    for key, value in flow.variables.items():
        _note_order(value, ("variables", key), order)
    notes, groups = list(flow.notes), list(flow.groups)
    _note_order(notes, ("notes",), order)
    _note_order(groups, ("groups",), order)
    positions = {b.id: [_whole(b.position.x), _whole(b.position.y)] for b in flow.blocks}
    return FlowParts(
        does={"blocks": blocks, "edges": [e.to_wire() for e in flow.edges], "variables": flow.variables},
        layout={"positions": positions, "notes": notes, "groups": groups},
        key_order=order,
        withheld=sorted(withheld),
    )


def _whole(number: float) -> float:
    return int(number) if number.is_integer() else number


def _note_order(value: Json, path: tuple[str | int, ...], order: dict[str, list[str]]) -> None:
    """Note the order of keys of every object in `value` where it is not the sorted one."""
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        keys = list(pairs)
        if keys != sorted(keys):
            order[pointer(*path)] = keys
        for key, inner in pairs.items():
            _note_order(inner, (*path, key), order)
    elif isinstance(value, list):
        for at, inner in enumerate(cast("list[Any]", value)):
            _note_order(inner, (*path, at), order)


def in_order(value: Json, path: tuple[str | int, ...], order: Mapping[str, Sequence[str]]) -> Json:
    """`value` with the keys of its objects as `order` says; keys that it does not name come behind."""
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        wanted = order.get(pointer(*path), ())
        keys = list(dict.fromkeys([*(k for k in wanted if k in pairs), *pairs]))
        return {k: in_order(pairs[k], (*path, k), order) for k in keys}
    if isinstance(value, list):
        return [in_order(inner, (*path, at), order) for at, inner in enumerate(cast("list[Any]", value))]
    return value


def put_together(flow: Flow, layout: Mapping[str, Json], order: Mapping[str, Sequence[str]]) -> Flow:
    """A flow without its layout, given it and the order of keys; blocks that the layout does not name stand at 0, 0."""
    positions: Mapping[str, Json] = layout.get("positions") or {}

    def placed(block: Block) -> Block:
        at = positions.get(block.id)
        config = {k: in_order(v, ("blocks", block.id, "config", k), order) for k, v in block.config.items()}
        position = Position(x=at[0], y=at[1]) if at is not None else block.position
        return block.model_copy(update={"config": config, "position": position})

    return flow.model_copy(
        update={
            "blocks": tuple(placed(b) for b in flow.blocks),
            "variables": {k: in_order(v, ("variables", k), order) for k, v in flow.variables.items()},
            "notes": tuple(in_order(list(layout.get("notes") or ()), ("notes",), order)),
            "groups": tuple(in_order(list(layout.get("groups") or ()), ("groups",), order)),
        }
    )


def pointer(*keys: str | int) -> str:
    """Keys and indexes as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def keys_of(text: str) -> tuple[str, ...]:
    """The keys of a JSON pointer."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def without(config: Any, keys: Sequence[str | int]) -> Any:
    """A copy of `config` without what stands at `keys`; where that is no entry of an object, null stands there."""
    if len(keys) == 1 and isinstance(config, dict):
        return {k: v for k, v in cast("dict[str, Any]", config).items() if k != keys[0]}
    if len(keys) == 1:
        return replaced_at(config, keys, None)
    copy: Any = config.copy()
    copy[keys[0]] = without(copy[keys[0]], keys[1:])
    return copy

"""Flows with other ids: expressions name blocks by handle, so only what names them by id has to follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from workbench.flow.model import Block, Flow

SUBFLOW = "subflow"
FUNCTION_FIELD = "functionId"
_BLOCK_LISTS = ("blockIds", "blocks")


def fresh_ids(flow: Flow) -> Flow:
    """The same flow with new block and edge ids, made from the old ones; ends, notes and groups follow."""
    ids = _renumbered([b.id for b in flow.blocks])
    edges = _renumbered([e.id for e in flow.edges])
    return flow.model_copy(
        update={
            "blocks": tuple(b.model_copy(update={"id": ids[b.id]}) for b in flow.blocks),
            "edges": tuple(
                e.model_copy(update={"id": edges[e.id], "source": ids[e.source], "target": ids[e.target]})
                for e in flow.edges
            ),
            "notes": tuple(_followed(n, ids) for n in flow.notes),
            "groups": tuple(_followed(g, ids) for g in flow.groups),
        }
    )


def _renumbered(ids: list[str]) -> dict[str, str]:
    """New ids that none of the old ones is; copies of copies do not grow."""
    taken = set(ids)
    made: dict[str, str] = {}
    for old in ids:
        stem, _, tail = old.rpartition("_c")
        stem = stem if stem and tail.isdecimal() else old
        number = 2
        while f"{stem[:56]}_c{number}" in taken:
            number += 1
        made[old] = f"{stem[:56]}_c{number}"
        taken.add(made[old])
    return made


def _followed(thing: dict[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """A note or group whose lists of block ids, and `blockId`, name the new ones."""
    after = dict(thing)
    for key in _BLOCK_LISTS:
        listed = after.get(key)
        if isinstance(listed, list):
            after[key] = [ids.get(i, i) if isinstance(i, str) else i for i in cast("list[Any]", listed)]
    block_id = after.get("blockId")
    if isinstance(block_id, str):
        after["blockId"] = ids.get(block_id, block_id)
    return after


def repointed(flow: Flow, functions: Mapping[str, str]) -> Flow:
    """The flow whose subflow blocks call the functions that these became; others are called as before."""
    blocks = tuple(_repointed(b, functions) for b in flow.blocks)
    return flow.model_copy(update={"blocks": blocks})


def _repointed(block: Block, functions: Mapping[str, str]) -> Block:
    called = called_function(block)
    if called is None or called not in functions:
        return block
    return block.model_copy(update={"config": {**block.config, FUNCTION_FIELD: functions[called]}})


def called_function(block: Block) -> str | None:
    """The id of the function that a subflow block calls, in lower case; None for any other block."""
    called = block.config.get(FUNCTION_FIELD) if block.type == SUBFLOW else None
    return called.lower() if isinstance(called, str) else None


def called_functions(flow: Flow) -> list[str]:
    """The functions that a flow calls, each once, in the order of its blocks."""
    return list(dict.fromkeys(i for b in flow.blocks if (i := called_function(b)) is not None))

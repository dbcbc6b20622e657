"""A function's breakpoints, which live beside its versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.client.block import Block
from workbench.client.faces import FunctionFace


class Breakpoints:
    """Where debug runs of a function stop; read from the workbench each time, because the canvas sets them too."""

    def __init__(self, function: FunctionFace) -> None:
        self._function = function

    def set(
        self,
        block: Block | str,
        *,
        condition: str | None = None,
        when: str = "before",
        hit_count: int | None = None,
        log: str | None = None,
        enabled: bool = True,
    ) -> Breakpoints:
        """Stop at a block; see `Block.breakpoint`. A breakpoint on the same side of it gives way."""
        block_id = self._id(block)
        point = {
            "blockId": block_id,
            "when": when,
            "condition": condition,
            "hitCount": hit_count,
            "logMessage": log,
            "enabled": enabled,
        }
        self._put([*(p for p in self._read() if (p["blockId"], p["when"]) != (block_id, when)), point])
        return self

    def clear(self, block: Block | str | None = None) -> Breakpoints:
        """Take one away, or all."""
        if block is None:
            self._function.bench.api.delete(self._path)
        else:
            block_id = self._id(block)
            self._put([p for p in self._read() if p["blockId"] != block_id])
        return self

    def __iter__(self) -> Iterator[dict[str, Any]]:
        names = {b["id"]: b["name"] for b in self._function.flow["blocks"]}
        for point in self._read():
            yield {"block": names.get(point["blockId"], point["blockId"]), **point}

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        told = [f"{p['when']} “{p['block']}”{_why(p)}" for p in self]
        return f"Breakpoints of “{self._function.name}”: {'; '.join(told) or 'none'}"

    @property
    def _path(self) -> str:
        return f"/functions/{self._function.id}/breakpoints"

    def _read(self) -> list[dict[str, Any]]:
        self._function.save()
        return self._function.bench.api.get(self._path)

    def _put(self, points: list[dict[str, Any]]) -> None:
        names = ("blockId", "when", "condition", "hitCount", "logMessage", "enabled")
        sent = [{n: p.get(n) for n in names} for p in points]
        self._function.bench.api.put(self._path, {"breakpoints": sent})

    def _id(self, block: Block | str) -> str:
        return self._function[block].id if isinstance(block, str) else block.id


def _why(point: dict[str, Any]) -> str:
    words = []
    if point.get("condition"):
        words.append(f"if {point['condition']}")
    if point.get("hitCount"):
        words.append(f"at the {point['hitCount']}th time" if point["hitCount"] > 1 else "at the first time")
    if point.get("logMessage"):
        words.append("log only")
    if not point.get("enabled", True):
        words.append("off")
    return f" ({', '.join(words)})" if words else ""

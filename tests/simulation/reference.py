"""The reference interpreter, told by the journal how the world answered, and with a trace to compare it with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.engine.reference import Done, Failed, Place, Reference
from tests.simulation.reading import LOST, Entry
from workbench.flow.model import Block, Flow


class Told(Reference):
    """Evaluates every pure block itself; what the world answered to the others it takes from the journal."""

    def __init__(self, flow: Flow, last: Mapping[str, Entry]) -> None:
        super().__init__(flow)
        self.last = last
        self.trace: dict[str, Done] = {}
        self.missing: list[str] = []
        """Blocks of the world that the journal does not have, though the reference came to them."""
        self.wrong: list[str] = []

    def _block(self, place: Place, block: Block) -> Done:
        done = super()._block(place, block)
        self.trace[place.prefix + block.id] = done
        return done

    def _work(self, place: Place, block: Block, path: str) -> Done:
        if not asks_world(block):
            return super()._work(place, block, path)
        entry = self.last.get(path)
        if entry is None or entry.status in ("running", "cancelled", "skipped") or _was_cut_off(entry):
            self.missing.append(path)
            raise Failed(path)
        if entry.status == "completed":
            self._check(place, block, path, entry)
            return Done("out", entry.output)
        if entry.port == "out":
            return Done("out", None, "failed")
        raise Failed(path)

    def _value(self, place: Place, block: Block, code: str, path: str) -> Any:
        if code.startswith("'x' * "):
            return "x" * int(code[6:])
        return super()._value(place, block, code, path)

    def _check(self, place: Place, block: Block, path: str, entry: Entry) -> None:
        if entry.output == LOST:
            return
        arrived = plain(self._input(place, block))
        match block.type:
            case "http_request" if block.config["method"] != "GET":
                said = plain(entry.output["body"]["echo"])
                if said != plain(json.loads(json.dumps([arrived]))):
                    self.wrong.append(f"{path} sent {said!r}, but its input is {arrived!r}")
            case "transform":
                if plain(entry.output) != [block.id, arrived]:
                    self.wrong.append(f"{path} gave {entry.output!r} for {arrived!r}")
            case "delay":
                pass


def asks_world(block: Block) -> bool:
    """Whether the block's outcome depends on more than its input."""
    return block.type in ("http_request", "delay") or block.config.get("language") == "python"


def _was_cut_off(entry: Entry) -> bool:
    return entry.status == "unknown" and entry.error is None


def plain(value: Any) -> Any:
    """Values with failures reduced to where they happened."""
    if isinstance(value, dict):
        if "path" in value and ("type" in value or set(value) <= {"path", "index"}):
            return {k: v for k, v in value.items() if k in ("path", "index")}
        return {k: plain(v) for k, v in value.items() if k != "operands"}
    return [plain(v) for v in value] if isinstance(value, list) else value

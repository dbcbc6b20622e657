"""The reference interpreter, told by the journal how the world answered, and with a trace to compare it with."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.engine.reference import Done, Failed, Place, Reference
from tests.simulation.reading import LOST, Entry
from workbench.flow.model import Block, Flow

INDEX = re.compile(r"\[(\d+)\]")


class Told(Reference):
    """Evaluates every pure block itself; what the world and time decided about the others it takes from the journal.

    `called` has the flows of the functions that `flow` calls, by the name that a run pins them under.
    """

    def __init__(
        self, flow: Flow, last: Mapping[str, Entry], called: Mapping[str, Flow], since: Mapping[str, int]
    ) -> None:
        super().__init__(flow)
        self.last = last
        self.since = since
        """By path: where in the journal a block was completed for the first time."""
        self.called = called
        self.trace: dict[str, Done] = {}
        self.missing: list[str] = []
        """Blocks of the world that the journal does not have, though the reference came to them."""
        self.wrong: list[str] = []
        self.opaque: set[str] = set()
        """Prefixes of paths in regions that time has cut short: what is in there is not compared."""

    def _block(self, place: Place, block: Block) -> Done:
        done = super()._block(place, block)
        self.trace[place.prefix + block.id] = done
        return done

    def _work(self, place: Place, block: Block, path: str) -> Done:
        entry = self.last.get(path)
        if decided_by_time(block, entry):
            done = self._told(block, path)
            self.is_open |= done.value == LOST
            return done
        if block.type == "subflow":
            return self._call(block, path)
        return super()._work(place, block, path) if not asks_world(block) else self._asked(place, block, path)

    def _asked(self, place: Place, block: Block, path: str) -> Done:
        done = self._told(block, path)
        if done.value == LOST and block.type == "transform" and self.last[path].origin != "kept":
            return Done(done.port, [block.id, self._input(place, block)])  # a full disk kept it from being stored
        self.is_open |= done.value == LOST
        if done.status == "completed":
            self._check(place, block, path, self.last[path])
        return done

    def _told(self, block: Block, path: str) -> Done:
        """The block's end as the journal has it."""
        entry = self.last.get(path)
        self.opaque.add(f"{path}[")
        self.is_open |= self._has_writers(block.id) or self._has_returns(block.id)
        if entry is None or entry.status in ("running", "cancelled", "skipped") or _was_cut_off(entry):
            self.missing.append(path)
            raise Failed(path)
        if entry.status == "completed":
            return Done(entry.port or "out", entry.output)
        if entry.port == "out":
            return Done("out", None, "failed")
        raise Failed((entry.error or {}).get("path", path))

    def _has_returns(self, scope: str) -> bool:
        inside = [b for b in self.flow.blocks if self.region[b.id].partition(":")[0] == scope]
        return any(b.type == "return" or self._has_returns(b.id) for b in inside)

    def _call(self, block: Block, path: str) -> Done:
        version = block.config["functionVersion"]
        name = block.config["functionId"] + ("" if version == "latest" else f"@{version}")
        inner = Told(self.called[name], self.last, self.called, self.since)
        inner.trace, inner.missing, inner.wrong, inner.opaque = self.trace, self.missing, self.wrong, self.opaque
        missing = len(self.missing)
        try:
            result = inner._region("", f"{path}[0]/", dict(inner.flow.variables), {}, None, None)[0]
        except Failed:
            if inner.returns or len(inner.failures) != 1:
                return self._told(block, path)  # which of them came first is a matter of time
            raise
        finally:
            if inner.returns:  # what was cut off by that is not missed
                del self.missing[missing:]
            self.is_open |= inner.is_open
            self.failures += inner.failures
        return Done("out", result) if not inner.returns else self._told(block, path)

    def _loop(self, place: Place, block: Block, path: str) -> Done:
        try:
            return super()._loop(place, block, path)
        except Failed:
            self.is_open |= block.config["concurrency"] > 1  # which iteration failed first is a matter of time
            raise

    def _tries_again(self, path: str, attempt: int) -> bool:
        following = f"{path}[{attempt + 1}]/"
        return any(there.startswith(following) for there in self.last)

    def _value(self, place: Place, block: Block, code: str, path: str) -> Any:
        if code.startswith("'x' * "):
            return "x" * int(code[6:])
        if code.startswith("default(") and self._is_ahead(path, code[8 : code.index(",")]):
            return "none"
        return super()._value(place, block, code, path)

    def _is_ahead(self, path: str, name: str) -> bool:
        """Whether a block ran before one that it reads was over: a merge that waits for the first only had let it."""
        reader = self.last.get(path)
        if reader is None or reader.origin is not None:  # what it took over was read in another run
            return False
        places = [path[: at + 1] for at, mark in enumerate(path) if mark == "/"]
        read = [self.since[place + name] for place in ("", *places) if place + name in self.since]
        return bool(read) and all(seq > reader.seq for seq in read)

    def _was_answered(self, path: str) -> bool:
        """Whether an earlier try had an answer: then the world has seen this key, and answers what it did."""
        for mark in INDEX.finditer(path):
            scope = self.last.get(path[: mark.start()])
            if scope is not None and scope.type in ("retry", "error_handler"):
                tries = (self.last.get(f"{scope.path}[{n}]{path[mark.end() :]}") for n in range(int(mark[1])))
                if any(entry is not None and entry.status == "completed" for entry in tries):
                    return True
        return False

    def _check(self, place: Place, block: Block, path: str, entry: Entry) -> None:
        if entry.output == LOST or entry.origin == "kept":
            return
        arrived = plain(self._input(place, block))
        match block.type:
            case "http_request" if block.config["method"] != "GET":
                said = plain(entry.output["body"]["echo"])
                if said != plain(json.loads(json.dumps([arrived]))) and not self._was_answered(path):
                    self.wrong.append(f"{path} sent {said!r}, but its input is {arrived!r}")
            case "transform":
                if plain(entry.output) != [block.id, arrived]:
                    self.wrong.append(f"{path} gave {entry.output!r} for {arrived!r}")
            case _:
                pass


def asks_world(block: Block) -> bool:
    """Whether the block's outcome depends on more than its input."""
    return block.type in ("http_request", "delay", "wait") or block.config.get("language") == "python"


def decided_by_time(block: Block, entry: Entry | None) -> bool:
    """Whether the journal alone knows how the block ends: by who came first, or because its time was up."""
    config = block.config
    match block.type:
        case "parallel":
            return config["joinStrategy"] in ("any", "race") or "timeoutMs" in config
        case "merge":
            return config["mergeStrategy"] not in ("all", "concat") or config.get("order") == "completion"
        case "split":
            return config["strategy"] != "duplicate"
        case "timeout" | "subflow":
            error = (entry.error or {}) if entry is not None else {}
            output = entry.output if entry is not None else None
            return error.get("type") == "TIMEOUT" or (isinstance(output, dict) and output.get("timedOut") is True)
        case _:
            return False


def _was_cut_off(entry: Entry) -> bool:
    return entry.status == "unknown" and entry.error is None


def plain(value: Any) -> Any:
    """Values with failures reduced to where they happened."""
    if isinstance(value, dict):
        if "path" in value and ("type" in value or set(value) <= {"path", "index"}):
            return {k: v for k, v in value.items() if k in ("path", "index")}
        return {k: plain(v) for k, v in value.items() if k not in ("operands", "durationMs")}
    return [plain(v) for v in value] if isinstance(value, list) else value

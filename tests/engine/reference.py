"""A second interpreter, as simple as can be: it evaluates every region to its end, in one order, and stops nothing.

What may end a function (returns, unhandled failures) is gathered; where there is none the result must be equal, where
there are some the run must have ended by one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.flow.model import Block, Flow


class Failed(Exception):
    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


RACE = object()


def starts_region(edge: Any, source_type: str = "") -> bool:
    """Whether the wire leads into a scope; a split's branches, `branch-1`, do not."""
    return edge.source_port == "body" or (
        edge.source_port.startswith("branch-") and not edge.source_port[7:].isdigit() and source_type != "split"
    )


def started_by(edge: Any) -> str:
    """A region's name: its scope, and the port where there are several."""
    return edge.source if edge.source_port == "body" else f"{edge.source}:{edge.source_port}"


@dataclass
class Done:
    port: str | None
    value: Any = None
    status: str = "completed"
    written: dict[str, Any] = field(default_factory=dict)


@dataclass
class Place:
    """One run of one region."""

    members: list[Block]
    prefix: str
    base: dict[str, Any]
    names: dict[str, Any]
    around: Place | None
    scope: str
    body: Any = None
    done: dict[str, Done] = field(default_factory=dict)
    live: dict[str, list[str]] = field(default_factory=dict)
    """By block: the sources whose wire to it fired (the scope's id for the body wire)."""


class Reference:
    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.returns: list[Any] = []
        self.failures: list[str] = []
        self.effects: list[str] = []
        """The paths of the effects that were done."""
        self.is_open = False
        """Several blocks that run in no fixed order could each have ended one region: what follows depends on which."""
        self.region: dict[str, str] = {}
        for block in flow.blocks:  # sources come before targets
            entering = [e for e in flow.edges if e.target == block.id]
            first = entering[0] if entering else None
            self.region[block.id] = (
                "" if first is None else started_by(first) if starts_region(first) else self.region[first.source]
            )

    def run(self) -> Any:
        try:
            return self._region("", "", dict(self.flow.variables), {}, None, None)[0]
        except Failed as error:
            self.failures.append(error.path)
            return None

    def _region(
        self, scope: str, prefix: str, base: dict[str, Any], names: dict[str, Any], around: Place | None, body: Any
    ) -> tuple[Any, dict[str, Any], set[str]]:
        members = [b for b in self.flow.blocks if self.region[b.id] == scope]
        place = Place(members, prefix, base, names, around, scope.partition(":")[0], body)
        broken: str | None = None
        returns = len(self.returns)
        for block in members:
            done = place.done[block.id] = self._block(place, block)
            if done.port is None and done.status == "failed" and broken is None:
                broken = done.value
        if broken is not None:
            unhandled = [d.value for d in place.done.values() if d.port is None and d.status == "failed"]
            self.failures += unhandled
            self.is_open |= len(unhandled) > 1 or len(self.returns) > returns
            raise Failed(broken)
        lasts = [
            b
            for b in members
            if not any(
                e.source == b.id and e.source_port != "error" and not starts_region(e, b.type) for e in self.flow.edges
            )
        ]
        ended = [(b.id, place.done[b.id].value) for b in lasts if place.done[b.id].status == "completed"]
        result = None if not ended else ended[0][1] if len(ended) == 1 else dict(ended)
        writers = [b.id for b in members if place.done[b.id].status == "completed"]
        after, changed = self._variables(place, writers)
        return result, after, changed

    def _edges(self, block: Block) -> list[Any]:
        return [e for e in self.flow.edges if e.target == block.id]

    def _block(self, place: Place, block: Block) -> Done:
        live: list[str] = []
        for edge in self._edges(block):
            if self._is_live(place, edge) and edge.source not in live:
                live.append(edge.source)
        place.live[block.id] = live
        if block.type != "start" and not live:
            return Done(None, status="skipped")
        path = place.prefix + block.id
        try:
            return self._work(place, block, path)
        except Failed as error:
            wired = any(e.source == block.id and e.source_port == "error" for e in self.flow.edges)
            return Done("error" if wired else None, {"path": error.path} if wired else error.path, "failed")

    def _input(self, place: Place, block: Block) -> Any:
        live = place.live[block.id]
        values = {s: place.body if s == place.scope else self._sent(place, s, block) for s in live}
        return None if not values else next(iter(values.values())) if len(values) == 1 else values

    def _is_live(self, place: Place, edge: Any) -> bool:
        if starts_region(edge) and edge.source == place.scope:
            return True
        port = place.done[edge.source].port
        return port == edge.source_port or (port == "*" and edge.source_port != "error")

    def _sent(self, place: Place, source: str, block: Block) -> Any:
        """What a source gives a block: of a split its share, or several by port."""
        done = place.done[source]
        if done.port != "*":
            return done.value
        ports = [e.source_port for e in self._edges(block) if e.source == source and e.source_port != "error"]
        return done.value[ports[0]] if len(set(ports)) == 1 else {port: done.value[port] for port in ports}

    def _has_writers(self, scope: str) -> bool:
        inside = [b for b in self.flow.blocks if self.region[b.id].partition(":")[0] == scope]
        return any(b.type == "set_variables" or self._has_writers(b.id) for b in inside)

    def _work(self, place: Place, block: Block, path: str) -> Done:
        config = block.config
        match block.type:
            case "touch":
                self.effects.append(path)
                return Done("out", config["value"])
            case "checkpoint":
                return Done("out", self._input(place, block))
            case "split":
                value = self._input(place, block)
                return Done("*", {"branch-1": value, "branch-2": value})
            case "merge":
                return Done("out", self._merged(place, block))
            case "parallel":
                return self._parallel(place, block, path)
            case "retry" | "timeout" | "error_handler":
                return self._attempts(place, block, path)
            case "start":
                return Done("out", {})
            case "set_variables":
                return Done("out", config["values"], written=dict(config["values"]))
            case "return":
                self.returns.append(config["value"])
                return Done(None, config["value"])
            case "condition":
                truth = self._value(place, block, config["expression"], path)
                port = "true" if truth else "false"
                return Done(port, {"result": bool(truth), "branch": port, "operands": []})
            case "loop":
                return self._loop(place, block, path)
            case _:
                return Done("out", self._value(place, block, config["code"], path))

    def _merged(self, place: Place, block: Block) -> Any:
        edges = self._edges(block)
        came: list[tuple[str, Any]] = []
        if any(starts_region(e) and e.source == place.scope for e in edges):
            came.append((place.scope, place.body))
        inner = [e for e in edges if e.source != place.scope]
        for edge in inner:
            if self._is_live(place, edge):
                alone = sum(e.source == edge.source for e in inner) == 1
                done = place.done[edge.source]
                value = done.value[edge.source_port] if done.port == "*" else done.value
                came.append((edge.source if alone else f"{edge.source}.{edge.source_port}", value))
        if block.config["mergeStrategy"] == "concat":
            return [
                item for _, v in came if v is not None for item in (v if isinstance(v, list) else [v])
            ]  # fmt: skip
        return {"branches": [{"branchId": name, "data": value} for name, value in came]}

    def _inside(self, place: Place, block: Block, path: str, port: str, index: int) -> tuple[Any, set[str], Any]:
        """One run of a region: its result, the variables that it set and all of them at its end."""
        outer, _ = self._variables(place, self._behind(place, block.id))
        if RACE in outer.values():
            self.is_open = True  # only who reads it fails
        if not any(e.source == block.id and e.source_port == port for e in self.flow.edges):
            return None, set(), outer
        region = block.id if port == "body" else f"{block.id}:{port}"
        body = self._input(place, block)
        result, after, changed = self._region(region, f"{path}[{index}]/", dict(outer), {}, place, body)
        return result, changed, after

    def _parallel(self, place: Place, block: Block, path: str) -> Done:
        results: list[Any] = []
        failed: list[str] = []
        returns = len(self.returns)
        for branch in block.config["branches"]:
            if not branch.get("enabled", True):
                continue
            done: dict[str, Any] = {"branchId": branch["id"], "status": "completed", "data": None}
            try:
                done["data"] = self._inside(place, block, path, f"branch-{branch['id']}", 0)[0]
            except Failed as error:
                failed.append(error.path)
                done |= {"status": "failed", "error": {"path": error.path}}
            results.append(done)
        if failed and block.config["joinStrategy"] != "settled":
            self.is_open |= len(failed) > 1 or len(self.returns) > returns
            raise Failed(failed[0])
        return Done("out", {"results": results})

    def _attempts(self, place: Place, block: Block, path: str) -> Done:
        config = block.config
        attempts = config.get("maxAttempts", 1)
        if config.get("strategy") == "retry":
            attempts = 1 + config["maxRetries"]
        for attempt in range(attempts):
            try:
                result, changed, after = self._inside(place, block, path, "body", attempt)
            except Failed as error:
                if attempt + 1 < attempts and self._tries_again(path, attempt):
                    continue
                if block.type != "error_handler":
                    raise
                self.is_open |= self._has_writers(block.id)
                wired = any(e.source == block.id and e.source_port == "caught" for e in self.flow.edges)
                value = config.get("fallbackValue") if config["strategy"] == "fallback" else None
                caught = {"result": value, "error": {"path": error.path}, "handled": True}
                return Done("caught" if wired else "out", caught)
            if any(after[name] is RACE for name in changed):
                self.is_open = True
            more = {"retry": {"attempts": attempt + 1}, "timeout": {"timedOut": False}}
            output = {"result": result, **more.get(block.type, {"error": None, "handled": False})}
            return Done("out", output, written={name: after[name] for name in changed})
        raise AssertionError(path)

    def _tries_again(self, path: str, attempt: int) -> bool:
        """Whether another attempt follows a failed one that is not the last."""
        del path, attempt
        return True

    def _value(self, place: Place, block: Block, code: str, path: str) -> Any:
        if code == "1 / 0":
            raise Failed(path)
        if code == "input":
            return self._input(place, block)
        if code in ("True", "False"):
            return code == "True"
        if code == "index % 2 == 0":
            named: Place | None = place
            while named is not None and "index" not in named.names:
                named = named.around
            if named is None:
                raise Failed(path)
            return named.names["index"] % 2 == 0
        if "vars" in code:
            found, _ = self._variables(place, self._behind(place, block.id))
            if RACE in found.values():
                raise Failed(path)
            return found["x"] == 1 if "==" in code else [found["x"], found["y"]]
        if code.startswith("default("):
            name = code[8:].partition(",")[0]
            here: Place | None = place
            at = block.id
            while here is not None:
                if name in self._before(at):
                    done = here.done[name]
                    has_value = done.status == "completed" or (done.status == "failed" and done.port == "out")
                    return done.value if has_value else "none"  # one that failed and goes on has null
                at, here = here.scope, here.around
            return "none"
        return code.strip("'")

    def _behind(self, place: Place, block_id: str) -> list[str]:
        """The blocks from which live wires lead here."""
        found: list[str] = []
        edge = [s for s in place.live[block_id] if s != place.scope]
        while edge:
            at = edge.pop()
            if at not in found:
                found.append(at)
                edge += [s for s in place.live[at] if s != place.scope]
        return found

    def _before(self, block_id: str) -> set[str]:
        """All blocks of the region from which any wires lead here."""
        found: set[str] = set()
        edge = [block_id]
        while edge:
            at = edge.pop()
            for e in self.flow.edges:
                if e.target == at and not starts_region(e) and e.source not in found:
                    found.add(e.source)
                    edge.append(e.source)
        return found

    def _variables(self, place: Place, among: list[str]) -> tuple[dict[str, Any], set[str]]:
        found, changed = dict(place.base), set()
        for name in ("x", "y"):
            writers = [w for w in among if name in place.done[w].written]
            last = [w for w in writers if not any(w in self._before(other) for other in writers)]
            if last:
                changed.add(name)
                found[name] = place.done[last[0]].written[name] if len(last) == 1 else RACE
        return found, changed

    def _loop(self, place: Place, block: Block, path: str) -> Done:
        config = block.config
        outer, _ = self._variables(place, self._behind(place, block.id))
        carried, changed_ever = dict(outer), set()
        results: list[Any] = []
        errors: list[Any] = []
        for index in range(config["iterations"]):
            is_alone = config["concurrency"] > 1
            start = dict(outer) if is_alone else dict(carried)
            try:
                if not any(e.source == block.id and e.source_port == "body" for e in self.flow.edges):
                    result, after, changed = None, start, set()
                else:
                    result, after, changed = self._region(
                        block.id, f"{path}[{index}]/", start, {"item": index, "index": index}, place, index
                    )
                if not is_alone:
                    if any(after[name] is RACE for name in changed):
                        raise Failed(path)
                    carried, changed_ever = after, changed_ever | changed
                results.append(result)
            except Failed as error:
                if config["errorPolicy"] == "stop":
                    raise
                errors.append({"index": index, "path": error.path})
                results.append(None)
        output = {"results": results, "iterations": config["iterations"], "errors": errors, "exitReason": "completed"}
        return Done("out", output, written={name: carried[name] for name in changed_ever})

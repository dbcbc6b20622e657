"""What a seed is going to do: functions and their versions, the runs that are asked for, and what people do when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from uuid import UUID

from tests.simulation.flows import Maker
from tests.simulation.reading import Row
from workbench.engine.policies import Concurrency, FunctionPolicy
from workbench.engine.records import Durability, RunRequest
from workbench.flow.model import Flow

WORKSPACES = (str(UUID(int=1)), str(UUID(int=2)))
Key = tuple[str, int]


@dataclass
class Operation:
    """Something that a person does at a time (virtual seconds), or (`is_late`) once all that runs is over."""

    at: float
    kind: str
    run: int = 0
    """Which of the runs, by the order in which they were asked for."""
    is_late: bool = False


@dataclass(frozen=True)
class Ask:
    """A run that is asked for."""

    function: str
    debug: bool
    priority: int
    timeout_ms: int | None
    durability: Durability


@dataclass
class Function:
    """A function as people have it: its workspace, its latest version, its settings."""

    workspace: str
    version: int = 1
    policy: FunctionPolicy | None = None
    callees: list[str] = field(default_factory=list)


class Plan:
    """Follows from `rng`."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.flows: dict[Key, Flow] = {}
        """Every version that there ever was."""
        self.stored: dict[Key, Flow] = {}
        """Those that a restart finds."""
        self.functions: dict[str, Function] = {}
        self.style: dict[str, Any] = {
            "most": rng.randint(2, 8),
            "effects": rng.choice((0.1, 0.3, 0.6)),
            "more": rng.choice((0.0, 0.2, 0.4, 0.7)),
        }
        callees: list[str] = []
        for number in range(rng.choice((0, 0, 1, 2))):
            callees.append(self._add(2000 + number, WORKSPACES[0], list(callees), most=3))
        asked: list[str] = []
        for number in range(rng.randint(1, 3)):
            asked.append(self._add(1000 + number, rng.choice(WORKSPACES), callees))
            self.functions[asked[-1]].policy = self._policy()
        self.asks = [self._ask(rng.choice(asked)) for _ in range(rng.randint(1, 5))]
        jumps = rng.random() < 0.3
        self.operations = self._operations(jumps=jumps)

    def _add(self, number: int, workspace: str, callees: list[str], **more: Any) -> str:
        function = str(UUID(int=number))
        self.functions[function] = Function(workspace, callees=callees)
        self._store(function, 1, self._flow(function, **more))
        return function

    def _store(self, function: str, version: int, flow: Flow) -> None:
        self.flows[function, version] = self.stored[function, version] = flow

    def _flow(self, function: str, **more: Any) -> Flow:
        number = UUID(function).int
        prefix = f"f{number - 2000}_" if number >= 2000 else ""
        return Maker(
            Random(self.rng.random()), prefix, self.functions[function].callees, **{**self.style, **more}
        ).flow()

    def _policy(self) -> FunctionPolicy | None:
        rng = self.rng
        if rng.random() < 0.75:
            return None
        return FunctionPolicy(concurrency=Concurrency(rng.randint(1, 2), rng.choice(("queue", "skip", "replace"))))

    def _ask(self, function: str) -> Ask:
        rng = self.rng
        return Ask(
            function,
            debug=rng.random() < 0.15,
            priority=rng.randint(0, 2),
            timeout_ms=rng.choice((None, None, None, 30_000, 3_600_000)),
            durability="relaxed" if rng.random() < 0.12 else "strict",
        )

    def _operations(self, *, jumps: bool) -> list[Operation]:
        """Clocks jump only where no queue is paused: when a run started is told by the clock."""
        rng = self.rng
        spread = rng.choice((0.01, 1.0, 20.0))
        plan = [Operation(rng.random() * spread, "submit", at) for at in range(len(self.asks))]
        for kind, times in (
            ("cancel", (0, 0, 1, 2)),
            ("signal", (0, 0, 2, 6)),
            ("retry", (0, 1)),
            ("fork", (0, 0, 1)),
            ("edit", (0, 0, 1, 2)),
            ("jump", (1, 2, 3) if jumps else (0,)),
            ("pause", (0, 0, 0, 1, 2) if not jumps else (0,)),
            ("resume", (0, 0, 1, 2) if not jumps else (0,)),
        ):
            for _ in range(rng.choice(times)):
                late = rng.choice((1, 2, 40))
                plan.append(Operation(rng.random() * spread * late, kind, rng.randrange(len(self.asks))))
        plan.sort(key=lambda operation: operation.at)
        for kind, times in (("retry", (0, 1, 2)), ("fork", (0, 0, 1)), ("retry", (0, 1))):
            for _ in range(rng.choice(times)):
                plan.append(Operation(0.0, kind, rng.randrange(len(self.asks)), is_late=True))
        return plan

    # Requests

    def request(self, number: int) -> RunRequest:
        """The run that is asked for as the n-th, on the latest version."""
        ask = self.asks[number]
        return self._request(ask.function, debug=ask.debug, timeout_ms=ask.timeout_ms, durability=ask.durability)

    def _request(self, function: str, **more: Any) -> RunRequest:
        version = self.functions[function].version
        flow = self.flows[function, version]
        pins = self._pins(flow)
        workspace = self.functions[function].workspace
        return RunRequest(workspace, function, "f", version, flow, {}, pins=pins, called=self._called(pins), **more)

    def latest(self, request: RunRequest) -> RunRequest:
        """The same on the latest version."""
        now = self._request(request.function_id)
        return replace(request, version=now.version, flow=now.flow, pins=now.pins, called=now.called)

    def rebuilt(self, row: Row) -> RunRequest:
        """What was asked for by somebody who never heard of the run that came of it."""
        return RunRequest(
            self.functions[row.function_id].workspace,
            row.function_id,
            "f",
            row.version,
            self.flows[row.function_id, row.version],
            {},
            debug=row.debug,
            timeout_ms=row.timeout_ms,
            durability="relaxed" if row.durability == "relaxed" else "strict",
            pins=row.pins,
            called=self._called(row.pins),
        )

    def _pins(self, flow: Flow) -> dict[str, int]:
        pins: dict[str, int] = {}
        for block in flow.blocks:
            if block.type == "subflow":
                function, asked = block.config["functionId"], block.config["functionVersion"]
                version = self.functions[function].version if asked == "latest" else asked
                pins[function if asked == "latest" else f"{function}@{asked}"] = version
                for name, inner in self._pins(self.flows[function, version]).items():
                    pins.setdefault(name, inner)
        return pins

    def _called(self, pins: Mapping[str, int]) -> dict[Key, Flow]:
        keys = {(name.partition("@")[0], version) for name, version in pins.items()}
        return {key: self.flows[key] for key in keys}

    # What changes

    def edit(self) -> str:
        """Somebody saves a new version of a function: made anew, or with other constants; which one it was."""
        rng = self.rng
        name = rng.choice(sorted(self.functions))
        function = self.functions[name]
        before = self.flows[name, function.version]
        flow = self._flow(name) if rng.random() < 0.3 else _changed(before, rng)
        function.version += 1
        self._store(name, function.version, flow)
        return name

    def vanish(self) -> Key:
        """A version is not there any more."""
        gone = self.rng.choice(sorted(self.stored))
        del self.stored[gone]
        return gone

    def is_gone(self, request: RunRequest) -> bool:
        """Whether a version that a run needs is not there."""
        keys = {(request.function_id, request.version), *request.called}
        return not keys <= self.stored.keys()


def _changed(flow: Flow, rng: Random) -> Flow:
    """Some constants are others now."""
    blocks = [
        block.model_copy(update={"config": {**block.config, "code": "'new'"}})
        if str(block.config.get("code", "")).startswith("'b") and rng.random() < 0.5
        else block
        for block in flow.blocks
    ]
    return flow.model_copy(update={"blocks": tuple(blocks)})

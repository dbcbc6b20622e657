"""What the parts of the engine ask of each other, as Protocols, so that none imports its caller."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from workbench.base.clock import Clock
from workbench.blocks.context import Arrival, BranchEnd, HttpRequest, HttpResponse, RegionResult, Wait, Woken, WorkerJob
from workbench.engine.records import RunRow
from workbench.engine.redaction import NoSecrets, ReadsSecrets
from workbench.engine.tally import Tally


class Workers(Protocol):
    """Runs code in worker processes; cancelling the awaiting task kills the process."""

    async def run(self, job: WorkerJob, on_log: Callable[..., None], *, owner: str = "") -> Any: ...


class Outbound(Protocol):
    """Makes guarded HTTP calls."""

    async def send(self, request: HttpRequest, headers: Mapping[str, str]) -> HttpResponse: ...


@dataclass(frozen=True, slots=True)
class Services:
    """What a step may reach outside its run."""

    clock: Clock
    workers: Workers
    outbound: Outbound
    threads: Executor
    files_root: Path
    secrets: ReadsSecrets = field(default_factory=NoSecrets)


class Waiting(Protocol):
    """What waits for blocks."""

    def wait_for(self, step: Any, wait: Wait) -> Awaitable[Woken]: ...


class JoinsBranches(Protocol):
    """What brings branches together."""

    def arrivals(self, region: Any, node: Any) -> Sequence[Arrival]: ...


class RunsScopes(Protocol):
    """What scopes ask of their walk; see `ScopeContext`."""

    def run_region(
        self,
        step: Any,
        port: str,
        iteration: int,
        names: Mapping[str, Any],
        *,
        carry_variables: bool,
        timeout_ms: int | None = None,
    ) -> Awaitable[RegionResult]: ...

    def run_regions(
        self, step: Any, port: str, items: Sequence[Mapping[str, Any]], limit: int, *, stop_on_error: bool
    ) -> Awaitable[list[RegionResult | None]]: ...

    def run_branches(
        self,
        step: Any,
        ports: Sequence[str],
        limit: int,
        *,
        timeout_ms: int | None,
        is_decided: Callable[[Sequence[BranchEnd]], bool],
    ) -> Awaitable[list[BranchEnd]]: ...

    def call_function(
        self, step: Any, inputs: Mapping[str, Any], *, inherits_variables: bool, timeout_ms: int | None
    ) -> Awaitable[RegionResult]: ...


class Walking(Protocol):
    """The walk of one run, as its steps see it."""

    row: RunRow
    services: Services
    overlay: dict[str, Any]
    tally: Tally
    scopes: RunsScopes

    @property
    def joins(self) -> JoinsBranches: ...

    @property
    def attempts(self) -> Waiting: ...

    def run_value(self) -> dict[str, Any]: ...

    def overlay_of(self, path: str) -> Mapping[str, Any]: ...

    def key_path(self, path: str) -> tuple[str, int]: ...

    def log(self, step: Any, level: str, message: str, data: Mapping[str, Any]) -> None: ...

    def progress(self, step: Any, done: int, total: int | None) -> None: ...

    def wait_until(self, step: Any, due_us: int) -> Awaitable[None]: ...

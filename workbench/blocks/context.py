"""What a block sees while it runs: Protocols only, so that a block type imports no engine and no service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class WorkerJob:
    """Code for a spawned worker process.

    `names` are the values that the code sees by name (tables as polars DataFrames). Limits are hard: the process is
    killed at `timeout_ms`; `memory_mb` bounds the growth of its address space.
    """

    language: Literal["python", "sql"]
    code: str
    names: Mapping[str, Any] = field(default_factory=dict)
    timeout_ms: int = 60_000
    memory_mb: int = 2048
    output_bytes: int = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One outbound call. The context adds the path's `Idempotency-Key` and guards the address."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    timeout_ms: int = 30_000
    max_bytes: int = 50 * 1024 * 1024
    follow_redirects: bool = True
    secret_headers: frozenset[str] = frozenset()
    """Names in lower case of headers that a redirect to another origin must not take along."""
    has_secret_body: bool = False
    """Whether the body must not go to another origin; a redirect that would take it there fails."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back: headers have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_ms: float
    url: str


@dataclass(frozen=True, slots=True)
class Wait:
    """What a block waits for: a time, and before it perhaps a signal or a condition. Kept as one row until it is over.

    `kind`, `event_type`, `title` and `message` are what people see of it. Times are microseconds since 1970 UTC.
    """

    kind: Literal["timer", "event", "condition", "approval"]
    due_us: int
    """When it is over in any case; a wait that was begun before a restart keeps the time that it had."""
    event_type: str | None = None
    """Wakes at a signal of this type…"""
    accepts: Callable[[Mapping[str, Any]], bool] | None = None
    """…for which this holds: it is given ``{type, payload, id, at}``. One that raises lets the signal pass."""
    holds: Callable[[int, int], bool] | None = None
    """Wakes once this holds; it is given the time now and how long the wait has lasted, restarts included."""
    poll_ms: int = 1000
    """How often `holds` is asked."""
    title: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Woken:
    """How a wait ended: by its due time, by a signal, or because its condition holds."""

    by: Literal["time", "signal", "condition"]
    waited_us: int
    """Since the wait began, restarts included; the same when the run is walked again."""
    payload: Any = None
    author: str | None = None
    """Who sent the signal."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one live wire brought to a block that joins (`merge`)."""

    branch: str
    """The handle of the block that the wire comes from; ``handle.port`` where that block has several wires here."""
    value: Any
    wire: int
    """The wire's place among those that lead to the block, in the flow's order."""


class BlockContext(Protocol):
    """One block attempt's view of the run."""

    @property
    def input(self) -> Any:
        """The joined value of the live incoming edges: null, the one value, or an object by handle."""
        ...

    @property
    def arrivals(self) -> Sequence[Arrival]:
        """For a block that joins: what its live wires brought, in the order in which it came."""
        ...

    @property
    def block_name(self) -> str: ...

    @property
    def block_handle(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def attempt(self) -> int: ...

    @property
    def now_us(self) -> int:
        """When this attempt started, journaled; the same in a replay."""
        ...

    @property
    def run_inputs(self) -> Mapping[str, Any]: ...

    @property
    def files_root(self) -> Path:
        """The folder that file blocks may touch (the server's root folder)."""
        ...

    @property
    def idempotency_key(self) -> str: ...

    def code(self, field_path: str, names: Mapping[str, Any] | None = None) -> Any:
        """Evaluate the field at `field_path` that is marked ``code`` (language expression) or ``deferred``, now.

        `field_path` is the config path in wire names (``code``, ``condition``, ``code.total``). `names` stand in front
        of what the block sees (``last``, ``index``, ``vars``). Raises BlockFailed.
        """
        ...

    def visible(self) -> dict[str, Any]:
        """Values by handle of the completed blocks that this block may see, plus ``input``, ``vars``, ``item``…"""
        ...

    async def in_worker(self, job: WorkerJob) -> Any:
        """Run code in a worker process.

        Raises BlockFailed: CODE, TIMEOUT (unknown for python), MEMORY, OUTPUT_LIMIT, WORKER_DIED.
        """
        ...

    async def in_thread(self, work: Any, *args: Any) -> Any:
        """Run a quick callable that releases the GIL (polars, file IO) in the engine's thread pool."""
        ...

    async def http(self, request: HttpRequest) -> HttpResponse:
        """Make one guarded outbound call. Raises BlockFailed of kind HTTP; `unknown` when no answer came."""
        ...

    async def wait_until(self, due_us: int) -> None:
        """Wait durably: a due row, no slot held, survives a restart (the same due time is kept)."""
        ...

    async def wait_for(self, wait: Wait) -> Woken:
        """Wait durably for a time, a signal or a condition, whichever comes first; exactly one of them is the answer.

        A signal that came before is taken by the first wait that it fits, each signal once. Raises what `holds` raises.
        """
        ...

    def is_wired(self, port: str) -> bool:
        """Whether something is wired to an output port of this block."""
        ...

    def log(self, message: str, level: Literal["debug", "info", "warning", "error"] = "info", **data: Any) -> None:
        """Add an entry to the run's log."""
        ...


@dataclass(frozen=True, slots=True)
class RegionResult:
    """How one run of a region ended: its joined result, or the failure."""

    value: Any = None
    error: dict[str, Any] | None = None
    """The failure as on the wire: type, message, blockId, path."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """The variables that were set inside, by this iteration and those it carried on from."""
    timed_out: bool = False
    """The region's time was up, so that it was cut off."""
    unknown: bool = False
    """It ended, by its failure or cut off, with an effect that may or may not have happened."""


@dataclass(frozen=True, slots=True)
class BranchEnd:
    """How one of several regions that ran side by side ended."""

    port: str
    status: Literal["completed", "failed", "timed_out", "cancelled"]
    """`cancelled`: it was stopped, or never started, because the others had decided."""
    value: Any = None
    error: dict[str, Any] | None = None
    duration_us: int = 0
    """Microseconds; kept in the journal, so that a replay says the same."""


class ScopeContext(BlockContext, Protocol):
    """What a scope sees besides: it runs its region."""

    def run_region(
        self,
        port: str,
        iteration: int,
        names: Mapping[str, Any],
        *,
        carry_variables: bool = False,
        timeout_ms: int | None = None,
    ) -> Awaitable[RegionResult]:
        """Run the region of `port` once at ``{scope}[{iteration}]`` with `names` (item, index, last…) in sight.

        With `carry_variables` the region starts from the variables that the one before it left. A failure comes back
        as `error`; cancellation and `return` pass through as exceptions that a scope must not catch. After
        `timeout_ms` the region is cut off; the deadline survives a restart, and a pause stops it.
        """
        ...

    async def branches(
        self,
        ports: Sequence[str],
        limit: int,
        *,
        timeout_ms: int | None,
        is_decided: Callable[[Sequence[BranchEnd]], bool],
    ) -> list[BranchEnd]:
        """Run the regions of `ports`, at most `limit` at a time, each cut off after `timeout_ms`.

        `is_decided` is asked after each end, with all ends so far in their order; once it says yes the others are
        stopped: nothing more starts in them, pure work and waits end, running effects finish. Answers the ends in the
        order of `ports`.
        """
        ...

    async def wait_ms(self, milliseconds: int) -> None:
        """Wait durably from now on, as `wait_until` does."""
        ...

    def concurrently(
        self,
        port: str,
        items: Sequence[Mapping[str, Any]],
        limit: int,
        *,
        stop_on_error: bool,
    ) -> Awaitable[list[RegionResult | None]]:
        """Run the region once per entry of `items`, at most `limit` at a time; None where it never started."""
        ...

    async def call_function(
        self, inputs: Mapping[str, Any], *, inherits_variables: bool, timeout_ms: int | None
    ) -> RegionResult:
        """Run the function that the block's type says it calls, at ``{scope}[0]``, in the version pinned for the run.

        It sees its own blocks, inputs and variables; with `inherits_variables` those in sight here too. It is cut off
        after `timeout_ms`; the deadline survives a restart, and a pause stops it.
        """
        ...

    def progress(self, done: int, total: int | None) -> None:
        """Tell how far the scope is, for the canvas."""
        ...

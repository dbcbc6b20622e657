"""Wire shapes of runs, checkpoints, logs, the queue and the debugger."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from workbench.base.times import Time
from workbench.base.wire import Flag, WholeNumber, Wire
from workbench.engine.states import RunStatus

MOST_WAIT_MS = 600_000


class NewRun(Wire):
    """Body of POST /runs."""

    function_id: str
    inputs: dict[str, Any] = Field(default_factory=dict)
    version: WholeNumber | None = Field(default=None, ge=1)
    debug: Flag = False
    priority: WholeNumber = Field(default=0, ge=-100, le=100)
    durability: Literal["strict", "relaxed"] = "strict"
    timeout_ms: WholeNumber | None = Field(default=None, ge=1, le=30 * 24 * 3600 * 1000)
    is_async: Flag = Field(default=True, alias="async")
    wait_ms: WholeNumber | None = Field(default=None, ge=0, le=MOST_WAIT_MS)


class CancelRun(Wire):
    """Body of POST R/cancel."""

    reason: Annotated[str, StringConstraints(max_length=1000)] | None = None


class Progress(Wire):
    """How many block executions are done, and of how many where that is known."""

    done: int
    total: int | None = None


class Run(Wire):
    """One execution of one version of a function. Durations are milliseconds, to the microsecond."""

    id: str
    function_id: str
    function_name: str
    version: int
    status: RunStatus
    trigger: dict[str, Any]
    inputs: Any
    output: Any
    error: dict[str, Any] | None
    priority: int
    debug: bool
    durability: str
    attempt: int
    checkpoint_count: int
    parent_run_id: str | None
    forked_from: dict[str, Any] | None
    created_at: Time
    started_at: Time | None
    finished_at: Time | None
    queue_ms: float | None
    run_ms: float | None
    wait_ms: float | None
    progress: Progress
    pending_reason: str | None = None
    """Why it is held while it is pending."""


class RetryRun(Wire):
    """Body of POST R/retry: nothing for another attempt; anything for a fork."""

    from_block_id: str | None = None
    """This block and everything after it run anew."""
    inputs: dict[str, Any] | None = None
    version: WholeNumber | None = Field(default=None, ge=1)
    effects: Literal["keep", "repeat"] | None = None
    """In a fork: what happens to effects that are done where what went into them differs. `keep` unless told."""


class ForkRun(Wire):
    """Body of POST R/fork: at a checkpoint, or at a restore point by name."""

    checkpoint_id: str | None = None
    restore_point: str | None = None
    inputs: dict[str, Any] | None = None
    variables: dict[str, Any] | None = None
    version: WholeNumber | None = Field(default=None, ge=1)
    debug: Flag = False


class Reuse(Wire):
    """A place where something has run, and why it is reused, run again or kept."""

    path: str
    block_id: str
    block_name: str
    reason: str


class ReuseCounts(Wire):
    """How many places are reused, run again and kept; the lists show the first 200 of each."""

    reused: int
    rerun: int
    kept: int


class CalledVersion(Wire):
    """A function that the run calls, at the version pinned for it, and at that of the run that it goes on from."""

    function_id: str
    function_name: str
    version: int
    previous_version: int | None


class RunGoesOn(Run):
    """The run to follow after a retry or a fork, and what becomes of what was done."""

    reused: tuple[Reuse, ...]
    rerun: tuple[Reuse, ...]
    kept: tuple[Reuse, ...]
    counts: ReuseCounts
    calls: tuple[CalledVersion, ...] = ()


class DeadLetter(Wire):
    """A run that was given up, because the server ended again and again in one of its blocks."""

    run_id: str
    function_id: str
    function_name: str
    version: int
    cause: str
    block_id: str | None
    block_name: str | None
    path: str | None
    attempt: int
    recoveries: int
    created_at: Time
    started_at: Time | None
    finished_at: Time


class Discarded(Wire):
    """The answer to a discard: the run is off the list, its history stays."""

    run_id: str
    message: str


class Waiting(Wire):
    """What a block waits for. It is over at `dueAt` at the latest."""

    kind: Literal["timer", "event", "condition", "approval"]
    due_at: Time
    since: Time | None = None
    event_type: str | None = None
    title: str | None = None
    message: str | None = None


class OpenWait(Waiting):
    """One wait of a run, and where it is."""

    path: str
    block_id: str
    block_name: str


class Checkpoint(Wire):
    """The journaled result of one block execution at one path and attempt."""

    id: str
    run_id: str
    function_id: str
    """Of the function that the block is in: the run's own, or one that it calls."""
    block_id: str
    block_name: str
    block_type: str
    path: str
    attempt: int
    status: str
    port: str | None
    input: Any
    output: Any
    error: dict[str, Any] | None
    started_at: Time | None
    finished_at: Time | None
    queue_ms: float | None
    run_ms: float | None
    wait_ms: float | None
    flags: tuple[str, ...] = ()
    """`reused`: taken over from the run that this was forked from, or from an earlier attempt; `kept`: so is an effect,
    although what went in differs; `retried`: it failed, and its policy had another attempt follow."""
    waiting: Waiting | None = None


class BlockState(Wire):
    """Where a block of a run is: its last execution, and how often it ended how."""

    function_id: str
    block_id: str
    status: str
    completed: int
    failed: int
    skipped: int
    last_path: str
    last_attempt: int
    port: str | None
    summary: dict[str, Any] | None
    error: dict[str, Any] | None
    run_ms: float | None
    done: int | None = None
    total: int | None = None
    waiting: Waiting | None = None
    flags: tuple[str, ...] = ()
    """As a checkpoint's, of the last execution: `reused` or `kept`."""


class RunInDetail(Run):
    """One run with its first 200 checkpoints, where each block is, and what it waits for."""

    checkpoints: tuple[Checkpoint, ...]
    block_states: tuple[BlockState, ...]
    waiting: tuple[OpenWait, ...] = ()
    size_bytes: int
    """Of its rows and values, about."""


class NewSignal(Wire):
    """Body of POST R/signals. An approval's payload is ``{decision: approve | reject, comment?, by?, path?}``."""

    event_type: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    payload: Any = None


class Signal(Wire):
    """A signal that a run was given; `delivered` says whether a wait took it at once."""

    id: str
    run_id: str
    event_type: str
    delivered: bool


class Cancelled(Wire):
    """The answer to a cancel."""

    run_id: str
    function_id: str
    function_name: str
    previous_status: RunStatus
    message: str


class LogEntry(Wire):
    """One entry of a run's log."""

    at: Time
    level: str
    block_id: str | None
    path: str | None
    message: str
    data: Any


class Timing(Wire):
    """How long one block execution queued, ran and waited."""

    block_id: str
    path: str
    attempt: int
    queue_ms: float | None
    run_ms: float | None
    wait_ms: float | None


class RunLogs(Wire):
    """A run's log and its timings."""

    entries: tuple[LogEntry, ...]
    timings: tuple[Timing, ...]


class Percentiles(Wire):
    """Milliseconds; null where there is nothing to count."""

    p50: float | None
    p95: float | None


class Pause(Wire):
    """What is not started: a function, or (functionId null) anything."""

    function_id: str | None
    since: Time
    author: str | None
    reason: str | None


class QueueStats(Wire):
    """The queue and the dead letter now; the ends are of the last 24 hours, the throughput of the last hour."""

    pending: int
    queued: int
    active: int
    waiting: int
    paused: int
    completed: int
    failed: int
    cancelled: int
    dead_letter: int
    concurrency_limit: int
    server_limit: int
    pauses: tuple[Pause, ...]
    queue_ms: Percentiles
    throughput_per_minute: float


class ContinueDebug(Wire):
    """Body of POST R/debug/continue."""

    variables: dict[str, Any] | None = None
    wait_ms: WholeNumber = Field(default=10_000, ge=0, le=MOST_WAIT_MS)


class StepDebug(Wire):
    """Body of POST R/debug/step."""

    mode: Literal["over", "into", "out", "back"] = "over"
    """`back` moves the view only; the next step or continue goes on from there in a run of its own."""
    variables: dict[str, Any] | None = None
    wait_ms: WholeNumber = Field(default=10_000, ge=0, le=MOST_WAIT_MS)


class PauseDebug(Wire):
    """Body of POST R/debug/pause."""

    wait_ms: WholeNumber = Field(default=10_000, ge=0, le=MOST_WAIT_MS)


class ForcedVariables(Wire):
    """Body of PUT R/debug/variables."""

    variables: dict[str, Any]


class Watch(Wire):
    """Body of POST R/debug/evaluate."""

    expression: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]


class Watched(Wire):
    """The value of a watched expression."""

    value: Any


class Frame(Wire):
    """One scope or block of the call stack; scopes say their iteration."""

    path: str
    function_id: str | None = None
    block_id: str
    name: str
    kind: str
    iteration: int | None = None


class DebugState(Wire):
    """Where a debug run stands; without a position while it works or is over."""

    run_id: str
    function_id: str
    status: RunStatus
    path: str | None
    block_id: str | None
    block_name: str | None
    when: Literal["before", "after", "error"] | None
    call_stack: tuple[Frame, ...]
    variables: dict[str, Any]
    names: dict[str, Any]
    inputs: Any
    block_outputs: dict[str, Any]
    outputs: dict[str, dict[str, str]]
    error: dict[str, Any] | None
    breakpoints: tuple[dict[str, Any], ...]
    can_step_back: bool
    is_past: bool = False
    """Whether this is an earlier place, looked at by stepping back."""


class Sql(Wire):
    """Body of POST /frames/sql: one SELECT over the tables runs, checkpoints and logs of this workspace."""

    query: Annotated[str, StringConstraints(min_length=1, max_length=100_000)]
    limit: WholeNumber = Field(default=10_000, ge=1, le=1_000_000)

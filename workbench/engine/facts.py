"""The engine's facts: what happened to runs, their steps, timers and logs. Codes 40 to 59."""

from __future__ import annotations

from typing import ClassVar

from workbench.storage.facts import Fact
from workbench.storage.value_files import Stored


class RunCreated(Fact, tag=4001, frozen=True):
    """A run was asked for and acknowledged; it waits in the queue."""

    name: ClassVar[str] = "run.created"
    run: bytes
    workspace: bytes
    function: bytes
    function_name: str
    version: int
    trigger: str
    inputs: bytes
    priority: int
    debug: bool
    durability: str
    timeout_ms: int | None
    parent: bytes | None
    at: int
    pins: str | None = None
    """The versions of the functions that it may call, as JSON; see `calls.pin_key`."""


class RunMoved(Fact, tag=4101, frozen=True):
    """A run changed its state without ending."""

    name: ClassVar[str] = "run.moved"
    run: bytes
    status: str
    at: int
    started_at: int | None
    queue_us: int
    wait_us: int
    reason: str | None


class RunFinished(Fact, tag=4201, frozen=True):
    """A run ended; its output, effects and pure facts are durable with or before this."""

    name: ClassVar[str] = "run.finished"
    run: bytes
    status: str
    at: int
    started_at: int | None
    queue_us: int
    output: Stored | None
    error: str | None
    run_us: int
    wait_us: int
    steps: int


class RunRecovered(Fact, tag=4301, frozen=True):
    """A run that was under way when the engine stopped is walked again."""

    name: ClassVar[str] = "run.recovered"
    run: bytes
    at: int
    recoveries: int


class StepStarted(Fact, tag=4401, frozen=True):
    """An attempt of a block that is not over in one go began; for effects this is the durable intent."""

    name: ClassVar[str] = "step.started"
    run: bytes
    path: str
    attempt: int
    block: str
    block_type: str
    at: int
    function: bytes | None = None
    """The called function that the block is in; None for the run's own."""


class StepDone(Fact, tag=4501, frozen=True):
    """The journaled result of one block execution at one path and attempt: the checkpoint.

    `status` is the index in `STEP_STATUSES`; `written` is msgpack of the variables that the block set, `names` of what
    its scope gave this iteration (item, index…), said by the blocks that the iteration starts with. A pure step's
    large value is journaled as pending; the same fact follows with flag `FLAG_KEPT` once the value is stored.
    """

    name: ClassVar[str] = "checkpoint.completed"
    run: bytes
    path: str
    attempt: int
    block: str
    block_type: str
    status: int
    port: str | None
    key: bytes
    output: Stored | None
    written: bytes | None
    names: bytes | None
    error: str | None
    flags: int
    started_at: int
    finished_at: int
    wait_us: int
    function: bytes | None = None
    """The called function that the block is in; None for the run's own."""


class BranchEnded(Fact, tag=4601, frozen=True):
    """One branch of a scope that runs several side by side ended: what a replay decides by. Kept in the run's log."""

    name: ClassVar[str] = "branch.ended"
    run: bytes
    at: int
    block: str
    path: str
    port: str
    status: str
    duration_us: int


class LogWritten(Fact, tag=4701, frozen=True):
    """One entry of a run's log."""

    name: ClassVar[str] = "log.written"
    run: bytes
    at: int
    level: str
    block: str | None
    path: str | None
    message: str
    data: str | None


class TimerSet(Fact, tag=4801, frozen=True):
    """A step waits until `due_at`, since `since`; what else may wake it says `about`, as JSON."""

    name: ClassVar[str] = "timer.set"
    run: bytes
    path: str
    due_at: int
    since: int | None = None
    kind: str = "timer"
    about: str | None = None
    function: bytes | None = None
    """The called function that the block is in; None for the run's own."""


class SignalReceived(Fact, tag=5401, frozen=True):
    """Something came for a run from outside; `payload` is msgpack."""

    name: ClassVar[str] = "signal.received"
    run: bytes
    id: bytes
    event_type: str
    payload: bytes
    author: str | None
    at: int


class SignalTaken(Fact, tag=5501, frozen=True):
    """A wait took a signal: that is how it ended, and no other wait gets it."""

    name: ClassVar[str] = "signal.taken"
    run: bytes
    id: bytes
    path: str
    at: int


class DebugPaused(Fact, tag=4901, frozen=True):
    """A debug run stopped in front of (or behind) a block; `state` is its DebugState as JSON."""

    name: ClassVar[str] = "debug.paused"
    run: bytes
    at: int
    state: str


class DebugResumed(Fact, tag=5301, frozen=True):
    """A debug run goes on from where it stood."""

    name: ClassVar[str] = "debug.resumed"
    run: bytes
    at: int


class VariablesForced(Fact, tag=5001, frozen=True):
    """Somebody edited variables in the debugger; they overlay every block that starts later."""

    name: ClassVar[str] = "debug.variables"
    run: bytes
    at: int
    variables: bytes


class RunsDeleted(Fact, tag=5201, frozen=True):
    """All runs of a function are gone, with their checkpoints and logs."""

    name: ClassVar[str] = "runs.deleted"
    function: bytes


class ScopeProgressed(Fact, tag=5101, frozen=True):
    """How far a scope is; for the canvas, kept in no table."""

    name: ClassVar[str] = "scope.progressed"
    run: bytes
    path: str
    block: str
    done: int
    total: int | None
    function: bytes | None = None
    """The called function that the block is in; None for the run's own."""


STEP_STATUSES = ("running", "waiting", "paused", "completed", "failed", "skipped", "cancelled", "unknown")
"""By the number in `StepDone.status`; only ever appended to."""

FLAG_REUSED = 1
FLAG_FORCED = 2
FLAG_KEPT = 4
"""Said before; only the value's place is new."""
FLAG_RETRIED = 8
"""This attempt failed for good, and the block's policy has another one follow."""

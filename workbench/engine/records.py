"""Values the engine passes around: what a run is, how a step ended, what a request asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.engine.states import RunStatus, StepStatus
from workbench.flow.model import Flow

Durability = Literal["strict", "relaxed"]


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Where a debug run stops. `condition` and `log_message` are expressions over what the block sees."""

    block_id: str
    when: Literal["before", "after"] = "before"
    condition: str | None = None
    hit_count: int | None = None
    log_message: str | None = None
    enabled: bool = True
    function_id: str = ""
    """The called function that the block is in; empty for the run's own."""


@dataclass(frozen=True, slots=True)
class ForkOf:
    """From which run, and up to where in its journal, a new run is forked."""

    parent_id: str
    up_to: int
    """The last sequence of the parent's journal that the fork may stand on."""
    origin: Mapping[str, Any]
    """See `RunRow.forked_from`."""
    variables: Mapping[str, Any] | None = None
    """Overlay every block that starts in the fork."""
    stands_at: Mapping[str, Any] | None = None
    """A debug run stops there first: ``path`` and ``when``."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Everything the engine needs to start a run; the flow is known to be valid."""

    workspace_id: str
    function_id: str
    function_name: str
    version: int
    flow: Flow
    inputs: dict[str, Any]
    trigger: dict[str, Any] = field(default_factory=lambda: {"type": "manual"})
    debug: bool = False
    breakpoints: tuple[Breakpoint, ...] = ()
    priority: int = 0
    durability: Durability = "strict"
    timeout_ms: int | None = None
    start_block: str | None = None
    parent_run_id: str | None = None
    fork: ForkOf | None = None
    pins: Mapping[str, int] = field(default_factory=dict[str, int])
    """The versions of the functions that the run may call; see `calls.pin_key`."""
    called: Mapping[tuple[str, int], Flow] = field(default_factory=dict[tuple[str, int], Flow])
    """Their flows, by function and version."""


@dataclass(slots=True)
class RunRow:
    """A run as the engine knows it while it lives; the `runs` table says the same of every run.

    Times are microseconds since 1970 UTC. `wait_us` is time spent waiting durably or paused.
    """

    id: str
    workspace_id: str
    function_id: str
    function_name: str
    version: int
    status: RunStatus
    trigger: dict[str, Any]
    inputs: dict[str, Any]
    priority: int
    debug: bool
    durability: Durability
    timeout_ms: int | None
    parent_run_id: str | None
    created_at: int
    attempt: int = 1
    recoveries: int = 0
    started_at: int | None = None
    finished_at: int | None = None
    queue_us: int = 0
    wait_us: int = 0
    resting_since: int = 0
    """Since when it waits or is paused without a slot, not yet in `wait_us`; 0 while it works."""
    output: Any = None
    error: dict[str, Any] | None = None
    steps: int = 0
    forked_from: dict[str, Any] | None = None
    """Of a fork: ``runId``, ``seq`` (up to which it shares), ``path`` and ``checkpointId`` where it was forked at one,
    ``fromBlockId`` and ``effects`` where it was asked for so, ``changed`` (inputs, version) where these are others,
    ``freshVariablesAt``: paths of restore points (also of those that it was forked from) behind which the variables are
    those that the function starts with."""
    pending_reason: str | None = None
    """Why it is held while it is pending."""
    pins: Mapping[str, int] = field(default_factory=dict[str, int])
    """The versions of the functions that it may call, as they were when it was created; see `calls.pin_key`."""
    queued_at: int = 0
    """When it last came into the queue; 0 for when it was created."""


@dataclass(slots=True)
class Outcome:
    """How one block execution ended, as the walk needs it for the blocks after it."""

    status: StepStatus
    port: str | None
    output: Any
    key: bytes
    """Identity of the output: equal keys mean equal values. 16 bytes."""
    scope_variables: dict[str, tuple[int, Any]] | None = None
    """The variables in sight after this block, where the flow has writers: by name, the writer's number and value."""
    written: dict[str, Any] | None = None
    """The variables that this block itself set; journaled."""
    error: dict[str, Any] | None = None
    path: str = ""
    attempt: int = 1


SKIPPED = Outcome(StepStatus.SKIPPED, None, None, b"")
"""The one outcome of every block that no live edge reached."""

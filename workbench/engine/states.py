"""The run's state machine as one table: who may move what to what."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal, TypeAlias


class RunStatus(StrEnum):
    """Where a run is."""

    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    DEAD_LETTER = "dead_letter"

    __hash__ = str.__hash__  # an enum's own is written in Python, and each table lookup pays for it


class StepStatus(StrEnum):
    """Where one block execution is."""

    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    __hash__ = str.__hash__


Actor: TypeAlias = Literal["dispatcher", "walk", "gate", "user", "recovery", "clock"]

R = RunStatus
TERMINAL: Final = frozenset({R.CANCELLED, R.COMPLETED, R.FAILED, R.TIMED_OUT, R.DEAD_LETTER})
LIVE: Final = frozenset(RunStatus) - TERMINAL

MOVES: Final[dict[RunStatus, dict[RunStatus, frozenset[Actor]]]] = {
    R.PENDING: {
        R.QUEUED: frozenset({"dispatcher"}),
        R.CANCELLED: frozenset({"user"}),
        R.FAILED: frozenset({"recovery"}),
        R.DEAD_LETTER: frozenset({"recovery"}),
    },
    R.QUEUED: {
        R.RUNNING: frozenset({"dispatcher"}),
        R.PENDING: frozenset({"dispatcher"}),
        R.CANCELLED: frozenset({"user", "dispatcher"}),
        R.FAILED: frozenset({"recovery"}),
        R.DEAD_LETTER: frozenset({"recovery"}),
    },
    R.RUNNING: {
        R.WAITING: frozenset({"walk"}),
        R.PAUSED: frozenset({"gate"}),
        R.COMPLETED: frozenset({"walk"}),
        R.FAILED: frozenset({"walk", "recovery"}),
        R.TIMED_OUT: frozenset({"clock"}),
        R.CANCELLING: frozenset({"user"}),
        R.QUEUED: frozenset({"recovery"}),
        R.DEAD_LETTER: frozenset({"recovery"}),
    },
    R.WAITING: {
        R.RUNNING: frozenset({"walk"}),
        R.PAUSED: frozenset({"gate"}),
        R.CANCELLING: frozenset({"user"}),
        R.TIMED_OUT: frozenset({"clock"}),
        R.QUEUED: frozenset({"recovery"}),
        R.FAILED: frozenset({"recovery"}),
        R.DEAD_LETTER: frozenset({"recovery"}),
    },
    R.PAUSED: {
        R.RUNNING: frozenset({"gate"}),
        R.CANCELLING: frozenset({"user"}),
        R.TIMED_OUT: frozenset({"clock"}),
        R.QUEUED: frozenset({"recovery"}),
        R.FAILED: frozenset({"recovery"}),
        R.DEAD_LETTER: frozenset({"recovery"}),
    },
    R.CANCELLING: {R.CANCELLED: frozenset({"walk", "recovery"})},
    R.COMPLETED: {},
    R.CANCELLED: {R.QUEUED: frozenset({"user"})},
    R.FAILED: {R.QUEUED: frozenset({"user"})},
    R.TIMED_OUT: {R.QUEUED: frozenset({"user"})},
    R.DEAD_LETTER: {R.QUEUED: frozenset({"user"})},
}
"""``MOVES[from][to]`` is the set of actors that may make the move; what is not here is refused.

An end without success is left only by another attempt, which somebody asks for."""


def may_move(before: RunStatus, after: RunStatus, actor: Actor) -> bool:
    """Whether `actor` may move a run from `before` to `after`."""
    return actor in MOVES[before].get(after, frozenset())


# Block states

S = StepStatus
STEP_MOVES: Final[dict[StepStatus | None, frozenset[StepStatus]]] = {
    None: frozenset({S.RUNNING, S.WAITING, S.PAUSED, S.COMPLETED, S.FAILED, S.SKIPPED, S.CANCELLED}),
    S.RUNNING: frozenset({S.WAITING, S.PAUSED, S.COMPLETED, S.FAILED, S.CANCELLED, S.UNKNOWN}),
    S.WAITING: frozenset({S.RUNNING, S.PAUSED, S.COMPLETED, S.FAILED, S.CANCELLED, S.UNKNOWN}),
    S.PAUSED: frozenset({S.RUNNING, S.WAITING, S.COMPLETED, S.FAILED, S.CANCELLED, S.UNKNOWN}),
    S.COMPLETED: frozenset(),
    S.FAILED: frozenset(),
    S.SKIPPED: frozenset(),
    S.CANCELLED: frozenset(),
    S.UNKNOWN: frozenset(),
}
"""Of one attempt of one block at one path, from None (not begun) on. Quick pure blocks are over without having been
seen to run; what is over stays so: a late answer of a superseded attempt changes nothing."""
STEP_ENDS: Final = frozenset(status for status, following in STEP_MOVES.items() if status and not following)


def may_step(before: StepStatus | None, after: StepStatus) -> bool:
    """Whether an attempt may go from `before` to `after`."""
    return after in STEP_MOVES[before]

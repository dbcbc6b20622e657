"""The facts of the queue: pauses, and what is let go by retention. Codes 59 to 61."""

from __future__ import annotations

from typing import ClassVar

from workbench.storage.facts import Fact


class QueuePaused(Fact, tag=5901, frozen=True):
    """Nothing more of a function (empty: of the whole server) is started."""

    name: ClassVar[str] = "queue.paused"
    function: bytes
    at: int
    author: str | None
    reason: str | None


class QueueResumed(Fact, tag=6001, frozen=True):
    """The function's (empty: the server's) runs are started again."""

    name: ClassVar[str] = "queue.resumed"
    function: bytes
    at: int
    author: str | None


class RunsRemoved(Fact, tag=6101, frozen=True):
    """Finished runs are gone, with their checkpoints and logs: they are older, or more, than is to be kept."""

    name: ClassVar[str] = "runs.removed"
    runs: tuple[bytes, ...]
    at: int


class ValuesReleased(Fact, tag=6102, frozen=True):
    """Large values between the blocks of completed runs are not kept any more: they can be computed again."""

    name: ClassVar[str] = "values.released"
    runs: tuple[bytes, ...]
    at: int

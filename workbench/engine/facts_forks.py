"""The facts of second attempts and forks: a run taken up anew, one begun from another's journal. Codes 56 to 58, 64."""

from __future__ import annotations

from typing import ClassVar

from workbench.storage.facts import Fact
from workbench.storage.value_files import Stored


class RunRetried(Fact, tag=5601, frozen=True):
    """A run that had ended without success is in the queue again, with its next attempt.

    What its journal holds of completed blocks counts on; failures before this do not.
    """

    name: ClassVar[str] = "run.retried"
    run: bytes
    attempt: int
    at: int


class RunForked(Fact, tag=5701, frozen=True):
    """A run that was just created takes over the journal of another one, up to and with sequence `up_to`.

    `origin` is JSON: what `forkedFrom` shows, and by which rules checkpoints are used.
    """

    name: ClassVar[str] = "run.forked"
    run: bytes
    parent: bytes
    up_to: int
    origin: str


class CheckpointReused(Fact, tag=5702, frozen=True):
    """A fork stands on a checkpoint of the run that it was forked from; values are not written again.

    `whole`: a scope, with everything that its regions did. `how` is ``reused``, or ``kept`` for an effect that is not
    repeated although something before it differs. `output` is only what is small enough to be shown.
    """

    name: ClassVar[str] = "checkpoint.reused"
    run: bytes
    path: str
    block: str
    attempt: int
    status: int
    port: str | None
    how: str
    whole: bool
    output: Stored | None
    function: bytes | None = None
    """The called function that the block is in; None for the run's own."""


class RunDiscarded(Fact, tag=5801, frozen=True):
    """A run leaves the dead letter; its history stays."""

    name: ClassVar[str] = "run.discarded"
    run: bytes
    at: int


class EngineSeen(Fact, tag=6401, frozen=True):
    """The engine was at work at `at`: what comes after the last of these before a restart was no running time."""

    name: ClassVar[str] = "engine.seen"
    at: int

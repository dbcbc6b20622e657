"""A run's journal, read back: what a recovered run need not do again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.base.errors import BlockFailed, WorkbenchError
from workbench.blocks.kind import Effect
from workbench.engine.program import Node
from workbench.engine.records import Outcome
from workbench.engine.region import Variables
from workbench.engine.states import StepStatus
from workbench.storage.value_files import Stored, ValueStore
from workbench.storage.values import decode


@dataclass(slots=True)
class Kept:
    """The last checkpoint at one path."""

    block_type: str
    status: StepStatus
    port: str | None
    key: bytes
    output: Stored | None
    written: bytes | None
    error: dict[str, Any] | None
    attempt: int
    is_retried: bool = False
    """Failed, and by its policy another attempt follows."""


FINAL = frozenset({StepStatus.COMPLETED, StepStatus.FAILED})


def is_final(kept: Kept) -> bool:
    """Whether the step was over; an unknown outcome with an error was decided, one without was cut off."""
    if kept.is_retried:
        return False
    return kept.status in FINAL or (kept.status is StepStatus.UNKNOWN and kept.error is not None)


class Journal:
    """Finished steps by path, how often each was begun, and the due times of its waits."""

    __slots__ = ("_dues", "_kept", "_starts", "_values", "failures", "sinces")

    def __init__(
        self,
        kept: dict[str, Kept],
        starts: dict[str, int],
        dues: dict[str, int],
        values: ValueStore,
        failures: dict[str, int] | None = None,
    ) -> None:
        self._kept = kept
        self._starts = starts
        self._dues = dues
        self._values = values
        self.failures = failures or {}
        """By path: how many attempts failed for good (an answer came)."""
        self.sinces: dict[str, int] = {}
        """By path: since when it waits."""

    def __len__(self) -> int:
        return len(self._kept)

    def has(self, path: str) -> bool:
        """Whether a checkpoint at `path` is final (a skipped block too)."""
        kept = self._kept.get(path)
        return kept is not None and (is_final(kept) or kept.status is StepStatus.SKIPPED)

    def take_due(self, path: str) -> int | None:
        """Until when the step at `path` waits, if it had begun to; told once, for a later wait is another one."""
        return self._dues.pop(path, None)

    def take_wait(self, path: str) -> tuple[int, int | None] | None:
        """Until and since when the step at `path` waits; told once."""
        due = self.take_due(path)
        return (due, self.sinces.pop(path, None)) if due is not None else None

    def due(self, path: str) -> int | None:
        """Until when the step at `path` waits, without taking it."""
        return self._dues.get(path)

    def forget_inside(self, path: str) -> None:
        """A scope is tried again: what its regions did before does not count."""
        for known in (self._kept, self._dues):
            for inner in [p for p in known if p.startswith(f"{path}[")]:
                del known[inner]

    def attempt(self, path: str) -> int:
        """The number that the next attempt at `path` has."""
        return self._starts.get(path, 0) + 1

    def reuse(self, path: str, node: Node, key: bytes, before: Variables | None) -> Outcome | None:
        """The outcome at `path` if it is final, of the same type and key, and its value is there; else None.

        Raises BlockFailed when an effect was completed and its value is gone.

        `before` are the variables in sight of the block where the flow has writers.
        """
        kept = self._kept.get(path)
        if kept is None or not is_final(kept) or kept.block_type != node.block.type:
            return None
        if kept.status is StepStatus.COMPLETED and kept.key != key:
            return None
        output: Any = None
        if kept.output is not None:
            if kept.output.kind == "pending":
                return None
            try:
                output = self._values.load(kept.output)
            except (WorkbenchError, OSError, ValueError) as error:
                if node.effect is Effect.EFFECT:
                    raise BlockFailed(
                        f"What “{node.block.name}” gave is not kept any more, and it is not to be repeated.",
                        kind="VALUE_LOST",
                        hint="Start a new run.",
                    ) from error
                return None
        elif kept.port == "error":
            output = kept.error
        written = decode(kept.written) if kept.written else None
        carried = before
        if before is not None and written:
            carried = {**before, **{name: (node.number, value) for name, value in written.items()}}
        return Outcome(kept.status, kept.port, output, kept.key, carried, written, kept.error, path, kept.attempt)

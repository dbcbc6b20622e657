"""How often each block of a run ended how; what a view shows on a block that runs many times."""

from __future__ import annotations

from workbench.engine.states import StepStatus

_COLUMNS = {StepStatus.COMPLETED: 0, StepStatus.FAILED: 1, StepStatus.UNKNOWN: 1, StepStatus.SKIPPED: 2}


class Tally:
    """Counts by block: [completed, failed, skipped]."""

    __slots__ = ("blocks", "progress")

    def __init__(self) -> None:
        self.blocks: dict[str, list[int]] = {}
        self.progress: dict[str, tuple[int, int | None]] = {}
        """How far each scope is: done, total."""

    @property
    def has_ran(self) -> bool:
        """Whether any block has run."""
        return any(completed or failed for completed, failed, _ in self.blocks.values())

    def count(self, block: str, status: StepStatus) -> None:
        """One execution ended."""
        counts = self.blocks.get(block)
        if counts is None:
            counts = self.blocks[block] = [0, 0, 0]
        column = _COLUMNS.get(status)
        if column is not None:
            counts[column] += 1

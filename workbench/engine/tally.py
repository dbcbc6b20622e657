"""How often each block of a run ended how; what a view shows on a block that runs many times."""

from __future__ import annotations

from workbench.engine.states import StepStatus

_COLUMNS = {StepStatus.COMPLETED: 0, StepStatus.FAILED: 1, StepStatus.UNKNOWN: 1, StepStatus.SKIPPED: 2}


class Tally:
    """Counts by block: [completed, failed, skipped]; of one function, all its calls together."""

    __slots__ = ("_inside", "blocks", "progress", "root")

    def __init__(self, root: Tally | None = None) -> None:
        self.blocks: dict[str, list[int]] = {}
        self.progress: dict[str, tuple[int, int | None]] = {}
        """How far each scope is: done, total."""
        self.root = root or self
        """That of the run's own function."""
        self._inside: dict[str, Tally] | None = None

    def inside(self, function_id: str) -> Tally:
        """That of a function which the run calls; only the run's own may be asked."""
        if self._inside is None:
            self._inside = {}
        found = self._inside.get(function_id)
        if found is None:
            found = self._inside[function_id] = Tally(self)
        return found

    def of(self, function_id: str | None) -> Tally | None:
        """That of a called function, or (None) of the run's own; None where it has not been called."""
        return self if function_id is None else (self._inside or {}).get(function_id)

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

"""What the engine counts since it started; cheap enough for the hot path."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from workbench.base.metrics import Histogram
from workbench.engine.records import RunRow


@dataclass(slots=True)
class Meters:
    """Runs started and ended, their steps, and how long they were queued."""

    dispatch: Histogram = field(default_factory=Histogram)
    ended: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    violations: int = 0
    """Broken invariants seen so far."""

    def started(self, row: RunRow) -> None:
        """A run got its slot."""
        self.dispatch.observe(row.queue_us / 1e6)

    def over(self, row: RunRow) -> None:
        """A run ended, durably."""
        self.ended[row.status.value] += 1
        self.steps += row.steps

"""What the outside has been shown, through all crashes, and what it must not see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.engine.records import RunRequest


@dataclass(eq=False)
class Seen:
    """One run as the outside knows it."""

    request: RunRequest
    was_cancelled: bool = False
    """Somebody asked for it; it may have come too late."""
    was_edited: bool = False
    """Somebody set variables in the debugger."""
    was_retried: bool = False
    is_fork: bool = False
    status: str | None = None
    """Once its end was shown."""
    output: Any = None


@dataclass
class Witness:
    """Fills with `complaints`; none means that every promise was kept."""

    runs: dict[str, Seen] = field(default_factory=dict)
    """Acknowledged runs by id."""
    durable: int = 0
    """The highest sequence that was told to be durable."""
    complaints: list[str] = field(default_factory=list)

    def complain(self, what: str) -> None:
        """A promise is broken."""
        if what not in self.complaints:
            self.complaints.append(what)

    def shown(self, run_id: str, status: str, output: Any) -> None:
        """A run's end was shown; a second look must see the same."""
        seen = self.runs[run_id]
        if seen.status is None:
            seen.status, seen.output = status, output
        elif (seen.status, seen.output) != (status, output):
            self.complain(f"run {run_id} was shown {seen.status} with {seen.output!r}, later {status} with {output!r}")

    def unfinished(self) -> list[str]:
        """Acknowledged runs whose end nobody has seen yet."""
        return [run for run, seen in self.runs.items() if seen.status is None]

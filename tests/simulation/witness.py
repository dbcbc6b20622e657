"""What the outside has been shown, through all crashes, and what it must not see."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from workbench.engine.records import RunRequest
from workbench.flow.model import Block, Flow


@dataclass(eq=False)
class Seen:
    """One run as the outside knows it."""

    request: RunRequest
    was_cancelled: bool = False
    """Somebody asked for it; it may have come too late."""
    was_edited: bool = False
    """Somebody set variables in the debugger."""
    retries: int = 0
    """How often somebody asked for another attempt."""
    may_make_room: bool = False
    """Its function has a limit whose policy skips or replaces runs."""
    is_gone: bool = False
    """Its function's version is not there any more."""
    is_fork: bool = False
    status: str | None = None
    """Once its end was shown."""
    output: Any = None

    @property
    def called(self) -> dict[str, Flow]:
        """The flows that it may call, by the name that they are pinned under."""
        request = self.request
        return {name: request.called[name.partition("@")[0], version] for name, version in request.pins.items()}

    @property
    def blocks(self) -> dict[str, Block]:
        """All blocks that it may run, by id."""
        flows = (self.request.flow, *self.request.called.values())
        return {block.id: block for flow in flows for block in flow.blocks}


@dataclass
class Witness:
    """Fills with `complaints`; none means that every promise was kept."""

    runs: dict[str, Seen] = field(default_factory=dict)
    """Acknowledged runs by id."""
    durable: int = 0
    """The highest sequence that was told to be durable."""
    paused: dict[str | None, int] = field(default_factory=dict)
    """Functions (None: the server) whose pause was acknowledged, and when by the wall clock."""
    resumes: Counter[str | None] = field(default_factory=Counter)
    """How often it was asked to let them go on, answered or not."""
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

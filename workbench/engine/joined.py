"""What one run of a region knows of its merges and splits; see `joins`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from workbench.engine.program import JoinWire
from workbench.engine.records import Outcome

News: TypeAlias = Literal["arrived", "dead", "late"]


@dataclass(slots=True)
class Joined:
    """Made with the first wire that needs it. Blocks are known by their places in the region."""

    arrivals: dict[int, list[tuple[JoinWire, Outcome]]] = field(
        default_factory=dict[int, "list[tuple[JoinWire, Outcome]]"]
    )
    """By merge: which wires were live, in the order in which they came."""
    begun: set[int] = field(default_factory=set[int])
    """Merges that went on with the first."""
    races: dict[int, asyncio.Future[News]] = field(default_factory=dict[int, "asyncio.Future[News]"])
    """Merges whose time runs."""
    shares: dict[tuple[int, int], Outcome] = field(default_factory=dict[tuple[int, int], Outcome])
    """By split and target: what the one gave the other."""

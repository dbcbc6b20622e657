"""What the end of a function means for its runs: a reaction, in the same group as the deletion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from workbench.editing.facts import FunctionDeleted
from workbench.engine.facts import RunsDeleted
from workbench.storage.facts import Fact, FactRegistry


def register(registry: FactRegistry) -> None:
    """Let runs go with their function."""
    registry.react_together(FunctionDeleted, _delete_runs)


def _delete_runs(facts: Sequence[FunctionDeleted], cursor: Any) -> Iterable[Fact]:
    del cursor
    return [RunsDeleted(fact.id) for fact in facts]

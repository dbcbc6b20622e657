"""What the end of a function means for its runs: a reaction, in the same group as the deletion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workbench.editing.facts import FunctionDeleted
from workbench.engine.facts import RunsDeleted
from workbench.storage.facts import Fact, FactRegistry


def register(registry: FactRegistry) -> None:
    """Let runs go with their function."""
    registry.react(FunctionDeleted, _delete_runs)


def _delete_runs(fact: FunctionDeleted, cursor: Any) -> Iterable[Fact]:
    del cursor
    return (RunsDeleted(fact.id),)

"""Every fact that the engine may write, for whoever opens a store."""

from __future__ import annotations

from workbench.engine.journal import FACT_TYPES as JOURNAL
from workbench.engine.journal_forks import FACT_TYPES as FORKS
from workbench.engine.journal_queue import FACT_TYPES as QUEUE
from workbench.storage.facts import FactRegistry


def register(registry: FactRegistry) -> None:
    """Let the registry know them."""
    registry.add(*JOURNAL, *FORKS, *QUEUE)

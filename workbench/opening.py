"""Opens the store of a home with every fact that may stand in its log; for the assembly, and for upkeep without it."""

from __future__ import annotations

from workbench.access.audit_facts import FACT_TYPES as AUDIT_FACTS
from workbench.access.facts import FACT_TYPES as ACCESS_FACTS
from workbench.base.clock import Clock
from workbench.base.settings import MIB, Settings
from workbench.editing.fact_types import register as register_editing
from workbench.engine.fact_types import register as register_engine
from workbench.runs.facts import register as register_runs
from workbench.secrets.facts import FACT_TYPES as SECRET_FACTS
from workbench.storage.facts import FactRegistry
from workbench.storage.migrations.runner import load_migrations
from workbench.storage.store import Store


def open_store(settings: Settings, clock: Clock, *, allow_damaged: bool = False) -> Store:
    """The store of `settings.home` alone. Raises what `Store.open` does."""
    floor = settings.min_free_mb * MIB
    return Store.open(
        settings.home, fact_types(), load_migrations(), clock, allow_damaged=allow_damaged, min_free_bytes=floor
    )


def fact_types() -> FactRegistry:
    """Every fact that may stand in a log, and what is done with it."""
    registry = FactRegistry()
    registry.add(*ACCESS_FACTS, *AUDIT_FACTS, *SECRET_FACTS)
    for register in (register_editing, register_engine, register_runs):
        register(registry)
    return registry

"""Every fact of this feature, and what goes with it."""

from __future__ import annotations

from workbench.editing.canvas_facts import FACT_TYPES as CANVASES
from workbench.editing.facts import FACT_TYPES as EDITS
from workbench.editing.snapshot_facts import FACT_TYPES as SNAPSHOTS
from workbench.editing.snapshot_facts import register as let_snapshots_go
from workbench.storage.facts import FactRegistry


def register(registry: FactRegistry) -> None:
    """Let the registry know them."""
    registry.add(*CANVASES, *EDITS, *SNAPSHOTS)
    let_snapshots_go(registry)

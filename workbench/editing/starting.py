"""Where a run by hand, and a call, begins."""

from __future__ import annotations

from workbench.base.errors import FlowInvalid, Issue
from workbench.blocks.registry import BlockRegistry
from workbench.flow.model import Flow


def start_block(flow: Flow, registry: BlockRegistry) -> str:
    """The block that a run by hand starts from: `start`, else the only trigger. Raises FlowInvalid."""
    triggers = [b for b in flow.blocks if (kind := registry.find(b.type)) is not None and kind.is_trigger]
    starts = [b for b in triggers if b.type == "start"] or triggers
    if len(starts) != 1:
        raise FlowInvalid(
            f"The function has {len(starts)} blocks to start from, so a run by hand does not know which.",
            hint="Keep one `start` block.",
            details=[Issue("flow.blocks", f"{len(starts)} triggers")],
        )
    return starts[0].id

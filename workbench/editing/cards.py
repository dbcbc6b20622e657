"""How blocks show themselves on the canvas: a line in words, and the ports that their config gives them."""

from __future__ import annotations

from workbench.blocks.kind import ERROR
from workbench.blocks.registry import BlockRegistry
from workbench.editing.models import Card
from workbench.flow.model import Flow


def cards_of(flow: Flow, registry: BlockRegistry) -> dict[str, Card]:
    """The card of each block whose type is known, by block id."""
    cards: dict[str, Card] = {}
    for block in flow.blocks:
        kind = registry.find(block.type)
        if kind is not None:
            ports = (*kind.ports(block.config), ERROR)
            cards[block.id] = Card.model_construct(
                text=kind.describe(block.config),
                outputs=tuple(
                    {"name": p.name, "type": p.type, "label": p.label or p.name, "needed": p.needed, "region": p.region}
                    for p in ports
                ),
            )
    return cards

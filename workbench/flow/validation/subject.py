"""The flow under validation with all that several checks need, worked out once."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.flow.catalogue import Catalogue, Shape
from workbench.flow.graph import Graph
from workbench.flow.handles import handles_of
from workbench.flow.model import Block, Edge, Flow
from workbench.flow.nearest import Nearest
from workbench.flow.regions import Regions, find_regions


@dataclass(frozen=True, slots=True)
class Subject:
    """One flow, its catalogue, its regions and its blocks by handle."""

    flow: Flow
    catalogue: Catalogue
    regions: Regions
    handles: dict[str, str]
    """Block ids by handle."""
    secrets: frozenset[str] | None = None
    """Names of the secrets that exist, where that is known."""
    nearest: Nearest = field(default_factory=Nearest)

    @property
    def graph(self) -> Graph:
        """The flow's graph."""
        return self.regions.graph

    def shape(self, block: Block) -> Shape | None:
        """The block's shape; None when its type is unknown."""
        return self.regions.shapes[block.id]

    def title(self, block_id: str) -> str:
        """The block's name in quotes, for messages."""
        return f'"{self.graph.block(block_id).name}"'

    def crossed(self) -> set[str]:
        """Ids of the edges that cross regions: they have their own problem and need no other."""
        return {crossing.edge.id for crossing in self.regions.crossings}

    def following(self) -> list[list[int]]:
        """By position, the positions that edges lead to, without the crossing ones."""
        crossings = {id(crossing.edge) for crossing in self.regions.crossings}
        index = self.graph.index
        return [[index[e.target] for e in leaving if id(e) not in crossings] for leaving in self.graph.outgoing]


def subject_of(flow: Flow, catalogue: Catalogue, secrets: frozenset[str] | None = None) -> Subject:
    """Work out regions and handles."""
    regions = find_regions(flow, catalogue)
    return Subject(flow, catalogue, regions, handles_of(regions.graph.blocks), secrets)


def wire_text(subject: Subject, edge: Edge) -> str:
    """An edge in words: ``"read" → "sort"``."""
    return f"{subject.title(edge.source)} → {subject.title(edge.target)}"

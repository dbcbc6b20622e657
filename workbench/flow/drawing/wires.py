"""Where ports stand on a card, and the curves between them."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.flow.catalogue import Shape
from workbench.flow.layout import PORT_PITCH, Size

BODY_PORT_X = 14
"""A region's port is at the card's lower left, above the frame that hangs from it."""
ERROR_PORT_X = 28
"""The error port is at the lower edge, this far from the right."""
_BEND = 8.0


@dataclass(frozen=True, slots=True)
class Card:
    """A block's card on the picture."""

    x: float
    y: float
    size: Size
    shape: Shape | None

    @property
    def right(self) -> float:
        return self.x + self.size.width

    @property
    def bottom(self) -> float:
        return self.y + self.size.height

    @property
    def middle(self) -> float:
        return self.y + self.size.height / 2

    def outputs(self) -> list[str]:
        """Names of the ports on the right side, from the top."""
        return [port.name for port in self.shape.outputs if not port.region] if self.shape else ["out"]

    def is_region_port(self, port: str) -> bool:
        """Whether the port starts a region."""
        return self.shape is not None and any(p.region and p.name == port for p in self.shape.outputs)

    def output_at(self, port: str) -> tuple[float, float]:
        """Where a port on the right side stands; an unknown one in the middle."""
        names = self.outputs()
        if port not in names:
            return self.right, self.middle
        return self.right, self.middle + (names.index(port) - (len(names) - 1) / 2) * PORT_PITCH


def wire_path(source: Card, port: str, target: Card) -> str:
    """The `d` of the path from a port to the target's left side."""
    end = (target.x, target.middle)
    if source.is_region_port(port):
        start = (source.x + BODY_PORT_X, source.bottom)
        if end[1] > start[1] + _BEND and end[0] > start[0] + _BEND:
            return _elbow(start, end)
        return _drop(start, end)
    if port == "error" and port not in source.outputs():
        start = (source.right - ERROR_PORT_X, source.bottom)
        return _elbow(start, end) if end[1] > start[1] + _BEND and end[0] > start[0] + _BEND else _drop(start, end)
    return _curve(source.output_at(port), end)


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    """A smooth curve that leaves to the right and comes in from the left."""
    (x1, y1), (x2, y2) = start, end
    reach = min(max((x2 - x1) / 2, 24), 120) if x2 >= x1 else min(60 + (x1 - x2) / 4, 160)
    return f"M{x1:.1f} {y1:.1f}C{x1 + reach:.1f} {y1:.1f} {x2 - reach:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"


def _elbow(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Straight down, a rounded corner, straight right."""
    (x1, y1), (x2, y2) = start, end
    return f"M{x1:.1f} {y1:.1f}V{y2 - _BEND:.1f}Q{x1:.1f} {y2:.1f} {x1 + _BEND:.1f} {y2:.1f}H{x2:.1f}"


def _drop(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Down and round, for a target that is not below to the right."""
    (x1, y1), (x2, y2) = start, end
    return f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + 60:.1f} {x2 - 60:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"

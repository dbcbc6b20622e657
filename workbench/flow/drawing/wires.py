"""Where ports stand on a card, and the curves between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.flow.catalogue import Shape
from workbench.flow.layout import PORT_PITCH
from workbench.flow.placing import REGION_PITCH, Size

REGION_PORT_X = 14
"""A region's port is at the card's lower left, above the frame that hangs from it; the last one is the leftmost."""
ERROR_PORT_X = 28
"""The error port is at the lower edge, this far from the right."""
_BEND = 8.0
_CHANNEL = 24.0
"""How far above a row the wires run that lead back to its left end."""


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

    def regions(self) -> list[str]:
        """Names of the ports that start regions, in order."""
        return [port.name for port in self.shape.outputs if port.region] if self.shape else []

    def region_at(self, port: str) -> tuple[float, float]:
        """Where a region's port stands: its wire passes the frames above its own on their left."""
        names = self.regions()
        return self.x + REGION_PORT_X + (len(names) - 1 - names.index(port)) * REGION_PITCH, self.bottom

    def output_at(self, port: str) -> tuple[float, float]:
        """Where a port on the right side stands; an unknown one in the middle."""
        names = self.outputs()
        if port not in names:
            return self.right, self.middle
        return self.right, self.middle + (names.index(port) - (len(names) - 1) / 2) * PORT_PITCH


Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def wire_path(source: Card, port: str, target: Card, frames: Iterable[Box] = ()) -> str:
    """The `d` of the path from a port to the target's left side; one that leads back goes round the `frames`."""
    end = (target.x, target.middle)
    if port in source.regions():
        start = source.region_at(port)
        if end[1] > start[1] + _BEND and end[0] > start[0] + _BEND:
            return _elbow(start, end)
        return _drop(start, end)
    if port == "error" and port not in source.outputs():
        start = (source.right - ERROR_PORT_X, source.bottom)
        return _elbow(start, end) if end[1] > start[1] + _BEND and end[0] > start[0] + _BEND else _drop(start, end)
    start = source.output_at(port)
    if end[0] < start[0] + _BEND and abs(end[1] - start[1]) > target.size.height:
        return _back(start, end, target.size.height / 2, frames)
    return _curve(start, end)


def _back(start: tuple[float, float], end: tuple[float, float], half: float, frames: Iterable[Box]) -> str:
    """To a row above or below: out to the right, back beside the target's row, and in from the left."""
    (x1, y1), (x2, y2) = start, end
    down = 1 if y2 > y1 else -1
    channel = y2 - down * (half + _CHANNEL)
    out, into, r = x1 + _BEND * 2, x2 - _BEND * 2, _BEND * down
    for left, top, right, bottom in sorted(frames):
        passes = left - _BEND < out < right + _BEND and top < max(y1, channel) and bottom > min(y1, channel)
        if passes and not (left <= x1 <= right and top <= y1 <= bottom):
            out = right + _BEND * 2
    return (
        f"M{x1:.1f} {y1:.1f}H{out - _BEND:.1f}Q{out:.1f} {y1:.1f} {out:.1f} {y1 + r:.1f}"
        f"V{channel - r:.1f}Q{out:.1f} {channel:.1f} {out - _BEND:.1f} {channel:.1f}"
        f"H{into + _BEND:.1f}Q{into:.1f} {channel:.1f} {into:.1f} {channel + r:.1f}"
        f"V{y2 - r:.1f}Q{into:.1f} {y2:.1f} {into + _BEND:.1f} {y2:.1f}H{x2:.1f}"
    )


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

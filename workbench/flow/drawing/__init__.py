"""A still picture of a flow: SVG without script, for saved notebooks and wherever no canvas runs."""

from workbench.flow.drawing.picture import MAX_DRAWN, draw

__all__ = ["MAX_DRAWN", "draw"]

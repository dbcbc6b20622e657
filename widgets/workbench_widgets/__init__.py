"""Live widgets for notebooks: the canvas that builds, runs and debugs functions."""

from workbench_widgets.canvas import CanvasWidget

__all__ = ["CanvasWidget"]

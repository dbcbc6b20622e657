"""A function's picture: the live canvas where there is one, else the still one."""

from __future__ import annotations

from html import escape
from typing import Any

from workbench.client.faces import FunctionFace
from workbench.client.showing.tables import heading, note
from workbench.flow.drawing import palette

WHERE_IT_LIVES = (
    "A still picture: this notebook's own process is the workbench here, and a browser cannot draw in it. "
    "For the live canvas start JupyterLab in the environment that has the workbench (`jupyter lab`) and call "
    "`workbench.connect()` without a home: its server is the workbench then."
)


def function_html(function: FunctionFace) -> str:
    """Name, version and the still picture."""
    svg = function.svg()
    head = f"{escape(function.name)} <span style='color:{palette.FAINT_INK};font-weight:400'>v{function.version} · "
    return heading(f"{head}{escape(function.status)}</span>") + svg


def canvas_of(function: FunctionFace, height: int) -> Any:
    """The canvas widget where the page's own server is the workbench, else a `Still` picture."""
    if not is_live(function):
        return Still(function)
    from workbench_widgets import CanvasWidget

    return CanvasWidget(function.id, height=height, svg=function.svg(), bench=function.bench)


def is_live(function: FunctionFace) -> bool:
    """Whether the Jupyter server that started this kernel is the function's workbench, and its widgets are here."""
    import os
    from importlib.util import find_spec

    address = function.bench.api.address.url
    return os.environ.get("WORKBENCH_URL", "").rstrip("/") == address and find_spec("workbench_widgets") is not None


class Still:
    """A picture without life."""

    def __init__(self, function: FunctionFace) -> None:
        self._name = function.name
        self._html = function_html(function) + note(WHERE_IT_LIVES)

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return f"Picture of “{self._name}”"

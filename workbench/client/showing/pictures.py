"""A function's picture: the live canvas where there is one, else the still one."""

from __future__ import annotations

from html import escape
from typing import Any

from workbench.client.faces import FunctionFace
from workbench.client.showing.tables import heading, note
from workbench.flow.drawing import palette


def function_html(function: FunctionFace) -> str:
    """Name, version and the still picture."""
    svg = function.svg()
    head = f"{escape(function.name)} <span style='color:{palette.FAINT_INK};font-weight:400'>v{function.version} · "
    return heading(f"{head}{escape(function.status)}</span>") + svg


def canvas_of(function: FunctionFace, height: int) -> Any:
    """The canvas widget; a `Still` picture where no widget can be made."""
    try:
        from workbench_widgets import CanvasWidget
    except ImportError:
        return Still(function)
    address = function.bench.api.address
    api = "" if _is_page_server() else address.url
    return CanvasWidget(function.id, height=height, svg=function.svg(), api=api, bench=function.bench)


def _is_page_server() -> bool:
    """Whether the page's own server is the workbench: the kernel was started by it."""
    import os

    return bool(os.environ.get("WORKBENCH_URL"))


class Still:
    """A picture without life."""

    def __init__(self, function: FunctionFace) -> None:
        self._name = function.name
        self._html = function_html(function) + note("A live canvas needs JupyterLab and the workbench's widgets.")

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return f"Picture of “{self._name}”"

"""Workflow Workbench: draw a function on a canvas, step through it, run it durably, study its runs.

The names below are loaded when they are first asked for: what runs inside a server needs no client.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "Bench": "workbench.client.bench",
    "Block": "workbench.client.block",
    "Canvas": "workbench.client.canvas",
    "DebugState": "workbench.client.debug",
    "Function": "workbench.client.function",
    "Run": "workbench.client.run",
    "RunFailed": "workbench.client.errors",
    "WorkbenchError": "workbench.base.errors",
    "connect": "workbench.client.connecting",
    "enable_charts": "workbench.client.showing.charts",
    "errors": "workbench.base.errors",
}
"""What a notebook imports, by the module that has it."""

__all__ = ["__version__", *_PUBLIC]  # noqa: PLE0604  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}")
    module = import_module(_PUBLIC[name])
    found = globals()[name] = module if name == "errors" else getattr(module, name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})

"""Workflow Workbench: draw a function on a canvas, step through it, run it durably, study its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.client.connecting import connect as connect

__all__ = ["__version__", "connect"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`workbench.connect`, loaded when it is asked for: what runs inside a server needs no client."""
    if name == "connect":
        from workbench.client.connecting import connect

        return connect
    raise AttributeError(f"module 'workbench' has no attribute '{name}'")

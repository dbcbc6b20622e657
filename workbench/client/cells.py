"""The notebook's cells: what is to happen before and after each of them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

from workbench.base.errors import WorkbenchError


def shell() -> Any:
    """The IPython shell that runs this code, or None."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def in_notebook() -> bool:
    """Whether displays go to a notebook."""
    return type(shell()).__name__ == "ZMQInteractiveShell"


def before_each_cell(act: Callable[[], object]) -> Callable[[], None]:
    """Call `act` before each cell, until the answer is called; nothing outside IPython."""
    return _register("pre_run_cell", act)


def after_each_cell(act: Callable[[], object]) -> Callable[[], None]:
    """Call `act` after each cell, until the answer is called; what it raises is told to the person."""
    return _register("post_run_cell", act)


def _register(event: str, act: Callable[[], object]) -> Callable[[], None]:
    found = shell()
    if found is None:
        return lambda: None

    def hear(*_: object) -> None:
        try:
            act()
        except WorkbenchError as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - the person at the notebook

    found.events.register(event, hear)

    def forget() -> None:
        with contextlib.suppress(ValueError):
            found.events.unregister(event, hear)

    return forget

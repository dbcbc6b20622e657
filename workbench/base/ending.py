"""What a process does at its end while its thread pools still work."""

from __future__ import annotations

import atexit
import importlib
import threading
from collections.abc import Callable


def at_end(act: Callable[[], object]) -> None:
    """Run `act` when the interpreter ends, before its thread pools do: an orderly stop needs them.

    ``atexit`` alone is too late for that: pools refuse work from the moment that the main thread is done.
    """
    register = getattr(threading, "_register_atexit", None)
    if register is None:
        atexit.register(act)
        return
    importlib.import_module("concurrent.futures.thread")  # its own end is registered first, so it runs after ours

    register(act)

"""Named points in the code where a test may wait, raise or kill the process. No-ops in production."""

from __future__ import annotations

from collections.abc import Callable

_hook: Callable[[str], None] | None = None


def probe(name: str) -> None:
    """Pass the point `name`, such as ``log.before_sync``. Costs one comparison when nothing listens."""
    if _hook is not None:
        _hook(name)


def listen(hook: Callable[[str], None] | None) -> None:
    """Make `hook` hear every probe, in the thread that passes it; None turns it off. For tests only."""
    global _hook
    _hook = hook

"""Settings of the interpreter that a busy engine needs. They hold for the whole process, so they are set knowingly."""

from __future__ import annotations

import gc
import sys

SWITCH_INTERVAL_S = 0.0005
"""With Python's default each sync of the log waits up to 5 ms for the interpreter lock."""

GC_THRESHOLD = 50_000
"""New objects between collections of the youngest: a busy engine makes many small ones that live on for a while."""


def tune() -> None:
    """Set both; calling it again changes nothing."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    youngest, *older = gc.get_threshold()
    gc.set_threshold(max(GC_THRESHOLD, youngest), *older)

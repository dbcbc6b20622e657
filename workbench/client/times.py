"""Times of the wire as people read them."""

from __future__ import annotations


def minute_of(time: str | None) -> str:
    """``2026-11-24 18:37 UTC``; empty where there is no time."""
    return f"{time[:16].replace('T', ' ')} UTC" if time else ""


def second_of(time: str) -> str:
    """``2026-11-24 18:37:48 UTC``."""
    return f"{time[:19].replace('T', ' ')} UTC"

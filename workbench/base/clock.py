"""Time as an argument: wall microseconds at the edge, monotonic seconds inside."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """What tells the time. Times in facts and tables are whole microseconds since 1970 UTC."""

    def now_us(self) -> int:
        """Wall time in microseconds since 1970 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back and that nobody sets; they pass while the machine sleeps, where it can tell."""
        ...


_SLEEPLESS: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux's own `monotonic` stands still while the machine sleeps; this one does not. Other systems' goes on."""


class SystemClock:
    """The machine's own clocks."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return time.clock_gettime(_SLEEPLESS) if _SLEEPLESS is not None else time.monotonic()


def to_datetime(us: int) -> datetime:
    """Microseconds since 1970 as an aware UTC datetime."""
    return EPOCH + timedelta(microseconds=us)


def to_us(moment: datetime) -> int:
    """An aware datetime as microseconds since 1970 UTC."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def rfc3339(us: int) -> str:
    """Microseconds since 1970 as RFC 3339 UTC text with millisecond precision and `Z`."""
    return to_datetime(us).strftime("%Y-%m-%dT%H:%M:%S.") + f"{us // 1000 % 1000:03d}Z"

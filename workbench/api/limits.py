"""Rate limits: sliding windows per key, in memory."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.base.clock import Clock

MAX_KEYS = 10_000
"""Names remembered at once; the one longest unseen goes first."""


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` calls in any `seconds`."""

    limit: int
    seconds: float
    text: str


STRICT = (Window(10, 1, "a second"), Window(1000, 3600, "an hour"))
STRICT_HOOKS = (Window(100, 60, "a minute"),)


@dataclass(frozen=True, slots=True)
class Taken:
    """How a key stands after one call, by the window that is nearest to its limit."""

    is_allowed: bool
    limit: int
    remaining: int
    reset_s: float
    retry_after_s: float
    window: str

    def headers(self) -> dict[str, str]:
        """The `X-RateLimit-…` headers; reset is in whole seconds from now."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(max(1, math.ceil(self.reset_s))),
        }


class RateLimiter:
    """Counts calls by name. A refused call is not counted."""

    def __init__(self, windows: Sequence[Window], clock: Clock) -> None:
        self._windows = windows
        self._clock = clock
        self._calls: dict[str, deque[float]] = {}

    def take(self, name: str) -> Taken:
        """Count a call of `name`, if it is allowed."""
        now = self._clock.monotonic()
        calls = self._calls.pop(name, None) or deque()
        self._calls[name] = calls
        if len(self._calls) > MAX_KEYS:
            del self._calls[next(iter(self._calls))]
        while calls and calls[0] <= now - self._windows[-1].seconds:
            calls.popleft()
        states = [self._state(w, calls, now) for w in self._windows]
        is_allowed = all(remaining > 0 for _, remaining, _ in states)
        if is_allowed:
            calls.append(now)
            states = [self._state(w, calls, now) for w in self._windows]
        window, remaining, reset = min(states, key=lambda s: (s[1] / s[0].limit, -s[2]))
        return Taken(is_allowed, window.limit, max(0, remaining), reset, 0.0 if is_allowed else reset, window.text)

    @staticmethod
    def _state(window: Window, calls: deque[float], now: float) -> tuple[Window, int, float]:
        """What is left in a window, and seconds until its oldest call leaves it."""
        used, oldest = 0, now
        for at in reversed(calls):
            if at <= now - window.seconds or used >= window.limit:
                break
            used, oldest = used + 1, at
        return window, window.limit - used, oldest + window.seconds - now

"""The nearest spelling of a mistyped name, with a bound on the work for flows in which everything is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MAX_SEARCHES = 50
MAX_CANDIDATES = 500


class Nearest:
    """Finds near spellings; after `MAX_SEARCHES` it answers with none, so that validation stays quick."""

    def __init__(self) -> None:
        self._left = MAX_SEARCHES

    def find(self, name: str, candidates: Iterable[str]) -> str | None:
        """The candidate that reads most like `name`, or None when none is close."""
        if self._left <= 0:
            return None
        self._left -= 1
        by_lower = {
            candidate.lower(): candidate for candidate, _ in zip(candidates, range(MAX_CANDIDATES), strict=False)
        }
        found = difflib.get_close_matches(name.lower()[:100], by_lower, n=1, cutoff=0.7)
        return by_lower[found[0]] if found else None

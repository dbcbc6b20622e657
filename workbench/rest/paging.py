"""Lists: `limit`, an opaque `cursor`, and pages that stay stable while rows are added (keyset paging)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from workbench.base.errors import InvalidInput, Issue

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Paged(Generic[T]):
    """One page of a list; `ok` makes its items the data and `total`, `limit`, `nextCursor` the meta."""

    items: list[T]
    total: int
    limit: int
    next_cursor: str | None

    def meta(self) -> dict[str, Any]:
        """The list's meta in wire names."""
        return {"total": self.total, "limit": self.limit, "nextCursor": self.next_cursor}

    def map(self, change: Callable[[T], U]) -> Paged[U]:
        """The same page with other items."""
        return Paged([change(i) for i in self.items], self.total, self.limit, self.next_cursor)


@dataclass(frozen=True, slots=True)
class Page:
    """Which page a list request wants."""

    limit: int = 50
    cursor: str | None = None

    @property
    def fetch(self) -> int:
        """How many rows to ask the store for: one more than the page, to see whether there is a next one."""
        return self.limit + 1

    def after(self, *types: type) -> tuple[Any, ...] | None:
        """The sort key of the last row already seen, or None on the first page.

        `types` are the types of the key's parts (``int``, ``str``, ``bytes``, ``float``). Raises `InvalidInput`.
        """
        if self.cursor is None:
            return None
        try:
            raw = base64.b64decode(self.cursor + "=" * (-len(self.cursor) % 4), altchars=b"-_", validate=True)
            parts = msgspec.msgpack.decode(raw)
        except (ValueError, msgspec.DecodeError):
            parts = None
        if not isinstance(parts, list) or [type(p) for p in parts] != list(types):
            raise InvalidInput(
                "The cursor is not one that this list gave out.",
                hint="Send meta.nextCursor of the page before, unchanged, or leave it out.",
                details=[Issue("cursor", "is not a cursor of this list")],
            )
        return tuple(parts)

    def cut(self, rows: Sequence[T], key: Callable[[T], tuple[Any, ...]], total: int) -> Paged[T]:
        """The page out of up to `fetch` rows; `key` gives a row's sort key."""
        items = list(rows[: self.limit])
        more = len(rows) > self.limit and items
        return Paged(items, total, self.limit, _cursor(key(items[-1])) if more else None)


def _cursor(key: tuple[Any, ...]) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(key)).decode().rstrip("=")

"""Ids: UUIDv7, text on the wire, 16 bytes in facts and tables."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol
from uuid import UUID

from uuid_utils import uuid7


class Ids(Protocol):
    """What makes new ids; tests pass one that repeats."""

    def new(self) -> str:
        """A new UUIDv7 as text."""
        ...


class RandomIds:
    """UUIDv7 from the system's randomness and clock."""

    def new(self) -> str:
        return str(uuid7())


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID in its canonical form (any version)."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


@lru_cache(maxsize=8192)
def to_bytes(text: str) -> bytes:
    """A UUID's 16 bytes. Raises ValueError for what is none."""
    raw = bytes.fromhex(text.replace("-", ""))
    if len(raw) != 16:
        raise ValueError(f"{text!r} is not a UUID")
    return raw


def to_text(raw: bytes) -> str:
    """16 bytes as a UUID's text."""
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

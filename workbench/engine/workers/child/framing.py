"""Frames between the server and a worker: four bytes of length, then msgpack. No pickle: nothing is run by reading.

Values are JSON data, dates and times, and tables. A table stands as the name of an Arrow file in the worker's folder.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

HEADER = struct.Struct("<I")
MAX_FRAME = 0xFFFF_FFFF
MAX_DEPTH = 200

BIG_INT, DATE, DATETIME, TIME, DURATION, TABLE = range(1, 7)


_MOMENTS: dict[type[Any], int] = {date: DATE, datetime: DATETIME, time: TIME}


class Unstorable(Exception):
    """A value that is neither JSON data nor a date nor a table; the text says what and where."""


def pack(message: dict[str, Any]) -> bytes:
    """One frame."""
    body = msgspec.msgpack.encode(message)
    if len(body) > MAX_FRAME:
        raise Unstorable("The value is larger than 4 GiB")
    return HEADER.pack(len(body)) + body


def unpack(body: bytes) -> dict[str, Any]:
    """What stands in a frame's body. Raises msgspec.DecodeError."""
    return msgspec.msgpack.decode(body, type=dict[str, Any])


def encode(value: Any, put_table: Callable[[Any], str], is_table: Callable[[Any], bool]) -> bytes:
    """A value as msgpack; `put_table` stores a table and answers its name. Raises Unstorable."""
    try:
        return msgspec.msgpack.encode(_outward(value, put_table, is_table, "The value", 0))
    except UnicodeEncodeError:
        raise Unstorable("The value holds text that is no Unicode") from None


def _outward(value: Any, put: Callable[[Any], str], is_table: Callable[[Any], bool], place: str, depth: int) -> Any:
    kind: Any = type(value)  # pyright: ignore[reportUnknownVariableType]
    if value is None or kind is bool or kind is float or kind is str:
        return value
    if kind is int:
        return value if -(2**63) <= value < 2**63 else msgspec.msgpack.Ext(BIG_INT, hex(value).encode())
    if depth > MAX_DEPTH:
        raise Unstorable(f"The value is nested deeper than {MAX_DEPTH} levels, or holds itself")
    if kind is list:
        return [
            _outward(item, put, is_table, f"{place}[{i}]" if depth < 3 else place, depth + 1)
            for i, item in enumerate(value)
        ]
    if kind is dict:
        for key in value:
            if type(key) is not str:
                raise Unstorable(f"{place} has the key {key!r:.60}, which is no text")
        return {
            key: _outward(item, put, is_table, f"{place}.{key}" if depth < 3 else place, depth + 1)
            for key, item in value.items()
        }
    if kind in _MOMENTS:
        return msgspec.msgpack.Ext(_MOMENTS[kind], value.isoformat().encode())
    if kind is timedelta:
        return msgspec.msgpack.Ext(DURATION, str(value // timedelta(microseconds=1)).encode())
    if is_table(value):
        return msgspec.msgpack.Ext(TABLE, put(value).encode())
    raise Unstorable(f"{place} is a `{kind.__name__}`")


def decode(data: bytes, get_table: Callable[[str], Any]) -> Any:
    """The value again; `get_table` reads a table by its name. Raises msgspec.DecodeError, and as `get_table` does."""

    def inward(code: int, raw: memoryview) -> Any:
        text = bytes(raw).decode()
        if code == BIG_INT:
            return int(text, 16)
        if code == DATE:
            return date.fromisoformat(text)
        if code == DATETIME:
            return datetime.fromisoformat(text)
        if code == TIME:
            return time.fromisoformat(text)
        if code == DURATION:
            return timedelta(microseconds=int(text))
        if code == TABLE:
            return get_table(text)
        raise msgspec.DecodeError(f"unknown kind of value: {code}")

    return msgspec.msgpack.decode(data, ext_hook=inward)

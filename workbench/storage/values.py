"""Wire values to bytes and back, exactly; and to JSON for the REST API.

A wire value is JSON data (whole numbers of any size, NaN and infinities included), dates, times and durations, or a
table (polars.DataFrame); tables may stand inside objects and lists. Nothing else can be stored: what cannot come back
as it was is refused, not bent.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Generator
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec
import polars as pl

from workbench.base.errors import BlockFailed
from workbench.storage.tables import columns_of, from_ipc, preview_rows, to_ipc

MAX_DEPTH = 200
PREVIEW_ROWS = 100
_PLAIN = frozenset({type(None), bool, int, float, str})
_BIGINT, _DATE, _DATETIME, _TIME, _DURATION, _TABLE = 1, 2, 3, 4, 5, 6
_encoder = msgspec.msgpack.Encoder()
_SPAN = struct.Struct("<iii")


def encode(value: Any) -> bytes:
    """A wire value as msgpack. Raises BlockFailed: CONFIG for what is no wire value, OUTPUT_LIMIT for too deep."""
    try:
        if is_flat(value) or _is_plain(value, 0):
            return _encoder.encode(value)
    except OverflowError:  # a whole number beyond 64 bits
        pass
    except UnicodeEncodeError as error:
        raise _unstorable(f"text with a lone surrogate ({error.reason})", "") from error
    try:
        return _encoder.encode(_packed(value, "", 0))
    except UnicodeEncodeError as error:
        raise _unstorable(f"text with a lone surrogate ({error.reason})", "") from error


PIECE_BYTES = 256 * 1024
"""Encoding holds the interpreter lock for about so much at a time."""


def encode_in_pieces(value: Any) -> Generator[bytes]:
    """The bytes that `encode` gives, for large values in a thread: others get a turn between the pieces."""
    yield from _pieces(value, 0)


def _pieces(value: Any, depth: int) -> Generator[bytes]:
    kind = type(value)
    if depth > MAX_DEPTH or (kind is not list and kind is not dict) or not is_large(value):
        yield encode(value)
    elif kind is list:
        yield _head(len(value), 0x90, 0xDC)
        for start in range(0, len(value), _RUN):
            run = value[start : start + _RUN]
            if is_large(run):
                for inner in run:
                    yield from _pieces(inner, depth + 1)
            else:
                yield encode(run)[len(_head(len(run), 0x90, 0xDC)) :]
    else:
        yield _head(len(value), 0x80, 0xDE)
        for key, inner in value.items():
            if not isinstance(key, str):
                raise _unstorable(f"an object with the key {key!r}; keys must be text", "")
            yield encode(key)
            yield from _pieces(inner, depth + 1)


_RUN = 1000
_LOOK = 8
"""What it costs to look at a text or a container inside, as bytes."""


def _head(length: int, few: int, many: int) -> bytes:
    """How msgpack begins an array or a map of this length."""
    if length < 16:
        return bytes((few | length,))
    if length < 65536:
        return bytes((many,)) + length.to_bytes(2, "big")
    return bytes((many + 1,)) + length.to_bytes(4, "big")


def is_flat(value: Any) -> bool:
    """Whether it is a short scalar or a few of them by name, as most values are: told quicker than it is encoded."""
    kind = type(value)
    if kind is not dict:
        return kind in _NUMBERS or (kind is str and len(value) <= _SHORT)
    if len(value) > _FEW:
        return False
    for key, inner in value.items():
        if type(key) is not str or len(key) > _SHORT:
            return False
        kind = type(inner)
        if kind not in _NUMBERS and (kind is not str or len(inner) > _SHORT):
            return False
    return True


_FEW = 8
_SHORT = 256
_NUMBERS = frozenset({type(None), bool, int, float})


def is_large(value: Any) -> bool:
    """Whether JSON takes more than about `PIECE_BYTES`; looks at few thousand values at most."""
    kind = type(value)
    return (kind is str or kind is list or kind is dict) and _left(value, PIECE_BYTES, 0) < 0


def _left(value: Any, budget: int, depth: int) -> int:
    """What `value`, as it takes room and time to look at, leaves of `budget`; negative: it is large."""
    if isinstance(value, str):
        return budget - len(value)
    if isinstance(value, dict):
        inner: Any = value.values()
        budget -= sum(len(key) for key in value if isinstance(key, str))
    elif isinstance(value, list):
        inner = value
    else:
        return budget - 1
    budget -= len(inner)
    if depth < MAX_DEPTH:  # what is deeper is refused when it is encoded
        for part in inner:
            if budget < 0:
                break
            if isinstance(part, str | dict | list):
                budget = _left(part, budget - _LOOK, depth + 1)
    return budget


def decode(data: bytes | memoryview) -> Any:
    """The value that `encode` was given."""
    return _decoder.decode(data)


def to_json(value: Any) -> Any:
    """JSON-ready: dates as ISO text, durations as seconds, NaN and infinities null, tables as a preview.

    Whole numbers stay numbers, whatever their size. A table is
    ``{"$table": {rows, columns: [{name, type}], preview}}``.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool or kind is int:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is dict:
        return {k: to_json(v) for k, v in value.items()}
    if kind is list or kind is tuple:
        return [to_json(v) for v in value]
    if isinstance(value, pl.DataFrame):
        columns = [{"name": name, "type": type_} for name, type_ in columns_of(value)]
        preview = [to_json(row) for row in preview_rows(value, PREVIEW_ROWS)]
        return {"$table": {"rows": value.height, "columns": columns, "preview": preview}}
    return _scalar_to_json(value)


def _scalar_to_json(value: Any) -> Any:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return to_json(float(value))
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, pl.Series):
        return [to_json(v) for v in value.to_list()]
    return str(value)


def _is_plain(value: Any, depth: int) -> bool:
    """Whether msgspec writes this value as it stands. Looks at whole lists at once, in C."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if depth > MAX_DEPTH:
        return False
    if kind is dict:
        kinds = set(map(type, value.values()))
        if value and set(map(type, value)) != {str}:
            return False
        inner = value.values()
    elif kind is list:
        kinds = set(map(type, value))
        inner = value
    else:
        return False
    if kinds <= _PLAIN:
        return True
    if not kinds <= _NESTED:
        return False
    return all(_is_plain(v, depth + 1) for v in inner if type(v) in _CONTAINERS)


_CONTAINERS = frozenset({dict, list})
_NESTED = _PLAIN | _CONTAINERS


def _packed(value: Any, path: str, depth: int) -> Any:
    """The value with everything that msgpack lacks as extension types."""
    kind = type(value)
    if depth > MAX_DEPTH:
        raise BlockFailed(
            f"The value is nested more than {MAX_DEPTH} levels deep.", kind="OUTPUT_LIMIT", hint="Flatten it."
        )
    if kind is int:
        return value if -(2**63) <= value < 2**64 else msgspec.msgpack.Ext(_BIGINT, _int_bytes(value))
    if kind in _PLAIN:
        return value
    if isinstance(value, dict):
        for key in cast("dict[Any, Any]", value):
            if not isinstance(key, str):
                raise _unstorable(f"an object with the key {key!r}; keys must be text", path)
        items = cast("dict[str, Any]", value).items()
        return {str(k): _packed(v, f"{path}.{k}" if path else k, depth + 1) for k, v in items}
    if isinstance(value, list):
        return [_packed(v, f"{path}[{i}]", depth + 1) for i, v in enumerate(cast("list[Any]", value))]
    for cls, pack in _PACKERS:
        if isinstance(value, cls):
            return pack(value)
    raise _unstorable(f"a {kind.__module__}.{kind.__qualname__}".replace("builtins.", ""), path)


def _unstorable(what: str, path: str) -> BlockFailed:
    return BlockFailed(
        f"The value{f' at {path}' if path else ''} cannot be stored: it is {what}.",
        kind="CONFIG",
        hint="Use None, bool, int, float, str, list, dict with text keys, date and time, or a polars DataFrame.",
    )


def _int_bytes(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)


def _moment(value: datetime | time) -> bytes:
    """ISO text; a named zone and the second of a repeated hour are kept too."""
    zone = value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else ""
    bare = value.replace(tzinfo=None, fold=0) if zone else value.replace(fold=0)
    return f"{bare.isoformat()}|{zone}|{value.fold}".encode()


def _from_moment(cls: type[datetime] | type[time], data: bytes) -> datetime | time:
    text, zone, fold = data.decode().split("|")
    moment = cls.fromisoformat(text)
    return moment.replace(tzinfo=ZoneInfo(zone) if zone else moment.tzinfo, fold=int(fold))


def _ext(code: int, data: bytes) -> msgspec.msgpack.Ext:
    return msgspec.msgpack.Ext(code, data)


_PACKERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (pl.DataFrame, lambda v: _ext(_TABLE, to_ipc(v))),
    (datetime, lambda v: _ext(_DATETIME, _moment(v))),
    (date, lambda v: _ext(_DATE, v.isoformat().encode())),
    (time, lambda v: _ext(_TIME, _moment(v))),
    (timedelta, lambda v: _ext(_DURATION, _SPAN.pack(v.days, v.seconds, v.microseconds))),
    (bool, bool),
    (int, lambda v: _packed(int(v), "", 0)),
    (float, float),
    (str, str),
)
"""Subclasses (numpy's float64, an enum of text) become their plain base."""


def _from_ext(code: int, data: memoryview) -> Any:
    raw = bytes(data)
    if code == _BIGINT:
        return int.from_bytes(raw, "little", signed=True)
    if code == _DATE:
        return date.fromisoformat(raw.decode())
    if code == _DATETIME:
        return _from_moment(datetime, raw)
    if code == _TIME:
        return _from_moment(time, raw)
    if code == _DURATION:
        days, seconds, microseconds = _SPAN.unpack(raw)
        return timedelta(days, seconds, microseconds)
    if code == _TABLE:
        return from_ipc(raw)
    raise ValueError(f"extension type {code} is unknown: a newer workbench wrote this value")


_decoder = msgspec.msgpack.Decoder(ext_hook=_from_ext)

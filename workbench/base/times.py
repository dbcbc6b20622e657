"""Times on the wire: whole microseconds inside, RFC 3339 UTC with `Z` outside."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from workbench.base.clock import rfc3339, to_us

_WANTED = "must be an RFC 3339 time such as 2026-01-31T12:00:00Z"


def parse_time(value: Any) -> Any:
    """RFC 3339 text as microseconds since 1970 UTC; integers pass. Raises ValueError for text without an offset."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(_WANTED) from None
    if moment.tzinfo is None:
        raise ValueError("needs an offset or Z at its end")
    return to_us(moment.astimezone(UTC))


LATEST_US = to_us(datetime.max.replace(tzinfo=UTC))


def _only_text(value: Any) -> Any:
    if isinstance(value, (bool, float)) or (isinstance(value, int) and not 0 <= value <= LATEST_US):
        raise ValueError(_WANTED)
    return parse_time(value)


Time: TypeAlias = Annotated[
    int,
    BeforeValidator(_only_text),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A model field for a moment: microseconds in Python, RFC 3339 text in JSON (milliseconds, `Z`)."""


def _given(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError(_WANTED)  # noqa: TRY004 - pydantic tells it
    return parse_time(value)


GivenTime: TypeAlias = Annotated[Time, BeforeValidator(_given)]
"""A field of a request: text only, for a number might be seconds, milliseconds or microseconds."""

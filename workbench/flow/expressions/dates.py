"""Functions that make and read dates, times and durations."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.limits import Budget
from workbench.flow.expressions.text import check_date_spec
from workbench.flow.expressions.values import NUMBERS, kind, type_error

_MOST_TEXT = 200


def to_date(b: Budget, *args: Any) -> date:
    """A date from ISO text, from a date and time, or from year, month, day."""
    if len(args) == 1:
        if type(args[0]) is datetime:
            return args[0].date()
        if type(args[0]) is date:
            return args[0]
        text = _text("date", args[0])
        try:
            return date.fromisoformat(text)
        except ValueError:
            return _from_iso("date", "2013-01-31", datetime.fromisoformat, text).date()
    return date(*_parts("date", args))


def to_datetime(b: Budget, *args: Any) -> datetime:
    """A date and time from ISO text, from a date (at midnight), or from year, month, day, hour, minute, second."""
    if len(args) == 1:
        if type(args[0]) is datetime:
            return args[0]
        if type(args[0]) is date:
            return datetime(args[0].year, args[0].month, args[0].day)  # noqa: DTZ001 - the date has no zone
        text = _text("datetime", args[0])
        return _from_iso("datetime", "2013-01-31T18:30:00Z", datetime.fromisoformat, text)
    return datetime(*_parts("datetime", args))  # noqa: DTZ001 - as written


def to_time(b: Budget, *args: Any) -> time:
    """A time from ISO text, from a date and time, or from hour, minute, second."""
    if len(args) == 1 and type(args[0]) is not int:
        if type(args[0]) is datetime:
            return args[0].time()
        if type(args[0]) is time:
            return args[0]
        return _from_iso("time", "18:30:00", time.fromisoformat, _text("time", args[0]))
    return time(*_parts("time", args))


def to_timedelta(b: Budget, *args: Any, **parts: Any) -> timedelta:
    """A duration from weeks, days, hours, minutes, seconds, milliseconds, microseconds; the first is days."""
    for part in (*args, *parts.values()):
        if type(part) not in NUMBERS:
            raise type_error(f"`timedelta` takes numbers, not {kind(part)}.")
    return timedelta(*args, **parts)


def parse_date(b: Budget, text: Any, spec: Any) -> date:
    """A date from text in a strptime format."""
    return parse_datetime(b, text, spec).date()


def parse_datetime(b: Budget, text: Any, spec: Any) -> datetime:
    """A date and time from text in a strptime format."""
    text, spec = _text("parse_datetime", text), _text("parse_datetime", spec)
    check_date_spec(spec)
    b.spend(20)
    try:
        return datetime.strptime(text, spec)  # noqa: DTZ007 - the zone is in the text or there is none
    except ValueError:
        raise ExpressionError("VALUE", f"`{text[:60]}` is not a date in the format `{spec[:60]}`.") from None


def _text(word: str, value: Any) -> str:
    if type(value) is not str:
        raise type_error(f"`{word}` takes text, not {kind(value)}.")
    if len(value) > _MOST_TEXT:
        raise ExpressionError("VALUE", f"`{word}` takes a text of at most {_MOST_TEXT} characters.")
    return value


def _parts(word: str, values: tuple[Any, ...]) -> Any:
    for value in values:
        if type(value) is not int:
            raise type_error(f"`{word}` takes whole numbers, not {kind(value)}.")
    return list(values)


def _from_iso(word: str, example: str, read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except ValueError:
        raise ExpressionError(
            "VALUE", f"`{text[:60]}` is no {word}.", f'ISO text looks like "{example}"; parse_datetime reads others.'
        ) from None

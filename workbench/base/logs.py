"""How log events are written: one line each, a plain traceback where there is one, never the values of variables."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from types import ModuleType
from typing import Literal


def _load_structlog() -> ModuleType:
    """Structlog without rich, which it would load for colourful tracebacks: 0.2 s of a start, for what is never used.

    Once rich or structlog is there, nothing is saved and nothing done.
    """
    if {"rich", "structlog"} & sys.modules.keys():
        return import_module("structlog")
    sys.modules["rich"] = None  # type: ignore[assignment]  # an import of it fails, as where it is not installed
    try:
        return import_module("structlog")
    finally:
        del sys.modules["rich"]


_load_structlog()

import structlog  # noqa: E402

get_logger = structlog.get_logger
"""A logger by name; modules take it from here, so that structlog is loaded as above."""


def configure(level: Literal["debug", "info", "warning", "error"]) -> None:
    """Set up structlog for the process, unless its host has done so.

    structlog's own default prints every local variable of a traceback: that would write keys and whole values into the
    log, and takes seconds of the loop's time for each.
    """
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=False,
    )


def _to_stderr(*_: object) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)

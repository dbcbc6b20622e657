"""The API's errors raised again in the notebook, each with its sentence and the next act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.base.errors import Issue, RateLimited, WorkbenchError

_ENVELOPE = {"code", "message", "details", "hint"}


class RunFailed(WorkbenchError):
    """A run ended without a result; `run` is that run. Raised by `Run.result()` only."""

    code = "RUN_FAILED"

    def __init__(self, message: str, *, hint: str | None = None, run: Any = None) -> None:
        super().__init__(message, hint=hint)
        self.run = run


def error_of(told: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> WorkbenchError:
    """The error that an error object on the wire stands for; an unknown code becomes a plain `WorkbenchError`."""
    message = str(told.get("message") or f"The server answered {status}.")
    hint = told.get("hint")
    kind = _kinds().get(str(told.get("code")), WorkbenchError)
    if issubclass(kind, RateLimited):
        return short(kind(message, retry_after_s=float((headers or {}).get("retry-after", 1)), hint=hint))
    details = [Issue(d.get("field", ""), d.get("issue", "")) for d in told.get("details") or () if isinstance(d, dict)]
    data = {name: value for name, value in told.items() if name not in _ENVELOPE}
    error = kind(message, hint=hint, details=details, data=data)
    if kind is WorkbenchError:
        error.data["code"], error.data["status"] = told.get("code"), status
    return short(error)


def short(error: WorkbenchError) -> WorkbenchError:
    """The same error, shown in notebooks by its own words in place of a traceback through the client."""
    error._render_traceback_ = lambda: [f"{type(error).__name__}: {error}"]  # type: ignore[attr-defined]
    return error


def _kinds() -> dict[str, type[WorkbenchError]]:
    """Error classes by code; of those with one code the most general."""
    found: dict[str, type[WorkbenchError]] = {}
    for kind in _below(WorkbenchError):
        found.setdefault(kind.code, kind)
    return found


def _below(kind: type[WorkbenchError]) -> Iterator[type[WorkbenchError]]:
    for child in kind.__subclasses__():
        if child.__module__ == "workbench.base.errors" and child.__init__ in (
            WorkbenchError.__init__,
            RateLimited.__init__,
        ):
            yield child
            yield from _below(child)

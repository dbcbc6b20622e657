"""The one error tree. Each error knows its code, its HTTP status, a sentence for a person and the next act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with one field. `field` is a dotted path such as ``flow.blocks[2].config.delayMs``."""

    field: str
    issue: str


class WorkbenchError(Exception):
    """Base of every error that a person may see.

    `message` is one sentence that names what is wrong; `hint` is the exact next act; `details` lists fields.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        details: list[Issue] | None = None,
        data: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details or []
        self.data = data or {}
        """More fields for the error object on the wire, such as ``currentVersion``."""

    def __str__(self) -> str:
        lines = [self.message, *(f"  {d.field}: {d.issue}" for d in self.details)]
        if self.hint:
            lines.append(f"  → {self.hint}")
        return "\n".join(lines)


class InvalidInput(WorkbenchError):
    """The request is not well formed: a field is missing, of the wrong type or out of range."""

    code = "VALIDATION_ERROR"
    status = 400


class NotAuthenticated(WorkbenchError):
    """No valid key, token or login came with the request."""

    code = "AUTHENTICATION_ERROR"
    status = 401


class NotAllowed(WorkbenchError):
    """Known, but without the scope or the workspace that this needs."""

    code = "AUTHORIZATION_ERROR"
    status = 403


class NotFound(WorkbenchError):
    """No such resource in this workspace."""

    code = "NOT_FOUND"
    status = 404


class MethodNotAllowed(WorkbenchError):
    """The path exists, the method does not."""

    code = "METHOD_NOT_ALLOWED"
    status = 405


class Conflict(WorkbenchError):
    """Something else stands in the way, such as a second request with one idempotency key."""

    code = "CONFLICT"
    status = 409


class VersionConflict(Conflict):
    """The resource has changed since the version that the writer saw."""

    code = "VERSION_CONFLICT"


class InvalidState(Conflict):
    """The resource is in a state that does not allow this."""

    code = "INVALID_STATE"


class PayloadTooLarge(WorkbenchError):
    """The body is over the limit."""

    code = "PAYLOAD_TOO_LARGE"
    status = 413


class UnsupportedMediaType(WorkbenchError):
    """The body is not JSON."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415


class FlowInvalid(WorkbenchError):
    """A well-formed request on a flow that does not validate."""

    code = "FLOW_INVALID"
    status = 422


class RateLimited(WorkbenchError):
    """Too many requests; `retry_after_s` says when to come back."""

    code = "RATE_LIMITED"
    status = 429

    def __init__(self, message: str, *, retry_after_s: float, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class Unavailable(WorkbenchError):
    """The store or the engine cannot take work now; reads may go on."""

    code = "UNAVAILABLE"
    status = 503


class StoreHeld(Unavailable):
    """Another process owns the store."""


class StoreTooNew(Unavailable):
    """The store was written by a newer version of the workbench."""


class StoreDamaged(Unavailable):
    """The log or the database cannot be trusted; the store opens read-only or not at all."""


class BlockFailed(WorkbenchError):
    """A block's attempt failed. `kind` is the `type` field of the run's and the checkpoint's error object.

    Kinds in use: ``EXPRESSION`` (see ExpressionError.code for its own), ``TIMEOUT``, ``MEMORY``, ``OUTPUT_LIMIT``,
    ``CODE`` (user code raised), ``WORKER_DIED``, ``HTTP``, ``FILE``, ``CONFIG``, ``TABLE``, ``LIMIT``,
    ``BLOCK_SKIPPED``, ``NOT_IN_SCOPE``, ``VARIABLE_RACE``, ``REGION`` (a block inside a scope failed), ``VALUE_LOST``,
    ``SECRET`` (one that is missing, or cannot be read).
    `unknown` is true when the outcome is not known (the effect may have happened): cut connection, timeout, crash.
    """

    code = "BLOCK_FAILED"
    status = 500

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        hint: str | None = None,
        unknown: bool = False,
        data: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, data=data)
        self.kind = kind
        self.unknown = unknown


class ValueLost(BlockFailed, NotFound):
    """A stored value's file is gone, or is not what was stored."""

    code = "NOT_FOUND"
    status = 404

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, kind="VALUE_LOST", hint=hint)

"""The error envelope of answers that the app never sees: no login, body too large, the workbench did not start."""

from __future__ import annotations

import json
from http import HTTPStatus

from workbench.base.errors import (
    Conflict,
    InvalidInput,
    MethodNotAllowed,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    PayloadTooLarge,
    Unavailable,
    UnsupportedMediaType,
    WorkbenchError,
)

_BY_STATUS: dict[int, type[WorkbenchError]] = {
    cls.status: cls
    for cls in (
        InvalidInput,
        NotAuthenticated,
        NotAllowed,
        NotFound,
        MethodNotAllowed,
        Conflict,
        PayloadTooLarge,
        UnsupportedMediaType,
        Unavailable,
    )
}


def envelope(error: WorkbenchError, request_id: str) -> bytes:
    """The failure envelope of the REST contract as JSON text."""
    told: dict[str, object] = {"code": error.code, "message": error.message, "details": []}
    told["details"] = [{"field": d.field, "issue": d.issue} for d in error.details]
    if error.hint:
        told["hint"] = error.hint
    told |= error.data
    return json.dumps({"success": False, "error": told, "requestId": request_id}, ensure_ascii=False).encode()


def from_status(status: int, message: str | None) -> WorkbenchError:
    """The error of our tree that stands for an HTTP status which the web server itself decided on."""
    cls = _BY_STATUS.get(status, InvalidInput if 400 <= status < 500 else WorkbenchError)
    return cls(message or HTTPStatus(status).phrase)

"""The envelope: how every success and every failure looks on the wire."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from workbench.base.errors import Issue, RateLimited, WorkbenchError
from workbench.rest.paging import Paged

T = TypeVar("T")

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered."""


class Success(BaseModel, Generic[T]):
    """The envelope of a success, for the OpenAPI document only."""

    success: bool = True
    data: T
    meta: dict[str, Any] | None = None
    requestId: str  # noqa: N815 - the wire's own name


class Answer(Response):
    """A JSON answer. Without a status of its own it gets the operation's."""

    media_type = "application/json"

    def __init__(self, body: bytes, status: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(body, status_code=status or 200, headers=dict(headers or {}))
        self.has_own_status = status is not None


def ok(data: Any, meta: Mapping[str, Any] | None = None, *, status: int | None = None) -> Answer:
    """A success. `data` may hold `Wire` models, dicts, lists, times; a `Paged` brings its own meta."""
    return Answer(success_body(data, meta, REQUEST_ID.get()), status)


def success_body(data: Any, meta: Mapping[str, Any] | None, request_id: str) -> bytes:
    """The bytes of a success envelope."""
    if isinstance(data, Paged):
        data, meta = data.items, {**data.meta(), **(meta or {})}
    envelope: dict[str, Any] = {"success": True, "data": data}
    if meta is not None:
        envelope["meta"] = meta
    envelope["requestId"] = request_id
    return to_json(envelope, by_alias=True, inf_nan_mode="null")


def failure(error: WorkbenchError, headers: Mapping[str, str] | None = None) -> Answer:
    """The answer that an error is."""
    body: dict[str, Any] = {"code": error.code, "message": error.message, "details": _details(error.details)}
    if error.hint:
        body["hint"] = error.hint
    body.update(error.data)
    envelope = {"success": False, "error": body, "requestId": REQUEST_ID.get()}
    extra = dict(headers or {})
    if isinstance(error, RateLimited):
        extra["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    if error.status == 413:
        extra["Connection"] = "close"  # the rest of the body is not read
    return Answer(to_json(envelope, by_alias=True, inf_nan_mode="null"), error.status, extra)


def _details(issues: list[Issue]) -> list[dict[str, str]]:
    return [{"field": i.field, "issue": i.issue} for i in issues]

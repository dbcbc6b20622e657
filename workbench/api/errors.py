"""FastAPI's and Starlette's own refusals in our envelope."""

from __future__ import annotations

from collections.abc import Sequence
from re import Pattern

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from workbench.api.layers import route_path
from workbench.base.errors import InvalidInput, MethodNotAllowed, NotFound, WorkbenchError
from workbench.rest.answers import failure
from workbench.rest.body import invalid_input


def install(app: FastAPI, methods: Sequence[tuple[Pattern[str], set[str]]]) -> None:
    """Add the handlers. What no handler takes reaches `RequestLayer`. `methods` are those of each path."""
    app.state.methods = methods
    app.add_exception_handler(WorkbenchError, _workbench)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)


async def _workbench(_: Request, error: Exception) -> Response:
    assert isinstance(error, WorkbenchError)
    return failure(error)


async def _validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return failure(invalid_input(error, error.body))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = _allowed(request)
        message = f"{request.method} is not allowed at {request.url.path}."
        return failure(MethodNotAllowed(message, hint=f"Allowed: {allowed}."), {"Allow": allowed})
    return failure(_ours(request, error), error.headers)


def _allowed(request: Request) -> str:
    """All methods of the path, not only those of the first route that fits."""
    found: set[str] = set()
    for path, methods in request.app.state.methods:
        if path.match(route_path(request.scope)):
            found |= methods
    return ", ".join(sorted(found))


def _ours(request: Request, error: HTTPException) -> WorkbenchError:
    if error.status_code == 404:
        return NotFound(f"There is nothing at {request.url.path}.", hint="GET /api/v1/workflow/openapi.json lists all.")
    return InvalidInput(str(error.detail))

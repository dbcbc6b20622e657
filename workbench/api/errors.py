"""FastAPI's and Starlette's own refusals in our envelope."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from workbench.api.layers import route_path
from workbench.base.errors import InvalidInput, MethodNotAllowed, NotFound, WorkbenchError
from workbench.rest.answers import failure
from workbench.rest.body import invalid_input


def install(app: FastAPI) -> None:
    """Add the handlers. What no handler takes reaches `RequestLayer`."""
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
    path = route_path(request.scope)
    documented = request.app.openapi()["paths"].items()
    found = {m.upper() for template, methods in documented if compile_path(template)[0].match(path) for m in methods}
    return ", ".join(sorted(found))


def _ours(request: Request, error: HTTPException) -> WorkbenchError:
    if error.status_code == 404:
        return NotFound(f"There is nothing at {request.url.path}.", hint="GET /api/v1/workflow/openapi.json lists all.")
    return InvalidInput(str(error.detail))

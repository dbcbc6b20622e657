"""Operations: a route with an operationId, a scope, and the order of checks (403, idempotency, 404, 400, 409, 422)."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from fastapi import APIRouter, Request
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import Response, StreamingResponse

from workbench.base.errors import InvalidInput, Issue, UnsupportedMediaType, WorkbenchError
from workbench.rest.answers import REQUEST_ID, Answer, Success, failure, success_body
from workbench.rest.body import JsonRequest, invalid_input
from workbench.rest.caller import KEY_IN_SCOPE, Caller, Scope
from workbench.rest.once import PENDING, Claim, FirstAnswer, Once, Pending

Exists: TypeAlias = Callable[[Caller, Mapping[str, str]], Awaitable[Any]]
"""``exists(caller, path_params)``: raises `NotFound` when the path's resource is not in the caller's workspace."""
Endpoint = Callable[..., Awaitable[Response]]
Decorator = Callable[[Endpoint], Endpoint]

MARK = "__operation__"
"""Where an endpoint carries its `Operation`."""
MAX_KEPT_ANSWER = 1024 * 1024
"""Answers over this many bytes are not kept for an `Idempotency-Key`."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operation is besides its path."""

    id: str
    scope: Scope
    status: int
    exists: Exists | None
    keeps_answer: bool
    for_operator: bool = False
    """Whether it concerns the whole server."""
    or_operator: bool = False
    """Whether who speaks for the whole server needs no scope."""


class Operations:
    """A feature's operations; `.router` is what the app mounts."""

    def __init__(self, tag: str) -> None:
        self.router = APIRouter(route_class=OperationRoute, tags=[tag])

    def get(self, path: str, operation_id: str, *, scope: Scope = "read", **options: Any) -> Decorator:
        """Declare a GET; options as for `operation`."""
        return self.operation("GET", path, operation_id, scope=scope, **options)

    def post(self, path: str, operation_id: str, *, scope: Scope = "write", **options: Any) -> Decorator:
        """Declare a POST, which takes an `Idempotency-Key`; options as for `operation`."""
        return self.operation("POST", path, operation_id, scope=scope, **options)

    def put(self, path: str, operation_id: str, *, scope: Scope = "write", **options: Any) -> Decorator:
        """Declare a PUT; options as for `operation`."""
        return self.operation("PUT", path, operation_id, scope=scope, **options)

    def delete(self, path: str, operation_id: str, *, scope: Scope = "write", **options: Any) -> Decorator:
        """Declare a DELETE; options as for `operation`."""
        return self.operation("DELETE", path, operation_id, scope=scope, **options)

    def operation(
        self,
        method: str,
        path: str,
        operation_id: str,
        *,
        scope: Scope,
        answers: Any = None,
        status: int = 200,
        exists: Exists | None = None,
        has_secret: bool = False,
        media: Mapping[str, Any] | None = None,
        conflict: str | None = None,
        for_operator: bool = False,
        or_operator: bool = False,
    ) -> Decorator:
        """Declare an operation.

        `answers` is the type of `data` (for the document), `status` that of a success, `exists` the check that lets a
        404 come before a 400, `has_secret` keeps the answer out of idempotency, `media` other content types it speaks,
        `conflict` when a GET answers 409 (for the document; other methods always may), `for_operator` that it concerns
        the whole server, so that a key of some workspace is refused, `or_operator` that a kernel of this server, which
        has no `admin`, may do it too.
        """
        success: dict[str, Any] = {"description": "Success", "model": Success[answers or Any]}  # type: ignore[valid-type]
        if media:
            success["content"] = dict(media)

        responses: dict[int | str, dict[str, Any]] = {status: success}
        if conflict is not None:
            schema = {"$ref": "#/components/schemas/Error"}
            responses[409] = {"description": conflict, "content": {"application/json": {"schema": schema}}}

        def declare(endpoint: Endpoint) -> Endpoint:
            mark = Operation(operation_id, scope, status, exists, not has_secret, for_operator, or_operator)
            setattr(endpoint, MARK, mark)
            self.router.add_api_route(
                path,
                endpoint,
                methods=[method],
                operation_id=operation_id,
                status_code=status,
                response_model=None,
                responses=responses,
                openapi_extra={"x-scope": scope, **({"x-operator": True} if for_operator else {})},
            )
            return endpoint

        return declare


class OperationRoute(APIRoute):
    """Runs an operation's checks in their order around FastAPI's own handler."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()
        operation: Operation = getattr(self.endpoint, MARK)
        takes_body = self.body_field is not None
        takes_key = "POST" in (self.methods or ())

        async def handle(plain: Request) -> Response:
            request = JsonRequest(plain.scope, plain.receive)
            caller: Caller = request.scope[KEY_IN_SCOPE]
            call = _Call(inner, request, caller, operation, takes_body)
            try:
                if not (operation.or_operator and caller.is_operator):
                    caller.require(operation.scope)
                if operation.for_operator:
                    caller.require_operator()
                key = request.headers.get("idempotency-key") if takes_key else None
                return await call.run() if key is None else await call.run_once(key)
            except WorkbenchError as e:
                return failure(e)

        return handle


@dataclass(frozen=True, slots=True)
class _Call:
    """One request to one operation, its scope already checked."""

    inner: Callable[[Request], Awaitable[Response]]
    request: JsonRequest
    caller: Caller
    operation: Operation
    takes_body: bool

    async def run(self) -> Response:
        """Parse, validate, answer; a 404 of the path's resource comes before anything wrong with the request."""
        try:
            if self.takes_body:
                await self.request.read_json()
            response = await self.inner(self.request)
        except (InvalidInput, UnsupportedMediaType, RequestValidationError, HTTPException) as e:
            if self.operation.exists is not None:
                await self.operation.exists(self.caller, self.request.path_params)
            if isinstance(e, RequestValidationError):
                raise invalid_input(e, self.request.parsed) from None
            raise
        if isinstance(response, Answer) and not response.has_own_status:
            response.status_code = self.operation.status
        return response

    async def run_once(self, key: str) -> Response:
        """Run for the first request with this key, or give the first answer again."""
        if not 1 <= len(key) <= 255 or not key.isprintable():
            raise InvalidInput(
                "The Idempotency-Key must have 1 to 255 printable characters.",
                details=[Issue("Idempotency-Key", "must have 1 to 255 printable characters")],
            )
        once: Once = self.request.app.state.once
        fingerprint = _fingerprint(self.request, await self.request.body())
        begun = await once.begin(self.caller.workspace_id, self.operation.id, key, fingerprint)
        if isinstance(begun, FirstAnswer):
            return Answer(begun.body, begun.status, {"Idempotency-Replayed": "true"})
        return await self._run_claimed(begun)

    async def _run_claimed(self, claim: Claim) -> Response:
        operation, request_id = self.operation, REQUEST_ID.get()

        def render(data: Any) -> tuple[int, bytes]:
            return operation.status, success_body(data, None, request_id)

        status, body = 500, None
        token = PENDING.set(Pending(claim, render) if operation.keeps_answer else None)
        try:
            try:
                response = await self.run()
            except WorkbenchError as e:
                response = failure(e)
            status, body = response.status_code, _keepable(response, operation)
        finally:
            PENDING.reset(token)
            await claim.finish(status, body)
        return response


def _keepable(response: Response, operation: Operation) -> bytes | None:
    """The body to keep: not of a server error, a stream, a refusal before the work, a secret, or something huge."""
    if not operation.keeps_answer or isinstance(response, StreamingResponse) or not isinstance(response, Answer):
        return None
    if response.status_code >= 500 or response.status_code in {401, 403, 413, 415, 429}:
        return None
    return bytes(response.body) if len(response.body) <= MAX_KEPT_ANSWER else None


def _fingerprint(request: Request, body: bytes) -> bytes:
    """What makes two requests the same: path, query, and the body's JSON whatever its spacing and order."""
    with contextlib.suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    head = f"{request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(head + body).digest()

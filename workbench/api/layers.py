"""The ASGI layers around the app, outermost first: request id and last resort, caller and rate limit, body limit."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.access.service import Access
from workbench.api.limits import RateLimiter
from workbench.base.errors import PayloadTooLarge, RateLimited, WorkbenchError
from workbench.base.ids import Ids
from workbench.base.logs import get_logger
from workbench.rest.answers import REQUEST_ID, failure
from workbench.rest.caller import KEY_IN_SCOPE, Caller

log = get_logger()

PREFIX = "/api/v1/workflow"
IDENTITY_IN_SCOPE = "workbench.identity"
"""Set by the in-process bridge only: ``{"user": …, "scopes": […]}``. No header can set it."""


NOTED = {401: "AUTHENTICATION_ERROR", 403: "AUTHORIZATION_ERROR", 429: "RATE_LIMITED"}
"""Refusals that the audit log has, by status."""


class Internal(WorkbenchError):
    """Something went wrong that is not the caller's doing."""


class RequestLayer:
    """Gives every request an id and every answer its headers; whatever escapes becomes an INTERNAL_ERROR."""

    def __init__(self, app: ASGIApp, ids: Ids) -> None:
        self._app = app
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given_id(Headers(scope=scope).get("x-request-id")) or self._ids.new()
        has_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Content-Security-Policy"] = "sandbox"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        token = REQUEST_ID.set(request_id)
        try:
            await self._app(scope, receive, send_with_headers)
        except WorkbenchError as e:
            if has_started:
                raise
            await failure(e)(scope, receive, send_with_headers)
        except ClientDisconnect:
            log.debug("request.left", request_id=request_id)
        except Exception:
            log.exception("request.failed", request_id=request_id, method=scope["method"], path=scope["path"])
            if not has_started:
                error = Internal(
                    "Something went wrong inside the workbench.", hint=f"The server's log has it as {request_id}."
                )
                await failure(error)(scope, receive, send_with_headers)
        finally:
            REQUEST_ID.reset(token)


def _given_id(text: str | None) -> str | None:
    if text and len(text) <= 128 and text.isascii() and text.isprintable():
        return text
    return None


class CallerLayer:
    """Finds the caller before anything of the request is looked at, and counts it against its rate limit."""

    def __init__(self, app: ASGIApp, access: Access, limiter: RateLimiter | None) -> None:
        self._app = app
        self._access = access
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_open(route_path(scope)):
            await self._app(scope, receive, send)
            return
        headers, call = Headers(scope=scope), f"{scope['method']} {route_path(scope)}"
        try:
            caller = self._access.identify(headers, scope.get(IDENTITY_IN_SCOPE))
        except WorkbenchError as e:
            if e.status in NOTED:
                self._access.note_refusal(headers, None, call, NOTED[e.status])
            raise
        scope[KEY_IN_SCOPE] = caller
        send = self._noting(send, headers, caller, call)
        if self._limiter is None or not caller.is_limited or caller.key_id is None:
            await self._app(scope, receive, send)
            return
        state = self._limiter.take(caller.key_id)
        extra = state.headers()
        if not state.is_allowed:
            error = RateLimited(
                f"Too many requests: {state.limit} {state.window} a key.",
                retry_after_s=state.retry_after_s,
                hint="Wait as long as Retry-After says.",
            )
            await failure(error, extra)(scope, receive, send)
            return

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(extra)
            await send(message)

        await self._app(scope, receive, send_with_limits)

    def _noting(self, send: Send, headers: Headers, caller: Caller, call: str) -> Send:
        """`send` that notes an answer which refuses the call."""

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in NOTED:
                self._access.note_refusal(headers, caller, call, NOTED[message["status"]])
            await send(message)

        return noted


def route_path(scope: Scope) -> str:
    """The path below where the app is mounted (Jupyter's `base_url`)."""
    return scope["path"].removeprefix(scope.get("root_path", ""))


def _is_open(path: str) -> bool:
    """Paths that need no caller: health, the document, the widgets' bundle, and webhooks (their block decides)."""
    if path in (f"{PREFIX}/health", f"{PREFIX}/openapi.json"):
        return True
    return path.startswith((f"{PREFIX}/static/", f"{PREFIX}/hooks/"))


class BodyLimitLayer:
    """Refuses large bodies: by Content-Length before anything is read, otherwise as soon as they are over."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > self._limit:
            await failure(self._too_large())(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > self._limit:
                    raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> PayloadTooLarge:
        return PayloadTooLarge(
            f"The body is over {self._limit / 1024 / 1024:g} MiB.", hint="Send less at once, or read it from a file."
        )

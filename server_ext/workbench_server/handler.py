"""Carries requests from Jupyter's Tornado to the workbench's app: who may in, how much, and the bytes both ways."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import User
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import ensure_async
from tornado import web
from tornado.iostream import StreamClosedError

from workbench.base.errors import NotAllowed, NotAuthenticated, PayloadTooLarge, Unavailable, WorkbenchError
from workbench.base.ids import RandomIds, is_uuid
from workbench_server.exchange import AppBroke, ClientGone, Exchange, Head, LoopGone
from workbench_server.host import Host
from workbench_server.refusal import envelope, from_status
from workbench_server.scope import http_scope

PREFIX = "/api/v1/workflow"
PUBLIC = {"/health", "/openapi.json"}
PUBLIC_BELOW = ("/hooks/", "/static/")
"""Paths below the prefix that the app answers without a login. A hook has its own authentication, asked by the app."""

LINGER_BYTES = 64 * 1024 * 1024
LINGER_S = 5.0

_HOP_BY_HOP = {b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"date", b"server"}
_ACTIONS = ("read", "write", "execute")
"""What Jupyter's authorizer is asked for; who may all of it is an operator here."""
_ids = RandomIds()


@web.stream_request_body
class AsgiHandler(JupyterHandler):
    """One request to the app. Without a key in it, Jupyter's own login decides who may in."""

    def initialize(self, host: Host) -> None:
        self._host = host
        self._max_body = host.max_body
        self._exchange: Exchange | None = None
        self._responding: asyncio.Task[None] | None = None
        self._body_read = False
        self._refused = False
        self._received = 0
        self._last = b""
        self._linger: object | None = None
        self._request_id = self.request.headers.get("X-Request-Id", "")
        if not is_uuid(self._request_id):
            self._request_id = _ids.new()

    # Who may in

    async def prepare(self) -> None:  # type: ignore[override]
        try:
            if self._is_preflight():
                self._be_nobody()
                return
            identity = await self._identify()
            self._check_length()
            assembly = await self._host.ready()
            self._exchange = self._host.open(
                http_scope(self.request, self._root_path, identity, self._request_id), assembly
            )
            self._exchange.begin()
        except WorkbenchError as error:
            await self._refuse(error)
        except web.HTTPError as error:
            await self._refuse(from_status(error.status_code, error.log_message))
        except LoopGone:
            await self._refuse(_stopping())
        else:
            self._responding = asyncio.ensure_future(self._respond(self._exchange))

    async def _identify(self) -> dict[str, Any] | None:
        """Jupyter's identity of the caller; None where the app itself decides (a key came along, or a public path)."""
        path = unquote(self.request.path)[len(self._root_path + PREFIX) :]
        if "X-API-Key" in self.request.headers or path in PUBLIC or path.startswith(PUBLIC_BELOW):
            if not self.check_host():
                raise NotAllowed("This server answers local host names only.")
            self._be_nobody()
            return None
        await super().prepare(_redirect_to_login=False)
        user = self.current_user
        if user is None:
            raise NotAuthenticated(
                "No valid login came with this request.",
                hint="Send X-API-Key, or Jupyter's token as `Authorization: token …`, or log in to Jupyter first.",
            )
        if not self.check_origin():
            raise NotAllowed("Requests from another origin are not allowed here.")
        scopes = [scope for scope in _ACTIONS if await self._is_authorized(user, scope)]
        if not scopes:
            raise NotAllowed(f"This server does not let {user.username} use workflows.")
        if len(scopes) == len(_ACTIONS):
            scopes.append("admin")
        return {**self.identity_provider.identity_model(user), "user": user.username, "scopes": scopes}

    async def _is_authorized(self, user: User, action: str) -> bool:
        return bool(await ensure_async(self.authorizer.is_authorized(self, user, action, "workflow")))

    def _be_nobody(self) -> None:
        self.current_user = self._jupyter_current_user = None
        self.set_cors_headers()

    def check_xsrf_cookie(self) -> None:
        """Jupyter's rules for who is logged in by a cookie; who is not logged in at all gets a 401 instead."""
        if getattr(self, "_jupyter_current_user", None) is None:
            return
        try:
            super().check_xsrf_cookie()
        except web.HTTPError:
            raise NotAllowed(
                "This request came by a login cookie, without its XSRF token.",
                hint="Send the cookie `_xsrf` also as the header X-XSRFToken, or use X-API-Key or Jupyter's token.",
            ) from None

    def _is_preflight(self) -> bool:
        return self.request.method == "OPTIONS" and "Access-Control-Request-Method" in self.request.headers

    # How much

    def _check_length(self) -> None:
        told = self.request.headers.get("Content-Length")
        if told is not None and told.isdecimal() and int(told) > self._max_body:
            raise self._too_large()

    def _too_large(self) -> PayloadTooLarge:
        mib = self._max_body / 1024 / 1024
        return PayloadTooLarge(f"The body is larger than {mib:g} MiB.", hint="Send less, or in several requests.")

    async def data_received(self, chunk: bytes) -> None:
        self._received += len(chunk)
        if self._finished or self._refused:
            if self._received > LINGER_BYTES and not self._finished:
                self.finish()
            return
        if self._exchange is None:
            return
        if self._received > self._max_body:
            await self._stop_responding()
            if not self._headers_written:
                await self._refuse(self._too_large())
            return
        try:
            await self._exchange.feed(chunk)
        except LoopGone:
            await self._stop_responding()
            await self._refuse(_stopping())

    async def _stop_responding(self) -> None:
        if self._exchange is not None:
            self._exchange.disconnect()
        if self._responding is not None:
            await self._responding

    # The way back

    async def _respond(self, exchange: Exchange | None) -> None:
        """Write the answer as it comes, even while the body is still being read."""
        assert exchange is not None
        try:
            while True:
                part = await exchange.next_part()
                if part.head is not None:
                    self._apply(part.head)
                if part.last and self._body_read:
                    self._last = part.body  # goes out with the headers, in one write
                    return
                self.write(part.body)
                await self.flush()
                if part.last:
                    return
                exchange.written(len(part.body))
        except (ClientGone, StreamClosedError):
            exchange.disconnect()
        except (AppBroke, LoopGone) as broken:
            self._break_off(broken)
        finally:
            self._host.close(exchange)

    def _apply(self, head: Head) -> None:
        self.set_status(head.status)
        self.clear_header("Content-Type")
        seen: set[bytes] = set()
        for name, value in head.headers:
            if name.lower() in _HOP_BY_HOP:
                continue
            put = self.add_header if name.lower() in seen else self.set_header
            put(name.decode("latin-1"), value.decode("latin-1"))
            seen.add(name.lower())

    def _break_off(self, broken: Exception) -> None:
        """No answer came, or only half of one: say so, or close the connection so that nobody takes it for whole."""
        connection = self.request.connection
        if self._headers_written:
            if connection is not None:
                connection.close()  # type: ignore[attr-defined]
            return
        error = _stopping() if isinstance(broken, LoopGone) else WorkbenchError("The request failed inside the server.")
        self.clear()
        self.set_status(error.status)
        self._set_json()
        self._last = envelope(error, self._request_id)

    async def _finish_answer(self) -> None:
        """Runs when the request's body has been read: every method is the app's business."""
        if self._finished:
            return
        if self._is_preflight():
            self._answer_preflight()
            return
        self._body_read = True
        if not self._refused and self._exchange is not None and self._responding is not None:
            try:
                self._exchange.end_body()
            except LoopGone:
                self._exchange.disconnect()
            await self._responding
        if not self._finished:
            self.finish(self._last or None)

    get = head = post = put = patch = delete = options = allow_unauthenticated(_finish_answer)

    def _answer_preflight(self) -> None:
        self.set_status(204)
        self.set_header("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        self.set_header(
            "Access-Control-Allow-Headers",
            "accept, authorization, content-type, idempotency-key, last-event-id, x-api-key, x-request-id, "
            "x-workspace-id, x-xsrftoken",
        )
        self.finish()

    def on_connection_close(self) -> None:
        if self._exchange is not None:
            self._exchange.disconnect()
        super().on_connection_close()

    # Refusals

    async def _refuse(self, error: WorkbenchError) -> None:
        """Answer at once. A body still on its way is read and dropped for a while.

        A client that is cut off while it sends may never see the answer.
        """
        self._refused = True
        self.clear()
        self.set_status(error.status)
        self._set_json()
        if isinstance(error, Unavailable):
            self.set_header("Retry-After", "5")
        text = envelope(error, self._request_id)
        if not self._has_body():
            self._last = text  # finished once the request is read: a connection that is done earlier would be closed
            return
        self.set_header("Connection", "close")
        if self.request.headers.get("Expect", "").lower() == "100-continue":
            self.finish(text)
            return
        self.set_header("Content-Length", str(len(text)))
        self.write(text)
        await self.flush()
        self._linger = asyncio.get_running_loop().call_later(LINGER_S, self._give_up)

    def _has_body(self) -> bool:
        headers = self.request.headers
        return "Transfer-Encoding" in headers or headers.get("Content-Length", "0") != "0"

    def _give_up(self) -> None:
        if not self._finished:
            self.finish()

    def on_finish(self) -> None:
        if isinstance(self._linger, asyncio.TimerHandle):
            self._linger.cancel()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """What Tornado itself refuses is JSON too."""
        raised = kwargs.get("exc_info", (None, None, None))[1]
        message = raised.log_message if isinstance(raised, web.HTTPError) else None
        self._set_json()
        self.finish(envelope(from_status(status_code, message), self._request_id))

    def _set_json(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.set_header("X-Request-Id", self._request_id)

    @property
    def content_security_policy(self) -> str:
        """Nothing that we answer is a page."""
        return "sandbox"

    def compute_etag(self) -> None:
        """ETags are the app's business."""

    @property
    def _root_path(self) -> str:
        return self.base_url.rstrip("/")


def _stopping() -> Unavailable:
    return Unavailable("The server is stopping.", hint="Start it again; unfinished runs go on then.")

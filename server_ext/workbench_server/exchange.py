"""One HTTP request carried between two event loops: the web server's, which owns the socket, and the app's.

Both directions have back-pressure: a side that is more than `HIGH_WATER` bytes ahead of the other waits. Every method
says on which loop it runs; the two halves share nothing but `call_soon_threadsafe`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
AsgiApp: TypeAlias = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]

HIGH_WATER = 256 * 1024
DISCONNECT: Message = {"type": "http.disconnect"}

log = logging.getLogger("workbench.server")


class ClientGone(Exception):
    """The client closed its connection: there is nobody to write to."""


class AppBroke(Exception):
    """The app raised, or ended without a complete answer."""


class LoopGone(Exception):
    """The app's loop is closed: the workbench is stopping."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers of an answer."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an answer in order: the first has a head, the last says so."""

    head: Head | None
    body: bytes
    last: bool


class Exchange:
    """Runs `app` on `app_loop` for a request whose socket belongs to `web_loop`."""

    def __init__(
        self,
        app: AsgiApp,
        scope: MutableMapping[str, Any],
        app_loop: asyncio.AbstractEventLoop,
        web_loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._app = app
        self._scope = scope
        self._app_loop = app_loop
        self._web_loop = web_loop
        # The web loop's half
        self._parts: deque[Part | Exception] = deque()
        self._arrived: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._unread = 0
        self._answered = False
        self._client_gone = False
        # The app loop's half
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._head: Head | None = None
        self._complete = False
        self._unsent = 0
        self._drained: asyncio.Future[None] | None = None
        self._over = False
        self._task: asyncio.Task[None] | None = None

    # On the web loop

    def begin(self) -> None:
        """Start the app. Raises LoopGone when its loop is closed."""
        self._to_app(self._spawn)

    async def feed(self, chunk: bytes) -> None:
        """Hand over a piece of the request's body; waits while the app is far behind, unless it has answered."""
        self._unread += len(chunk)
        self._to_app(self._receive, {"type": "http.request", "body": chunk, "more_body": True})
        while self._unread > HIGH_WATER and not self._answered and not self._client_gone:
            self._room = self._web_loop.create_future()
            await self._room

    def end_body(self) -> None:
        """Say that the request's body is complete."""
        self._to_app(self._receive, {"type": "http.request", "body": b"", "more_body": False})

    async def next_part(self) -> Part:
        """The answer's next piece. Raises ClientGone or AppBroke."""
        while not self._parts:
            if self._client_gone:
                raise ClientGone
            self._arrived = self._web_loop.create_future()
            await self._arrived
        part = self._parts.popleft()
        if isinstance(part, Exception):
            raise part
        return part

    def written(self, size: int) -> None:
        """Say that `size` bytes of the answer have left for the socket."""
        if size:
            self._to_app(self._on_written, size)

    def disconnect(self) -> None:
        """Say that the client is gone (or that the server stops): the app receives ``http.disconnect``."""
        if self._client_gone:
            return
        self._client_gone = True
        try:
            self._to_app(self._on_disconnect)
        except LoopGone:
            log.debug("the app's loop closed before its client did")
        _wake(self._arrived)
        _wake(self._room)

    def _on_part(self, part: Part | Exception) -> None:
        self._parts.append(part)
        if isinstance(part, Exception) or part.last:
            self._answered = True
            _wake(self._room)
        _wake(self._arrived)

    def _on_read(self, size: int) -> None:
        self._unread -= size
        if self._unread <= HIGH_WATER:
            _wake(self._room)

    def _to_app(self, call: Callable[..., None], *args: Any) -> None:
        try:
            self._app_loop.call_soon_threadsafe(call, *args)
        except RuntimeError as closed:
            raise LoopGone from closed

    # On the app's loop

    def _spawn(self) -> None:
        self._task = self._app_loop.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._next_message, self._send)
        except asyncio.CancelledError:
            self._to_web(self._on_part, LoopGone())
            raise
        except Exception as error:  # whatever an app raises becomes one answer, and is logged here
            if not self._over:
                log.error("the app broke on %s %s", self._scope["method"], self._scope["path"], exc_info=error)
                self._to_web(self._on_part, AppBroke(str(error)))
        else:
            if not self._complete and not self._over:
                self._to_web(self._on_part, AppBroke("the app ended without a complete answer"))

    def _receive(self, message: Message) -> None:
        self._inbox.put_nowait(message)

    async def _next_message(self) -> Message:
        if self._over and self._inbox.empty():
            return DISCONNECT
        message = await self._inbox.get()
        if size := len(message.get("body", b"")):
            self._to_web(self._on_read, size)
        return message

    async def _send(self, message: Message) -> None:
        if self._over:
            return
        if message["type"] == "http.response.start":
            headers = tuple((bytes(name), bytes(value)) for name, value in message.get("headers", ()))
            self._head = Head(message["status"], headers)
            # An ordinary answer's body follows before the loop turns: then both cross in one hop. A stream's head
            # must not wait for its first event.
            self._app_loop.call_soon(self._send_head)
            return
        if message["type"] != "http.response.body":
            return
        body = bytes(message.get("body", b""))
        more = bool(message.get("more_body", False))
        head, self._head = self._head, None
        self._unsent += len(body)
        self._to_web(self._on_part, Part(head, body, last=not more))
        if not more:
            self._complete = True
            self._end()
        while more and self._unsent > HIGH_WATER and not self._over:
            self._drained = self._app_loop.create_future()
            await self._drained

    def _send_head(self) -> None:
        head, self._head = self._head, None
        if head is not None:
            self._to_web(self._on_part, Part(head, b"", last=False))

    def _on_written(self, size: int) -> None:
        self._unsent -= size
        if self._unsent <= HIGH_WATER:
            _wake(self._drained)

    def _on_disconnect(self) -> None:
        self._end()

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._inbox.put_nowait(DISCONNECT)
            _wake(self._drained)

    def _to_web(self, call: Callable[..., None], *args: Any) -> None:
        try:
            self._web_loop.call_soon_threadsafe(call, *args)
        except RuntimeError:
            log.debug("the web server's loop closed before the app was done")


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)

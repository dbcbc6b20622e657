"""Outbound HTTP of blocks: resolved once, checked against our own range table, connected to that very address.

The name is resolved and checked where the connection is made, so that a redirect, a second look-up or a kept
connection cannot lead elsewhere. Host header, SNI and certificate check stay with the name. No proxies.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, cast
from urllib.parse import urlencode

import httpcore
import httpx

from workbench.base.errors import BlockFailed
from workbench.blocks.context import HttpRequest, HttpResponse
from workbench.engine.addresses import AllowList, parse_address, why_not

MOST_REDIRECTS = 10
USER_AGENT = "workflow-workbench"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OF_ORIGIN = frozenset({"authorization", "cookie", "proxy-authorization"})
_OF_BODY = frozenset({"content-length", "content-type", "content-encoding", "transfer-encoding"})
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})


class AddressRefused(Exception):
    """The name leads to an address that outbound calls may not reach."""


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to checked addresses only."""

    def __init__(self, allow: AllowList) -> None:
        self._allow = allow
        self._real: httpcore.AsyncNetworkBackend = cast("Any", httpcore.AnyIOBackend)()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._resolve(host, port)
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                return await self._real.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise AddressRefused("unix sockets are not reached")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _resolve(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name `{host}` does not resolve: {error}") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._allow.allows_host(host, port):
            for text in addresses:
                address = parse_address(text)
                reason = why_not(address)
                if reason is not None and not self._allow.allows_address(address):
                    raise AddressRefused(f"`{host}` is {text}, an address that is {reason}")
        return addresses


class OutboundHttp:
    """Makes guarded calls on the engine's loop; keeps connections open between them."""

    def __init__(self, allow: Iterable[str] = (), *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._allow = AllowList.parse(allow)
        self._ssl_context = ssl_context
        self._pool: httpcore.AsyncConnectionPool | None = None

    async def send(self, request: HttpRequest, headers: Mapping[str, str] | None = None) -> HttpResponse:
        """Make the call; `headers` stand in for the request's own (the context adds its Idempotency-Key).

        Raises BlockFailed of kind HTTP (`unknown` when it was sent and no whole answer came), and OUTPUT_LIMIT when the
        answer is larger than `max_bytes`.
        """
        call = _Call(self._connections(), request, dict(headers if headers is not None else request.headers))
        started = time.perf_counter()
        try:
            async with asyncio.timeout(request.timeout_ms / 1000):
                return await call.run(started)
        except TimeoutError:
            raise call.failure(f"gave no answer within {request.timeout_ms:,} ms", "Raise timeoutMs.") from None
        except AddressRefused as refused:
            raise BlockFailed(
                f"{call.name} is refused: {refused}.",
                kind="HTTP",
                hint="An administrator may add the host or its network to the setting HTTP_ALLOW.",
            ) from None
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise BlockFailed(f"{call.name}: no connection ({_words(error)}).", kind="HTTP") from None
        except httpcore.LocalProtocolError as error:
            raise call.unsendable(error) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, httpx.DecodingError) as error:
            raise call.failure(f"was cut off ({_words(error)})", None) from None

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.aclose()
            self._pool = None

    def _connections(self) -> httpcore.AsyncConnectionPool:
        if self._pool is None:
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=self._ssl_context or httpx.create_ssl_context(),
                max_connections=256,
                max_keepalive_connections=32,
                keepalive_expiry=10,
                network_backend=_GuardedBackend(self._allow),
            )
        return self._pool


class _Call:
    """One call with its redirects."""

    def __init__(self, pool: httpcore.AsyncConnectionPool, request: HttpRequest, headers: dict[str, str]) -> None:
        self._pool = pool
        self._request = request
        self._was_sent = False
        self.method = request.method.upper()
        self.url = _parse(request.url, request.query)
        self.headers = {name: value for name, value in headers.items() if name.lower() not in _OURS}
        self.body = request.body

    @property
    def name(self) -> str:
        """Method and address for messages: without the query, which may hold what is secret."""
        return f"{self.method} {self.url.copy_with(query=None, fragment=None)}"

    def failure(self, what: str, hint: str | None) -> BlockFailed:
        """The call failed after it may have been sent."""
        return BlockFailed(f"{self.name} {what}.", kind="HTTP", hint=hint, unknown=self._was_sent)

    def unsendable(self, error: Exception) -> BlockFailed:
        """What the request holds is no HTTP; nothing was sent."""
        return BlockFailed(f"{self.name}: a header or the method cannot be sent: {error}.", kind="CONFIG")

    async def run(self, started: float) -> HttpResponse:
        for _ in range(MOST_REDIRECTS + 1):
            self._was_sent = False
            response = await self._pool.handle_async_request(self._wire_request())
            answer = httpx.Response(response.status, headers=response.headers, stream=_Body(response.stream))
            try:
                target = answer.headers.get("location")
                if self._request.follow_redirects and answer.status_code in _REDIRECTS and target:
                    self._redirect(answer.status_code, target)
                    continue
                body = await self._read(answer)
            finally:
                await answer.aclose()
            elapsed = (time.perf_counter() - started) * 1000
            return HttpResponse(answer.status_code, dict(answer.headers), body, elapsed, str(self.url))
        raise BlockFailed(
            f"{self._request.method} {self._request.url} was redirected more than {MOST_REDIRECTS} times.", kind="HTTP"
        )

    def _wire_request(self) -> httpcore.Request:
        defaults = {"user-agent": USER_AGENT, "accept": "*/*", "accept-encoding": "gzip, deflate"}
        given = {name.lower() for name in self.headers}
        headers = {**{n: v for n, v in defaults.items() if n not in given}, **self.headers}
        try:
            request = httpx.Request(self.method, self.url, headers=headers, content=self.body)
            return httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=self.url.raw_scheme, host=self.url.raw_host, port=self.url.port, target=self.url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions={"trace": self._trace},
            )
        except (ValueError, UnicodeError, TypeError) as error:
            raise self.unsendable(error) from None

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        del info
        if event.endswith("send_request_headers.started"):
            self._was_sent = True

    def _redirect(self, status: int, target: str) -> None:
        try:
            url = self.url.join(target)
        except (httpx.InvalidURL, ValueError):
            raise BlockFailed(f"{self.name} is redirected to what is no address.", kind="HTTP") from None
        _check(url)
        is_foreign = False
        if (url.scheme, url.host, url.port) != (self.url.scheme, self.url.host, self.url.port):
            self.headers = {n: v for n, v in self.headers.items() if n.lower() not in self._of_origin()}
            is_foreign = True
        if status == 303 or (status in (301, 302) and self.method == "POST"):
            self.method = self.method if self.method == "HEAD" else "GET"
            self.body = None
            self.headers = {n: v for n, v in self.headers.items() if n.lower() not in _OF_BODY}
        elif is_foreign and self._request.has_secret_body and self.body:
            raise BlockFailed(
                f"{self.name} is redirected to {url.host}, which must not get its body: a secret is in it.",
                kind="HTTP",
                hint="If you trust that address, call it directly; or set followRedirects to false.",
            )
        self.url = url

    def _of_origin(self) -> frozenset[str]:
        """Headers that another origin must not see: the usual ones, and any that says it is a key or a token."""
        secret = {
            n.lower() for n in self.headers if any(w in n.lower() for w in ("token", "secret", "api-key", "apikey"))
        }
        return _OF_ORIGIN | self._request.secret_headers | secret

    async def _read(self, answer: httpx.Response) -> bytes:
        most = self._request.max_bytes
        parts: list[bytes] = []
        size = 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > most:
                raise BlockFailed(
                    f"{self.name} answers more than {most / 1e6:,.1f} MB.",
                    kind="OUTPUT_LIMIT",
                    hint="Ask for less, as with paging.",
                )
            parts.append(part)
        return b"".join(parts)


class _Body(httpx.AsyncByteStream):
    """httpcore's stream as httpx takes it, so that httpx decodes the content."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def _parse(text: str, query: Mapping[str, Any]) -> httpx.URL:
    try:
        url = httpx.URL(text.strip())
        _check(url)
        if query:
            pairs: list[tuple[str, Any]] = [(k, v) for k, value in query.items() for v in _values(value)]
            more = urlencode([(k, _query_text(v)) for k, v in pairs if v is not None])
            old = url.query.decode()
            url = url.copy_with(query=(f"{old}&{more}" if old and more else old or more).encode() or None)
        return url.copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise BlockFailed(f"`url` is no address: {error}.", kind="CONFIG") from None


def _values(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]  # pyright: ignore[reportUnknownArgumentType]


def _query_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _check(url: httpx.URL) -> None:
    if url.scheme not in ("http", "https") or not url.host:
        raise BlockFailed(
            f"`{url.scheme or 'nothing'}:` cannot be called.",
            kind="HTTP",
            hint="Give an address with http:// or https://.",
        )
    if url.userinfo:
        raise BlockFailed("`url` holds a user name or password.", kind="CONFIG", hint="Put them into `auth`.")


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__

"""A real HTTP server on loopback for tests: keeps what it was asked, answers what a route says, byte for byte."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


def answer(status: int = 200, body: bytes | str = b"", **headers: str) -> bytes:
    """A whole answer; header names are written with ``_`` for ``-``."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} OK", f"content-length: {len(raw)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def json_answer(value: object, status: int = 200, **headers: str) -> bytes:
    """A JSON answer."""
    return answer(status, json.dumps(value), content_type="application/json", **headers)


Route = Callable[[Asked], bytes | Awaitable[bytes | None] | None]
"""None cuts the connection without an answer."""


@dataclass
class Server:
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    routes: dict[str, Route] = field(default_factory=dict)
    connections: int = 0
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a request to ``/never`` has come, which is never answered."""

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while line := await reader.readline():
                method, target, _ = line.decode().split(" ", 2)
                headers: dict[str, str] = {}
                while (header := (await reader.readline()).decode().strip()) != "":
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                parts = urlsplit(target)
                asked = Asked(method, parts.path, parse_qs(parts.query), headers, body)
                self.asked.append(asked)
                if parts.path == "/never":
                    self.waiting.set()
                    await reader.read()
                    return
                said = self.routes.get(parts.path, lambda _: answer(404, "no such page", content_type="text/plain"))(
                    asked
                )
                said = await said if asyncio.iscoroutine(said) else said
                if said is None:
                    return
                writer.write(said)
                await writer.drain()
                if b"connection: close" in said:
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def http_server(tls: ssl.SSLContext | None = None, /, **routes: Route) -> AsyncIterator[Server]:
    """A server whose routes are ``/name`` for each keyword."""
    server = Server(routes={f"/{name}": route for name, route in routes.items()})
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()

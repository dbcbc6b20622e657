"""Serves the app by uvicorn on the loop that is running: the in-process home and the headless server."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import uvicorn

from workbench.base.errors import Unavailable

GRACE_S = 1.5
"""How long answers under way may take once the server stops."""


class Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals alone: who owns the process decides."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_listening = asyncio.Event()

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Nothing."""
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self.is_listening.set()


class Serving:
    """A running server; `address` is where."""

    def __init__(self, server: Server, task: asyncio.Task[Any], host: str, port: int) -> None:
        self._server = server
        self._task = task
        self.address = f"http://{host}:{port}"

    async def stop(self, grace_s: float = GRACE_S) -> None:
        """Take no more, let what is being answered end, then cut."""
        self._server.should_exit = True
        _, late = await asyncio.wait([self._task], timeout=grace_s)
        if late:
            self._server.force_exit = True
            await self._task


async def serve(app: Any, host: str = "127.0.0.1", port: int = 0) -> Serving:
    """Serve on the running loop; port 0 takes a free one. Raises Unavailable when the port is taken."""
    listening = _listen(host, port)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", server_header=False, timeout_graceful_shutdown=5
    )
    server = Server(config)
    task = asyncio.create_task(server.serve([listening]), name="uvicorn")
    listening_soon = asyncio.create_task(server.is_listening.wait())
    await asyncio.wait([task, listening_soon], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        listening_soon.cancel()
        await task
    return Serving(server, task, host, listening.getsockname()[1])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off; without it every answer waits 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as e:
        listening.close()
        raise Unavailable(
            f"Cannot listen at {host}:{port}: {e.strerror}.", hint="Choose another port, or 0 for any free one."
        ) from None
    return listening

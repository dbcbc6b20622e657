"""An app's lifespan: told to start before its first request, and to stop after its last."""

from __future__ import annotations

import asyncio
from typing import Any

from workbench_server.exchange import AsgiApp, Message


class LifespanFailed(Exception):
    """The app said that it could not start."""


class Lifespan:
    """Carries the lifespan messages. All of it runs on the app's loop; an app without a lifespan is fine."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self.state: dict[str, Any] = {}
        """What the app keeps for its requests: each request's scope gets a copy."""
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answer: asyncio.Future[str | None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Start the app. Raises LifespanFailed."""
        self._task = asyncio.get_running_loop().create_task(self._run())
        failure = await self._ask("lifespan.startup")
        if failure is not None:
            raise LifespanFailed(failure)

    async def shutdown(self) -> None:
        """Stop the app; does nothing when it has no lifespan or has ended."""
        if self._task is None or self._task.done():
            return
        await self._ask("lifespan.shutdown")
        await self._task

    async def _ask(self, kind: str) -> str | None:
        self._answer = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait({"type": kind})
        return await self._answer

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._inbox.get, self._send)
        except Exception:  # noqa: BLE001 - the protocol: an app that raises here does not speak it
            self._settle(None)
        else:
            self._settle(None)

    async def _send(self, message: Message) -> None:
        failed = message["type"].endswith(".failed")
        self._settle((message.get("message") or "the app gave no reason") if failed else None)

    def _settle(self, failure: str | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(failure)

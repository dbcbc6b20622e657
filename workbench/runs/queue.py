"""Pausing and resuming the queue: of one function, and of the whole server."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import StringConstraints

from workbench.base.times import Time
from workbench.base.wire import Wire
from workbench.editing.functions import Functions
from workbench.engine.engine import Engine
from workbench.rest.caller import Caller


class PauseQueue(Wire):
    """Body of POST /queue/pause and F/queue/pause."""

    reason: Annotated[str, StringConstraints(max_length=1000)] | None = None


class QueueState(Wire):
    """Whether runs are started: of a function, or (functionId null) of the whole server."""

    function_id: str | None
    paused: bool
    since: Time | None = None
    author: str | None = None
    reason: str | None = None


class Queueing:
    """The operations; the engine holds the runs."""

    def __init__(self, engine: Engine, functions: Functions) -> None:
        self._engine = engine
        self._functions = functions

    async def exists(self, caller: Caller, path: Any) -> None:
        """Raise NotFound unless there is such a function."""
        self._functions.head(caller, path["functionId"])

    async def pause(self, caller: Caller, function_id: str | None, asked: PauseQueue) -> QueueState:
        """Start nothing more; what runs goes on. Pausing again changes nothing. Raises NotFound."""
        function = self._functions.head(caller, function_id).id if function_id is not None else None
        pause = await self._engine.holds.pause(function, caller.author, asked.reason, caller.workspace_id)
        return QueueState(function_id=function, paused=True, since=pause.at, author=pause.author, reason=pause.reason)

    async def resume(self, caller: Caller, function_id: str | None) -> QueueState:
        """Start its runs again. Raises NotFound."""
        function = self._functions.head(caller, function_id).id if function_id is not None else None
        await self._engine.holds.resume(function, caller.author, caller.workspace_id)
        return QueueState(function_id=function, paused=False)

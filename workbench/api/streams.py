"""Server-Sent Events: the workspace's, and one run's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Header, Path
from pydantic_core import to_json
from starlette.responses import Response, StreamingResponse

from workbench.api.hub import EventsHub, Listener, Message
from workbench.rest.caller import Caller
from workbench.rest.dependencies import CallerDep
from workbench.rest.operation import Exists, Operations

TICK_SECONDS = 0.05
"""A listener is given news at most this often; block events of one run are folded in between."""
EDITS = frozenset({"canvas", "function", "breakpoints"})
"""Events that people make by hand: few, and waited for by those who look at the same canvas, so they go out at once."""
HEARTBEAT_SECONDS = 15.0
STREAM = {"text/event-stream": {"schema": {"type": "string"}}}

LastId = Annotated[str | None, Header(alias="Last-Event-ID", description="Resume after this event.")]
RunId = Annotated[str, Path(alias="runId")]


def routes(
    hub: EventsHub,
    is_valid: Callable[[Caller], bool],
    run_exists: Exists | None,
) -> APIRouter:
    """The event streams. A stream ends when its key does, and when the server stops."""
    api = Operations("Events")

    def stream(caller: Caller, last_id: str | None, run_id: str | None = None) -> Response:
        listener = hub.listen(caller.workspace_id, _number(last_id), run_id)
        text = _text(hub, listener, lambda: is_valid(caller))
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return StreamingResponse(text, media_type="text/event-stream", headers=headers)

    @api.get("/events", "streamEvents", media=STREAM)
    async def events(caller: CallerDep, last_id: LastId = None) -> Response:
        """Everything that happens in the workspace, live."""
        return stream(caller, last_id)

    if run_exists is not None:

        @api.get("/runs/{runId}/events", "streamRunEvents", media=STREAM, exists=run_exists)
        async def run_events(caller: CallerDep, run_id: RunId, last_id: LastId = None) -> Response:
            """Everything that happens in one run, live."""
            await run_exists(caller, {"runId": run_id})
            return stream(caller, last_id, run_id)

    return api.router


def _number(last_id: str | None) -> int | None:
    """The sequence in a Last-Event-ID; text that is none cannot be resumed, so it leads to a reset."""
    if not last_id:
        return None
    return int(last_id) if last_id.isascii() and last_id.isdigit() and len(last_id) < 19 else -1


async def _text(hub: EventsHub, listener: Listener, may_stay: Callable[[], bool]) -> AsyncIterator[bytes]:
    try:
        yield b"retry: 2000\n"  # part of the event that follows at once: ready or reset
        if not listener.must_reset:
            yield encode(Message("ready", {}, listener.seq))
        while not hub.is_closed:
            if not await listener.wait(HEARTBEAT_SECONDS):
                if not may_stay():
                    return
                yield b": heartbeat\n\n"
                continue
            if messages := listener.take():
                yield b"".join(map(encode, messages))
                if not all(message.event in EDITS for message in messages):
                    await asyncio.sleep(TICK_SECONDS)
    finally:
        listener.close()


def encode(message: Message) -> bytes:
    """A message in the format of Server-Sent Events (WHATWG HTML, 9.2)."""
    head = f"id: {message.id}\n" if message.id is not None else ""
    data = to_json(message.data, by_alias=True, inf_nan_mode="null")
    return f"{head}event: {message.event}\n".encode() + b"data: " + data + b"\n\n"

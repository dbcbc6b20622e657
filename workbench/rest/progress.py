"""Long work inside one request, told as it goes: Server-Sent Events of its progress, the last one its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeAlias

from pydantic_core import to_json
from starlette.responses import Response, StreamingResponse

from workbench.base.errors import WorkbenchError
from workbench.rest.answers import REQUEST_ID, failure, success_body
from workbench.rest.once import PENDING

MEDIA = "text/event-stream"
STREAM: dict[str, Any] = {MEDIA: {"schema": {"type": "string"}}}
EVERY_S = 0.1
"""Progress is told at most this often."""
Tell: TypeAlias = Callable[[str, int, int], None]
"""``(phase, done, total)``, from any thread."""


def wants_progress(accept: str | None) -> bool:
    """Whether a request asks for its progress, by its header Accept."""
    return accept is not None and MEDIA in accept


def told_as_it_goes(work: Callable[[Tell], Coroutine[Any, Any, Any]]) -> Response:
    """The answer that tells `work`'s progress: ``progress {phase, done, total}``…, then ``result`` or ``error`` with
    the envelope that it would have been without. Who goes away changes nothing: the work is done all the same.
    """
    loop, news = asyncio.get_running_loop(), asyncio.Event()
    latest: list[tuple[str, int, int]] = []

    def tell(phase: str, done: int, total: int) -> None:
        latest[:] = [(phase, done, total)]
        loop.call_soon_threadsafe(news.set)

    async def whole() -> tuple[str, bytes]:
        PENDING.set(None)  # a stream is not kept for an idempotency key
        try:
            return "result", success_body(await work(tell), None, REQUEST_ID.get())
        except WorkbenchError as error:
            return "error", bytes(failure(error).body)

    task = asyncio.create_task(whole())

    async def text() -> AsyncIterator[bytes]:
        task.add_done_callback(lambda _: news.set())
        while not task.done() or latest:
            await news.wait()
            if latest:
                phase, done, total = latest.pop()
                yield encoded("progress", to_json({"phase": phase, "done": done, "total": total}))
                await asyncio.wait([task], timeout=EVERY_S)
            if not task.done():
                news.clear()
        yield encoded(*task.result())

    return StreamingResponse(text(), media_type=MEDIA, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})


def encoded(event: str, data: bytes) -> bytes:
    """One event in the format of Server-Sent Events (WHATWG HTML, 9.2); the data is JSON, so it is one line."""
    return b"event: " + event.encode() + b"\ndata: " + data + b"\n\n"

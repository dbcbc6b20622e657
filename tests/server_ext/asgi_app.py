"""A small app and the assembly around it, for the tests of how requests are carried."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from workbench.base.errors import StoreHeld

KEY = "test-key"


class Seen:
    """What the app has noticed, for the tests to ask."""

    def __init__(self) -> None:
        self.disconnects = 0
        self.sent = 0
        self.started = False
        self.ticks: set[asyncio.Queue[str]] = set()


def make_app() -> Starlette:
    seen = Seen()

    async def echo(request: Request) -> Response:
        body = await request.body()
        scope = request.scope
        return JSONResponse(
            {
                "method": request.method,
                "path": scope["path"],
                "rawPath": scope["raw_path"].decode(),
                "rootPath": scope["root_path"],
                "query": scope["query_string"].decode(),
                "headers": dict(request.headers),
                "identity": scope["workbench.identity"],
                "size": len(body),
                "sha256": hashlib.sha256(body).hexdigest(),
                "lifespan": seen.started and scope["state"].get("mark") == 1,
                "onMainThread": threading.current_thread() is threading.main_thread(),
            },
            headers={"X-Echo": "yes"},
        )

    async def tick(request: Request) -> Response:
        for queue in seen.ticks:
            queue.put_nowait(request.query_params["say"])
        return JSONResponse({"listeners": len(seen.ticks)})

    async def events(_: Request) -> Response:
        queue: asyncio.Queue[str] = asyncio.Queue()

        async def lines() -> AsyncIterator[str]:
            seen.ticks.add(queue)
            try:
                while True:
                    yield f"data: {await queue.get()}\n\n"
            finally:
                seen.ticks.discard(queue)
                seen.disconnects += 1

        return StreamingResponse(lines(), media_type="text/event-stream")

    async def flood(request: Request) -> Response:
        mebibytes = int(request.query_params["mib"])

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(mebibytes * 16):
                yield b"x" * 65536
                seen.sent += 65536

        return StreamingResponse(chunks())

    async def counts(_: Request) -> Response:
        return JSONResponse({"disconnects": seen.disconnects, "sent": seen.sent, "listeners": len(seen.ticks)})

    async def unread(_: Request) -> Response:
        return PlainTextResponse("no thanks", status_code=415)

    async def broken(_: Request) -> Response:
        raise RuntimeError("secret detail")

    async def half(_: Request) -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("midway")

        return StreamingResponse(chunks())

    async def nothing(_: Request) -> Response:
        return Response(status_code=204)

    async def text(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def environment(_: Request) -> Response:
        return JSONResponse({k: v for k, v in os.environ.items() if k.startswith("WORKBENCH_")})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        seen.started = True
        yield {"mark": 1}
        if told := os.environ.get("TEST_LIFESPAN_FILE"):
            with Path(told).open("a") as file:
                file.write("lifespan shutdown\n")

    methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
    routes = [
        Route("/echo", echo, methods=methods),
        Route("/echo/{rest:path}", echo, methods=methods),
        Route("/tick", tick, methods=["POST"]),
        Route("/events", events),
        Route("/flood", flood),
        Route("/counts", counts),
        Route("/unread", unread, methods=["POST"]),
        Route("/broken", broken),
        Route("/half", half),
        Route("/nothing", nothing),
        Route("/health", text),
        Route("/hooks/{rest:path}", echo, methods=methods),
        Route("/static/{rest:path}", text),
        Route("/environment", environment),
    ]
    return Starlette(routes=[Mount("/api/v1/workflow", routes=routes)], lifespan=lifespan)


class SmallAssembly:
    """The app on its own loop in its own thread, as the real assembly has it."""

    kernel_key = KEY
    kernel_workspace = "018f0000-0000-7000-8000-000000000001"
    max_body = 10 * 1024 * 1024

    def __init__(self) -> None:
        self.app = make_app()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
        if told := os.environ.get("TEST_LIFESPAN_FILE"):
            with Path(told).open("a") as file:
                file.write("assembly stopped\n")


def open_small(options: Mapping[str, Any], root_dir: str, address: str | None) -> SmallAssembly:
    os.environ["TEST_OPTIONS"] = f"{dict(options)} {root_dir} {address}"
    return SmallAssembly()


def open_held(options: Mapping[str, Any], root_dir: str, address: str | None) -> SmallAssembly:
    raise StoreHeld(
        "The store is held by process 4711.",
        hint="Stop that process, then start this server again.",
        data={"pid": 4711, "address": "http://127.0.0.1:1"},
    )


def open_broken(options: Mapping[str, Any], root_dir: str, address: str | None) -> SmallAssembly:
    raise ImportError("no module named workbench.nowhere")

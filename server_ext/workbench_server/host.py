"""Keeps one assembly for the life of a Jupyter server: starts it beside the server's loop, stops it, says why not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from workbench.base.ending import at_end
from workbench.base.errors import Unavailable, WorkbenchError
from workbench_server.exchange import AsgiApp, Exchange
from workbench_server.lifespan import Lifespan

START_PATIENCE_S = 30.0
STOP_PATIENCE_S = 20.0
DRAIN_PATIENCE_S = 2.0
DEFAULT_MAX_BODY = 10 * 1024 * 1024

log = logging.getLogger("workbench.server")


class Assembly(Protocol):
    """What the extension needs of an assembly; `workbench.assembly` makes the real one."""

    app: AsgiApp
    loop: asyncio.AbstractEventLoop
    kernel_key: str
    """Set once started: a key for this server's kernels, in memory only."""
    kernel_workspace: str
    max_body: int
    """Bytes of the largest request body."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class Host:
    """Starts and stops an assembly without holding up the web server's loop, on which all of this runs."""

    def __init__(self, opener: Callable[[], Assembly]) -> None:
        self._opener = opener
        self._assembly: Assembly | None = None
        self._lifespan: Lifespan | None = None
        self._failure: WorkbenchError | None = None
        self._settled = asyncio.Event()
        self._stopping = False
        self._live: set[Exchange] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def max_body(self) -> int:
        """Bytes of the largest request body."""
        return self._assembly.max_body if self._assembly is not None else DEFAULT_MAX_BODY

    @property
    def failure(self) -> WorkbenchError | None:
        """Why the assembly is not there, or None."""
        return self._failure

    async def start(self) -> Assembly | None:
        """Open and start the assembly in a thread. None when that failed: the reason is kept for every request."""
        try:
            assembly = await asyncio.to_thread(self._open)
            lifespan = Lifespan(assembly.app)
            await _on(assembly.loop, lifespan.startup())
        except Unavailable as error:
            self._failure = error
        except WorkbenchError as error:
            self._failure = Unavailable(error.message, hint=error.hint, details=error.details, data=error.data)
        except Exception as error:  # Jupyter must start whatever is wrong with the workbench
            log.error("the workbench did not start", exc_info=error)
            self._failure = Unavailable(
                f"The workbench did not start: {type(error).__name__}: {error}",
                hint="Run `workbench doctor` in a terminal; the server's log has the whole story.",
            )
        else:
            self._assembly, self._lifespan = assembly, lifespan
            at_end(self._stop_at_end)
        finally:
            self._settled.set()
        if self._failure is not None:
            log.error("the workbench did not start: %s", self._failure)
        return self._assembly

    async def ready(self) -> Assembly:
        """The running assembly; waits while it starts. Raises Unavailable with the reason and the next act."""
        try:
            await asyncio.wait_for(self._settled.wait(), START_PATIENCE_S)
        except TimeoutError:
            raise Unavailable("The workbench is still starting.", hint="Try again in a few seconds.") from None
        if self._stopping:
            raise Unavailable("The server is stopping.", hint="Start it again; unfinished runs go on then.")
        if self._assembly is None:
            raise self._failure or Unavailable("The workbench is not running.")
        return self._assembly

    def open(self, scope: dict[str, Any], assembly: Assembly) -> Exchange:
        """A new exchange with the assembly's app, known here until `close`."""
        if self._lifespan is not None:
            scope["state"] = dict(self._lifespan.state)
        exchange = Exchange(assembly.app, scope, assembly.loop, asyncio.get_running_loop())
        self._live.add(exchange)
        self._idle.clear()
        return exchange

    def close(self, exchange: Exchange) -> None:
        """Forget an exchange that is over."""
        self._live.discard(exchange)
        if not self._live:
            self._idle.set()

    async def stop(self) -> None:
        """End open streams, then stop the assembly. What runs is left to recovery; nothing acknowledged is lost."""
        self._stopping = True
        await self._settled.wait()
        assembly, self._assembly = self._assembly, None
        if assembly is None:
            return
        for exchange in list(self._live):
            exchange.disconnect()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), DRAIN_PATIENCE_S)
        try:
            async with asyncio.timeout(STOP_PATIENCE_S):
                if self._lifespan is not None:
                    await _on(assembly.loop, self._lifespan.shutdown())
                await asyncio.to_thread(assembly.stop)
        except TimeoutError:
            log.error(
                "the workbench did not stop within %s s; its runs are recovered at the next start", STOP_PATIENCE_S
            )

    def _stop_at_end(self) -> None:
        """Jupyter ends without its cleanup on Ctrl+C when it has no terminal: stop once its loop is gone."""
        assembly, self._assembly = self._assembly, None
        if assembly is None:
            return
        for exchange in list(self._live):
            exchange.disconnect()
        with suppress(Exception):
            if self._lifespan is not None:
                asyncio.run_coroutine_threadsafe(self._lifespan.shutdown(), assembly.loop).result(DRAIN_PATIENCE_S)
        assembly.stop()

    def _open(self) -> Assembly:
        assembly = self._opener()
        assembly.start()
        return assembly


async def _on(loop: asyncio.AbstractEventLoop, work: Any) -> None:
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))

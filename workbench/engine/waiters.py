"""Who waits for which run's durable end."""

from __future__ import annotations

import asyncio

from workbench.base.errors import Unavailable
from workbench.engine.records import RunRow


class Waiters:
    """Futures by run id."""

    __slots__ = ("_futures",)

    def __init__(self) -> None:
        self._futures: dict[str, list[asyncio.Future[RunRow | None]]] = {}

    def __len__(self) -> int:
        return len(self._futures)

    async def wait(self, run_id: str, seconds: float) -> RunRow | None:
        """Wait until the run is told to be over, at most so long. Raises Unavailable when it is left to recovery."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[RunRow | None] = loop.create_future()
        waiting = self._futures.setdefault(run_id, [])
        waiting.append(future)
        handle = loop.call_later(seconds, _give_up, future)
        try:
            return await future
        finally:
            handle.cancel()
            if future in waiting:
                waiting.remove(future)
            if not waiting:
                self._futures.pop(run_id, None)

    def tell(self, run_id: str, ended: RunRow | None) -> None:
        """The run has `ended`, or (None) it is left to recovery."""
        for future in self._futures.pop(run_id, ()):
            if not future.done():
                if ended is not None:
                    future.set_result(ended)
                else:
                    future.set_exception(
                        Unavailable("The run was interrupted.", hint="It goes on when the server is back.")
                    )

    def close(self) -> None:
        """The engine stops: whatever is not over is left to recovery."""
        for run_id in list(self._futures):
            self.tell(run_id, None)


def _give_up(future: asyncio.Future[RunRow | None]) -> None:
    if not future.done():
        future.set_result(None)

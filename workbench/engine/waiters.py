"""Who waits for which run's durable end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeAlias

from workbench.base.errors import Unavailable
from workbench.engine.records import RunRow

Hook: TypeAlias = Callable[[RunRow | None], None]


class _Group:
    """One future for the ends of many runs."""

    __slots__ = ("ended", "future", "is_interrupted", "left")

    def __init__(self, left: int, future: asyncio.Future[None]) -> None:
        self.left = left
        self.future = future
        self.ended: dict[str, RunRow] = {}
        self.is_interrupted = False

    def tell(self, ended: RunRow | None) -> None:
        self.left -= 1
        if ended is not None:
            self.ended[ended.id] = ended
        else:
            self.is_interrupted = True
        if (not self.left or self.is_interrupted) and not self.future.done():
            self.future.set_result(None)


class Waiters:
    """Hooks by run id, each called once."""

    __slots__ = ("_hooks",)

    def __init__(self) -> None:
        self._hooks: dict[str, list[Hook]] = {}

    def __len__(self) -> int:
        return len(self._hooks)

    async def wait(self, run_id: str, seconds: float) -> RunRow | None:
        """Wait until the run is told to be over, at most so long. Raises Unavailable when it is left to recovery."""
        return (await self.wait_all([run_id], seconds)).get(run_id)

    async def wait_all(self, run_ids: Iterable[str], seconds: float) -> dict[str, RunRow]:
        """Wait until all these runs are told to be over, at most so long; those that are, by id.

        Raises Unavailable when one is left to recovery.
        """
        loop = asyncio.get_running_loop()
        ids = dict.fromkeys(run_ids)
        if not ids:
            return {}
        group = _Group(len(ids), loop.create_future())
        hooks, tell = self._hooks, group.tell
        for run_id in ids:
            hooks.setdefault(run_id, []).append(tell)
        handle = loop.call_later(seconds, _give_up, group.future)
        try:
            await group.future
        finally:
            handle.cancel()
            if group.left:
                self._remove(ids, tell)
        if group.is_interrupted:
            raise Unavailable("The run was interrupted.", hint="It goes on when the server is back.")
        return group.ended

    def _remove(self, run_ids: Iterable[str], tell: Hook) -> None:
        for run_id in run_ids:
            waiting = self._hooks.get(run_id)
            if waiting is not None and tell in waiting:
                waiting.remove(tell)
                if not waiting:
                    del self._hooks[run_id]

    def tell(self, run_id: str, ended: RunRow | None) -> None:
        """The run has `ended`, or (None) it is left to recovery."""
        waiting = self._hooks.pop(run_id, None)
        if waiting is not None:
            for hook in waiting:
                hook(ended)

    def close(self) -> None:
        """The engine stops: whatever is not over is left to recovery."""
        for run_id in list(self._hooks):
            self.tell(run_id, None)


def _give_up(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)

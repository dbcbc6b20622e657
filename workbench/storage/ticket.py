"""A ticket: the promise that one `append` becomes durable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.base.errors import Unavailable
    from workbench.storage.facts import Fact


class Durable:
    """How far a log is durable, shared by the log and its tickets. Written by one thread at a time."""

    __slots__ = ("changed", "failure", "loop", "seq", "waiting_threads")

    def __init__(self, seq: int, changed: Any) -> None:
        self.seq = seq
        self.failure: Unavailable | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.changed = changed
        """A threading.Condition, notified when `waiting_threads` is not zero."""
        self.waiting_threads = 0


class Ticket:
    """One append. ``await ticket`` (on the attached loop) or ``ticket.result(timeout)`` (in a thread) ends when its
    facts are durable and answers the last sequence; both raise Unavailable when the log could not tell.
    """

    __slots__ = (
        "_durable",
        "count",
        "facts",
        "failure",
        "first",
        "futures",
        "hooks",
        "patient",
        "payload",
        "workspace",
    )

    def __init__(
        self, durable: Durable, facts: Sequence[Fact], workspace: str | None, payload: bytes, patient: bool = False
    ) -> None:
        self._durable = durable
        self.facts = facts
        self.workspace = workspace
        self.payload = payload
        self.patient = patient
        """Whether it waits for room on a full disk instead of failing."""
        self.count = len(facts)
        self.first = 0
        """Sequence of its first fact; 0 until the log has taken it."""
        self.failure: Unavailable | None = None
        self.futures: list[asyncio.Future[int]] | None = None
        self.hooks: list[Callable[[Exception | None], None]] | None = None

    @property
    def seq(self) -> int:
        """Sequence of its last fact; 0 until the log has taken it. With no facts: the last one before."""
        return self.first + self.count - 1 if self.first else 0

    @property
    def done(self) -> bool:
        """Whether its facts are durable."""
        return self.first != 0 and self.first + self.count - 1 <= self._durable.seq

    def __await__(self) -> Generator[Any, None, int]:
        if self.done:
            return self.seq
        loop = asyncio.get_running_loop()
        if loop is not self._durable.loop:
            return (yield from loop.run_in_executor(None, self.result).__await__())
        future: asyncio.Future[int] = loop.create_future()
        # Registered first, looked at again second; the log does it the other way round. So no wake-up is lost.
        if self.futures is None:
            self.futures = [future]
        else:
            self.futures.append(future)
        if self.done:
            return self.seq
        if self.failure is not None:
            future.cancel()
            raise self.failure
        return (yield from future.__await__())

    def call(self, hook: Callable[[Exception | None], None]) -> None:
        """Call `hook` on the attached loop once the facts are durable, with None, or with why nobody can tell."""
        if self.hooks is None:
            self.hooks = [hook]
        else:
            self.hooks.append(hook)
        # Registered first, looked at again second, as above.
        if (self.done or self.failure is not None) and self._durable.loop is not None:
            self._durable.loop.call_soon(self.settle)

    @property
    def is_awaited(self) -> bool:
        """Whether somebody on the loop wants to know."""
        return self.futures is not None or self.hooks is not None

    def result(self, timeout: float | None = None) -> int:
        """Wait in a thread. Raises TimeoutError after `timeout` seconds."""
        durable = self._durable
        with durable.changed:
            durable.waiting_threads += 1
            try:
                in_time = durable.changed.wait_for(lambda: self.done or self.failure is not None, timeout)
            finally:
                durable.waiting_threads -= 1
        if self.done:
            return self.seq
        if self.failure is not None:
            raise self.failure
        assert not in_time
        raise TimeoutError(f"not durable after {timeout} s")

    def settle(self) -> None:
        """Answer those who await it; on the loop only."""
        hooks, self.hooks = self.hooks, None
        for hook in hooks or ():
            hook(self.failure)
        for future in self.futures or ():
            if not future.done():
                if self.failure is not None:
                    future.set_exception(self.failure)
                else:
                    future.set_result(self.seq)
        self.futures = None

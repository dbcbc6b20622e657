"""News of what is durable, to those who wait: one wake-up of the loop for each group, none when nobody waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from workbench.storage.facts import Fact
from workbench.storage.ticket import Durable, Ticket

DurableHook = Callable[[list[tuple[int, str | None, Fact]]], None]
"""Gets ``[(seq, workspace, fact), …]``."""


class News:
    """Settles awaited tickets and calls `on_durable`, both on the attached loop; wakes waiting threads."""

    def __init__(self, durable: Durable) -> None:
        self._durable = durable
        self.on_durable: DurableHook | None = None
        self._settling: deque[list[Ticket]] = deque()
        self._events: deque[list[Ticket]] = deque()
        self._told = False

    def tell(self, group: list[Ticket]) -> None:
        """A group is durable; from the one who writes the log."""
        awaited = [t for t in group if t.is_awaited]
        if awaited:
            self._settling.append(awaited)
        if self.on_durable is not None:
            self._events.append(group)
        if (awaited or self.on_durable is not None) and not self._told:
            self._told = True
            self._call_loop()
        if self._durable.waiting_threads:
            with self._durable.changed:
                self._durable.changed.notify_all()

    def _call_loop(self) -> None:
        loop = self._durable.loop
        try:
            if loop is not None:
                loop.call_soon_threadsafe(self._on_loop)
                return
        except RuntimeError:
            pass
        # No loop yet, or it is closed: nobody waits there.
        self._told = False
        self._settling.clear()
        self._events.clear()

    def _on_loop(self) -> None:
        self._told = False
        while self._settling:
            for ticket in self._settling.popleft():
                ticket.settle()
        hook = self.on_durable
        if hook is None or not self._events:
            return
        news: list[tuple[int, str | None, Fact]] = []
        while self._events:
            for ticket in self._events.popleft():
                workspace = ticket.workspace
                news += [(seq, workspace, fact) for seq, fact in enumerate(ticket.facts, ticket.first)]
        hook(news)

    def failed(self, tickets: Sequence[Ticket]) -> None:
        """These will not become durable as far as we can tell."""
        awaited = [t for t in tickets if t.is_awaited]
        if awaited:
            self._settling.append(awaited)
            self._call_loop()
        with self._durable.changed:
            self._durable.changed.notify_all()

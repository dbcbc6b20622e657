"""Signals: what comes for a run from outside, kept until a wait takes it; each signal once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workbench.base.errors import BlockFailed, InvalidInput, InvalidState, Issue, Unavailable
from workbench.base.ids import to_bytes
from workbench.blocks.context import Wait
from workbench.engine.facts import SignalReceived, SignalTaken
from workbench.storage.values import encode

MOST_KEPT = 10_000
"""Signals of one run that no wait has taken; more are refused."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One message for a run."""

    id: str
    event_type: str
    payload: Any
    at_us: int
    author: str | None = None

    def seen(self) -> dict[str, Any]:
        """What filters see as `event`."""
        return {"type": self.event_type, "payload": self.payload, "id": self.id, "at": self.at_us}


@dataclass(eq=False, slots=True)
class Waiter:
    """A wait under way that a signal may end."""

    path: str
    wait: Wait
    due_us: int
    future: asyncio.Future[Signal | None]
    refused: Callable[[Exception], None]
    """Told when the filter fails on a signal."""

    def fits(self, signal: Signal) -> bool:
        """Whether this wait takes that signal: of its type, in time, and accepted by its filter."""
        if self.future.done() or signal.event_type != self.wait.event_type or signal.at_us > self.due_us:
            return False
        if self.wait.accepts is None:
            return True
        try:
            return self.wait.accepts(signal.seen())
        except Exception as error:  # noqa: BLE001 - a filter that fails on this payload does not want it
            self.refused(error)
            return False


@dataclass(slots=True)
class Mailbox:
    """One run's signals, in the order in which they came, and the waits that look for one.

    What a wait takes is decided by what the log holds alone (the order of signals, their times, the wait's due time),
    so that a run that is walked again decides the same.
    """

    kept: list[Signal] = field(default_factory=list[Signal])
    """Not taken yet."""
    taken: dict[str, Signal] = field(default_factory=dict[str, Signal])
    """By path: what an open wait had taken before a restart."""
    waiters: list[Waiter] = field(default_factory=list[Waiter])

    def take(self, waiter: Waiter) -> Signal | None:
        """The first signal kept that fits; it is kept no longer."""
        for at, signal in enumerate(self.kept):
            if waiter.fits(signal):
                return self.kept.pop(at)
        return None

    def put(self, signal: Signal) -> Waiter | None:
        """Take a signal in: the first wait that it fits, or None and it is kept."""
        for waiter in self.waiters:
            if waiter.fits(signal):
                return waiter
        self.kept.append(signal)
        return None


class SignalDesk:
    """Where signals come in; lives on the engine's loop."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    async def send(self, run_id: str, event_type: str, payload: Any, author: str | None) -> tuple[Signal, bool]:
        """Give a run a signal; durable when this returns. The signal, and whether a wait took it at once.

        Raises InvalidState for a run that is over or ends, or keeps too many already; InvalidInput for a payload that
        is no value of a wire; Unavailable while the log takes nothing.
        """
        engine = self._engine
        live, entry = engine.live.get(run_id), engine.queue.find(run_id)
        if (live is None or live.is_ending or live.why is not None) and entry is None:
            raise InvalidState("This run is over.", hint="Only a run that is not over takes signals.")
        signal = Signal(engine.ids.new(), event_type, payload, engine.services.clock.now_us(), author)
        try:
            data = encode(payload)
        except BlockFailed as error:
            raise InvalidInput(error.message, details=[Issue("payload", error.message)]) from error
        received = SignalReceived(to_bytes(run_id), to_bytes(signal.id), event_type, data, author, signal.at_us)
        owner = live.walk.attempts if live is not None else entry
        mailbox: Mailbox = owner.mailbox if owner.mailbox is not None else Mailbox()
        owner.mailbox = mailbox
        if len(mailbox.kept) >= MOST_KEPT:
            raise InvalidState(f"The run keeps {MOST_KEPT:,} signals that nothing has taken.", hint="Send no more.")
        if live is None:
            mailbox.kept.append(signal)
            await engine.store.append([received], entry.row.workspace_id)
            return signal, False
        live.pen.add(received)
        waiter = mailbox.put(signal)
        if waiter is not None:
            live.pen.add(SignalTaken(received.run, received.id, waiter.path, signal.at_us))
            waiter.future.set_result(signal)
        if not await live.pen.lasts():
            raise Unavailable("The signal could not be written.", hint="Look at /health.")
        return signal, waiter is not None

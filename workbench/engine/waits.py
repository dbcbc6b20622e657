"""One durable wait of a block: its row, what wakes it, and that exactly one thing does."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import msgspec

from workbench.base.ids import to_bytes
from workbench.base.probe import probe
from workbench.blocks.context import Wait, Woken
from workbench.engine.facts import SignalTaken
from workbench.engine.halting import Halt
from workbench.engine.interfaces import Services
from workbench.engine.pen import Pen
from workbench.engine.records import RunRow
from workbench.engine.replay import Journal
from workbench.engine.signals import Mailbox, Signal, Waiter
from workbench.engine.step import Step
from workbench.engine.timers import Timers


class Walker(Protocol):
    """The walk, as waits see it."""

    row: RunRow
    services: Services
    pen: Pen
    timers: Timers
    journal: Journal | None


class Resting(Protocol):
    """How a step rests, and the run's signals."""

    mailbox: Mailbox | None

    def next_wait(self, step: Step) -> str: ...

    async def sit_out(self, step: Step, future: asyncio.Future[Any]) -> None: ...


async def wait_for(walk: Walker, resting: Resting, step: Step, wait: Wait) -> Woken:
    """Wait until something of `wait` comes true. See `BlockContext.wait_for`."""
    if step.region.stopping:
        raise Halt
    path = resting.next_wait(step)
    due_us, since_us = _row(walk, step, path, wait)
    mailbox = resting.mailbox
    if mailbox is not None and (had := mailbox.taken.pop(path, None)) is not None:
        return _by(had, since_us)
    future: asyncio.Future[Signal | None] = asyncio.get_running_loop().create_future()
    waiter = Waiter(
        path,
        wait,
        due_us,
        future,
        lambda error: step.log(f"The filter failed on a signal, which passed by: {error}", "warning"),
    )
    if mailbox is not None and wait.event_type is not None:
        found = mailbox.take(waiter)
        if found is not None:
            walk.pen.add(SignalTaken(walk.pen.run, to_bytes(found.id), path, walk.services.clock.now_us()))
            probe("engine.signal_taken")
            return _by(found, since_us)
        mailbox.waiters.append(waiter)
    alarm = _Alarm(walk, waiter, since_us)
    try:
        alarm.look()
        await resting.sit_out(step, future)
    finally:
        alarm.close()
        if mailbox is not None and waiter in mailbox.waiters:
            mailbox.waiters.remove(waiter)
    probe("engine.woken")
    signal = future.result()
    if signal is not None:
        return _by(signal, since_us)
    if alarm.held_at is not None:
        return Woken("condition", alarm.held_at - since_us)
    return Woken("time", due_us - since_us)


def _row(walk: Walker, step: Step, path: str, wait: Wait) -> tuple[int, int]:
    """Until and since when the wait at `path` lasts; one that a restart interrupted goes on, else it begins now."""
    now = walk.services.clock.now_us()
    known = walk.journal.take_wait(path) if walk.journal is not None else None
    if known is not None:
        due, since = known
        return due, now if since is None else since
    about = {"eventType": wait.event_type, "title": wait.title, "message": wait.message}
    told = {name: value for name, value in about.items() if value is not None}
    text = msgspec.json.encode(told).decode() if told else None
    walk.pen.timer(path, wait.due_us, now, wait.kind, text, step.region.frame.function)
    return wait.due_us, now


def _by(signal: Signal, since_us: int) -> Woken:
    return Woken("signal", max(0, signal.at_us - since_us), signal.payload, signal.author)


class _Alarm:
    """Ends a wait at its due time, and looks at its condition from time to time; in between it is only a due entry."""

    __slots__ = ("_next", "_since_us", "_waiter", "_walk", "held_at")

    def __init__(self, walk: Walker, waiter: Waiter, since_us: int) -> None:
        self._walk = walk
        self._waiter = waiter
        self._since_us = since_us
        self._next: asyncio.Future[None] | None = None
        self.held_at: int | None = None
        """When the condition was seen to hold."""

    def look(self) -> None:
        """End the wait if it is time or its condition holds, else look again later."""
        waiter = self._waiter
        if waiter.future.done():
            return
        now, holds = self._walk.services.clock.now_us(), waiter.wait.holds
        if holds is not None:
            try:
                if holds(now, now - self._since_us):
                    self.held_at = now
                    waiter.future.set_result(None)
                    return
            except Exception as error:  # noqa: BLE001 - it is the block's failure, whatever it is
                waiter.future.set_exception(error)
                return
        if now >= waiter.due_us:
            waiter.future.set_result(None)
            return
        later = waiter.due_us
        if holds is not None:
            step_us = waiter.wait.poll_ms * 1000
            later = min(later, self._since_us + ((now - self._since_us) // step_us + 1) * step_us)
        self._next = self._walk.timers.at(later)
        self._next.add_done_callback(self._rang)

    def _rang(self, future: asyncio.Future[None]) -> None:
        if not future.cancelled():
            self.look()

    def close(self) -> None:
        """The wait is over."""
        if self._next is not None:
            self._next.cancel()

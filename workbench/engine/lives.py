"""The runs under way: each is started in a slot, walked in a task, and ended once that is durable."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from workbench.base.errors import InvalidState, Unavailable
from workbench.base.logs import get_logger
from workbench.blocks.context import RegionResult
from workbench.blocks.registry import BlockRegistry
from workbench.engine.calls import Calls
from workbench.engine.earlier_life import bring_back, gate_for
from workbench.engine.endings import Endings
from workbench.engine.facts import RunCreated, RunFinished
from workbench.engine.failures import describe_any, told, trace_of
from workbench.engine.halting import LogLost
from workbench.engine.ink import Ink, Sheet
from workbench.engine.interfaces import Services
from workbench.engine.live import Live
from workbench.engine.pen import Pen
from workbench.engine.programs import Programs
from workbench.engine.pulse import Pulse
from workbench.engine.queue import Entry
from workbench.engine.records import RunRow
from workbench.engine.slots import Slot, Slots
from workbench.engine.states import Actor, RunStatus, may_move
from workbench.engine.tally import Tally
from workbench.engine.timers import Timers
from workbench.engine.turns import Turns
from workbench.engine.walk import Walk
from workbench.storage.facts import Fact
from workbench.storage.store import Store

log = get_logger("workbench.engine")

TALLIES_KEPT = 1000
STOP_S = 1.5
"""How long walks may take to end, and then the log to take what they wrote."""


class Lives:
    """Every run that has a slot, or had one and waits. Lives on the engine's loop."""

    def __init__(self, store: Store, registry: BlockRegistry, services: Services, slots: Slots) -> None:
        self.store = store
        self.services = services
        self.slots = slots
        self.programs = Programs(registry)
        self.by_id: dict[str, Live] = {}
        self.ends = Endings(store, services.clock, self.by_id)
        self._tallies: OrderedDict[str, Tally] = OrderedDict()
        self._starting: dict[str, list[asyncio.Future[Live]]] = {}
        self._turns: Turns | None = None
        self._timers: Timers | None = None
        self._pulse: Pulse | None = None
        self._ink: Ink | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to walk runs on this loop."""
        self._turns = Turns(loop)
        self._ink = Ink(self.store, loop, self.services.threads)
        self._timers = Timers(loop, self.services.clock)
        self._pulse = Pulse(self.store, self._timers, self.services.clock, self._shortest_limit)

    @property
    def is_open(self) -> bool:
        """Whether runs can be walked."""
        return self._turns is not None

    @property
    def turns(self) -> Turns:
        """Who may use the loop. Raises Unavailable before `open`."""
        if self._turns is None:
            raise Unavailable("The engine has not started.")
        return self._turns

    @property
    def timers(self) -> Timers:
        """What waits for a time. Raises Unavailable before `open`."""
        if self._timers is None:
            raise Unavailable("The engine has not started.")
        return self._timers

    @property
    def ink(self) -> Ink:
        """What runs are written with. Raises Unavailable before `open`."""
        if self._ink is None:
            raise Unavailable("The engine has not started.")
        return self._ink

    def pen(self, row: RunRow, sheet: Sheet | None = None) -> Pen:
        """A run's own pen; `sheet` has the fact that the run was taken in, where that may not last yet."""
        pen = Pen(row, self.ink, self.services.clock, self.services.threads)
        pen.sheet = sheet
        if sheet is None:  # the run was read back: what an earlier life of it lost is not to be had any more
            self.ink.refused.pop(pen.run, None)
        return pen

    async def close(self) -> None:
        """Stop walking; what is not over is left to recovery. Ends within a few seconds whatever runs."""
        if self._pulse is not None:
            self._pulse.close()
        lives = [live for live in self.by_id.values() if live.task is not None]
        for live in lives:
            live.cut()
        tasks = [live.task for live in lives if live.task is not None]
        if self._ink is not None:
            tasks.append(asyncio.ensure_future(self._ink.late.settle()))
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=STOP_S)
            for task in left & set(tasks[len(lives) :]):  # the rest is computed again
                task.cancel()
        if self._ink is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ink.all_lasts(), STOP_S)
        for live in list(self.by_id.values()):
            self.ends.forget(live.row, None)
        self.ends.waiters.close()
        if self._timers is not None:
            self._timers.close()

    async def started(self, run_id: str, seconds: float) -> Live | None:
        """The run once it has a slot; None when it has none within `seconds`."""
        live = self.by_id.get(run_id)
        if live is not None:
            return live
        future: asyncio.Future[Live] = asyncio.get_running_loop().create_future()
        self._starting.setdefault(run_id, []).append(future)
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            return None
        finally:
            self._starting.pop(run_id, None)

    # The life of one run

    def start(self, entry: Entry) -> None:
        """Begin to walk a run; its slot is taken already."""
        row = entry.row
        pen = self.pen(row, entry.sheet)
        slot = Slot(self.slots, row, pen, self.services.clock)
        if row.started_at is None:
            row.started_at = self.services.clock.now_us()
            row.queue_us = max(0, row.started_at - (row.queued_at or row.created_at))
            self.ends.meters.started(row)
        self.move(row, RunStatus.RUNNING, "dispatcher")
        try:
            program, failure = self.programs.of(row, entry.flow), None
        except Exception as error:  # noqa: BLE001 - a flow that cannot be compiled fails its run, whatever the reason
            program, failure = self.programs.empty(), RegionResult(error=describe_any(error))
        if not program.is_quick:
            pen.moved(RunStatus.RUNNING)
        calls = Calls(row.pins, entry.called, self.programs)
        gate = gate_for(entry)
        walk = Walk(row, program, self.services, pen, self.turns, self.timers, slot, calls, entry.journal, gate)
        bring_back(walk, entry)
        live = Live(row, pen, slot, walk, walk.gate, start_block=entry.start_block)
        self._keep_tally(row.id, walk.tally)
        self.by_id[row.id] = live
        for future in self._starting.pop(row.id, ()):
            if not future.done():
                future.set_result(live)
        result = failure or self._begin(live, entry)
        if result is None:
            if program.is_quick:  # nobody need hear of a start that the end follows in the same group
                pen.moved(RunStatus.RUNNING)
            self._follow(live, self._run(live, entry.start_block))
            return
        try:
            self._is_over(live)
            if not self.ends.at_once(live, result):
                self._follow(live, self._finish(live, result))
        except Exception as error:  # noqa: BLE001 - whatever it is, the runs after this one go on
            self._end_crashed(live, error)
            self.ends.forget(row, None)

    def _begin(self, live: Live, entry: Entry) -> RegionResult | None:
        """The result of a run that is over within this slice."""
        try:
            self._set_deadline(live, entry)
            return live.walk.run_now(entry.start_block)
        except Exception as error:  # noqa: BLE001 - a fault of the engine fails its run, and is seen
            return self._crashed(live, error)

    def _crashed(self, live: Live, error: Exception) -> RegionResult:
        log.error("run.crashed", run=live.id, trace=trace_of(error))
        return RegionResult(error=describe_any(error))

    def _follow(self, live: Live, work: Coroutine[Any, Any, None]) -> None:
        live.task = asyncio.ensure_future(work)
        live.task.add_done_callback(lambda task: self._has_ended(live, task))

    def abandon(self, run_id: str, failure: Exception) -> None:
        """A run was refused after it had begun: it must write nothing and reach no effect."""
        live = self.by_id.get(run_id)
        if live is not None:
            live.pen.failure = failure
            live.pen.give_up()

    def _is_over(self, live: Live) -> None:
        """The walk is over; what follows is only written."""
        live.is_ending = True
        live.walk.countdowns.close()
        live.slot.close()

    async def _run(self, live: Live, start_block: str | None) -> None:
        """Walk what did not end in its first slice."""
        row = live.row
        live.has_begun = True
        try:
            result = await live.walk.run(start_block)
        except asyncio.CancelledError:
            if live.why is None:  # the engine stops: recovery goes on from the journal
                live.pen.give_up()
                return
            result = RegionResult()
        except LogLost:
            log.error("run.left_to_recovery", run=row.id, reason=str(live.pen.failure))
            return
        except Exception as error:  # noqa: BLE001 - a fault of the engine fails its run, and is seen
            result = self._crashed(live, error)
        finally:
            self._is_over(live)
        await self._finish(live, result)

    def _has_ended(self, live: Live, task: asyncio.Task[None]) -> None:
        """A run's task is over. Whatever happened in it, nobody waits for it any more."""
        if not task.cancelled() and task.exception() is not None:
            self._end_crashed(live, task.exception())
        is_lost = live.pen.failure is not None
        if self.by_id.get(live.row.id) is live:
            self.ends.forget(live.row, None, is_lost=is_lost)
        if is_lost:
            self.ends.on_lost(live.row)

    def _end_crashed(self, live: Live, error: BaseException | None) -> None:
        self.ends.crashed = f"The end of run {live.id} failed: {error!r}"
        log.error("run.end_crashed", run=live.id, error=repr(error))

    async def _finish(self, live: Live, result: RegionResult) -> None:
        if live.why is not None:
            error = told(live.why.value.upper(), live.reason or live.why.value)
            actor: Actor = "clock" if live.why is RunStatus.TIMED_OUT else "walk"
            await self.ends.end(live.row, live.pen, live.why, None, error, actor)
        elif result.error is not None:
            await self.ends.end(live.row, live.pen, RunStatus.FAILED, None, result.error)
        else:
            await self.ends.end(live.row, live.pen, RunStatus.COMPLETED, result.value, None)

    def _set_deadline(self, live: Live, entry: Entry) -> None:
        """Start the run's clock, or let it go on from where it was before a restart."""
        if live.row.timeout_ms is None:
            return
        if self._pulse is not None:
            self._pulse.start(live.row.timeout_ms * 1000)
        now = self.services.clock.now_us()
        left_us = live.row.timeout_ms * 1000
        due = entry.journal.take_due("") if entry.journal is not None else None
        if due is not None:
            stood_since = entry.debug_state.get("pausedAt") if entry.debug_state is not None else None
            left_us = max(0, due - min(stood_since or entry.seen_at or now, now))
        live.walk.limit_time(left_us, lambda: self._time_out(live))

    def _shortest_limit(self) -> int | None:
        """Of the runs under way, in microseconds."""
        limits = [live.row.timeout_ms for live in self.by_id.values() if live.row.timeout_ms is not None]
        return min(limits) * 1000 if limits else None

    def _time_out(self, live: Live) -> None:
        if live.why is None and live.task is not None and not live.is_ending:
            live.why = RunStatus.TIMED_OUT
            live.reason = f"The run took longer than {live.row.timeout_ms} ms."
            live.cut()

    async def cancel(self, live: Live, reason: str | None) -> RunStatus:
        """Cut a run off; answers the status it had. Raises InvalidState when it is ending already."""
        if live.task is None or live.is_ending:
            raise InvalidState("This run is already over.", hint="Only a run that is not over can be cancelled.")
        before = live.row.status
        if live.why is None:
            self.move(live.row, RunStatus.CANCELLING, "user")
            live.pen.moved(RunStatus.CANCELLING, reason)
            live.why, live.reason = RunStatus.CANCELLED, reason or "Cancelled."
            live.cut()
            try:
                await live.pen.durable()
            except LogLost:
                raise unwritten(live.pen) from None
        return before

    async def cancel_waiting(self, row: RunRow, reason: str | None) -> RunStatus:
        """End a run that was taken out of the queue; answers the status it had. Raises Unavailable; then it stays."""
        before = row.status
        pen = self.pen(row)
        await self.ends.end(row, pen, RunStatus.CANCELLED, None, told("CANCELLED", reason or "Cancelled."), "user")
        if pen.failure is not None:
            raise unwritten(pen)
        return before

    async def skip(
        self, row: RunRow, creation: RunCreated, reason: str, with_it: Callable[[RunRow], Sequence[Fact]]
    ) -> RunRow:
        """Take in a run that is over at once: its function's limit has no room for it. Raises Unavailable."""
        row.finished_at = row.created_at
        row.error = told("SKIPPED", reason)
        row.status = RunStatus.CANCELLED
        error = msgspec.json.encode(row.error).decode()
        end = RunFinished(creation.run, row.status.value, row.created_at, None, 0, None, error, 0, 0, 0)
        await self.store.append([creation, end, *with_it(row)], row.workspace_id)
        return row

    def _keep_tally(self, run_id: str, tally: Tally) -> None:
        self._tallies[run_id] = tally
        while len(self._tallies) > TALLIES_KEPT:
            self._tallies.popitem(last=False)

    def tally(self, run_id: str) -> Tally | None:
        """How often each block of a run ended how, while the run lives and some time after."""
        return self._tallies.get(run_id)

    def move(self, row: RunRow, status: RunStatus, actor: Actor) -> bool:
        """Move a run if the table allows it; else refuse and log."""
        if not may_move(row.status, status, actor):
            log.error("run.illegal_move", run=row.id, before=row.status, after=status, actor=actor)
            return False
        row.status = status
        return True


def unwritten(pen: Pen) -> Unavailable:
    """What to tell when a change could not be written."""
    if isinstance(pen.failure, Unavailable):
        return pen.failure
    return Unavailable(f"The log could not be written: {pen.failure}", hint="Look at /health.")

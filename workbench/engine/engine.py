"""The executor: takes runs in, gives them slots, walks them, ends them, and takes them up again after a restart."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from workbench.base.errors import InvalidState, NotFound, Unavailable, WorkbenchError
from workbench.base.ids import Ids, to_bytes
from workbench.blocks.context import RegionResult
from workbench.blocks.registry import BlockRegistry
from workbench.engine.facts import RunFinished, RunRecovered
from workbench.engine.failures import trace_of
from workbench.engine.gate import Gate, StoodAt
from workbench.engine.halting import LogLost
from workbench.engine.interfaces import Services
from workbench.engine.invariants import broken
from workbench.engine.live import Live
from workbench.engine.pen import Pen, as_text
from workbench.engine.program import Program, compile_flow
from workbench.engine.queue import Entry, Queue
from workbench.engine.records import Breakpoint, RunRequest, RunRow
from workbench.engine.requests import created, new_row
from workbench.engine.slots import Slot, Slots
from workbench.engine.states import Actor, RunStatus, may_move
from workbench.engine.tally import Tally
from workbench.engine.timers import Timers
from workbench.engine.turns import Turns
from workbench.engine.walk import Walk
from workbench.flow.model import Flow
from workbench.storage.facts import Fact
from workbench.storage.store import Store
from workbench.storage.value_files import Stored

log = structlog.get_logger("workbench.engine")

PROGRAMS_KEPT = 256
TALLIES_KEPT = 1000
STOP_S = 4.0
CANCEL_S = 30.0
CHECK_EVERY_S = 60.0
MOST_QUEUED = 100_000
"""Runs that may wait for a slot; more are refused."""


class Engine:
    """Lives on one event loop; every method must be called there."""

    def __init__(
        self,
        store: Store,
        registry: BlockRegistry,
        services: Services,
        ids: Ids,
        *,
        runs_per_workspace: int = 64,
    ) -> None:
        self.store = store
        self.registry = registry
        self.services = services
        self.ids = ids
        self.slots = Slots(runs_per_workspace, self._dispatch)
        self.queue = Queue()
        self.live: dict[str, Live] = {}
        self._programs: OrderedDict[tuple[str, int], Program] = OrderedDict()
        self.on_row: Callable[[RunRow], None] = lambda _row: None
        """Hears of every run that is taken in or taken up."""
        self._tallies: OrderedDict[str, Tally] = OrderedDict()
        self._waiters: dict[str, list[asyncio.Future[RunRow]]] = {}
        self._stopping = False
        self._crashed: str | None = None
        self._broken: list[str] = []
        self._checking: asyncio.TimerHandle | None = None
        self._turns: Turns | None = None
        self._timers: Timers | None = None

    @property
    def turns(self) -> Turns:
        """Who may use the loop. Raises Unavailable before `start`."""
        if self._turns is None:
            raise Unavailable("The engine has not started.")
        return self._turns

    @property
    def timers(self) -> Timers:
        """What waits for a time. Raises Unavailable before `start`."""
        if self._timers is None:
            raise Unavailable("The engine has not started.")
        return self._timers

    async def start(self, recover: Callable[[Engine], Awaitable[list[Entry]]] | None = None) -> None:
        """Take up the runs that `recover` finds, before any new one."""
        loop = asyncio.get_running_loop()
        self._turns = Turns(loop)
        self._timers = Timers(loop, self.services.clock)
        for entry in await recover(self) if recover is not None else ():
            self._take_up(entry)
        for workspace in self.queue.workspaces():
            self._dispatch(workspace)
        self._checking = loop.call_later(CHECK_EVERY_S, self._check)

    def _check(self) -> None:
        """Each minute: what hangs is seen in `health` and in the log."""
        self._broken = broken(self.live.values(), self.slots)
        for text in self._broken:
            log.error("engine.invariant_broken", what=text)
        self._checking = asyncio.get_running_loop().call_later(CHECK_EVERY_S, self._check)

    def broken(self) -> list[str]:
        """What does not hold of the runs under way; empty when all is well."""
        return broken(self.live.values(), self.slots)

    async def stop(self) -> None:
        """Stop walking; runs under way are left to recovery. Ends within a few seconds whatever runs."""
        self._stopping = True
        if self._checking is not None:
            self._checking.cancel()
        lives = [live for live in self.live.values() if live.task is not None]
        for live in lives:
            if live.task is not None and not live.is_ending:
                live.task.cancel()
        tasks = [live.task for live in lives if live.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S)
        for live in list(self.live.values()):
            self._forget(live.row, None)
        for run_id in list(self._waiters):
            self._answer(run_id, None)
        if self._timers is not None:
            self._timers.close()

    # Taking runs in

    async def submit(
        self, request: RunRequest, with_it: Callable[[RunRow], Sequence[Fact]] = lambda _row: ()
    ) -> RunRow:
        """Acknowledge a run: it is durable when this returns. Raises Unavailable while the store takes no writes.

        `with_it` gives facts that join the group in which the run is created.
        """
        if self._stopping:
            raise Unavailable("The engine is stopping.", hint="Send the request again once the server is back.")
        if len(self.queue) >= MOST_QUEUED:
            raise Unavailable(f"{len(self.queue):,} runs wait already.", hint="Send the request again later.")
        now = self.services.clock.now_us()
        row = new_row(request, self.ids.new(), now)
        self.on_row(row)
        ticket = self.store.append([created(row, request.start_block), *with_it(row)], row.workspace_id)
        self.queue.put(Entry(row, request.flow, request.breakpoints, request.start_block))
        self._dispatch(row.workspace_id)
        try:
            await ticket
        except Unavailable:
            self.queue.remove(row.id)
            raise
        return row

    def _take_up(self, entry: Entry) -> None:
        row = entry.row
        self.on_row(row)
        if row.status is not RunStatus.QUEUED:
            row.recoveries += 1
            self.move(row, RunStatus.QUEUED, "recovery")
            self.store.append(
                [RunRecovered(to_bytes(row.id), self.services.clock.now_us(), row.recoveries)], row.workspace_id
            )
            log.info("run.recovered", run=row.id, recoveries=row.recoveries)
        self.queue.put(entry)

    def _dispatch(self, workspace: str) -> None:
        """Start as many waiting runs as there are slots."""
        while not self._stopping and self.slots.take(workspace):
            entry = self.queue.take(workspace)
            if entry is None:
                self.slots.free_unused(workspace)
                return
            self._start(entry)

    def _start(self, entry: Entry) -> None:
        row = entry.row
        pen = Pen(row, self.store, self.services.clock, self.services.threads)
        slot = Slot(self.slots, row, pen, self.services.clock)
        if row.started_at is None:
            row.started_at = self.services.clock.now_us()
            row.queue_us = row.started_at - row.created_at
        self.move(row, RunStatus.RUNNING, "dispatcher")
        pen.moved(RunStatus.RUNNING)
        try:
            program, failure = self._program(row, entry.flow), None
        except Exception as error:  # noqa: BLE001 - a flow that cannot be compiled fails its run, whatever the reason
            program, failure = compile_flow(Flow(), self.registry), _describe(error)
        walk = Walk(row, program, self.services, pen, self.turns, self.timers, slot, entry.journal, _gate_for(entry))
        walk.overlay.update(entry.overlay)
        walk.attempts.mailbox = entry.mailbox
        live = Live(row, pen, slot, walk, walk.gate)
        self._keep_tally(row.id, walk.tally)
        self.live[row.id] = live
        live.task = asyncio.ensure_future(self._run(live, entry, failure))
        live.task.add_done_callback(lambda task: self._has_ended(live, task))

    def _program(self, row: RunRow, flow: Flow) -> Program:
        key = (row.function_id, row.version)
        program = self._programs.get(key)
        if program is None:
            program = self._programs[key] = compile_flow(flow, self.registry)
            while len(self._programs) > PROGRAMS_KEPT:
                self._programs.popitem(last=False)
        else:
            self._programs.move_to_end(key)
        return program

    # One run

    async def _run(self, live: Live, entry: Entry, failure: dict[str, Any] | None) -> None:
        row = live.row
        try:
            if failure is None:
                self._set_deadline(live, entry)
                result = await live.walk.run(entry.start_block)
            else:
                result = RegionResult(error=failure)
        except asyncio.CancelledError:
            if live.why is None:  # the engine stops: recovery goes on from the journal
                live.pen.give_up()
                return
            result = RegionResult()
        except LogLost:
            log.error("run.left_to_recovery", run=row.id, reason=str(live.pen.failure))
            return
        except Exception as error:  # noqa: BLE001 - a fault of the engine fails its run, and is seen
            log.error("run.crashed", run=row.id, trace=trace_of(error))
            result = RegionResult(error=_describe(error))
        finally:
            live.is_ending = True
            live.walk.countdowns.close()
            live.slot.close()
        await self._finish(live, result)

    def _has_ended(self, live: Live, task: asyncio.Task[None]) -> None:
        """A run's task is over. Whatever happened in it, nobody waits for it any more."""
        if not task.cancelled() and task.exception() is not None:
            self._crashed = f"The end of run {live.row.id} failed: {task.exception()!r}"
            log.error("run.end_crashed", run=live.row.id, error=repr(task.exception()))
        if self.live.get(live.row.id) is live:
            self._forget(live.row, None)

    async def _finish(self, live: Live, result: RegionResult) -> None:
        if live.why is not None:
            error = _told(live.why.value.upper(), live.reason or live.why.value)
            actor: Actor = "clock" if live.why is RunStatus.TIMED_OUT else "walk"
            await self.end(live.row, live.pen, live.why, None, error, actor)
        elif result.error is not None:
            await self.end(live.row, live.pen, RunStatus.FAILED, None, result.error)
        else:
            await self.end(live.row, live.pen, RunStatus.COMPLETED, result.value, None)

    async def end(
        self,
        row: RunRow,
        pen: Pen,
        status: RunStatus,
        output: Any,
        error: dict[str, Any] | None,
        actor: Actor = "walk",
    ) -> None:
        """Write a run's end and tell it once it is durable; without a log nobody is left waiting either."""
        stored: Stored | None = None
        try:
            stored = await pen.keep(output)
        except Exception as failure:  # noqa: BLE001 - whatever kept the output from being stored, the run must end
            output, status = None, RunStatus.FAILED
            error = _told("OUTPUT", f"The output could not be stored: {_describe(failure)['message']}")
        if not may_move(row.status, status, actor):
            log.error("run.illegal_move", run=row.id, before=row.status, after=status, actor=actor)
        now = self.services.clock.now_us()
        run_us = now - (row.started_at or now) - row.wait_us
        pen.add(
            RunFinished(
                pen.run,
                status.value,
                now,
                row.started_at,
                row.queue_us,
                stored,
                msgspec.json.encode(error).decode() if error else None,
                run_us,
                row.wait_us,
                row.steps,
            )
        )
        try:
            await pen.durable()
        except LogLost:
            log.error("run.end_not_durable", run=row.id, error=str(pen.failure))
            self._forget(row, None)
            return
        row.finished_at = now
        row.output, row.error = output, error
        row.status = status
        self._forget(row, row)

    def _forget(self, row: RunRow, ended: RunRow | None) -> None:
        """The run does not live here any more: it has `ended`, or (None) it is left to recovery."""
        live = self.live.pop(row.id, None)
        if live is not None and live.gate is not None:
            live.gate.told()
        self._answer(row.id, ended)

    def _answer(self, run_id: str, ended: RunRow | None) -> None:
        for future in self._waiters.pop(run_id, ()):
            if not future.done():
                if ended is not None:
                    future.set_result(ended)
                else:
                    future.set_exception(
                        Unavailable("The run was interrupted.", hint="It goes on when the server is back.")
                    )

    def _set_deadline(self, live: Live, entry: Entry) -> None:
        """Start the run's clock, or let it go on from where it was before a restart."""
        if live.row.timeout_ms is None:
            return
        now = self.services.clock.now_us()
        left_us = live.row.timeout_ms * 1000
        due = entry.journal.take_due("") if entry.journal is not None else None
        if due is not None:
            stood_since = entry.debug_state.get("pausedAt") if entry.debug_state is not None else None
            left_us = max(0, due - (stood_since or now))
        live.walk.limit_time(left_us, lambda: self._time_out(live))

    def _time_out(self, live: Live) -> None:
        if live.why is None and live.task is not None and not live.is_ending:
            live.why = RunStatus.TIMED_OUT
            live.reason = f"The run took longer than {live.row.timeout_ms} ms."
            live.task.cancel()

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

    # What others ask

    def find(self, run_id: str) -> RunRow | None:
        """A run that is not over, as it is now."""
        live = self.live.get(run_id)
        if live is not None:
            return live.row
        entry = self.queue.find(run_id)
        return entry.row if entry is not None else None

    async def wait(self, run_id: str, seconds: float) -> RunRow | None:
        """Wait for a run's durable end, at most so long; None when it is not over by then or is not known here.

        Raises Unavailable when the run cannot go on before a restart.
        """
        if self.find(run_id) is None:
            return None
        future: asyncio.Future[RunRow] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(run_id, []).append(future)
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            return None
        finally:
            waiting = self._waiters.get(run_id, [])
            if future in waiting:
                waiting.remove(future)
            if not waiting:
                self._waiters.pop(run_id, None)

    async def cancel(self, run_id: str, reason: str | None) -> RunStatus:
        """Cancel a run; answers the status it had. Raises InvalidState when it is over (or not known here)."""
        entry = self.queue.remove(run_id)
        if entry is not None:
            before = entry.row.status
            pen = Pen(entry.row, self.store, self.services.clock, self.services.threads)
            error = _told("CANCELLED", reason or "Cancelled.")
            await self.end(entry.row, pen, RunStatus.CANCELLED, None, error, "user")
            if pen.failure is not None:
                self.queue.put(entry)
                raise _unwritten(pen)
            return before
        live = self.live.get(run_id)
        if live is None or live.task is None or live.is_ending:
            raise InvalidState("This run is already over.", hint="Only a run that is not over can be cancelled.")
        before = live.row.status
        if live.why is None:
            self.move(live.row, RunStatus.CANCELLING, "user")
            live.pen.moved(RunStatus.CANCELLING, reason)
            live.why, live.reason = RunStatus.CANCELLED, reason or "Cancelled."
            live.task.cancel()
            try:
                await live.pen.durable()
            except LogLost:
                raise _unwritten(live.pen) from None
        return before

    def open_runs_of(self, function_ids: frozenset[str]) -> list[str]:
        """Ids of the runs of these functions that are not over."""
        rows = [live.row for live in self.live.values()] + self.queue.rows()
        return [row.id for row in rows if row.function_id in function_ids]

    async def cancel_and_wait(self, run_id: str, reason: str) -> None:
        """Cancel a run and wait until it has ended; one that is over already is fine."""
        ended = asyncio.ensure_future(self.wait(run_id, CANCEL_S))
        try:
            await self.cancel(run_id, reason)
        except InvalidState:
            ended.cancel()
            return
        except BaseException:
            ended.cancel()
            raise
        await ended

    def set_breakpoints(self, function_id: str, breakpoints: tuple[Breakpoint, ...]) -> None:
        """Give the debug runs of a function its new breakpoints."""
        for live in self.live.values():
            if live.gate is not None and live.row.function_id == function_id:
                live.gate.breakpoints = breakpoints

    def debugged(self, run_id: str) -> Live:
        """The live debug run. Raises NotFound when no such run lives here, InvalidState when it is no debug run."""
        live = self.live.get(run_id)
        if live is None:
            raise NotFound("No such run is under way.")
        if live.gate is None:
            raise InvalidState("This is not a debug run.", hint="Start it with `debug: true` to step through it.")
        return live

    def health(self) -> dict[str, Any]:
        """Whether it takes work, and how much is under way in all workspaces."""
        reasons = [] if self._turns is not None else ["The engine has not started."]
        reasons += ["The engine is stopping."] if self._stopping else []
        reasons += [self._crashed] if self._crashed is not None else []
        reasons += self._broken
        return {"ok": not reasons, "reasons": reasons, "live": len(self.live), "queued": len(self.queue)}

    def counts(self, workspace: str) -> Mapping[str, int]:
        """How many runs of a workspace are under way, by status; `queued` are those without a slot yet."""
        found = {"queued": self.queue.waiting(workspace), "running": 0, "waiting": 0, "paused": 0, "cancelling": 0}
        for live in self.live.values():
            if live.row.workspace_id == workspace and live.row.status.value in found:
                found[live.row.status.value] += 1
        return found


def _gate_for(entry: Entry) -> Gate | None:
    """The gate of a debug run; one that goes on after a restart stops where it stood, or runs as it ran."""
    if not entry.row.debug:
        return None
    state = entry.debug_state
    if state is not None:
        return Gate(entry.breakpoints, "run", StoodAt(state["path"], state["when"]))
    has_begun = entry.journal is not None and len(entry.journal) > 0
    return Gate(entry.breakpoints, "run" if has_begun else None)


def _told(kind: str, message: str) -> dict[str, Any]:
    return {"type": kind, "message": as_text(message), "blockId": None, "path": None}


def _describe(error: Exception) -> dict[str, Any]:
    if isinstance(error, WorkbenchError):
        return _told(error.code, error.message)
    return _told("INTERNAL", f"{type(error).__name__}: {error}")


def _unwritten(pen: Pen) -> Unavailable:
    if isinstance(pen.failure, Unavailable):
        return pen.failure
    return Unavailable(f"The log could not be written: {pen.failure}", hint="Look at /health.")

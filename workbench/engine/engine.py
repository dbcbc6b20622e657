"""The executor's one face: takes runs in, answers for those under way, cancels them, and takes them up again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.base.errors import InvalidState, NotFound
from workbench.base.ids import Ids, to_bytes, to_text
from workbench.base.logs import get_logger
from workbench.blocks.registry import BlockRegistry
from workbench.engine.admission import SERVER, Pause
from workbench.engine.again import fork
from workbench.engine.calls import pinned_functions
from workbench.engine.handlers import Handlers
from workbench.engine.intake import Intake
from workbench.engine.interfaces import Services
from workbench.engine.invariants import broken
from workbench.engine.journal_queue import open_run_ids, queue_pauses
from workbench.engine.live import Live
from workbench.engine.lives import Lives
from workbench.engine.meters import Meters
from workbench.engine.policies import FunctionPolicy
from workbench.engine.queue import Entry, Queue
from workbench.engine.records import Breakpoint, RunRequest, RunRow
from workbench.engine.retaking import Retaking
from workbench.engine.slots import Slots
from workbench.engine.states import Actor, RunStatus
from workbench.engine.tally import Tally
from workbench.engine.timers import Timers
from workbench.storage.facts import Fact
from workbench.storage.store import Store

log = get_logger("workbench.engine")

CANCEL_S = 30.0
CHECK_EVERY_S = 60.0


class Engine:
    """Lives on one event loop; every method must be called there.

    `intake` holds the queue and starts runs, `lives` holds those under way.
    """

    def __init__(
        self,
        store: Store,
        registry: BlockRegistry,
        services: Services,
        ids: Ids,
        *,
        runs_per_workspace: int = 64,
        runs_per_server: int = 256,
    ) -> None:
        self.store = store
        self.registry = registry
        self.services = services
        self.ids = ids
        self.slots = Slots(runs_per_workspace, self._slot_is_free, runs_per_server)
        self.lives = Lives(store, registry, services, self.slots)
        self.intake = Intake(store, services, ids, self.slots, self.lives)
        self.handlers = self.lives.ends.handlers = Handlers(self.intake, self.lives, services, ids)
        self.holds = self.intake.holds
        self.holds.cancel = self._cancel_some_time
        self._cancelling: set[asyncio.Task[Any]] = set()
        self._stopping = False
        self._broken: list[str] = []
        self._retaking: Retaking | None = None
        self._missing: set[str] = set()

    def _slot_is_free(self, workspace: str, was_full: bool) -> None:
        self.intake.slot_is_free(workspace, was_full=was_full)

    def _cancel_some_time(self, run_id: str, reason: str) -> None:
        task = asyncio.ensure_future(self.cancel_and_wait(run_id, reason))
        self._cancelling.add(task)
        task.add_done_callback(self._has_cancelled)

    def _has_cancelled(self, task: asyncio.Task[Any]) -> None:
        self._cancelling.discard(task)
        if not task.cancelled() and task.exception() is not None:  # it stays, as nobody can say that it was cancelled
            log.warning("run.not_replaced", error=str(task.exception()))

    @property
    def live(self) -> dict[str, Live]:
        """The runs under way, by id."""
        return self.lives.by_id

    @property
    def queue(self) -> Queue:
        """The runs that wait for a slot."""
        return self.intake.queue

    @property
    def timers(self) -> Timers:
        """What waits for a time. Raises Unavailable before `start`."""
        return self.lives.timers

    def on_row(self, hook: Callable[[RunRow], None]) -> None:
        """Let `hook` hear of every run that is taken in or taken up."""
        self.intake.on_row = hook

    async def start(
        self, recover: Callable[[Engine], Awaitable[list[Entry]]] | None = None, *, start_paused: bool = False
    ) -> None:
        """Take up the runs that `recover` finds, before any new one; with `start_paused` hold all of them."""
        loop = asyncio.get_running_loop()
        self.lives.open(loop)
        self.holds.load(await self.store.read(_pauses))
        if start_paused:
            self.holds.load([(SERVER, Pause(self.services.clock.now_us(), None, "started paused", holds_all=True))])
        if recover is not None:
            self._retaking = Retaking(self.store, self.intake, lambda: recover(self), self._free)
            self.lives.ends.on_lost = self._retaking.lost
            self.intake.take_up(await recover(self))
        for workspace in self.queue.workspaces():
            self.intake.dispatch(workspace)

    @property
    def meters(self) -> Meters:
        """What is counted since the start."""
        return self.lives.ends.meters

    async def check_for_ever(self) -> None:
        """Each minute: what hangs is seen in `health` and in the log."""
        while True:
            await self.timers.until(self.services.clock.now_us() + int(CHECK_EVERY_S * 1e6))
            await self.check()

    async def check(self) -> list[str]:
        """What does not hold, in memory and of the tables beside it; kept for `health`.

        A run that the tables call open and nobody here knows counts when two checks one after the other miss it: it may
        just be coming or going.
        """
        opened = await self.store.read(open_run_ids)
        missing = {run for run in opened if self.find(run) is None}
        lost, self._missing = missing & self._missing, missing
        self._broken = [*self.broken(), *(f"Run {run} is open in the tables, but is not here." for run in sorted(lost))]
        self.meters.violations += len(self._broken)
        for text in self._broken:
            log.error("engine.invariant_broken", what=text)
        return self._broken

    def broken(self) -> list[str]:
        """What does not hold of the runs under way; empty when all is well."""
        known = frozenset((*self.live, *(row.id for row in self.queue.rows()), *self._lost()))
        return [*broken(self.live.values(), self.slots), *self.holds.admission.broken(known)]

    def _lost(self) -> dict[str, RunRow]:
        """By id: runs that wait to be taken up again, for the log was lost."""
        runs = self._retaking.lost_runs if self._retaking is not None else {}
        return {run_id: row for run_id, row in runs.items() if self.find(run_id) is None}

    def _free(self, run_id: str) -> None:
        """Give up the place of a lost run that is over; one that could not be cancelled waits here still."""
        if self.find(run_id) is None:
            self.holds.gone(run_id)

    async def stop(self) -> None:
        """Stop walking; runs under way are left to recovery. Ends within a few seconds whatever runs."""
        self._stopping = True
        self.intake.close()
        if self._retaking is not None:
            self._retaking.close()
        await self.lives.close()

    async def submit(
        self, request: RunRequest, with_it: Callable[[RunRow], Sequence[Fact]] = lambda _row: ()
    ) -> RunRow:
        """Acknowledge a run. See `Intake.submit`; one with `fork` begins from another's journal."""
        if request.fork is not None:
            return await fork(self, request, with_it)
        return await self.intake.submit(request, with_it)

    async def submit_many(self, requests: Sequence[RunRequest]) -> list[RunRow]:
        """Acknowledge many runs at once, none of them a fork. See `Intake.submit_many`."""
        if any(request.fork is not None for request in requests):
            raise ValueError("A fork is submitted by itself.")
        return await self.intake.submit_many(requests)

    def move(self, row: RunRow, status: RunStatus, actor: Actor) -> bool:
        """Move a run if the table of states allows it; else refuse and log."""
        return self.lives.move(row, status, actor)

    def tally(self, run_id: str) -> Tally | None:
        """How often each block of a run ended how, while the run lives and some time after."""
        return self.lives.tally(run_id)

    def find(self, run_id: str) -> RunRow | None:
        """A run that is not over, as it is now."""
        live = self.live.get(run_id)
        if live is not None:
            return live.row
        return self.intake.find(run_id)

    async def wait(self, run_id: str, seconds: float) -> RunRow | None:
        """Wait for a run's durable end, at most so long; None when it is not over by then or is not known here.

        Raises Unavailable when the run cannot go on before a restart.
        """
        return await self.lives.ends.waiters.wait(run_id, seconds) if self.find(run_id) is not None else None

    async def wait_all(self, run_ids: Iterable[str], seconds: float) -> dict[str, RunRow]:
        """Wait for the durable ends of many runs, at most so long: those that have ended meanwhile, by id.

        Runs that are not known here are left out. Raises Unavailable when one cannot go on before a restart.
        """
        return await self.lives.ends.waiters.wait_all([i for i in run_ids if self.find(i) is not None], seconds)

    def late_value(self, run_id: str, path: str, attempt: int) -> Any:
        """What a pure block gave, where it is large and not stored yet; None else."""
        return self.lives.ink.late.find(to_bytes(run_id), path, attempt)

    async def settle_values(self, run_id: str | None = None) -> None:
        """Have the large values of a run (None: of every one) stored, so that others can take them over."""
        if self.lives.is_open:
            await self.lives.ink.late.settle(to_bytes(run_id) if run_id is not None else None)
            await self.lives.ink.all_lasts()  # the facts that say where they are

    async def cancel(self, run_id: str, reason: str | None) -> RunStatus:
        """Cancel a run; answers the status it had. Raises InvalidState when it is over (or not known here)."""
        before = await self.intake.cancel(run_id, reason)
        if before is not None:
            return before
        live = self.live.get(run_id)
        if live is None:
            raise InvalidState("This run is already over.", hint="Only a run that is not over can be cancelled.")
        return await self.lives.cancel(live, reason)

    def open_runs_of(self, function_ids: frozenset[str]) -> list[str]:
        """Ids of the runs that are not over of these functions, or that may call them."""
        rows = [live.row for live in self.live.values()] + self.intake.rows()
        return [
            row.id
            for row in rows
            if row.function_id in function_ids or (row.pins and not function_ids.isdisjoint(pinned_functions(row.pins)))
        ]

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
            gate, row = live.gate, live.row
            if gate is None or (row.function_id != function_id and function_id not in pinned_functions(row.pins)):
                continue
            owner = "" if row.function_id == function_id else function_id
            others = tuple(point for point in gate.breakpoints if point.function_id != owner)
            gate.breakpoints = (*(replace(point, function_id=owner) for point in breakpoints), *others)

    def set_policy(self, function_id: str, policy: FunctionPolicy | None) -> None:
        """A function's settings as they are now; its runs are counted anew by them."""
        self.holds.policies.put(function_id, policy)
        under_way = [live.row for live in self.live.values() if live.row.function_id == function_id]
        queued = [row for row in self.queue.rows() if row.function_id == function_id and row.status == RunStatus.QUEUED]
        lost = [row for row in self._lost().values() if row.function_id == function_id]
        self.holds.changed(function_id, (*under_way, *queued, *lost))

    def forget_function(self, function_id: str) -> None:
        """A function is deleted; an import may give its id, and the numbers of its versions, to another flow."""
        self.lives.programs.forget(function_id)
        self.set_policy(function_id, None)

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
        reasons = [] if self.lives.is_open else ["The engine has not started."]
        reasons += ["The engine is stopping."] if self._stopping else []
        reasons += [why for why in (self.lives.ends.crashed, self.slots.refused) if why is not None]
        reasons += self._broken
        held, pauses = self.holds.admission.held, self.holds.admission.pauses
        return {
            "ok": not reasons,
            "reasons": reasons,
            "live": len(self.live),
            "queued": len(self.queue) - held,
            "pending": held,
            "queue": {"paused": SERVER in pauses, "pausedFunctions": len(pauses) - (SERVER in pauses)},
        }

    def counts(self, workspace: str | None) -> Mapping[str, int]:
        """How many runs of a workspace (None: of all) are under way, by status."""
        found = {"pending": 0, "queued": 0, "running": 0, "waiting": 0, "paused": 0, "cancelling": 0}
        for row in (*self.queue.rows(), *(live.row for live in self.live.values())):
            if workspace in (None, row.workspace_id) and row.status.value in found:
                found[row.status.value] += 1
        return found


def _pauses(cursor: Any) -> list[tuple[str, Pause]]:
    return [(_scope(scope), Pause(at, author, reason)) for scope, at, author, reason in queue_pauses(cursor)]


def _scope(hex_digits: str) -> str:
    return to_text(bytes.fromhex(hex_digits)) if hex_digits else SERVER

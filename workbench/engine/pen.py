"""Writes one run's facts: gathers them and hands them to the log in groups, off the steps' path."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from time import perf_counter
from typing import Any

import msgspec

from workbench.base.clock import Clock
from workbench.base.errors import WorkbenchError
from workbench.base.ids import to_bytes
from workbench.engine.facts import (
    FLAG_KEPT,
    STEP_STATUSES,
    DebugPaused,
    LogWritten,
    RunMoved,
    ScopeProgressed,
    StepDone,
    StepStarted,
    TimerSet,
    VariablesForced,
)
from workbench.engine.keeping import pending, small
from workbench.engine.program import Node
from workbench.engine.records import Outcome, RunRow
from workbench.engine.region import RegionRun
from workbench.engine.states import RunStatus
from workbench.engine.step import Step
from workbench.storage.facts import Fact
from workbench.storage.store import Store
from workbench.storage.ticket import Ticket
from workbench.storage.value_files import Stored
from workbench.storage.values import encode, to_json

FLUSH_AT = 256
LAG_LIMIT = 2500
PROGRESS_EVERY_S = 0.1
MESSAGE_LIMIT = 10_000
STATUS_NUMBERS = {status: number for number, status in enumerate(STEP_STATUSES)}


class Pen:
    """One run's way to the log. Facts keep their order; `flush` hands them over, `ticket` tells when they are durable."""

    __slots__ = (
        "_clock",
        "_facts",
        "_loop",
        "_pinned",
        "_progressed",
        "_scheduled",
        "_storing",
        "_threads",
        "row",
        "run",
        "store",
        "ticket",
    )

    def __init__(self, row: RunRow, store: Store, clock: Clock, threads: Executor) -> None:
        self.row = row
        self.run = to_bytes(row.id)
        self.store = store
        self.ticket: Ticket | None = None
        self._clock = clock
        self._threads = threads
        self._loop = asyncio.get_running_loop()
        self._facts: list[Fact] = []
        self._scheduled = False
        self._storing: set[asyncio.Task[None]] = set()
        self._pinned: list[Stored] = []
        self._progressed: dict[str, float] = {}

    def add(self, fact: Fact) -> None:
        """Gather a fact; it goes to the log at 256, at the turn's end, or with the next flush."""
        self._facts.append(fact)
        if len(self._facts) >= FLUSH_AT:
            self.flush()
        elif not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush_later)

    def _flush_later(self) -> None:
        self._scheduled = False
        if self._facts:
            self.flush()

    def flush(self) -> Ticket | None:
        """Hand what was gathered to the log; the ticket of the last group, durable or not."""
        if self._facts:
            facts, self._facts = self._facts, []
            self.ticket = self.store.append(facts, self.row.workspace_id)
            while self._pinned:
                self.store.values.unpin(self._pinned.pop())
        return self.ticket

    async def durable(self) -> None:
        """Wait until everything this run has written is durable. Raises Unavailable when the log is gone."""
        ticket = self.flush()
        if ticket is not None and not ticket.done:
            await ticket

    async def breathe(self) -> None:
        """At a slice's end: hand over, and hold pure work back while DuckDB is too far behind."""
        self.flush()
        if self.store.lag() > LAG_LIMIT:
            await self.store.lag_free()

    # Steps

    def started(self, step: Step) -> None:
        """A step that takes time began; nobody waits for this to be durable."""
        self.add(StepStarted(self.run, step.path, step.attempt, step.node.id, step.node.block.type, step.now_us))

    async def intend(self, step: Step) -> None:
        """Write an effect's intent and wait until it, and all before it, is durable."""
        self.started(step)
        await self.durable()

    def done(self, step: Step, outcome: Outcome) -> None:
        """Write a checkpoint. Raises BlockFailed for an output that cannot be stored."""
        stored = step.stored
        later = False
        if stored is None and outcome.output is not None:
            stored = small(self.store.values, outcome.output)
            if stored is None:
                stored = pending(outcome.output)
                later = True
        fact = StepDone(
            self.run,
            step.path,
            step.attempt,
            step.node.id,
            step.node.block.type,
            STATUS_NUMBERS[outcome.status],
            outcome.port,
            outcome.key,
            stored,
            encode(outcome.written) if outcome.written else None,
            step.region.names_of(step.node),
            msgspec.json.encode(outcome.error).decode() if outcome.error else None,
            0,
            step.now_us,
            self._clock.now_us(),
            step.waited_us,
        )
        self.add(fact)
        if later:
            task = asyncio.ensure_future(self._store_later(fact, outcome.output))
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)

    def skipped(self, region: RegionRun, node: Node) -> None:
        """Write that no live wire reached a block."""
        now = self._clock.now_us()
        path = region.prefix + node.id
        self.add(
            StepDone(self.run, path, 1, node.id, node.block.type, 5, None, b"", None, None, None, None, 0, now, now, 0)
        )

    def cut_off(self, step: Step) -> None:
        """Write that an attempt was cut off: an effect's outcome is then unknown."""
        now = self._clock.now_us()
        status = 7 if step.node.effect == "effect" else 6
        node = step.node
        self.add(
            StepDone(
                self.run,
                step.path,
                step.attempt,
                node.id,
                node.block.type,
                status,
                None,
                b"",
                None,
                None,
                None,
                None,
                0,
                step.now_us,
                now,
                step.waited_us,
            )
        )

    async def keep(self, value: Any) -> Stored | None:
        """Store a result now, in a thread where it is large; None for null."""
        if value is None:
            return None
        stored = small(self.store.values, value)
        if stored is None:
            stored = await self._loop.run_in_executor(self._threads, self.store.values.put, value)
            self._pinned.append(stored)
        return stored

    async def _store_later(self, fact: StepDone, value: Any) -> None:
        try:
            stored = await self._loop.run_in_executor(self._threads, self.store.values.put, value)
        except WorkbenchError as error:
            self.log(fact.block, fact.path, "warning", f"The value could not be kept: {error.message}", {})
            return
        self._pinned.append(stored)
        self.add(msgspec.structs.replace(fact, output=stored, flags=FLAG_KEPT))

    async def settle(self) -> None:
        """Wait until everything is durable, large values too."""
        while self._storing:
            await asyncio.wait(self._storing)
        await self.durable()

    # The run

    def moved(self, status: RunStatus, reason: str | None = None) -> None:
        """Write a move of the run."""
        self.add(RunMoved(self.run, status.value, self._clock.now_us(), self.row.started_at, self.row.queue_us, reason))

    def paused(self, state: Mapping[str, Any]) -> None:
        """Write where a debug run stopped."""
        self.add(DebugPaused(self.run, self._clock.now_us(), msgspec.json.encode(state).decode()))

    def force(self, variables: Mapping[str, Any]) -> None:
        """Write what somebody set in the debugger."""
        self.add(VariablesForced(self.run, self._clock.now_us(), encode(dict(variables))))

    def timer(self, step: Step, due_us: int) -> None:
        """Write until when a step waits."""
        self.add(TimerSet(self.run, step.path, due_us))
        self.flush()

    def log(self, block: str | None, path: str | None, level: str, message: str, data: Mapping[str, Any]) -> None:
        """Write an entry of the run's log."""
        if len(message) > MESSAGE_LIMIT:
            message = message[:MESSAGE_LIMIT] + f"… ({len(message):,} characters)"
        text = msgspec.json.encode(to_json(dict(data))).decode() if data else None
        self.add(LogWritten(self.run, self._clock.now_us(), level, block, path, message, text))

    def progress(self, step: Step, done: int, total: int | None) -> None:
        """Write how far a scope is, at most each 100 ms, and its end."""
        now = perf_counter()
        if done != total and now - self._progressed.get(step.path, 0.0) < PROGRESS_EVERY_S:
            return
        self._progressed[step.path] = now
        self.add(ScopeProgressed(self.run, step.path, step.node.id, done, total))

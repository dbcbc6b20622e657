"""Writes one run's facts: gathers them and hands them to the log in groups, off the steps' path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from time import perf_counter
from typing import Any

import msgspec

from workbench.base.clock import Clock
from workbench.base.errors import Unavailable, WorkbenchError
from workbench.base.ids import to_bytes
from workbench.base.logs import get_logger
from workbench.blocks.kind import Effect
from workbench.engine.facts import (
    FLAG_KEPT,
    FLAG_RETRIED,
    STEP_STATUSES,
    DebugPaused,
    DebugResumed,
    LogWritten,
    RunMoved,
    ScopeProgressed,
    StepDone,
    StepStarted,
    TimerSet,
    VariablesForced,
)
from workbench.engine.facts_forks import CheckpointReused
from workbench.engine.halting import LogLost
from workbench.engine.ink import FLUSH_AT, Hook, Ink, Sheet
from workbench.engine.keeping import pending, small
from workbench.engine.late_values import Late
from workbench.engine.program import Node
from workbench.engine.records import Outcome, RunRow
from workbench.engine.region import RegionRun
from workbench.engine.replay import Journal
from workbench.engine.states import RunStatus, StepStatus, may_step
from workbench.engine.step import Step
from workbench.storage.apply import LAG_LIMIT
from workbench.storage.facts import Fact
from workbench.storage.value_files import Stored
from workbench.storage.values import encode, to_json

log = get_logger("workbench.engine")

PROGRESS_EVERY_S = 0.1
MESSAGE_LIMIT = 10_000
MOST_LOGS = 50_000
"""Entries of one run's log; what comes after is left out, which the last entry says."""
STATUS_NUMBERS = {status: number for number, status in enumerate(STEP_STATUSES)}
_COMPLETED = STATUS_NUMBERS[StepStatus.COMPLETED]


class Pen:
    """One run's way to the log. Facts keep their order; `flush` hands them over, `ticket` says when they last."""

    __slots__ = (
        "_clock",
        "_ink",
        "_late",
        "_logged",
        "_pinned",
        "_progressed",
        "_threads",
        "failure",
        "known",
        "row",
        "run",
        "sheet",
        "store",
        "workspace",
    )

    def __init__(self, row: RunRow, ink: Ink, clock: Clock, threads: Executor) -> None:
        self.row = row
        self.run = to_bytes(row.id)
        self.workspace = row.workspace_id
        self.store = ink.store
        self._ink = ink
        self._late = ink.late
        self._clock = clock
        self._threads = threads
        self.sheet: Sheet | None = None
        """The last one that took its facts."""
        self._pinned: list[Stored] | None = None
        self._progressed: dict[str, float] | None = None
        self._logged = 0
        self.failure: Exception | None = None
        """Why the log has not taken what this run gave it; nothing after that is taken either."""

        self.known: Journal | None = None
        """What the run did before, or may take over."""

    def add(self, fact: Fact) -> None:
        """Gather a fact; it goes to the log at 256, at the turn's end, or with the next flush."""
        sheet = self.sheet
        if sheet is None or not sheet.is_open:
            if self._is_lost():
                return
            sheet = self.sheet = self._ink.sheet(self.workspace)
        sheet.facts.append(fact)
        if self._pinned is not None:
            sheet.pins += self._pinned
            self._pinned = None
        if sheet.is_full:
            self._ink.flush()

    def add_together(self, facts: Sequence[Fact]) -> Sheet | None:
        """Gather facts that stand or fall together; the sheet that has them, or None where nothing more is taken."""
        sheet = self.sheet
        if sheet is None or not sheet.is_open:
            if self._is_lost():
                return None
            sheet = self.sheet = self._ink.sheet(self.workspace)
        sheet.facts.extend(facts[:-1])
        self.add(facts[-1])
        return sheet

    def _is_lost(self) -> bool:
        """Whether the log does not have all that this run gave it, as far as one can tell now."""
        if self.failure is None:
            sheet, refused = self.sheet, self._ink.refused
            if self.run in refused:
                self.failure = refused[self.run]
            elif sheet is not None:
                self.failure = sheet.failure or (sheet.ticket.failure if sheet.ticket is not None else None)
        for stored in self._pinned or () if self.failure is not None else ():
            self.store.values.unpin(stored)
        return self.failure is not None

    def flush(self) -> None:
        """Hand what was gathered to the log. See `failure`."""
        if self.sheet is not None and self.sheet.is_open:
            self._ink.flush()
        self._is_lost()

    async def durable(self) -> None:
        """Wait until everything this run has written is durable. Raises LogLost when that will not be."""
        self.flush()
        if self.failure is None and self.sheet is not None:
            self.failure = await self._ink.lasts(self.sheet, self.run)
        if self.failure is not None:
            raise LogLost

    def then(self, hook: Hook) -> None:
        """Call `hook` once everything this run has written lasts (None), or nobody can tell (why)."""
        sheet = self.sheet
        if self.failure is not None or sheet is None or sheet.is_settled:
            self._is_lost()
            self._ink.loop.call_soon(hook, self.failure)
        else:
            sheet.hooks.append((self.run, hook))

    async def lasts(self) -> bool:
        """Whether everything this run has written is durable now, for those who do not walk it."""
        try:
            await self.durable()
        except LogLost:
            return False
        return True

    async def breathe(self) -> None:
        """At a slice's end: hand over, and hold pure work back while DuckDB is too far behind. Raises LogLost."""
        self.flush()
        await self._late.room()
        if self.failure is None and self.store.lag() > LAG_LIMIT:
            try:
                await self.store.lag_free()
            except Unavailable as error:
                self.failure = error
        if self.failure is not None:
            raise LogLost

    # Steps

    def started(self, step: Step) -> None:
        """A step that takes time began; nobody waits for this to be durable."""
        if not self._moves(step, StepStatus.RUNNING):
            return
        step.status = StepStatus.RUNNING
        function = step.region.frame.function
        self.add(
            StepStarted(self.run, step.path, step.attempt, step.node.id, step.node.block.type, step.now_us, function)
        )

    async def intend(self, step: Step) -> None:
        """Write an effect's intent and wait until it, and all before it, is durable."""
        self.started(step)
        await self.durable()

    def done(self, step: Step, outcome: Outcome, *, is_retried: bool = False) -> None:
        """Write a checkpoint. Raises BlockFailed for an output that cannot be stored."""
        if step.status is not None and not self._moves(step, outcome.status):
            return
        stored = step.stored
        later = False
        if stored is None and outcome.output is not None:
            stored = small(self.store.values, outcome.output)
            if stored is None:
                stored = pending(outcome.output)
                later = True
        if self.known is not None and not later and outcome.status is StepStatus.COMPLETED:
            outcome.key = self.known.same_output(step.path, stored) or outcome.key
        key, written = outcome.key, None
        if outcome.written:
            found = small(self.store.values, {**outcome.written})
            if found is None:
                key = b""  # too large to be journaled twice: the block runs again when the run is recovered
            else:
                written = found.inline
        fact = StepDone(
            self.run,
            step.path,
            step.attempt,
            step.node.id,
            step.node.block.type,
            STATUS_NUMBERS[outcome.status],
            outcome.port,
            key,
            stored,
            written,
            step.region.names_of(step.node),
            msgspec.json.encode(outcome.error).decode() if outcome.error else None,
            FLAG_RETRIED if is_retried else 0,
            step.now_us,
            self._clock.now_us(),
            step.waited_us,
            step.region.frame.function,
        )
        step.status = outcome.status
        self.add(fact)
        if later:
            self._late.add(Late(self.run, step.path, step.attempt, outcome.output, lambda s: self._kept(fact, s)))
            if step.node.effect is not Effect.PURE:  # of a relaxed run; a crash until then would have it done again
                self._late.hurry(self.run)

    def checkpoint(self, step: Step, outcome: Outcome, output: Stored, started_at: int, finished_at: int) -> None:
        """Write the checkpoint of a step that completed in one go, with a value that stands in it."""
        node, region = step.node, step.region
        names = region.names_of(node) if region.names else None
        fact = StepDone(
            self.run,
            outcome.path,
            1,
            node.id,
            node.block_type,
            _COMPLETED,
            outcome.port,
            outcome.key,
            output,
            None,
            names,
            None,
            0,
            started_at,
            finished_at,
            step.waited_us,
            region.frame.function,
        )
        sheet = self.sheet
        if sheet is None or not sheet.is_open or self._pinned is not None:
            self.add(fact)
            return
        facts = sheet.facts
        facts.append(fact)
        if len(facts) >= FLUSH_AT:
            self._ink.flush()

    def reused(self, step: Step, outcome: Outcome, how: str) -> None:
        """Write that a fork stands on a checkpoint of the run that it was forked from."""
        number, is_scope = STATUS_NUMBERS[outcome.status], step.node.kind.is_scope
        shown = self.known.shown_of(step.path) if self.known is not None else None
        function = step.region.frame.function
        self.add(
            CheckpointReused(
                self.run, step.path, step.node.id, outcome.attempt, number, outcome.port, how, is_scope, shown, function
            )
        )

    def entered(self, step: Step) -> None:
        """Write that a fork enters a scope that the run which it was forked from had begun."""
        function = step.region.frame.function
        self.add(CheckpointReused(self.run, step.path, step.node.id, 1, 0, None, "reused", False, None, function))

    def skipped(self, region: RegionRun, node: Node) -> None:
        """Write that no live wire reached a block."""
        now = self._clock.now_us()
        path, function, kind = region.prefix + node.id, region.frame.function, node.block.type
        self.add(
            StepDone(self.run, path, 1, node.id, kind, 5, None, b"", None, None, None, None, 0, now, now, 0, function)
        )

    def _moves(self, step: Step, status: StepStatus) -> bool:
        """Whether the attempt may go to `status`; what it may not is refused and logged."""
        if may_step(step.status, status):
            return True
        log.error("step.illegal_move", run=self.row.id, path=step.path, before=step.status, after=status)
        return False

    def cut_off(self, step: Step) -> None:
        """Write that an attempt was cut off: the outcome of an effect that had begun is then unknown."""
        now = self._clock.now_us()
        is_unknown = step.has_begun and step.node.effect == "effect"
        status = StepStatus.UNKNOWN if is_unknown else StepStatus.CANCELLED
        if not self._moves(step, status):
            return
        step.status = status
        node = step.node
        self.add(
            StepDone(
                self.run,
                step.path,
                step.attempt,
                node.id,
                node.block.type,
                STATUS_NUMBERS[status],
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
                step.region.frame.function,
            )
        )

    async def keep(self, value: Any) -> Stored | None:
        """Store a result now, in a thread where it is large; None for null."""
        if value is None:
            return None
        stored = small(self.store.values, value)
        if stored is None:
            stored = await self._put(value)
        return stored

    async def _put(self, value: Any) -> Stored:
        """Store a large value in a thread; it stays pinned until the next fact, which names it, is with the log."""
        stored = await self._ink.loop.run_in_executor(self._threads, self.store.values.put, value)
        self._pin(stored)
        return stored

    def _pin(self, stored: Stored) -> None:
        if self._pinned is None:
            self._pinned = []
        self._pinned.append(stored)

    def _kept(self, fact: StepDone, stored: Stored | Exception) -> None:
        """A pure block's large value is stored now, or cannot be: it is computed again then, and the run goes on."""
        if isinstance(stored, Stored):
            self._pin(stored)
            self.add(msgspec.structs.replace(fact, output=stored, flags=FLAG_KEPT))
            return
        reason = stored.message if isinstance(stored, WorkbenchError) else f"{type(stored).__name__}: {stored}"
        self.log(fact.block, fact.path, "warning", f"The value could not be kept: {reason}", {})

    async def settle(self) -> None:
        """Wait until everything is durable, large values too."""
        await self._late.settle(self.run)
        await self.durable()

    def rest(self) -> None:
        """The run has nothing to do, or is over: what waited to be stored may be now."""
        self._late.hurry(self.run)

    async def room(self) -> None:
        """Wait while runs give large values faster than they are stored."""
        await self._late.room()

    # The run

    def moved(self, status: RunStatus, reason: str | None = None) -> None:
        """Write a move of the run."""
        row, now = self.row, self._clock.now_us()
        self.add(RunMoved(self.run, status.value, now, row.started_at, row.queue_us, row.wait_us, reason))

    def paused(self, state: Mapping[str, Any]) -> None:
        """Write where a debug run stopped."""
        self.add(DebugPaused(self.run, self._clock.now_us(), msgspec.json.encode(state).decode()))

    def resumed(self) -> None:
        """Write that a debug run goes on."""
        self.add(DebugResumed(self.run, self._clock.now_us()))

    def force(self, variables: Mapping[str, Any]) -> None:
        """Write what somebody set in the debugger."""
        self.add(VariablesForced(self.run, self._clock.now_us(), encode(dict(variables))))

    def timer(
        self,
        path: str,
        due_us: int,
        since_us: int | None = None,
        kind: str = "timer",
        about: str | None = None,
        function: bytes | None = None,
    ) -> None:
        """Write until when a step waits, and for what else (`about`, JSON)."""
        self.add(TimerSet(self.run, path, due_us, since_us, kind, about, function))

    def log(self, block: str | None, path: str | None, level: str, message: str, data: Mapping[str, Any]) -> None:
        """Write an entry of the run's log."""
        self._logged += 1
        if self._logged >= MOST_LOGS:
            if self._logged > MOST_LOGS:
                return
            level, message, data = "warning", f"The log is full ({MOST_LOGS:,} entries); more is left out.", {}
        message = as_text(message)
        if len(message) > MESSAGE_LIMIT:
            message = message[:MESSAGE_LIMIT] + f"… ({len(message):,} characters)"
        text = msgspec.json.encode(to_json(dict(data))).decode() if data else None
        self.add(LogWritten(self.run, self._clock.now_us(), level, block, path, message, text))

    def progress(self, step: Step, done: int, total: int | None) -> None:
        """Write how far a scope is, at most each 100 ms a block, and the end of one in the function's own region."""
        now = perf_counter()
        is_end = done == total and step.region.parent is None
        if self._progressed is None:
            self._progressed = {}
        if not is_end and now - self._progressed.get(step.node.id, 0.0) < PROGRESS_EVERY_S:
            return
        self._progressed[step.node.id] = now
        self.add(ScopeProgressed(self.run, step.path, step.node.id, done, total, step.region.frame.function))

    def give_up(self) -> None:
        """The engine stops: what is still to be stored is computed again after the restart."""
        self._late.drop(self.run)


def as_text(text: str) -> str:
    """Text that can be journaled: lone surrogates, which UTF-8 cannot hold, become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()

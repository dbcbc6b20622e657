"""The interpreter: one small walk over a compiled flow, the same for a first run, recovery and debugging."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Any, cast

from workbench.base.errors import WorkbenchError
from workbench.base.logs import get_logger
from workbench.blocks.context import RegionResult
from workbench.blocks.kind import Effect, Fired
from workbench.engine.attempts import Attempts
from workbench.engine.calls import Calls
from workbench.engine.countdowns import Countdowns
from workbench.engine.failures import unexpected
from workbench.engine.frames import Frame
from workbench.engine.gate import Gate, When
from workbench.engine.halting import Halt
from workbench.engine.interfaces import RunsScopes, Services
from workbench.engine.joins import Joins
from workbench.engine.keys import Keys
from workbench.engine.pen import Pen
from workbench.engine.position import describe_pause
from workbench.engine.program import Node, Program
from workbench.engine.quick import walk_plain
from workbench.engine.records import SKIPPED, Outcome, RunRow
from workbench.engine.region import RegionRun, Variables
from workbench.engine.repeats import Repeats
from workbench.engine.replay import Journal
from workbench.engine.scopes import Scopes
from workbench.engine.settling import Settling
from workbench.engine.slots import Slot
from workbench.engine.states import RunStatus
from workbench.engine.step import Step
from workbench.engine.tally import Tally
from workbench.engine.timers import Timers
from workbench.engine.turns import Turns
from workbench.storage.values import is_large, to_json

log = get_logger("workbench.engine")


CAREFUL_STEPS = 2000
"""So many steps that a recovered run had not journaled have their start made durable: one of them may be what ended
the server, and the one that does so again and again must be known."""


LOOK_AFTER_TURNS = 4
"""An ended task wakes its region within so many turns of the loop; only then is it clear what goes on."""


class Walk(Settling):
    """One run under way. Lives on the engine's loop; implements `Walking` for its steps."""

    def __init__(
        self,
        row: RunRow,
        program: Program,
        services: Services,
        pen: Pen,
        turns: Turns,
        timers: Timers,
        slot: Slot,
        calls: Calls,
        journal: Journal | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.row = row
        self.services = services
        self.pen = pen
        self.turns = turns
        self.timers = timers
        self.slot = slot
        self.journal = pen.known = journal
        self.gate = gate
        self.overlay: dict[str, Any] = {}
        """What was set from outside; see `overlay_of` for what a replayed step sees of it."""
        self.attempts = Attempts(self)
        self.countdowns = Countdowns(timers, services.clock, pen.timer)
        self.waiting = 0
        """Steps that wait durably."""
        self.busy = 0
        """Blocks that work, places that wait for a turn or at the gate: while there are any, the run keeps its slot."""
        self.careful = CAREFUL_STEPS if row.recoveries else 0
        self.tally = Tally()
        self.calls = calls
        self.frame = Frame(program, row.inputs, self.tally)
        """The run's own function."""
        self.repeats = Repeats(program, journal, calls)
        self.scopes: RunsScopes = Scopes(self)
        self.joins = Joins(self)
        self._looking = False
        self._run_value: dict[str, Any] | None = None

    def run_now(self, trigger: str | None) -> RegionResult | None:
        """Begin: the result of a run that is over in one slice, without a task of its own; else None, and `run`
        goes on from there.
        """
        root = self._open(trigger)
        self._quickly(root)
        if root.tasks or (root.ready and not root.stopping):
            return None
        return self._result(root)

    async def run(self, trigger: str | None) -> RegionResult:
        """Walk the root region from `trigger` (None: the only one) to the function's result.

        Returns the result or the unhandled failure. `asyncio.CancelledError` passes through.
        """
        root = self.frame.root or self._open(trigger)
        try:
            await self.walk_region(root)
        except Halt:
            if self.frame.returned is None:
                raise
        if not self.slot.held:
            await self.slot.work()
        return self._result(root)

    def _open(self, trigger: str | None) -> RegionRun:
        frame = self.frame
        variables: Variables = {name: (-1, value) for name, value in frame.program.flow.variables.items()}
        return self.open(frame, "", variables, trigger or next(iter(frame.program.triggers), None))

    def _result(self, root: RegionRun) -> RegionResult:
        if root.failure is not None:
            return RegionResult(error=root.failure)
        if self.frame.returned is not None:
            return RegionResult(value=self.frame.returned.output)
        return RegionResult(value=root.result())

    def open(self, frame: Frame, prefix: str, variables: Variables, trigger: str | None) -> RegionRun:
        """A function's own region, ready to be walked from `trigger`; its other triggers are skipped."""
        root = frame.root = RegionRun(frame.program.regions[0], prefix, None, {}, None, variables, frame)
        frame.keys = Keys(frame, self.row, self.calls)
        for local in root.plan.entries:
            node = root.plan.nodes[local]
            if node.id == trigger:
                root.ready.append(node)
            else:
                self.settle(root, node, SKIPPED)
        if root.plan.has_joins:
            self.joins.enter(root)
        return root

    # One region

    def _quickly(self, region: RegionRun) -> None:
        """Run what is ready and over in one go, as long as the slice lasts: most steps pass here and nowhere else."""
        if self.gate is not None or self.careful or not self.slot.held:
            return
        ready, slice_end = region.ready, self.turns.slice_end
        is_plain = self.journal is None and not region.frame.program.has_writers
        while ready and not region.stopping and perf_counter() <= slice_end:
            node = ready[0]
            if node.is_plain and is_plain:
                walk_plain(self, region, slice_end)
                continue
            if not node.is_quick:
                return
            ready.popleft()
            result = self.begin(region, node)
            if type(result) is Outcome:
                self.settle(region, node, result)
            else:
                region.tasks[asyncio.ensure_future(result)] = node  # type: ignore[arg-type]

    async def walk_region(self, region: RegionRun) -> None:  # noqa: C901 - the hot loop stays in one piece
        """Run every block that gets ready; returns when nothing is left. Raises Halt when told to stop."""
        ready, tasks, turns, slot = region.ready, region.tasks, self.turns, self.slot
        try:
            while not region.stopping:
                while ready and not region.stopping:
                    self._quickly(region)
                    if not ready or region.stopping:
                        break
                    if perf_counter() > turns.slice_end:
                        await self._next_slice()
                    if not slot.held:
                        await slot.work()
                    node = ready.popleft()
                    if self.gate is not None:
                        if self.gate.is_holding and self._is_held(self.gate, region, node):
                            tasks[asyncio.ensure_future(self._once_free(region, node))] = node
                            continue
                        await self.at_gate(region, node, "before")
                    if region.stopping:
                        break
                    result = self.begin(region, node)
                    if type(result) is not Outcome:
                        if ready or tasks or (node.effect is Effect.PURE and not node.kind.is_scope):
                            tasks[asyncio.ensure_future(result)] = node  # type: ignore[arg-type]
                            continue
                        result = await cast("Awaitable[Outcome]", result)
                        turns.resumed()
                    outcome = result
                    if self.gate is not None:
                        await self.at_gate(region, node, "after", outcome)
                    self.settle(region, node, outcome)
                if not tasks or region.stopping:
                    break
                await self._settle_finished(region)
        except Halt:
            region.stopping = True
        finally:
            if tasks:
                await self._drain(region)
        if region.stopping and region.failure is None:
            raise Halt

    async def _settle_finished(self, region: RegionRun) -> None:
        done, _ = await asyncio.wait(region.tasks, return_when=asyncio.FIRST_COMPLETED)
        self.turns.resumed()
        for task in sorted(done, key=lambda t: region.tasks[t].local) if len(done) > 1 else done:
            node = region.tasks.pop(task)
            if not task.cancelled():
                if self.gate is not None:
                    await self.at_gate(region, node, "after", task.result())
                self.settle(region, node, task.result())
            elif not region.stopping:
                raise asyncio.CancelledError

    async def _drain(self, region: RegionRun) -> None:
        """Let running effects finish (all end when the walk is cancelled), and hear of no task's end unseen."""
        is_cut, again = not region.stopping, False
        crash: BaseException | None = None
        while region.tasks:
            if is_cut:
                for task in region.tasks:
                    task.cancel()
            try:
                done, _ = await asyncio.wait(region.tasks)
            except asyncio.CancelledError:
                is_cut = again = True
                continue
            for task in done:
                node = region.tasks.pop(task)
                if task.cancelled():
                    continue
                failure = task.exception()
                if failure is None:
                    self._settle_late(region, node, task.result())
                elif not isinstance(failure, Halt):
                    crash = failure
        if again:
            raise asyncio.CancelledError
        if crash is not None:
            raise crash

    def _settle_late(self, region: RegionRun, node: Node, outcome: Outcome) -> None:
        """A step ended after its region was told to stop."""
        region.outcomes[node.local] = outcome
        self.row.steps += 1
        region.frame.tally.count(node.id, outcome.status)

    def stop(self, region: RegionRun) -> None:
        """Start nothing more in `region` and below; pure work and waits end, effects finish in their own time."""
        region.stopping = True
        for task, node in region.tasks.items():
            if node.effect is Effect.PURE and not node.kind.is_scope:
                task.cancel()
        for wait in region.waits or ():
            wait.cancel()
        for child in region.children:
            self.stop(child)
        if self.gate is not None:
            self.gate.nudge()

    async def _next_slice(self) -> None:
        self.busy += 1
        try:
            await self.pen.breathe()
            await self.turns.turn()
        finally:
            self.busy -= 1

    async def at_gate(self, region: RegionRun, node: Node, when: When, outcome: Outcome | None = None) -> None:
        """Ask the debugger's gate, where there is one."""
        if self.gate is None or (when == "before" and node.block.disabled):
            return
        path = region.prefix + node.id
        step = Step(self, region, node, path, outcome.attempt if outcome else 1, self.services.clock.now_us())
        is_replayed = self._is_replayed(step, when)
        self.busy += 1
        try:
            await self.gate.look(self, step, when, outcome, is_replayed=is_replayed, was_over=self._was_over(path))
        finally:
            self.busy -= 1
            if self.waiting:
                self.look_whether_waiting()

    def _is_replayed(self, step: Step, when: When = "before") -> bool:
        """Whether a step's end (before a scope: its beginning) was there before this walk."""
        journal, node = self.journal, step.node
        if journal is None:
            return False
        if when == "before" and node.kind.is_scope and journal.has_begun(step.path):
            return True
        return journal.replays(step.path, node, lambda: step.region.frame.keys.of(step))

    def _is_held(self, gate: Gate, region: RegionRun, node: Node) -> bool:
        step = Step(self, region, node, region.prefix + node.id, 1, self.services.clock.now_us())
        return gate.holds(step, "before", was_over=self._is_replayed(step) or self._was_over(step.path))

    def _was_over(self, path: str) -> bool:
        return self.journal is not None and self.journal.was_over(path)

    async def _once_free(self, region: RegionRun, node: Node) -> Outcome:
        """Begin a block that the gate holds, once it does not any more; the region goes on meanwhile."""
        await self.at_gate(region, node, "before")
        if region.stopping:
            raise Halt
        result = self.begin(region, node)
        return result if isinstance(result, Outcome) else await result

    # One block

    def begin(self, region: RegionRun, node: Node) -> Outcome | Awaitable[Outcome]:
        """Start a ready block: its outcome where it is over at once, else what to await."""
        if node.block.disabled:
            return SKIPPED
        path = region.prefix + node.id
        step = Step(self, region, node, path, 1, self.services.clock.now_us())
        if self.journal is not None:
            try:
                kept = self._replay(self.journal, step)
            except WorkbenchError as error:
                return self.failed(step, error)
            if kept is not None:
                return kept
        if self.careful:
            self.careful -= 1
            step.is_careful = not node.kind.is_scope
            return self.attempts.run(step)
        if not node.is_quick:
            return self.attempts.run(step)
        try:
            plan = node.plan
            config = plan.static if plan.static is not None else plan.resolve(step.get)
            fired = node.kind.run(config, step)
        except WorkbenchError as error:
            return self.failed(step, error)
        except Exception as error:  # noqa: BLE001 - whatever a block raises is its failure
            return self.failed(step, unexpected(error))
        if type(fired) is Fired:
            return self.attempts.keep_large(step, fired) if is_large(fired.output) else self.done(step, fired)
        return self.attempts.finish_pure(step, fired)  # type: ignore[arg-type]

    def _replay(self, journal: Journal, step: Step) -> Outcome | None:
        """The journaled outcome of a step, if it need not run again."""
        step.attempt = journal.attempt(step.path)
        inherited = journal.inherited
        if not journal.has(step.path) and (inherited is None or step.path not in inherited.begun):
            return None
        frame = step.region.frame
        has_writers = frame.program.has_writers
        before = step.region.variables_before(step.node, frame.writers_before) if has_writers else None
        if before is not None and step.path in journal.fresh:
            before = {name: (step.node.number, value) for name, (_, value) in frame.root.variables.items()}
        found = journal.reuse(step.path, step.node, frame.keys.of(step), before)
        if found is None:
            if step.node.kind.is_scope and inherited is not None and step.path in inherited.begun:
                self.pen.entered(step)
            return None
        outcome, how = found
        if how != "own":
            self.pen.reused(step, outcome, how)
        if outcome.port is not None and step.node.kind.ends_function:
            self.end_function(frame, outcome)
        return outcome

    # What steps report

    def key_path(self, path: str) -> tuple[str, int]:
        """The path without retry indexes, and how many attempts there failed for good."""
        return self.repeats.key_path(path)

    def run_value(self) -> dict[str, Any]:
        """What expressions see as `run`."""
        if self._run_value is None:
            row = self.row
            self._run_value = {
                "id": row.id,
                "functionId": row.function_id,
                "functionName": row.function_name,
                "version": row.version,
                "attempt": row.attempt,
                "debug": row.debug,
                "trigger": row.trigger,
                "inputs": row.inputs,
            }
        return self._run_value

    def log(self, step: Step, level: str, message: str, data: Mapping[str, Any]) -> None:
        """Add to the run's log."""
        self.pen.log(step.node.id, step.path, level, message, data)

    def progress(self, step: Step, done: int, total: int | None) -> None:
        """Tell how far a scope is."""
        step.region.frame.tally.progress[step.node.id] = (done, total)
        self.pen.progress(step, done, total)

    # The debugger

    async def pause(self, state: Mapping[str, Any]) -> None:
        """Stand still: what was done is durable and large values are stored before anybody is told."""
        self.countdowns.hold()
        try:
            await self.countdowns.none_cuts()
        except asyncio.CancelledError:  # it does not stand, and what it is in goes on without it
            self.countdowns.go()
            raise
        await self.pen.settle()
        self.slot.rest(RunStatus.PAUSED)
        self.pen.paused({**state, "pausedAt": self.services.clock.now_us()})
        await self.pen.durable()

    async def resume(self) -> None:
        """Go on after a pause."""
        self.pen.resumed()
        self.countdowns.go()
        await self.slot.work(after_pause=True)

    def describe_pause(self, step: Step, when: When, outcome: Outcome | None) -> dict[str, Any]:
        """The DebugState of a stop, as it goes on the wire."""
        return describe_pause(step, when, outcome, to_json)

    def force_variables(self, variables: Mapping[str, Any]) -> None:
        """Overlay every block that starts later with these values; journaled. Raises BlockFailed for no wire value."""
        self.pen.force(variables)
        self.overlay.update(variables)

    def overlay_of(self, path: str) -> Mapping[str, Any]:
        """What was set from outside before the step at `path` began, now or in an earlier life of the run."""
        if self.journal is None or not self.journal.overlays:
            return self.overlay
        seen = self.journal.overlay_of(path)
        return self.overlay if seen is None else seen

    def next_attempt(self, step: Step) -> Step:
        """The same step once more, started now."""
        following = Step(self, step.region, step.node, step.path, step.attempt + 1, self.services.clock.now_us())
        following.is_careful = step.is_careful
        return following

    def limit_time(self, left_us: int, on_end: Callable[[], None]) -> None:
        """The run's own limit: pauses stop it, and a due row keeps it over a restart."""
        self.countdowns.start(left_us, on_end, "")

    def look_whether_waiting(self) -> None:
        """Give up the slot if, a few turns of the loop later, nothing of this run does anything but wait."""
        if not self._looking:
            self._looking = True
            self._look_in(LOOK_AFTER_TURNS)

    def _look_in(self, turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._look_in, turns - 1)
            return
        self._looking = False
        if self.waiting and not self.busy:
            self.slot.rest()

    async def wait_until(self, step: Step, due_us: int) -> None:
        """Wait durably; see `BlockContext.wait_until`."""
        await self.attempts.wait_until(step, due_us)

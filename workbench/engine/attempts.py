"""How a block that is not over in one go runs: intents, policies, timeouts, durable waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol, cast

from workbench.base.errors import BlockFailed, WorkbenchError
from workbench.base.probe import probe
from workbench.blocks.context import Wait, Woken
from workbench.blocks.kind import Effect, Fired, ScopeType
from workbench.engine.countdowns import Countdowns, Limit
from workbench.engine.failures import unexpected
from workbench.engine.halting import Halt
from workbench.engine.interfaces import Services
from workbench.engine.pen import Pen
from workbench.engine.records import Outcome, RunRow
from workbench.engine.replay import Journal
from workbench.engine.signals import Mailbox
from workbench.engine.slots import Slot
from workbench.engine.states import StepStatus
from workbench.engine.step import Step
from workbench.engine.timers import Timers
from workbench.engine.waits import wait_for
from workbench.storage.values import is_large


class Walker(Protocol):
    """The walk, as attempts see it."""

    row: RunRow
    services: Services
    pen: Pen
    timers: Timers
    slot: Slot
    journal: Journal | None
    countdowns: Countdowns
    busy: int
    waiting: int

    def done(self, step: Step, fired: Fired) -> Outcome: ...

    def failed(self, step: Step, error: WorkbenchError) -> Outcome: ...

    def failed_for_now(self, step: Step, error: WorkbenchError) -> None: ...

    def next_attempt(self, step: Step) -> Step: ...

    def look_whether_waiting(self) -> None: ...


class Attempts:
    """Runs the steps of one walk that need more than a call."""

    __slots__ = ("_cut", "_walk", "mailbox")

    def __init__(self, walk: Walker) -> None:
        self._walk = walk
        self._cut: list[str] = []
        """Paths of effects that had begun when they were cut off: they may have happened."""
        self.mailbox: Mailbox | None = None
        """The run's signals; None where there never was one and nothing waits for any."""

    def has_cut_inside(self, prefix: str) -> bool:
        """Whether an effect below `prefix` was cut off after it had begun."""
        return any(path.startswith(prefix) for path in self._cut)

    def forget(self, step: Step) -> None:
        """A scope is tried again by its policy: what its regions did and waited for before does not count."""
        if self._walk.journal is not None:
            self._walk.journal.forget_inside(step.path)
        self._cut = [cut for cut in self._cut if not cut.startswith(f"{step.path}[")]

    def _cut_off(self, step: Step) -> None:
        if step.has_begun and _is_effect(step):
            self._cut.append(step.path)
        self._walk.pen.cut_off(step)

    async def run(self, step: Step) -> Outcome:
        """Run a scope, an effect or a block with a policy to its outcome; retries as the policy says."""
        walk = self._walk
        counted = not step.node.kind.is_scope
        walk.busy += counted
        try:
            return await self._until_over(step)
        finally:
            walk.busy -= counted
            if walk.waiting:
                walk.look_whether_waiting()

    async def _until_over(self, step: Step) -> Outcome:
        walk, policy = self._walk, step.node.block.policy
        left = policy.retries if policy else 0
        if left and walk.journal is not None:
            failures = walk.journal.failures_now(step.path)
            left = max(0, left - failures)
            if failures and (due := walk.journal.take_due(_retry_path(step.path, step.attempt))) is not None:
                await self.sit_out(step, walk.timers.at(due))
        while True:
            ended = await self._once(step)
            if not walk.slot.held:  # a limit cut its wait off
                await walk.slot.work()
            if isinstance(ended, Fired):
                return await self._keep(step, ended)
            if left == 0 or policy is None or step.region.stopping or not _may_repeat(step, ended):
                return walk.failed(step, ended)
            left -= 1
            walk.failed_for_now(step, ended)
            step.log(f"Attempt {step.attempt} failed: {ended.message} Again in {policy.retry_delay_ms} ms.", "warning")
            step = walk.next_attempt(step)
            if policy.retry_delay_ms:
                due = walk.services.clock.now_us() + policy.retry_delay_ms * 1000
                walk.pen.timer(_retry_path(step.path, step.attempt), due, function=step.region.frame.function)
                await self.sit_out(step, walk.timers.at(due))
                step.now_us = walk.services.clock.now_us()

    def finish_pure(self, step: Step, work: Awaitable[Fired]) -> Awaitable[Outcome]:
        """Await a pure block that does not answer at once (a worker, a thread)."""
        task = asyncio.ensure_future(self._finish_pure(step, work))
        if isinstance(work, Coroutine):  # one whose region is stopped before it has begun is let go of
            task.add_done_callback(lambda _: work.close())
        return task

    async def _finish_pure(self, step: Step, work: Awaitable[Fired]) -> Outcome:
        walk = self._walk
        walk.pen.started(step)
        walk.busy += 1
        try:
            fired = await work
        except WorkbenchError as error:
            return walk.failed(step, error)
        except asyncio.CancelledError as error:
            if is_cancelled():
                self._cut_off(step)
                raise
            return walk.failed(step, _broken_off(step, error))
        except Exception as error:  # noqa: BLE001 - whatever a block raises is its failure
            return walk.failed(step, unexpected(error))
        finally:
            walk.busy -= 1
            if walk.waiting:
                walk.look_whether_waiting()
        await walk.pen.room()
        return await self.keep_large(step, fired) if is_large(fired.output) else walk.done(step, fired)

    async def keep_large(self, step: Step, fired: Fired) -> Outcome:
        """Journal a pure step whose JSON is so large that it is encoded in a thread; it fails where that fails."""
        walk = self._walk
        walk.busy += 1
        try:
            return await self._put(step, fired)
        finally:
            walk.busy -= 1
            if walk.waiting:
                walk.look_whether_waiting()

    async def _once(self, step: Step) -> Fired | WorkbenchError:
        """One attempt; its failure comes back as a value, and no secret that it has read comes back in either."""
        ended = await self._attempt(step)
        if step.in_use is None:
            return ended
        if isinstance(ended, WorkbenchError):
            return step.in_use.failure(ended)
        try:
            if is_large(ended.output):
                return await step.in_thread(step.in_use.fired, ended)
            return step.in_use.fired(ended)
        except RecursionError:
            return _too_deep(step)

    async def _attempt(self, step: Step) -> Fired | WorkbenchError:
        """As `_once`. A cut-off attempt is journaled before it passes on."""
        node = step.node
        policy = node.block.policy
        limit: Limit | None = None
        try:
            config = node.plan.resolve(step.get_for_config)
            if policy is None or policy.timeout_ms is None:
                return await self._block(step, config)
            limit = Limit(self._walk.countdowns, policy.timeout_ms * 1000)
            async with limit:
                return await self._block(step, config)
        except WorkbenchError as error:
            return error
        except (asyncio.CancelledError, Halt) as error:
            if isinstance(error, Halt) or is_cancelled():
                self._cut_off(step)
                raise
            return _broken_off(step, error)
        except Exception as error:  # noqa: BLE001 - whatever a block raises is its failure
            if isinstance(error, TimeoutError) and limit is not None and limit.expired:
                return _timed_out(step, unknown=_is_effect(step) or self.has_cut_inside(f"{step.path}["))
            return unexpected(error, unknown=_is_effect(step), in_use=step.in_use)

    async def _block(self, step: Step, config: Any) -> Fired:
        walk, node = self._walk, step.node
        if isinstance(node.kind, ScopeType):
            walk.pen.started(step)
            return await node.kind.run_scope(config, step)
        if step.is_careful or (node.effect is Effect.EFFECT and walk.row.durability == "strict"):
            await walk.pen.intend(step)
        else:
            walk.pen.started(step)
        step.has_begun = True
        probe("engine.before_effect")
        result = node.kind.run(config, step)
        fired = result if isinstance(result, Fired) else await result
        probe("engine.after_effect")
        return fired

    async def _keep(self, step: Step, fired: Fired) -> Outcome:
        """Store a large result before its checkpoint names it, unless it can be computed, or may be done, again."""
        may_be_late = step.node.effect is Effect.PURE or self._walk.row.durability == "relaxed"
        if not may_be_late or is_large(fired.output):
            return await self._put(step, fired)
        return self._walk.done(step, fired)

    async def _put(self, step: Step, fired: Fired) -> Outcome:
        walk = self._walk
        try:
            step.stored = await walk.pen.keep(fired.output)
        except WorkbenchError as error:
            return walk.failed(step, error)
        except Exception as error:  # noqa: BLE001 - a full disk, a table that Arrow cannot write
            return walk.failed(step, _not_stored(step, error))
        return walk.done(step, fired)

    async def wait_until(self, step: Step, due_us: int) -> None:
        """Wait until a wall time that a restart does not move; the run gives up its slot while it only waits.

        The waits of a scope's step are told apart by their number; a block's step takes up the last one it was in.
        """
        walk, path = self._walk, self.next_wait(step)
        known = walk.journal.take_due(path) if walk.journal is not None else None
        if known is None:
            if (
                walk.journal is not None
                and step.node.kind.is_scope
                and walk.journal.went_past(step.path, step.iteration)
            ):
                return
            walk.pen.timer(path, due_us, walk.services.clock.now_us(), function=step.region.frame.function)
        await self.sit_out(step, walk.timers.at(due_us if known is None else known))

    async def wait_for(self, step: Step, wait: Wait) -> Woken:
        """Wait for a time, a signal or a condition. See `BlockContext.wait_for`."""
        if self.mailbox is None and wait.event_type is not None:
            self.mailbox = Mailbox()
        return await wait_for(self._walk, self, step, wait)

    def next_wait(self, step: Step) -> str:
        """The path under which the step's next wait has its row."""
        path = step.path if step.waits == 0 or not step.node.kind.is_scope else f"{step.path}#{step.waits}"
        step.waits += 1
        return path

    async def sit_out(self, step: Step, future: asyncio.Future[Any]) -> None:
        """Wait for `future` as a step that only waits; returns once the run has a slot again."""
        walk, region = self._walk, step.region
        if region.stopping:
            raise Halt
        counted = not step.node.kind.is_scope
        if region.waits is None:
            region.waits = set()
        region.waits.add(future)
        before, step.status = step.status, StepStatus.WAITING
        walk.waiting += 1
        walk.busy -= counted
        if not future.done():
            walk.look_whether_waiting()
        try:
            await future
        except asyncio.CancelledError:
            if region.stopping and not is_cancelled():
                raise Halt from None
            future.cancel()
            raise
        finally:
            walk.waiting -= 1
            walk.busy += counted
            region.waits.discard(future)
            step.status = before
        await walk.slot.work()


def _retry_path(path: str, attempt: int) -> str:
    return f"{path}#attempt-{attempt}"


def limit_path(path: str, port: str) -> str:
    """The path of the due row that keeps the deadline of a scope's region."""
    return f"{path}#limit" if port == "body" else f"{path}#limit-{port}"


def is_cancelled() -> bool:
    """Whether somebody cancels this task; else a CancelledError came out of what the block itself awaited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _is_effect(step: Step) -> bool:
    return step.node.effect is Effect.EFFECT and not step.node.kind.is_scope


def _may_repeat(step: Step, error: WorkbenchError) -> bool:
    """An effect whose outcome is unknown may have happened, also one inside a scope: no policy repeats it."""
    inner = error.data.get("error")
    inside = isinstance(inner, dict) and cast("dict[str, Any]", inner).get("unknown") is True
    return not (inside or ((_is_effect(step) or step.node.kind.is_scope) and getattr(error, "unknown", False)))


def _broken_off(step: Step, error: BaseException) -> BlockFailed:
    return BlockFailed(
        f"“{step.node.block.name}” was broken off: {error or type(error).__name__}.",
        kind="INTERNAL",
        unknown=_is_effect(step),
    )


def _too_deep(step: Step) -> BlockFailed:
    return BlockFailed(
        f"“{step.node.block.name}” is done, but what it gave is nested too deep to be kept.", kind="LIMIT", unknown=True
    )


def _not_stored(step: Step, error: Exception) -> BlockFailed:
    return BlockFailed(
        f"“{step.node.block.name}” is done, but what it gave could not be stored: {type(error).__name__}: {error}",
        kind="STORAGE",
        hint="Look whether the disk is full.",
        unknown=True,
    )


def _timed_out(step: Step, *, unknown: bool) -> BlockFailed:
    timeout_ms = step.node.block.policy.timeout_ms if step.node.block.policy else None
    return BlockFailed(
        f"“{step.node.block.name}” did not finish within {timeout_ms} ms.",
        kind="TIMEOUT",
        hint="Give it a longer timeout in its policy, or less to do.",
        unknown=unknown,
    )

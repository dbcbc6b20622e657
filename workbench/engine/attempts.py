"""How a block that is not over in one go runs: intents, policies, timeouts, durable waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Protocol

from workbench.base.errors import BlockFailed, WorkbenchError
from workbench.base.probe import probe
from workbench.blocks.kind import Effect, Fired, ScopeType
from workbench.engine.failures import unexpected
from workbench.engine.interfaces import Services
from workbench.engine.pen import Pen
from workbench.engine.records import Outcome, RunRow
from workbench.engine.replay import Journal
from workbench.engine.slots import Slot
from workbench.engine.step import Step
from workbench.engine.timers import Timers


class Walker(Protocol):
    """The walk, as attempts see it."""

    row: RunRow
    services: Services
    pen: Pen
    timers: Timers
    slot: Slot
    journal: Journal | None
    inflight: int
    waiting: int

    def done(self, step: Step, fired: Fired) -> Outcome: ...

    def failed(self, step: Step, error: WorkbenchError) -> Outcome: ...

    def next_attempt(self, step: Step) -> Step: ...

    def look_whether_waiting(self) -> None: ...


class Attempts:
    """Runs the steps of one walk that need more than a call."""

    __slots__ = ("_walk",)

    def __init__(self, walk: Walker) -> None:
        self._walk = walk

    async def run(self, step: Step) -> Outcome:
        """Run a scope, an effect or a block with a policy to its outcome; retries as the policy says."""
        policy = step.node.block.policy
        left = policy.retries if policy else 0
        while True:
            ended = await self._once(step)
            if isinstance(ended, Fired):
                return await self._keep(step, ended)
            if left == 0 or policy is None:
                return self._walk.failed(step, ended)
            left -= 1
            step.log(f"Attempt {step.attempt} failed: {ended.message} Again in {policy.retry_delay_ms} ms.", "warning")
            await self.wait_until(step, self._walk.services.clock.now_us() + policy.retry_delay_ms * 1000)
            step = self._walk.next_attempt(step)

    async def finish_pure(self, step: Step, work: Awaitable[Fired]) -> Outcome:
        """Await a pure block that does not answer at once (a worker, a thread)."""
        walk = self._walk
        walk.pen.started(step)
        walk.inflight += 1
        try:
            fired = await work
        except WorkbenchError as error:
            return walk.failed(step, error)
        except Exception as error:
            return walk.failed(step, unexpected(error))
        finally:
            walk.inflight -= 1
        return walk.done(step, fired)

    async def _once(self, step: Step) -> Fired | WorkbenchError:
        """One attempt; its failure comes back as a value. A cut-off attempt is journaled before it passes on."""
        walk, node = self._walk, step.node
        policy = node.block.policy
        counted = not node.kind.is_scope
        walk.inflight += counted
        try:
            config = node.plan.resolve(step.get)
            async with asyncio.timeout(policy.timeout_ms / 1000 if policy and policy.timeout_ms else None) as limit:
                if isinstance(node.kind, ScopeType):
                    walk.pen.started(step)
                    return await node.kind.run_scope(config, step)
                return await self._block(step, config)
        except TimeoutError:
            if not limit.expired():
                raise
            return self._timed_out(step)
        except WorkbenchError as error:
            return error
        except asyncio.CancelledError:
            walk.pen.cut_off(step)
            raise
        except Exception as error:
            return unexpected(error)
        finally:
            walk.inflight -= counted

    async def _block(self, step: Step, config: Any) -> Fired:
        walk, node = self._walk, step.node
        if node.effect is Effect.EFFECT and walk.row.durability == "strict":
            await walk.pen.intend(step)
        else:
            walk.pen.started(step)
        probe("engine.before_effect")
        result = node.kind.run(config, step)
        fired = result if isinstance(result, Fired) else await result
        probe("engine.after_effect")
        return fired

    def _timed_out(self, step: Step) -> BlockFailed:
        timeout_ms = step.node.block.policy.timeout_ms  # type: ignore[union-attr]
        return BlockFailed(
            f"“{step.node.block.name}” did not finish within {timeout_ms} ms.",
            kind="TIMEOUT",
            hint="Give it a longer timeout in its policy, or less to do.",
            unknown=step.node.effect is Effect.EFFECT,
        )

    async def _keep(self, step: Step, fired: Fired) -> Outcome:
        """Store a large result before its checkpoint names it, unless it can be computed again."""
        walk = self._walk
        if step.node.effect is not Effect.PURE:
            try:
                step.stored = await walk.pen.keep(fired.output)
            except WorkbenchError as error:
                return walk.failed(step, error)
        return walk.done(step, fired)

    async def wait_until(self, step: Step, due_us: int) -> None:
        """Wait until a wall time that a restart does not move; the run gives up its slot while it only waits."""
        walk = self._walk
        known = walk.journal.due(step.path) if walk.journal is not None else None
        if known is None:
            walk.pen.timer(step, due_us)
        walk.waiting += 1
        walk.look_whether_waiting()
        try:
            await walk.timers.until(known or due_us)
        finally:
            walk.waiting -= 1
        await walk.slot.work()

"""The quick way through a region: plain steps one after the other, without the calls that only other steps need.

What is written and what follows is the same as by `Walk.begin`, `Settling.done` and `Settling.settle`; many runs spend
most of their time here, and each call costs about as much as the work in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from time import perf_counter
from typing import Any, Protocol

import msgspec

from workbench.base.errors import WorkbenchError
from workbench.blocks.kind import Fired
from workbench.engine.attempts import Attempts
from workbench.engine.failures import unexpected
from workbench.engine.interfaces import Walking
from workbench.engine.keeping import small
from workbench.engine.pen import Pen
from workbench.engine.program import Node
from workbench.engine.records import Outcome
from workbench.engine.region import RegionRun
from workbench.engine.states import StepStatus
from workbench.engine.step import Step
from workbench.storage.value_files import Stored
from workbench.storage.values import is_large

_encode_plain = msgspec.msgpack.Encoder().encode
_SCALARS = frozenset({bool, int, float})


class Walker(Walking, Protocol):
    """The walk, as the quick way sees it."""

    pen: Pen
    attempts: Attempts  # pyright: ignore[reportIncompatibleMethodOverride] - narrower

    def done(self, step: Step, fired: Fired) -> Outcome: ...

    def failed(self, step: Step, error: WorkbenchError) -> Outcome: ...

    def settle(self, region: RegionRun, node: Node, outcome: Outcome) -> None: ...

    def follow(self, region: RegionRun, node: Node, outcome: Outcome) -> None: ...


def walk_plain(walk: Walker, region: RegionRun, slice_end: float) -> None:
    """Run what is ready as long as it is plain and the slice lasts. Only for a first walk of a flow without writers
    of variables, which no debugger looks at.
    """
    ready, outcomes, prefix = region.ready, region.outcomes, region.prefix
    key_of, pen, row = region.frame.keys.of, walk.pen, walk.row
    now_us = walk.services.clock.now_us
    blocks, pending, arrived, nodes = region.frame.tally.blocks, region.pending, region.arrived, region.plan.nodes
    now = now_us()
    while ready and not region.stopping and perf_counter() <= slice_end:
        node = ready[0]
        if not node.is_plain:
            return
        ready.popleft()
        step = Step(walk, region, node, prefix + node.id, 1, now)
        try:
            plan = node.plan
            fired = node.kind.run(plan.static if plan.static is not None else plan.resolve(step.get), step)
        except WorkbenchError as error:
            walk.settle(region, node, walk.failed(step, error))
            continue
        except Exception as error:  # noqa: BLE001 - whatever a block raises is its failure
            walk.settle(region, node, walk.failed(step, unexpected(error)))
            continue
        stored = _inline(walk, fired.output) if isinstance(fired, Fired) else None
        if not isinstance(fired, Fired) or (stored is None and is_large(fired.output)):
            region.tasks[asyncio.ensure_future(_work(walk, step, fired))] = node
            now = now_us()
            continue
        if stored is None:
            walk.settle(region, node, walk.done(step, fired))
            now = now_us()
            continue
        outcome = Outcome(StepStatus.COMPLETED, fired.port, fired.output, key_of(step), path=step.path)
        began, now = now, now_us()
        pen.checkpoint(step, outcome, stored, began, now)
        row.steps += 1
        outcomes[node.local] = outcome
        counts = blocks.get(node.id)
        if counts is None:
            blocks[node.id] = [1, 0, 0]
        else:
            counts[0] += 1
        wires = node.wires
        if len(wires) == 1:
            port, target = wires[0]
            if pending[target] == 1 and port == outcome.port and arrived[target] is None:
                pending[target] = 0
                arrived[target] = [outcome]
                ready.append(nodes[target])
                continue
        walk.follow(region, node, outcome)


def _inline(walk: Walker, value: Any) -> Stored | None:
    """A small value as it stands in a fact; None for what needs a closer look, null among it."""
    try:
        if type(value) in _SCALARS:
            data = _encode_plain(value)
            return Stored(data, None, "json", len(data))
        return small(walk.pen.store.values, value) if value is not None else None
    except (OverflowError, WorkbenchError):
        return None


def _work(walk: Walker, step: Step, fired: Fired | Awaitable[Fired]) -> Awaitable[Outcome]:
    """What takes longer than a slice may: a block that is not over at once, or a value to be encoded in a thread."""
    attempts = walk.attempts
    return attempts.keep_large(step, fired) if isinstance(fired, Fired) else attempts.finish_pure(step, fired)

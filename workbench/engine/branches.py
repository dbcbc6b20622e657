"""Runs the branches of one scope side by side until their results decide how it ends; keeps who ended when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from workbench.base.errors import BlockFailed
from workbench.blocks.context import BranchEnd, RegionResult
from workbench.engine.facts import BranchEnded
from workbench.engine.failures import describe
from workbench.engine.halting import Halt
from workbench.engine.interfaces import Services
from workbench.engine.lanes import all_lanes
from workbench.engine.pen import Pen
from workbench.engine.region import Variables
from workbench.engine.replay import Journal
from workbench.engine.step import Step


class Runner(Protocol):
    """What runs and stops regions."""

    async def run_once(
        self,
        step: Step,
        port: str,
        iteration: int,
        names: Mapping[str, Any],
        *,
        carry_variables: bool = False,
        timeout_ms: int | None = None,
    ) -> tuple[RegionResult, Variables | None]: ...

    def stop_regions(self, step: Step) -> None: ...


class Journaled(Protocol):
    """The walk, as branches see it."""

    services: Services
    pen: Pen
    journal: Journal | None


class Branches:
    """One execution of one such scope.

    Who ended when is journaled as soon as the scope does not end in the same turn: a replay lets the branches that had
    completed do so in the same order, with the same durations, before it begins the others.
    """

    def __init__(
        self,
        runner: Runner,
        walk: Journaled,
        step: Step,
        ports: Sequence[str],
        timeout_ms: int | None,
        is_decided: Callable[[Sequence[BranchEnd]], bool],
    ) -> None:
        self._runner = runner
        self._walk = walk
        self._step = step
        self._ports = ports
        self._timeout_ms = timeout_ms
        self._is_decided = is_decided
        self._known = (
            {end.port: end for end in walk.journal.branch_ends.get(step.path, ())} if walk.journal is not None else {}
        )
        self._ends: dict[str, BranchEnd] = {}
        self._order: list[BranchEnd] = []
        self._decided = False
        self._unwritten: list[BranchEnd] = []
        self._writing: asyncio.Handle | None = None

    async def run(self, limit: int) -> list[BranchEnd]:
        """Run all, at most `limit` at a time; the ends in the order of the ports."""
        ended = [p for p, end in self._known.items() if end.status == "completed" and p in self._ports]
        try:
            await self._lane(iter(ended))
            rest = iter([port for port in self._ports if port not in self._ends])
            await all_lanes([asyncio.ensure_future(self._lane(rest)) for _ in range(min(limit, len(self._ports)))])
        finally:
            if self._writing is not None:
                self._writing.cancel()
        if self._step.region.stopping:
            raise Halt
        return [self._ends.get(port, BranchEnd(port, "cancelled")) for port in self._ports]

    async def _lane(self, ports: Iterator[str]) -> None:
        for port in ports:
            if self._decided:
                return
            began = self._walk.services.clock.now_us()
            try:
                result, _ = await self._runner.run_once(self._step, port, 0, {}, timeout_ms=self._timeout_ms)
            except Halt:
                if self._step.region.stopping or not self._decided:
                    raise
                self._ends[port] = BranchEnd(port, "cancelled", duration_us=self._since(began))
                return
            if self._decided:
                self._ends[port] = BranchEnd(port, "cancelled", duration_us=self._since(began))
                return
            self._end(self._ended(port, result, began))

    def _end(self, end: BranchEnd) -> None:
        self._ends[end.port] = end
        self._order.append(end)
        if end.port not in self._known:
            self._unwritten.append(end)
            if self._writing is None:
                self._writing = asyncio.get_running_loop().call_soon(self._write)
        if len(self._ends) == len(self._ports) and self._writing is not None:
            self._writing.cancel()  # its own checkpoint follows at once
        if not self._decided and self._is_decided(self._order):
            self._decided = True
            self._runner.stop_regions(self._step)

    def _ended(self, port: str, result: RegionResult, began: int) -> BranchEnd:
        if result.timed_out:
            error = describe(self._step, _too_long(self._step, port, self._timeout_ms, unknown=result.unknown))
            end = BranchEnd(port, "timed_out", None, error, self._since(began))
        elif result.error is not None:
            end = BranchEnd(port, "failed", None, result.error, self._since(began))
        else:
            end = BranchEnd(port, "completed", result.value, None, self._since(began))
        known = self._known.get(port)
        if known is not None and known.status == end.status:
            return BranchEnd(port, end.status, end.value, end.error, known.duration_us)
        self._known.pop(port, None)
        return end

    def _since(self, began: int) -> int:
        return max(0, self._walk.services.clock.now_us() - began)

    def _write(self) -> None:
        """The scope is still open a turn later: keep what has ended so far."""
        self._writing = None
        step, pen = self._step, self._walk.pen
        now = self._walk.services.clock.now_us()
        for end in self._unwritten:
            pen.add(BranchEnded(pen.run, now, step.node.id, step.path, end.port, end.status, end.duration_us))
        self._unwritten.clear()


def _too_long(step: Step, port: str, timeout_ms: int | None, *, unknown: bool) -> BlockFailed:
    return BlockFailed(
        f"The branch {port.removeprefix('branch-')} of “{step.node.block.name}” took longer than {timeout_ms} ms.",
        kind="TIMEOUT",
        hint="Give the branches more time, or join by `settled`.",
        unknown=unknown,
    )

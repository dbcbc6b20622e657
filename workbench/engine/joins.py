"""Wires that a plain walk does not know: out of a split, whose ports all fire, and into a merge, which may not wait.

Deterministic over crashes: what a merge has joined is its journaled output, so a walk that comes to it again lets the
same branch win, whichever comes first this time.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Protocol, cast

from workbench.base.errors import BlockFailed, WorkbenchError
from workbench.blocks.context import Arrival
from workbench.blocks.kind import EVERY_PORT
from workbench.engine.attempts import is_cancelled
from workbench.engine.countdowns import Countdowns
from workbench.engine.gate import When
from workbench.engine.halting import Halt
from workbench.engine.interfaces import Walking
from workbench.engine.joined import Joined, News
from workbench.engine.program import JoinWire, Node
from workbench.engine.records import SKIPPED, Outcome
from workbench.engine.region import RegionRun
from workbench.engine.replay import Journal
from workbench.engine.slots import Slot
from workbench.engine.step import Step


class Walker(Walking, Protocol):
    """The walk, as its joins see it."""

    journal: Journal | None
    countdowns: Countdowns
    slot: Slot
    waiting: int

    def failed(self, step: Step, error: WorkbenchError) -> Outcome: ...

    def begin(self, region: RegionRun, node: Node) -> Outcome | Awaitable[Outcome]: ...

    def look_whether_waiting(self) -> None: ...

    async def at_gate(self, region: RegionRun, node: Node, when: When, outcome: Outcome | None = None) -> None: ...


class Joins:
    """One walk's splits and merges."""

    __slots__ = ("_walk",)

    def __init__(self, walk: Walker) -> None:
        self._walk = walk

    def enter(self, region: RegionRun) -> None:
        """A region begins: so do the races that nothing in it comes before, and merges that it begins with."""
        for local in region.plan.races:
            self._start_race(region, region.plan.nodes[local])
        for local in region.plan.entries:
            node = region.plan.nodes[local]
            if node.joins_at_first and region.pending[local] and region.arrived[local]:
                _of(region).begun.add(local)
                region.ready.append(node)

    def fire(self, region: RegionRun, node: Node, outcome: Outcome) -> list[Node]:
        """Tell the joining wires of `node`; the blocks that only dead wires reached come back."""
        special = node.special
        if special is None:
            return []
        if outcome.port is not None:
            for local in special.races:
                self._start_race(region, region.plan.nodes[local])
        sent = _shares(node, outcome)
        dead: list[Node] = []
        for wire in special.wires:
            target = region.plan.nodes[wire.target]
            share = sent(wire.port)
            if share is not None:
                self._arrive(region, node, target, wire, share)
            region.pending[wire.target] -= 1
            if region.pending[wire.target] == 0:
                self._close(region, target, dead)
        return dead

    def _arrive(self, region: RegionRun, node: Node, target: Node, wire: JoinWire, share: Outcome) -> None:
        local, joined = target.local, _of(region)
        if target.joins:
            came = joined.arrivals.setdefault(local, [])
            came.append((wire, share))
            if target.joins_at_first:
                if local not in joined.begun and self._may_win(region, target, wire):
                    self._begin(region, target, share)
                return
        arrived = region.arrived[local]
        if arrived is None:
            arrived = region.arrived[local] = []
        if node.fires_every_port and share is not region.outcomes[node.local]:
            before = joined.shares.get((node.local, local))
            if before is not None:
                arrived[:] = [outcome for outcome in arrived if outcome is not before]
                share = _together(before, share, [w.port for w in _wires_to(node, local)])
            joined.shares[node.local, local] = share
        if all(share is not outcome for outcome in arrived):
            arrived.append(share)

    def _close(self, region: RegionRun, target: Node, dead: list[Node]) -> None:
        """All wires into `target` are told."""
        local = target.local
        if not target.joins_at_first:
            if region.arrived[local]:
                region.ready.append(target)
            else:
                dead.append(target)
            return
        joined = _of(region)
        if local in joined.begun:
            return
        came = joined.arrivals.get(local)
        if came:  # the one that won before is not among them any more
            self._begin(region, target, came[0][1])
        elif local in joined.races:
            _tell(joined.races[local], "dead")
        else:
            dead.append(target)

    def _begin(self, region: RegionRun, target: Node, share: Outcome) -> None:
        joined = _of(region)
        joined.begun.add(target.local)
        region.arrived[target.local] = [share]
        race = joined.races.get(target.local)
        if race is None:
            region.ready.append(target)
        else:
            _tell(race, "arrived")

    def _may_win(self, region: RegionRun, target: Node, wire: JoinWire) -> bool:
        """Whether the journal does not say that another branch has won."""
        journal = self._walk.journal
        output = journal.output_of(region.prefix + target.id) if journal is not None else None
        branches = cast("dict[str, Any]", output).get("branches") if isinstance(output, dict) else None
        if not isinstance(branches, list) or not branches:
            return True
        winner = cast("list[Any]", branches)[0].get("branchId")
        known = {w.branch for w in target.enters}
        return winner == wire.branch or winner not in known

    def arrivals(self, region: RegionRun, node: Node) -> list[Arrival]:
        """What the live wires into a merge brought; what the scope gives comes first. See `BlockContext.arrivals`."""
        found: list[Arrival] = []
        if region.body is not None and node.local in region.plan.entries:
            found.append(Arrival(region.plan.scope_handle, region.body.output, -1))
        came = _of(region).arrivals.get(node.local, [])
        if node.joins_at_first:
            winner = region.arrived[node.local] or []
            came = [(wire, share) for wire, share in came if any(share is w for w in winner)][:1]
            found = found[:1] if found and region.body in winner else []
        elif self._walk.journal is not None:
            came = sorted(came, key=lambda entry: self._order(entry[1]))
        return [*found, *(Arrival(wire.branch, share.output, wire.number) for wire, share in came)]

    def _order(self, share: Outcome) -> float:
        ended = self._walk.journal.when_ended(share.path) if self._walk.journal is not None else None
        return float("inf") if ended is None else ended

    # Races with a limit

    def _start_race(self, region: RegionRun, node: Node) -> None:
        """The time of a race runs from where its branches parted; what it came to before a crash stays."""
        joined = _of(region)
        if node.local in joined.races or node.local in joined.begun or node.block.disabled or region.stopping:
            return
        walk, path = self._walk, region.prefix + node.id
        attempt = walk.journal.attempt(path) if walk.journal is not None else 1
        step = Step(walk, region, node, path, attempt, walk.services.clock.now_us())
        if walk.journal is not None and walk.journal.has(path):
            if walk.journal.has_failed(path):
                joined.begun.add(node.local)
                region.ready.append(node)
            return
        news: asyncio.Future[News] = asyncio.get_running_loop().create_future()
        joined.races[node.local] = news
        region.tasks[asyncio.ensure_future(self._race(step, news))] = node

    async def _race(self, step: Step, news: asyncio.Future[News]) -> Outcome:
        walk, region = self._walk, step.region
        full_us = step.node.race_limit_ms * 1000
        due = walk.journal.take_due(step.path) if walk.journal is not None else None
        limit = walk.countdowns.start(walk.countdowns.left_us(due, full_us), lambda: _tell(news, "late"), step.path)
        if region.waits is None:
            region.waits = set()
        region.waits.add(cast("asyncio.Future[None]", news))
        walk.waiting += 1
        walk.look_whether_waiting()
        try:
            what = await news
        except asyncio.CancelledError:
            if region.stopping and not is_cancelled():
                raise Halt from None
            raise
        finally:
            walk.waiting -= 1
            limit.close()
            region.waits.discard(cast("asyncio.Future[None]", news))
        if what == "dead":
            return SKIPPED
        await walk.slot.work()
        await walk.at_gate(region, step.node, "before")
        if region.stopping:
            raise Halt
        if what == "late":
            _of(region).begun.add(step.node.local)
            return walk.failed(step, _too_late(step))
        result = walk.begin(region, step.node)
        return result if isinstance(result, Outcome) else await result


def _of(region: RegionRun) -> Joined:
    if region.joined is None:
        region.joined = Joined()
    return region.joined


def _tell(race: asyncio.Future[News], news: News) -> None:
    if not race.done():
        race.set_result(news)


def _wires_to(node: Node, local: int) -> list[JoinWire]:
    return [wire for wire in node.special.wires if wire.target == local] if node.special is not None else []


def _shares(node: Node, outcome: Outcome) -> Callable[[str], Outcome | None]:
    """What goes out by each port; None for a port that does not fire."""
    if not (node.fires_every_port and outcome.port == EVERY_PORT):
        return lambda port: outcome if port == outcome.port else None
    shares = cast("dict[str, Any]", outcome.output) if isinstance(outcome.output, dict) else {}

    def share(port: str) -> Outcome | None:
        if port not in shares:
            return None
        key = hashlib.blake2b(outcome.key + port.encode(), digest_size=16).digest()
        return replace(outcome, port=port, output=shares[port], key=key)

    return share


def _together(before: Outcome, share: Outcome, ports: list[str]) -> Outcome:
    """Several shares of one split for one block: an object by port."""
    known = {before.port: before.output} if before.port != EVERY_PORT else dict(before.output)
    values = {**known, share.port: share.output}
    key = hashlib.blake2b(before.key + share.key, digest_size=16).digest()
    return replace(share, port=EVERY_PORT, output={p: values[p] for p in ports if p in values}, key=key)


def _too_late(step: Step) -> BlockFailed:
    return BlockFailed(
        f"No branch came to “{step.node.block.name}” within {step.node.race_limit_ms} ms.",
        kind="TIMEOUT",
        hint="Give the race more time, or wire the error port.",
    )

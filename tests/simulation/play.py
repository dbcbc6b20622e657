"""One simulation: what a seed does, through all crashes, to its quiet end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from uuid import UUID

from tests.simulation.database import Databases
from tests.simulation.disk import Faults
from tests.simulation.flows import Maker
from tests.simulation.judges import judge_run, judge_world
from tests.simulation.life import REGISTRY, Life, Machine
from tests.simulation.loop import Crashed, Stuck, virtual
from tests.simulation.reading import journals, rows
from tests.simulation.witness import Seen, Witness
from tests.simulation.world import Moods, World
from workbench.base.errors import InvalidState, NotFound, Unavailable
from workbench.engine import again
from workbench.engine.forking import origin
from workbench.engine.journal_forks import find_run_row, last_seq
from workbench.engine.queue import Entry
from workbench.engine.records import ForkOf, RunRequest, RunRow
from workbench.engine.signals import SignalDesk
from workbench.flow.model import Flow
from workbench.storage.facts import Fact

MOST_TURNS = 400_000
MOST_LIVES = 8
MOST_UNKNOWN = 40
"""Looks at a run that the engine does not have: it is on its way between the log's trouble and its next life."""
PATIENCE_S = 40 * 86_400
WORKSPACES = (str(UUID(int=1)), str(UUID(int=2)))
PROBES = (
    "log.before_sync",
    "log.after_sync",
    "log.after_rotation",
    "apply.before_commit",
    "apply.after_commit",
    "apply.before_checkpoint",
    "values.before_rename",
    "values.after_rename",
    "engine.before_effect",
    "engine.after_effect",
)


@dataclass
class Operation:
    """Something that a person does at a time (virtual seconds)."""

    at: float
    kind: str
    run: int = 0
    """Which of the runs, by the order in which they were asked for."""


@dataclass
class Report:
    """What one seed came to."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    hours: float = 0.0
    complaints: list[str] = field(default_factory=list)


class Simulation:
    """Everything follows from `seed`. `trace` hears a line for each thing that happens."""

    def __init__(
        self, seed: int, databases: Databases, trace: Callable[[str], None] | None = None, most_operations: int = 1000
    ) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.witness = Witness()
        self.report = Report(seed, complaints=self.witness.complaints)
        self._trace = trace
        self._flows: dict[tuple[str, int], Flow] = {}
        self._order: list[str] = []
        self._unwatched: list[str] = []
        rng = self.rng
        self.calm = rng.random() < 0.3
        """A world in which calls and workers never fail."""
        moods = Moods(0, 0, 0, 0, 0.1, 0, 0) if self.calm else Moods()
        self.world = World(Random(rng.random()), moods)
        self.machine = Machine(Random(rng.random()), databases.new(), self.world, self._flows)
        self.shuffles = rng.random() < 0.5
        self.requests = [self._request(at) for at in range(rng.randint(1, 5))]
        self.operations = self._plan()[:most_operations]
        self._planned = len(self.operations)

    def tell(self, line: str) -> None:
        """A line of the trace."""
        if self._trace is not None:
            self._trace(f"{self._life.loop.now:14.6f} {line}" if hasattr(self, "_life") else line)

    # What is going to be done

    def _request(self, number: int) -> RunRequest:
        rng = self.rng
        function = str(UUID(int=1000 + number))
        made = Maker(
            Random(rng.random()),
            REGISTRY_TYPES,
            most=rng.randint(2, 8),
            effects=rng.choice((0.1, 0.3, 0.6)),
            more=rng.choice((0.0, 0.0, 0.3, 0.6)),
        )
        flow = self._flows[function, 1] = made.flow()
        debug = rng.random() < 0.15
        timeout = rng.choice((None, None, None, 30_000, 3_600_000))
        return RunRequest(
            rng.choice(WORKSPACES),
            function,
            "f",
            1,
            flow,
            {},
            debug=debug,
            priority=rng.randint(0, 2),
            timeout_ms=timeout,
        )

    def _plan(self) -> list[Operation]:
        rng = self.rng
        spread = rng.choice((0.01, 1.0, 20.0))
        plan = [Operation(rng.random() * spread, "submit", at) for at in range(len(self.requests))]
        for kind, times in (
            ("cancel", (0, 0, 1, 2)),
            ("signal", (0, 0, 2, 6)),
            ("retry", (0, 1, 2)),
            ("fork", (0, 0, 1)),
        ):
            for _ in range(rng.choice(times)):
                late = rng.choice((2, 2, 40))
                plan.append(Operation(rng.random() * spread * late, kind, rng.randrange(len(self.requests))))
        return sorted(plan, key=lambda operation: operation.at)

    def _faults(self, life: int) -> tuple[Faults, tuple[str, int] | None, float | None]:
        """How this life ends: in a write, at a named point, at a time, by a sick disk, or not."""
        rng = self.rng
        if life >= MOST_LIVES - 1:
            return Faults(), None, None
        match rng.choice(
            ("write", "write", "write", "probe", "probe", "probe", "time", "time", "sync", "full", "none")
        ):
            case "write":
                return (
                    Faults(crash_at=rng.choice((rng.randint(1, 12), rng.randint(1, 30), rng.randint(1, 100)))),
                    None,
                    None,
                )
            case "probe":
                return Faults(), (rng.choice(PROBES), rng.choice((1, rng.randint(1, 5), rng.randint(1, 20)))), None
            case "time":
                return Faults(), None, rng.choice((0.01, 0.1, 5.0, 200.0, 90_000.0)) * rng.random()
            case "sync":
                return Faults(fail_sync=rng.choice((0.01, 0.1))), None, None
            case "full":
                return Faults(room=self.machine.platter.used() + rng.randint(0, 150_000)), None, None
            case _:
                return Faults(), None, None

    # What happens

    def run(self) -> Report:
        """Play it to its end; what is wrong stands in the report."""
        counts = self.report.counts
        for number in range(MOST_LIVES + 1):
            faults, probe, crash_in = self._faults(number)
            how = self._live(faults, probe, crash_in)
            self.tell(f"life {number} ended: {how}")
            if how == "done":
                break
            counts["crashes"] += 1
            if self.witness.complaints:
                break
            if self.rng.random() < 0.15:
                self.machine.database.lose()
                counts["lost databases"] += 1
                self.tell("the database file is lost")
        else:
            self.witness.complain(f"not over after {MOST_LIVES} lives")
        judge_world(self.witness, self.world)
        platter = self.machine.platter.counts
        counts["runs"] = len(self.witness.runs)
        counts["operations"] = self._planned
        counts["torn"] = platter["torn"]
        counts["failed syncs"] = platter["failed sync"]
        counts["full"] = platter["full"]
        counts["reopened"] = platter["reopened"]
        counts["effects"] = len(self.world.calls)
        self.report.hours = self.machine.now / 3600
        return self.report

    def _live(self, faults: Faults, probe: tuple[str, int] | None, crash_in: float | None) -> str:
        life = self._life = Life(self.machine, faults, shuffles=self.shuffles, crash_probe=probe)
        self.tell(f"a life begins: {faults} probe={probe} crash_in={crash_in}")
        self._unwatched = []
        main: asyncio.Task[str] | None = None
        try:
            life.open(self._hear)
            if crash_in is not None:
                life.loop.call_later(crash_in, life.disk.die)
            life.loop.call_later(self.rng.random() * 120, life.disk.heal)
            main = life.loop.create_task(self._main(life))
            how = life.loop.run_until_complete(main)
        except Crashed:
            how = "crashed"
        except Stuck:
            how = "stuck"
            self.witness.complain("nothing goes on, though somebody waits")
        except (OSError, Unavailable) as error:
            if life.is_alive and not life.disk.was_ill:
                self.witness.complain(f"the store does not open: {error!r}")
            how = f"did not open: {error!r}"
        self.report.counts["turns"] += life.loop.turns
        if life.is_alive:
            for what in life.loop.complaints:
                self.witness.complain(f"asyncio heard: {what}")
        if how == "done":
            life.stop()
        else:
            life.crash()
        return how

    def _hear(self, news: list[tuple[int, str | None, Fact]]) -> None:
        self.witness.durable = max(self.witness.durable, news[-1][0])
        self.report.counts["facts"] += len(news)
        if self._trace is not None:
            for seq, _, fact in news:
                self.tell(f"  {seq} {fact!r:.300}")

    async def _main(self, life: Life) -> str:
        try:
            return await self._busy(life)
        except Unavailable as error:
            self.tell(f"unavailable: {error}")
            self._is_excused(life, error)
            return "sick"

    async def _busy(self, life: Life) -> str:
        witness = self.witness
        if life.store.health()["durableSeq"] < witness.durable:
            witness.complain(f"{witness.durable} facts were durable, {life.store.health()['durableSeq']} are left")
        await life.start()
        await self._look_back(life)
        watching = [asyncio.ensure_future(self._watch(life, run)) for run in witness.unfinished()]
        while self.operations:
            operation = self.operations[0]
            await virtual(max(0.0, operation.at - life.loop.now))
            self.operations.pop(0)
            watching.append(asyncio.ensure_future(self._do(life, operation)))
        until = life.loop.now + PATIENCE_S
        while any(not task.done() for task in watching):
            await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED, timeout=3600)
            for task in [task for task in watching if task.done()]:
                watching.remove(task)
                task.result()
            watching += [asyncio.ensure_future(self._watch(life, run)) for run in self._unwatched]
            self._unwatched.clear()
            if life.loop.now > until:
                witness.complain(f"runs never end: {[(r, life.engine.find(r)) for r in witness.unfinished()]!r:.500}")
                return "done"
        await self._judge(life)
        await life.engine.stop()
        life.store.close()
        return "done"

    async def _look_back(self, life: Life) -> None:
        """Acknowledged runs are there; ends that were shown are as they were."""
        found = {row.id: row for row in await life.store.read(rows(life.store.values))}
        for run in self.witness.runs:
            if run not in found:
                self.witness.complain(f"run {run} was acknowledged and is gone")
            elif self.witness.runs[run].status is not None:
                self.witness.shown(run, found[run].status, found[run].output)
        for row in found.values():
            if row.id not in self.witness.runs:  # its acknowledgement was lost with a process
                request = next(r for r in self.requests if r.function_id == row.function_id)
                self._order.append(row.id)
                self.witness.runs[row.id] = Seen(request, is_fork=row.is_fork)

    async def _watch(self, life: Life, run: str) -> None:
        """Wait for a run's end, as a client does; take a debug run step by step."""
        stepping, unknown = None, 0
        if self.witness.runs[run].request.debug:
            stepping = asyncio.ensure_future(self._step(life, run))
        try:
            while True:
                row = await self._wait(life, run)
                if row is not None:
                    self.witness.shown(run, row.status.value, row.output)
                    self.tell(f"shown: {run} {row.status.value} {row.output!r:.200} {row.error}")
                    return
                if life.engine.find(run) is not None:
                    continue
                found = {row.id: row for row in await life.store.read(rows(life.store.values))}
                if run not in found:
                    self.witness.complain(f"run {run} was acknowledged and is gone")
                elif found[run].is_over:
                    self.witness.shown(run, found[run].status, found[run].output)
                elif life.engine.find(run) is not None or (unknown := unknown + 1) < MOST_UNKNOWN:
                    await virtual(life.rng.random() * unknown)
                    continue
                else:
                    self.witness.complain(f"run {run} is {found[run].status}, but the engine does not have it")
                return
        finally:
            if stepping is not None:
                stepping.cancel()

    async def _wait(self, life: Life, run: str) -> RunRow | None:
        """A run's end; a client asks again while the server says that it cannot tell."""
        while True:
            try:
                return await life.engine.wait(run, 86_400)
            except Unavailable as error:
                self._is_excused(life, error)
                await virtual(life.rng.random())

    async def _step(self, life: Life, run: str) -> None:
        rng, patience = life.rng, 1.0
        while True:
            try:
                mode: Any = rng.choice(("run", "over", "into", "out"))
                variables = {"x": 1} if rng.random() < 0.05 else None
                self.witness.runs[run].was_edited |= variables is not None
                await life.debugger.go(run, mode, variables, rng.random() * 10)
                patience = 1.0
            except (InvalidState, NotFound):
                patience = min(3600.0, 2 * patience)
            except Unavailable as error:
                self._is_excused(life, error)
            await virtual(rng.random() * patience)

    def _is_excused(self, life: Life, error: Unavailable) -> None:
        """A store that takes nothing needs a reason."""
        if life.is_alive and not life.disk.was_ill:
            self.witness.complain(f"unavailable without a reason: {error}")

    async def _do(self, life: Life, operation: Operation) -> None:
        self.tell(f"do {operation}")
        try:
            await OPERATIONS[operation.kind](self, life, operation)
        except Unavailable as error:
            self._is_excused(life, error)

    async def _submit(self, life: Life, operation: Operation) -> None:
        request = self.requests[operation.run]
        row = await life.engine.submit(request)
        self.tell(f"acknowledged: {row.id}")
        self._order.append(row.id)
        self.witness.runs[row.id] = Seen(request)
        self._unwatched.append(row.id)

    async def _cancel(self, life: Life, operation: Operation) -> None:
        if operation.run >= len(self._order):
            return
        run = self._order[operation.run]
        self.witness.runs[run].was_cancelled = True
        try:
            await life.engine.cancel(run, "somebody wants it")
        except InvalidState:
            return
        self.witness.runs[run].was_cancelled = True

    async def _signal(self, life: Life, operation: Operation) -> None:
        if operation.run >= len(self._order):
            return
        kind = life.rng.choice(("go", "go", "approval"))
        payload = (
            {"decision": life.rng.choice(("approve", "reject"))} if kind == "approval" else {"n": life.rng.random()}
        )
        with suppress(InvalidState):
            await SignalDesk(life.engine).send(self._order[operation.run], kind, payload, None)

    async def _retry(self, life: Life, operation: Operation) -> None:
        seen_runs = self.witness.runs
        failed = [run for run in self._order if seen_runs[run].status not in (None, "completed")]
        if not failed:
            return
        run = failed[operation.run % len(failed)]
        seen = self.witness.runs[run]
        if seen.request.debug:
            return
        found = await life.store.read(lambda c: find_run_row(c, seen.request.workspace_id, run))
        if found is None:
            self.witness.complain(f"run {run} was acknowledged and is gone")
            return
        before, seen.status, seen.was_retried = (seen.status, seen.output), None, True
        try:
            await again.retry(life.engine, Entry(found[0], seen.request.flow, (), found[1]))
        except InvalidState:
            seen.status, seen.output = before
            return
        except Unavailable:
            self._unwatched.append(run)
            raise
        self.tell(f"retried: {run}")
        self.report.counts["retried"] += 1
        self._unwatched.append(run)

    async def _fork(self, life: Life, operation: Operation) -> None:
        if operation.run >= len(self._order):
            return
        run = self._order[operation.run]
        seen = self.witness.runs[run]
        up_to = await life.store.read(lambda c: last_seq(c, run))
        if up_to is None:
            return
        up_to -= life.rng.choice((0, 0, 1, 3, 8))
        told = origin(run, up_to)
        request = replace(seen.request, fork=ForkOf(run, up_to, told), debug=False)
        row = await life.engine.submit(request)
        self.tell(f"forked: {row.id}")
        self.report.counts["forks"] += 1
        self._order.append(row.id)
        self.witness.runs[row.id] = Seen(request, is_fork=True)
        self._unwatched.append(row.id)

    async def _judge(self, life: Life) -> None:
        """All is quiet now, and the disk well."""
        life.disk.heal()
        for _ in range(60):
            if life.store.health()["ok"]:
                break
            await virtual(1.0)
        for what in life.engine.broken():
            self.witness.complain(f"invariant: {what}")
        for what in life.engine.health()["reasons"] + life.store.health()["reasons"]:
            self.witness.complain(f"health: {what}")
        found = await life.store.read(rows(life.store.values))
        all_entries = await life.store.read(journals(life.store.values))
        for row in found:
            self.report.counts[row.status] += 1
            self.report.counts["recovered"] += row.recoveries > 0
            if not row.is_over:
                self.witness.complain(f"run {row.id} is {row.status}, though all is quiet")
                continue
            seen = self.witness.runs[row.id]
            entries = all_entries[row.id]
            self.report.counts["steps"] += len(entries)
            if row.status == "cancelled" and not seen.was_cancelled:
                self.witness.complain(f"run {row.id} is cancelled, which nobody asked for")
            if row.status == "timed_out" and seen.request.timeout_ms is None:
                self.witness.complain(f"run {row.id} is timed out without a limit")
            platter = self.machine.platter.counts
            had_full_disk = bool(platter["full"] or platter["failed sync"])
            judge_run(self.witness, row, seen, entries, had_full_disk=had_full_disk)


REGISTRY_TYPES = frozenset(REGISTRY.types())
OPERATIONS: dict[str, Callable[[Simulation, Life, Operation], Awaitable[None]]] = {
    "submit": Simulation._submit,
    "cancel": Simulation._cancel,
    "signal": Simulation._signal,
    "retry": Simulation._retry,
    "fork": Simulation._fork,
}


def simulate(
    seed: int, databases: Databases, trace: Callable[[str], None] | None = None, most_operations: int = 1000
) -> Report:
    """Run one seed."""
    return Simulation(seed, databases, trace, most_operations).run()

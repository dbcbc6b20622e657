"""One simulation: what a seed does, through all crashes, to its quiet end."""

from __future__ import annotations

import asyncio
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.simulation.database import Databases
from tests.simulation.disk import Faults
from tests.simulation.judges import judge_run, judge_world
from tests.simulation.life import Life, Machine
from tests.simulation.loop import Crashed, Stuck, virtual
from tests.simulation.people import OPERATIONS, resume
from tests.simulation.plan import Operation, Plan
from tests.simulation.reading import Entry, Row, journals, rows
from tests.simulation.witness import Seen, Witness
from tests.simulation.world import Moods, World
from workbench.base.errors import InvalidState, NotFound, Unavailable
from workbench.base.ids import to_text
from workbench.engine.facts import RunMoved
from workbench.engine.records import RunRequest, RunRow
from workbench.storage.facts import Fact

MOST_LIVES = 8
MOST_UNKNOWN = 40
"""Looks at a run that the engine does not have: it is on its way between the log's trouble and its next life."""
PATIENCE_S = 40 * 86_400
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
        self.order: list[str] = []
        self._unwatched: list[str] = []
        rng = self.rng
        self.calm = rng.random() < 0.3
        """A world in which calls and workers never fail."""
        moods = Moods(0, 0, 0, 0, 0.1, 0, 0) if self.calm else Moods()
        self.world = World(Random(rng.random()), moods)
        self.plan = Plan(Random(rng.random()))
        self.machine = Machine(Random(rng.random()), databases.new(), self.world, self.plan.stored)
        self.shuffles = rng.random() < 0.5
        self.is_doomed = rng.random() < 0.04
        """Whether effect after effect ends the process, until nothing is tried any more."""
        self.operations = self.plan.operations[:most_operations]
        self._planned = len(self.operations)

    def tell(self, line: str) -> None:
        """A line of the trace."""
        if self._trace is not None:
            self._trace(f"{self._life.loop.now:14.6f} {line}" if hasattr(self, "_life") else line)

    def count(self, what: str) -> None:
        """One more of it."""
        self.report.counts[what] += 1

    def watch(self, run: str) -> None:
        """Wait for a run's end from now on."""
        self._unwatched.append(run)

    def acknowledge(self, run: str, request: RunRequest, *, is_fork: bool = False, was_edited: bool = False) -> Seen:
        """The outside knows of a run."""
        policy = self.plan.functions[request.function_id].policy
        makes_room = policy is not None and policy.concurrency is not None and policy.concurrency.policy != "queue"
        seen = Seen(request, is_fork=is_fork, was_edited=was_edited, may_make_room=makes_room)
        if run not in self.witness.runs:
            self.order.append(run)
            self.witness.runs[run] = seen
            self.watch(run)
        return seen

    def _faults(self, life: int) -> tuple[Faults, tuple[str, int] | None, float | None]:
        """How this life ends: in a write, at a named point, at a time, by a sick disk, or not."""
        rng = self.rng
        if life >= MOST_LIVES - 1:
            return Faults(), None, None
        if self.is_doomed:
            return Faults(), ("engine.before_effect", 1), None
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
            if self.rng.random() < 0.02 and self.plan.stored:
                self.tell(f"gone: {self.plan.vanish()}")
                counts["functions gone"] += 1
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
        for _, _, fact in news:
            if isinstance(fact, RunMoved) and fact.status == "running":
                self._hear_of_start(fact)
        if self._trace is not None:
            for seq, _, fact in news:
                self.tell(f"  {seq} {fact!r:.300}")

    def _hear_of_start(self, fact: RunMoved) -> None:
        """Nothing that is paused starts; no more runs of a function are under way than its limit says."""
        engine, run = self._life.engine, to_text(fact.run)
        row = engine.find(run)
        if row is None:
            return
        for scope in (None, row.function_id):
            since = self.witness.paused.get(scope)
            if since is not None and (fact.started_at or 0) > since:
                self.witness.complain(f"run {run} started though the queue of {scope or 'all'} was paused")
        policy = self.plan.functions[row.function_id].policy
        if policy is not None and policy.concurrency is not None:
            under_way = [
                live.row
                for live in engine.live.values()
                if live.row.function_id == row.function_id and not live.is_ending
            ]
            if len(under_way) > policy.concurrency.limit:
                self.witness.complain(f"{len(under_way)} runs of {row.function_id} under way: {under_way!r:.300}")

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
        life.engine.holds.policies.load((name, f.policy) for name, f in self.plan.functions.items() if f.policy)
        starts_paused = life.rng.random() < 0.08
        await life.start(start_paused=starts_paused)
        await self._look_back(life)
        if starts_paused:
            self.count("started paused")
            await virtual(life.rng.random() * 30)
            await self._resume_all(life)
        watching = [asyncio.ensure_future(self._watch(life, run)) for run in witness.unfinished()]
        self._unwatched.clear()
        while self.operations and not self.operations[0].is_late:
            operation = self.operations[0]
            await virtual(max(0.0, operation.at - life.loop.now))
            self.operations.pop(0)
            watching.append(asyncio.ensure_future(self._do(life, operation)))
        await virtual(life.rng.random() * 5)
        await self._resume_all(life)
        while await self._quiet(life, watching):
            if self.operations:
                watching.append(asyncio.ensure_future(self._do(life, self.operations.pop(0))))
                continue
            found = await self._look_back(life)  # a client may be gone before it heard which run came of its step
            if not self._unwatched:
                await self._judge(life, found)
                break
        if witness.complaints:
            return "done"
        await life.engine.stop()
        life.store.close()
        return "done"

    async def _quiet(self, life: Life, watching: list[asyncio.Task[None]]) -> bool:
        """Wait until nothing is under way; whether it came to that."""
        until = life.loop.now + PATIENCE_S
        while watching or self._unwatched:
            watching += [asyncio.ensure_future(self._watch(life, run)) for run in self._unwatched]
            self._unwatched.clear()
            done, _ = await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED, timeout=3600)
            if (
                not done
            ):  # runs that nobody heard of may be in the way, such as the fork of a step whose client has gone
                await self._look_back(life)
            for task in [task for task in watching if task.done()]:
                watching.remove(task)
                task.result()
            if life.loop.now > until:
                left = [(run, life.engine.find(run)) for run in self.witness.unfinished()]
                self.witness.complain(f"runs never end: {left!r:.500}")
                return False
        return True

    async def _resume_all(self, life: Life) -> None:
        """No queue is paused any more."""
        while life.engine.holds.pauses():
            for pause in life.engine.holds.pauses():
                try:
                    await resume(self, life, pause["functionId"])
                except Unavailable as error:
                    self._is_excused(life, error)
                    await virtual(1.0)

    async def _look_back(self, life: Life) -> list[Row]:
        """Acknowledged runs are there; ends that were shown are as they were."""
        if not life.store.health()["durableSeq"]:
            return []
        known = {run: seen.status for run, seen in self.witness.runs.items()}
        found = {row.id: row for row in await life.store.read(rows(life.store.values))}
        for run, status in known.items():
            if run not in found:
                self.witness.complain(f"run {run} was acknowledged and is gone")
            elif status is not None and self.witness.runs[run].status is not None:
                self.witness.shown(run, found[run].status, found[run].output)
        for row in found.values():
            if row.id not in self.witness.runs:  # its acknowledgement was lost with a process
                of_it = [seen for seen in self.witness.runs.values() if seen.request.function_id == row.function_id]
                was_edited = row.is_fork and any(seen.was_edited for seen in of_it)
                self.acknowledge(row.id, self.plan.rebuilt(row), is_fork=row.is_fork, was_edited=was_edited)
        return list(found.values())

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
                if rng.random() < 0.1:
                    await self._step_back(life, run)
                state = await life.debugger.go(run, mode, variables, rng.random() * 10)
                if state["runId"] != run:
                    seen = self.witness.runs[run]
                    self.acknowledge(state["runId"], seen.request, is_fork=True, was_edited=seen.was_edited)
                    return
                patience = 1.0
            except (InvalidState, NotFound):
                patience = min(3600.0, 2 * patience)
            except Unavailable as error:
                self._is_excused(life, error)
            await virtual(rng.random() * patience)

    async def _step_back(self, life: Life, run: str) -> None:
        """Look at an earlier place; whoever goes on from there does so in another run."""
        await life.debugger.back(run)
        self.witness.runs[run].was_cancelled = True
        self.count("steps back")

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

    async def _judge(self, life: Life, found: list[Row]) -> None:
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
            self._count_row(row, seen, entries)
            makes_room = seen.may_make_room and row.is_cancelled_by_limit
            if row.status == "cancelled" and not seen.was_cancelled and not makes_room:
                self.witness.complain(f"run {row.id} is cancelled, which nobody asked for")
            if row.status == "timed_out" and seen.request.timeout_ms is None:
                self.witness.complain(f"run {row.id} is timed out without a limit")
            if row.shortest_us < 0:
                self.witness.complain(f"run {row.id} took {row.shortest_us} microseconds somewhere")
            platter = self.machine.platter.counts
            had_full_disk = bool(platter["full"] or platter["failed sync"])
            seen.is_gone = self.plan.is_gone(seen.request)
            self.report.counts["judged"] += judge_run(self.witness, row, seen, entries, had_full_disk=had_full_disk)

    def _count_row(self, row: Row, seen: Seen, entries: list[Entry]) -> None:
        counts = self.report.counts
        counts["relaxed"] += row.durability == "relaxed"
        counts["debugged"] += row.debug
        counts["made room"] += row.is_cancelled_by_limit and not seen.was_cancelled
        counts["skipped"] += (row.error or {}).get("type") == "SKIPPED"
        counts.update(f"block {entry.type}" for entry in entries if entry.status != "running")


def simulate(
    seed: int, databases: Databases, trace: Callable[[str], None] | None = None, most_operations: int = 1000
) -> Report:
    """Run one seed. What breaks the simulation itself is a complaint, too: the seeds after it are still played."""
    simulation = Simulation(seed, databases, trace, most_operations)
    try:
        return simulation.run()
    except Exception:  # noqa: BLE001 - whatever it is, it is told with the seed that shows it
        simulation.report.complaints.append(traceback.format_exc())
        return simulation.report

"""One simulated process: the real store and engine over a simulated loop, clock, disk and world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

from tests.simulation.clock import SeededIds, SimClock, SlicesTimer
from tests.simulation.database import Database
from tests.simulation.disk import Faults, Platter, SimDisk
from tests.simulation.loop import SimLoop
from tests.simulation.runner import SimRunner
from tests.simulation.world import InlineThreads, SimOutbound, SimWorkers, World
from workbench.base.probe import listen
from workbench.blocks.registry import BlockRegistry
from workbench.engine import pen, turns, walk
from workbench.engine.debugging import Debugger
from workbench.engine.engine import Engine
from workbench.engine.fact_types import register as register_engine
from workbench.engine.interfaces import Services
from workbench.engine.records import Breakpoint
from workbench.engine.recovery import find_open_runs
from workbench.flow.model import Flow
from workbench.storage import apply
from workbench.storage.facts import Fact, FactRegistry
from workbench.storage.migrations.runner import load_migrations
from workbench.storage.store import Store

HOME = Path("/home")
SEGMENT_BYTES = 48 * 1024
MIGRATIONS = load_migrations()
Flows = Mapping[tuple[str, int], Flow]
Hear = Callable[[list[tuple[int, str | None, Fact]]], None]


class Machine:
    """What outlives a process: the disk, the database, the world, and virtual time."""

    def __init__(self, rng: Random, database: Database, world: World, flows: Flows) -> None:
        self.rng = rng
        self.platter = Platter(Random(rng.random()))
        self.database = database
        self.world = world
        self.flows = flows
        self.now = 0.0
        self.wall_offset_us: int | None = None


class Life:
    """From a process's start to its crash or stop. `open` and `start` come first."""

    def __init__(
        self, machine: Machine, faults: Faults, *, shuffles: bool, crash_probe: tuple[str, int] | None
    ) -> None:
        self.machine = machine
        rng = Random(machine.rng.random())
        self.loop = SimLoop(rng, machine.now, shuffles=shuffles)
        self.clock = SimClock(self.loop)
        if machine.wall_offset_us is not None:
            self.clock.offset_us = machine.wall_offset_us
        self.disk = SimDisk(machine.platter, faults, self.loop.die)
        self.runner = SimRunner(self.loop)
        self.rng = rng
        self.threads = InlineThreads()
        self._crash_probe = crash_probe
        self._patches = ExitStack()
        self.store: Store
        self.engine: Engine
        self.debugger: Debugger

    @property
    def is_alive(self) -> bool:
        """Whether the process has not crashed."""
        return not self.loop.is_dead

    def open(self, hear: Hear) -> None:
        """Open the store and build the engine. Raises what `Store.open` raises."""
        timer = SlicesTimer(Random(self.rng.random()))
        for module in (walk, turns, pen):
            if hasattr(module, "perf_counter"):
                self._patches.callback(setattr, module, "perf_counter", module.perf_counter)  # type: ignore[attr-defined]
                module.perf_counter = timer  # type: ignore[attr-defined]
        self._patches.callback(setattr, apply, "LINGER_S", apply.LINGER_S)
        apply.LINGER_S = self.rng.choice((0.2, 20.0, 2000.0, 2000.0))  # type: ignore[attr-defined]
        listen(self._pass)
        registry = FactRegistry()
        register_engine(registry)
        self.store = Store.open(
            HOME,
            registry,
            MIGRATIONS,
            self.clock,
            segment_bytes=SEGMENT_BYTES,
            min_free_bytes=self.rng.choice((0, 20_000)),
            disk=self.disk,
            runner=self.runner,
            database=self.machine.database.connect,
        )
        self.store.attach_loop(self.loop)
        self.store.on_durable = hear
        world = self.machine.world
        world.lives += 1
        counts = self.machine.platter.counts
        before = counts["failed sync"] + counts["full"]
        world.losses = lambda: counts["failed sync"] + counts["full"] - before
        services: Any = Services(
            self.clock, SimWorkers(world), SimOutbound(world, lambda: self.is_alive), self.threads, HOME
        )
        ids = SeededIds(Random(self.rng.random()), self.clock)
        self.engine = Engine(self.store, REGISTRY, services, ids, runs_per_workspace=self.rng.choice((1, 3, 64)))
        self.debugger = Debugger(self.engine)

    async def start(self, *, start_paused: bool = False) -> None:
        """Start the engine: open runs go on, or are held."""
        await self.engine.start(lambda engine: find_open_runs(engine, self._load), start_paused=start_paused)

    async def _load(self, function_id: str, version: int) -> tuple[Flow, tuple[Breakpoint, ...]] | None:
        found = self.machine.flows.get((function_id, version))
        return (found, ()) if found is not None else None

    def _pass(self, name: str) -> None:
        if name == "log.before_mending":
            self.machine.platter.counts["reopened"] += 1
        point = self._crash_probe
        if point is not None and point[0] == name:
            self._crash_probe = (name, point[1] - 1)
            if point[1] == 1:
                self.disk.die()

    def crash(self) -> None:
        """The process ends now; only what the disk kept is there afterwards."""
        self.disk.die()
        self._end()
        self.machine.platter.crash()
        self.machine.database.crash()

    def stop(self) -> None:
        """After an orderly stop: nothing is lost."""
        self._end()
        self.machine.database.crash()

    def _end(self) -> None:
        listen(None)
        self.machine.now = self.loop.now
        self.machine.wall_offset_us = self.clock.offset_us
        self.loop.bury()
        self._patches.close()


REGISTRY = BlockRegistry.standard()

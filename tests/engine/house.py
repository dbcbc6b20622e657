"""An engine over a real store, in a loop thread of its own, with a clock that the test moves."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from tests.engine.world import World
from workbench.base.errors import WorkbenchError
from workbench.base.ids import RandomIds
from workbench.base.loop import LoopThread
from workbench.blocks.registry import BlockRegistry
from workbench.engine.debugging import Debugger
from workbench.engine.engine import Engine
from workbench.engine.fact_types import register as register_engine
from workbench.engine.facts import StepStarted
from workbench.engine.interfaces import Services
from workbench.engine.journal_runs import read_stored
from workbench.engine.records import Breakpoint, RunRequest, RunRow
from workbench.engine.recovery import find_open_runs
from workbench.engine.signals import SignalDesk
from workbench.flow.model import Flow
from workbench.storage.facts import Fact, FactRegistry
from workbench.storage.migrations.runner import load_migrations
from workbench.storage.store import Store

T = TypeVar("T")
WORKSPACE = str(UUID(int=1))


class MovedClock:
    """Stands still until the test moves it."""

    def __init__(self, now_us: int = 1_800_000_000_000_000) -> None:
        self.now = now_us

    def now_us(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.now / 1e6


class _Turn:
    """One turn of the loop."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class House:
    """Opened over a home; `restart` and `crash` open it again over the same home and world."""

    def __init__(
        self,
        home: Path,
        world: World,
        clock: MovedClock,
        flows: dict[tuple[str, int], Flow],
        slots: int = 64,
        total: int = 256,
    ) -> None:
        self.home = home
        self.world = world
        self.clock = clock
        self.flows = flows
        self.breakpoints: tuple[Breakpoint, ...] = ()
        self.facts: list[Fact] = []
        self._heard = threading.Condition()
        registry = FactRegistry()
        register_engine(registry)
        self.store = Store.open(home, registry, load_migrations(), clock, segment_bytes=256 * 1024)
        self.threads = ThreadPoolExecutor(2)
        self.loop = LoopThread("house")
        self.loop.start()
        self.store.attach_loop(self.loop.loop)
        self.store.on_durable = self._hear
        services: Any = Services(clock, None, None, self.threads, home)  # type: ignore[arg-type]
        self.blocks = BlockRegistry.standard(world.types())
        self.engine = Engine(
            self.store, self.blocks, services, RandomIds(), runs_per_workspace=slots, runs_per_server=total
        )
        self.debugger = Debugger(self.engine)
        self._is_open = True
        self._following: House | None = None

    @property
    def is_left(self) -> bool:
        """Whether it has crashed or was closed, or a run is still open in it."""
        return not self._is_open or bool(self.engine.live) or len(self.engine.queue) > 0

    def refresh(self) -> None:
        """Forget what an earlier test did."""
        self.facts = []
        self.breakpoints = ()
        self.world.reset()
        self.engine.services.clock.now += 1_000_000  # type: ignore[attr-defined]

    def start(self, *, start_paused: bool = False) -> House:
        """Start the engine; open runs go on."""
        self.world.new_loop()
        self.do(self.engine.start(lambda engine: find_open_runs(engine, self._load), start_paused=start_paused))
        return self

    async def _load(self, function_id: str, version: int) -> tuple[Flow, tuple[Breakpoint, ...]] | None:
        found = self.flows.get((function_id, version))
        return (found, self.breakpoints) if found is not None else None

    def _hear(self, news: list[tuple[int, str | None, Fact]]) -> None:
        with self._heard:
            self.facts += [fact for _, _, fact in news]
            self._heard.notify_all()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the engine's loop."""
        return self.loop.run(work, 30)

    def call(self, work: Callable[[], T]) -> T:
        """Run a function on the engine's loop."""

        async def on_loop() -> T:
            return work()

        return self.do(on_loop())

    def until(self, told: Callable[[Fact], bool], what: str = "the fact") -> None:
        """Wait until a durable fact fits."""
        with self._heard:
            assert self._heard.wait_for(lambda: any(told(f) for f in self.facts), 20), f"{what} never came"

    def wait_gone(self, row: RunRow) -> None:
        """Wait until the engine does not have the run any more, whatever became of it."""
        with contextlib.suppress(WorkbenchError):
            self.do(self.engine.wait(row.id, 20))
        assert self.engine.find(row.id) is None

    def wait_started(self, path: str) -> None:
        """Wait until the start of a block at `path` is durable."""
        self.until(lambda f: isinstance(f, StepStarted) and f.path == path, path)

    def followed_by(self) -> House:
        """The house that a crash or a restart has led to."""
        assert self._following is not None
        return self._following

    def until_status(self, row: RunRow, status: str) -> None:
        """Wait until a run has durably moved to `status`."""
        run = UUID(row.id).bytes
        self.until(lambda f: getattr(f, "run", None) == run and getattr(f, "status", None) == status, status)

    def submit(self, flow: Flow, inputs: dict[str, Any] | None = None, **more: Any) -> RunRow:
        """Start a run of a function of its own."""
        function = str(UUID(int=1000 + len(self.flows)))
        self.flows[function, 1] = flow
        if more.get("debug"):
            more.setdefault("breakpoints", self.breakpoints)
        request = RunRequest(WORKSPACE, function, "f", 1, flow, inputs or {}, **more)
        return self.do(self.engine.submit(request))

    def signal(self, row: RunRow, event_type: str, payload: Any = None) -> bool:
        """Send a run a signal; whether a wait took it at once."""
        return self.do(SignalDesk(self.engine).send(row.id, event_type, payload, "somebody"))[1]

    def finish(self, row: RunRow) -> RunRow:
        """Wait for a run's end; the row as the database has it where it is not known here any more."""
        self.do(self.engine.wait(row.id, 20))
        return self.row(row.id)

    def run(self, flow: Flow, inputs: dict[str, Any] | None = None, **more: Any) -> RunRow:
        """Run to the end."""
        return self.finish(self.submit(flow, inputs, **more))

    def row(self, run_id: str) -> RunRow:
        """A run as the database has it."""
        found = self.do(
            self.store.read(
                lambda c: c.execute(
                    """SELECT workspace_id::VARCHAR, function_id::VARCHAR, status, output, error, started_at,
                    finished_at, queue_us, wait_us, steps, recoveries, created_at FROM runs WHERE id = ?::UUID""",
                    [run_id],
                ).fetchone()
            )
        )
        stored = read_stored(found[3])
        row = RunRow(
            id=run_id, workspace_id=found[0], function_id=found[1], function_name="f", version=1, status=found[2],
            trigger={}, inputs={}, priority=0, debug=False, durability="strict", timeout_ms=None, parent_run_id=None,
            created_at=found[11],
        )  # fmt: skip
        row.output = self.store.values.load(stored) if stored is not None else None
        row.error = msgspec.json.decode(found[4]) if found[4] else None
        row.started_at, row.finished_at, row.queue_us, row.wait_us = found[5], found[6], found[7] or 0, found[8] or 0
        row.steps, row.recoveries = found[9] or 0, found[10]
        return row

    def checkpoints(self, row: RunRow) -> dict[str, str]:
        """The last status by path."""
        found = self.do(
            self.store.read(
                lambda c: c.execute(
                    "SELECT path, status FROM checkpoints WHERE run_id = ?::UUID ORDER BY seq", [row.id]
                ).fetchall()
            )
        )
        return dict(found)

    def logs(self, row: RunRow) -> list[str]:
        """The messages of a run's log."""
        found = self.do(
            self.store.read(
                lambda c: c.execute(
                    "SELECT message FROM run_logs WHERE run_id = ?::UUID ORDER BY seq", [row.id]
                ).fetchall()
            )
        )
        return [message for (message,) in found]

    def move(self, seconds: float) -> None:
        """Move the clock and look what is due."""
        self.clock.now += int(seconds * 1e6)
        self.call(self.engine.timers.look)

    def settle(self) -> None:
        """Let the loop take so many turns that whatever could go on has done so."""

        async def turns() -> None:
            for _ in range(20):
                await _Turn()
            await self.store.barrier()
            for _ in range(20):
                await _Turn()

        self.do(turns())

    def settle_turns(self) -> None:
        """The same without the store."""

        async def turns() -> None:
            for _ in range(20):
                await _Turn()

        self.do(turns())

    async def turn(self) -> None:
        """One turn of the loop; on the loop."""
        await _Turn()

    def unapplied(self) -> list[Any]:
        """Facts that DuckDB refused."""
        return self.do(self.store.read(lambda c: c.execute("SELECT error FROM unapplied_facts").fetchall()))

    def close(self) -> None:
        """Stop the engine in an orderly way; of a house that was left, the one that followed."""
        if self._following is not None:
            self._following.close()
        if not self._is_open:
            return
        self._is_open = False
        self.do(self.engine.stop())
        self.loop.stop()
        self.threads.shutdown(wait=True)
        self.store.close()

    def crash(self) -> House:
        """The log takes nothing more from this instant on; then a new process opens the home."""
        self._is_open = False
        self.store.close()
        with contextlib.suppress(WorkbenchError):
            self.do(self.engine.stop())
        self.loop.stop()
        self.threads.shutdown(wait=True)
        return self._again()

    def restart(self) -> House:
        """Stop and start in an orderly way."""
        self.close()
        return self._again()

    def _again(self) -> House:
        house = House(self.home, self.world, self.clock, self.flows, self.engine.slots.limit)
        house.breakpoints = self.breakpoints
        self._following = house
        return house

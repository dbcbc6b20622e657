"""The composition root: builds store, engine, services and app from settings, clock and ids; starts and stops them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from workbench.access.service import Access
from workbench.api.app import create_app
from workbench.api.hub import EventsHub
from workbench.api.metrics import collect, metrics_routes
from workbench.api.serve import Serving, serve
from workbench.api.services import Services
from workbench.api.system import bundle_folder
from workbench.api.upkeep import routes as upkeep_routes
from workbench.base.clock import Clock, SystemClock
from workbench.base.ids import Ids, RandomIds
from workbench.base.logs import configure
from workbench.base.loop import LoopThread
from workbench.base.settings import Settings
from workbench.base.supervision import Supervisor
from workbench.base.tuning import tune
from workbench.blocks.registry import BlockRegistry
from workbench.editing.events import EVENT_TYPES as EDITING_EVENTS
from workbench.editing.routes import routes as editing_routes
from workbench.editing.service import Editing
from workbench.engine.machine import Machine
from workbench.engine.recovery import find_open_runs
from workbench.opening import open_store
from workbench.runs.feature import RunsFeature
from workbench.runs.routes import routes as run_routes
from workbench.secrets.routes import routes as secret_routes
from workbench.secrets.service import Secrets
from workbench.storage.store import Store


class Workbench:
    """One assembly: a store, an engine, services and an app on a loop in a thread of their own."""

    def __init__(self, settings: Settings, clock: Clock, ids: Ids, loop: LoopThread, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.loop = loop
        self.access = Access(store, clock, ids, settings)
        self.events = EventsHub(settings.events_kept)
        self.blocks = BlockRegistry.standard()
        for name in settings.disabled_blocks:
            self.blocks.switch_off(name, "switched off by the setting DISABLED_BLOCKS")
        self.supervisor = Supervisor()
        self.secrets = Secrets(store, self.access, settings, clock)
        self._machine = Machine(settings, store, self.blocks, clock, ids, self.secrets)
        self.engine, workers = self._machine.engine, self._machine.workers
        self.editing = Editing(store, self.engine, self.blocks, clock, ids, self.secrets)
        runs = RunsFeature.over(store, self.engine, self.editing.functions, self.blocks, clock, workers)
        self.runs = runs.runs
        self.events.add(*EDITING_EVENTS, *runs.events.types())
        self.events.block_counts = runs.events.counts
        self._servings: list[Serving] = []
        self._is_stopped = False
        self.services = Services(
            settings=settings,
            clock=clock,
            ids=ids,
            access=self.access,
            events=self.events,
            routers=(
                upkeep_routes(store),
                secret_routes(self.secrets),
                metrics_routes(lambda: collect(store, self.engine, self.supervisor, self.events, workers)),
                editing_routes(self.editing, self.blocks),
                run_routes(runs),
            ),
            health=lambda: {"store": store.health(), "engine": self.engine.health(), "loops": self.supervisor.health()},
            run_exists=lambda caller, path: self.runs.exists(caller, path["runId"]),
            static_dir=bundle_folder(),
        )
        self.app: FastAPI = create_app(self.services)

    def start(self) -> None:
        """Start the loop and what runs on it; open runs go on before new ones are taken."""
        self.loop.start()
        try:
            self.loop.run(self._start())
        except BaseException:
            self.loop.stop()
            self.store.close()
            raise

    async def _start(self) -> None:
        self.store.attach_loop(self.loop.loop)
        self.events.start(self.store.health()["durableSeq"])
        self.store.on_durable = self.events.publish
        await self.access.start()
        await self.secrets.start()
        await self.editing.start()
        await self._machine.start(
            lambda engine: find_open_runs(engine, self.editing.flow_for_recovery),
            self.supervisor,
            start_paused=self.settings.start_paused,
        )
        self.supervisor.watch("events", lambda: self.events.failure, lambda: self.events.restarts)
        self.supervisor.keep("access upkeep", self.access.keep_up)

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serve the app by uvicorn on the same loop; answers its address."""
        return self.serve_app(self.app, host, port)

    def serve_app(self, app: Any, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serve another ASGI app over this workbench (one that wraps `app`, for instance)."""
        serving = self.loop.run(serve(app, host, port))
        self._servings.append(serving)
        return serving.address

    def run(self, work: Any, timeout: float | None = None) -> Any:
        """Run a coroutine on the workbench's loop, from another thread."""
        return self.loop.run(work, timeout)

    def stop(self) -> None:
        """End streams and servers, stop the engine (open runs are left to recovery), close the store."""
        if self._is_stopped:
            return
        self._is_stopped = True
        try:
            self.loop.run(self._stop())
        finally:
            self.loop.stop()
            self._machine.release()
            self.store.close()

    async def _stop(self) -> None:
        self.engine.lives.ends.waiters.close()  # who waits for a run's end is told at once
        self.events.close()
        for serving in self._servings:
            await serving.stop()
        await self.supervisor.close()
        await self._machine.stop()
        await self.access.stop()


def open_workbench(settings: Settings, clock: Clock | None = None, ids: Ids | None = None) -> Workbench:
    """Open the store of `settings.home` and build everything over it; `start` it then.

    A damaged store is served read-only, and `/health` says why. Raises StoreHeld, StoreTooNew, Unavailable.
    """
    configure(settings.log_level)
    clock = clock or SystemClock()
    store = open_store(settings, clock, allow_damaged=True)
    tune()
    return Workbench(settings, clock, ids or RandomIds(), LoopThread("workbench"), store)

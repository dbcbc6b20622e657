"""The composition root: builds store, engine, services and app from settings, clock and ids; starts and stops them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.access.service import Access
from workbench.api.hub import EventsHub
from workbench.base.clock import Clock, SystemClock
from workbench.base.ids import Ids, RandomIds
from workbench.base.logs import configure
from workbench.base.loop import LoopThread
from workbench.base.settings import Settings
from workbench.base.supervision import Supervisor
from workbench.base.tuning import tune
from workbench.blocks.registry import BlockRegistry
from workbench.editing.events import EVENT_TYPES as EDITING_EVENTS
from workbench.editing.service import Editing
from workbench.engine.machine import Machine
from workbench.engine.recovery import find_open_runs
from workbench.opening import open_store
from workbench.runs.feature import RunsFeature
from workbench.secrets.service import Secrets
from workbench.storage.store import Store

if TYPE_CHECKING:
    from fastapi import FastAPI

    from workbench.api.serve import Serving
    from workbench.api.services import Services


class Workbench:
    """One assembly: a store, an engine, services and an app on a loop in a thread of their own."""

    def __init__(self, settings: Settings, clock: Clock, ids: Ids, loop: LoopThread, store: Store) -> None:
        self.settings = settings
        self.clock = clock
        self.ids = ids
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
        self.engine, self.workers = self._machine.engine, self._machine.workers
        self.editing = Editing(store, self.engine, self.blocks, clock, ids, self.secrets)
        self.running = runs = RunsFeature.over(
            store, self.engine, self.editing.functions, self.blocks, clock, self.workers
        )
        self.runs = runs.runs
        self.events.add(*EDITING_EVENTS, *runs.events.types())
        self.events.block_counts = runs.events.counts
        self._servings: list[Serving] = []
        self._is_stopped = False

    @cached_property
    def services(self) -> Services:
        """The app's parts, loaded when first asked for: open runs go on before FastAPI is there."""
        from workbench.api.whole import services_of

        return services_of(self)

    @cached_property
    def app(self) -> FastAPI:
        """The ASGI app, made when first asked for."""
        from workbench.api.whole import create_app

        return create_app(self.services)

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
        from workbench.api.whole import serve

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

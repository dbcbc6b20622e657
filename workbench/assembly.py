"""The composition root: builds store, services and app from settings, clock and ids; starts and stops them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from workbench.access.facts import FACT_TYPES as ACCESS_FACTS
from workbench.access.service import Access
from workbench.api.app import create_app
from workbench.api.hub import EventsHub
from workbench.api.serve import Serving, serve
from workbench.api.services import Services
from workbench.base.clock import Clock, SystemClock
from workbench.base.ids import Ids, RandomIds
from workbench.base.loop import LoopThread
from workbench.base.settings import Settings
from workbench.storage.facts import FactRegistry
from workbench.storage.migrations.runner import load_migrations
from workbench.storage.store import Store


class Workbench:
    """One assembly: a store, its services and its app on a loop in a thread of their own."""

    def __init__(self, settings: Settings, clock: Clock, ids: Ids, loop: LoopThread, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.access = Access(store, clock, ids)
        self.events = EventsHub(settings.events_kept)
        self.loop = loop
        self._servings: list[Serving] = []
        self._is_stopped = False
        self.services = Services(
            settings=settings,
            clock=clock,
            ids=ids,
            access=self.access,
            events=self.events,
            health=lambda: {"store": store.health()},
        )
        self.app: FastAPI = create_app(self.services)

    def start(self) -> None:
        """Start the loop and what runs on it."""
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
        """End streams and servers, stop the services, close the store. Calling it again does nothing."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self.loop.run(self._stop())
        self.loop.stop()
        self.store.close()

    async def _stop(self) -> None:
        self.events.close()
        for serving in self._servings:
            await serving.stop()
        await self.access.stop()


def open_workbench(settings: Settings, clock: Clock | None = None, ids: Ids | None = None) -> Workbench:
    """Open the store of `settings.home` and build everything over it; `start` it then.

    Raises StoreHeld, StoreTooNew, StoreDamaged.
    """
    clock = clock or SystemClock()
    registry = FactRegistry()
    registry.add(*ACCESS_FACTS)
    store = Store.open(settings.home, registry, load_migrations(), clock)
    return Workbench(settings, clock, ids or RandomIds(), LoopThread("workbench"), store)

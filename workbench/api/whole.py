"""The whole app over an assembly. FastAPI, the routes and uvicorn are only loaded with this module; and so are the HTTP
client and pyarrow, for which the first call and the first table of a server would wait otherwise.
"""

from __future__ import annotations

from typing import Any, Protocol

import pyarrow as pa
from fastapi import FastAPI

from workbench.access.service import Access
from workbench.api.app import create_app
from workbench.api.hub import EventsHub
from workbench.api.metrics import collect, metrics_routes
from workbench.api.serve import Serving, serve
from workbench.api.services import Services
from workbench.api.system import bundle_folder
from workbench.api.upkeep import routes as upkeep_routes
from workbench.base.clock import Clock
from workbench.base.ids import Ids
from workbench.base.settings import Settings
from workbench.base.supervision import Supervisor
from workbench.blocks.registry import BlockRegistry
from workbench.editing.routes import routes as editing_routes
from workbench.editing.service import Editing
from workbench.engine import outbound
from workbench.engine.engine import Engine
from workbench.engine.workers.pool import WorkerPool
from workbench.runs.feature import RunsFeature
from workbench.runs.routes import routes as run_routes
from workbench.secrets.routes import routes as secret_routes
from workbench.secrets.service import Secrets
from workbench.storage.store import Store

__all__ = ["FastAPI", "Serving", "create_app", "outbound", "pa", "serve", "services_of"]


class Assembled(Protocol):
    """What the app stands on."""

    settings: Settings
    clock: Clock
    ids: Ids
    store: Store
    access: Access
    events: EventsHub
    blocks: BlockRegistry
    engine: Engine
    workers: WorkerPool
    supervisor: Supervisor
    editing: Editing
    running: RunsFeature
    secrets: Secrets


def services_of(bench: Assembled) -> Services:
    """The app's parts."""

    def health() -> dict[str, Any]:
        return {
            "store": bench.store.health(),
            "engine": bench.engine.health(),
            "loops": bench.supervisor.health(),
        }

    def metrics() -> Any:
        return collect(bench.store, bench.engine, bench.supervisor, bench.events, bench.workers)

    return Services(
        settings=bench.settings,
        clock=bench.clock,
        ids=bench.ids,
        access=bench.access,
        events=bench.events,
        routers=(
            upkeep_routes(bench.store),
            secret_routes(bench.secrets),
            metrics_routes(metrics),
            editing_routes(bench.editing, bench.blocks),
            run_routes(bench.running),
        ),
        health=health,
        run_exists=lambda caller, path: bench.running.runs.exists(caller, path["runId"]),
        static_dir=bundle_folder(),
    )

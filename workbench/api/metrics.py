"""GET /metrics: the figures of all parts, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fastapi import APIRouter
from starlette.responses import Response

from workbench.api.hub import EventsHub
from workbench.base.metrics import CONTENT_TYPE, Metric, as_text
from workbench.base.supervision import Supervisor
from workbench.engine.engine import Engine
from workbench.engine.workers.pool import WorkerPool
from workbench.rest.dependencies import CallerDep
from workbench.rest.operation import Operations
from workbench.storage.store import Store


def metrics_routes(collect: Callable[[], Iterable[Metric]]) -> APIRouter:
    """The operation."""
    api = Operations("System")

    @api.get("/metrics", "getMetrics", media={"text/plain": {"schema": {"type": "string"}}})
    async def get_metrics(caller: CallerDep) -> Response:
        """Figures of the whole server in the Prometheus text format."""
        del caller
        return Response(as_text(collect()), headers={"Content-Type": CONTENT_TYPE})

    return api.router


def collect(
    store: Store, engine: Engine, supervisor: Supervisor, events: EventsHub, workers: WorkerPool
) -> Iterator[Metric]:
    """Every figure, as of now."""
    meters, health, parts = engine.meters, store.health(), supervisor.health()
    yield Metric("runs", "Runs that are not over, by state.", "gauge", engine.counts(None), "state")
    yield Metric("runs_ended_total", "Runs that ended since the start, by state.", "counter", meters.ended, "state")
    yield Metric("steps_total", "Steps of the runs that ended since the start.", "counter", meters.steps)
    yield Metric("dispatch_seconds", "How long runs were queued before they started.", "histogram", meters.dispatch)
    yield Metric("slots_taken", "Runs that work now.", "gauge", engine.slots.all)
    yield Metric("slots_limit", "Runs that may work at once.", "gauge", engine.slots.total)
    yield Metric("queue_pauses", "Functions, and the server, that are paused.", "gauge", len(engine.holds.pauses()))
    yield Metric("timers", "Waits for a time.", "gauge", len(engine.timers))
    yield Metric("invariant_violations_total", "Broken invariants seen.", "counter", meters.violations)
    yield Metric("log_durable_seq", "Facts in the log that are durable.", "counter", health["durableSeq"])
    yield Metric("apply_lag_facts", "Facts that the database is behind the log.", "gauge", store.lag())
    yield Metric("unapplied_facts", "Facts that the database could not take.", "gauge", health["unapplied"])
    yield Metric("log_syncs_total", "Groups that the log has made durable.", "counter", health["syncs"])
    yield Metric("log_sync_seconds", "How long it took to make a group durable.", "histogram", store.sync_times)
    yield Metric("store_bytes", "Bytes on the disk, by part of the store.", "gauge", store.sizes.bytes, "part")
    yield Metric("copies_made_total", "Verified copies of the database made.", "counter", health["copiesMade"])
    yield Metric("log_bytes_total", "Bytes written to the log since the start.", "counter", health["bytesWritten"])
    yield Metric("disk_free_bytes", "Free space where the store lies.", "gauge", health["freeBytes"] or 0)
    restarts = {name: part["restarts"] for name, part in parts["loops"].items()}
    yield Metric(
        "loop_restarts_total", "Background loops that died and were started again.", "counter", restarts, "loop"
    )
    yield Metric("event_listeners", "Open event streams.", "gauge", events.listeners)
    yield Metric("worker_processes", "Worker processes, by what they do.", "gauge", workers.figures(), "state")

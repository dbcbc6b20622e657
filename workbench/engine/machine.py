"""The engine with all that it works with: worker processes, outbound calls, threads, retention. One start, one stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from workbench.base.clock import Clock
from workbench.base.ids import Ids
from workbench.base.settings import Settings
from workbench.base.supervision import Supervisor
from workbench.base.threads import DaemonThreads
from workbench.blocks.registry import BlockRegistry
from workbench.engine.engine import Engine
from workbench.engine.interfaces import Services
from workbench.engine.outbound_later import OutboundLater
from workbench.engine.queue import Entry
from workbench.engine.redaction import ReadsSecrets
from workbench.engine.retention import Retention
from workbench.engine.workers.pool import WorkerPool
from workbench.storage.store import Store

Recover = Callable[[Engine], Awaitable[list[Entry]]]


class Machine:
    """Everything in it lives on the loop that called `start`, but for the threads and the processes."""

    def __init__(
        self, settings: Settings, store: Store, blocks: BlockRegistry, clock: Clock, ids: Ids, secrets: ReadsSecrets
    ) -> None:
        self._store = store
        self.workers = WorkerPool(settings.worker_processes or None)
        self._outbound = OutboundLater(settings.http_allow)
        self._threads = DaemonThreads(4, "workbench-work")
        self.engine = Engine(
            store,
            blocks,
            Services(clock, self.workers, self._outbound, self._threads, settings.root, secrets),
            ids,
            runs_per_workspace=settings.runs_per_workspace,
            runs_per_server=settings.runs_per_server,
        )
        self._retention = Retention(
            store,
            clock,
            self.engine.holds.policies,
            settings.retention_days,
            settings.retention_runs,
            settings.kept_tables_runs,
        )

    async def start(self, recover: Recover, supervisor: Supervisor, *, start_paused: bool) -> None:
        """Open runs go on before new ones are taken; of a damaged store only what is there is read."""
        await self.workers.start()
        await self.engine.start(recover if self._store.is_writable else None, start_paused=start_paused)
        timers = self.engine.timers
        supervisor.watch("worker processes", lambda: self.workers.failure)
        supervisor.watch("store copies", lambda: self._store.upkeep.copies.failure)
        supervisor.watch("timers", lambda: timers.failure, lambda: timers.restarts)
        supervisor.keep("invariant checker", self.engine.check_for_ever)
        supervisor.keep("retention", lambda: self._retention.run(timers))
        supervisor.keep("store sizes", lambda: self._store.sizes.run(timers.until))

    async def stop(self) -> None:
        """Stop walking (open runs are left to recovery), end the processes and the connections."""
        await self.engine.stop()
        await self.workers.stop()
        await self._outbound.close()

    def release(self) -> None:
        """Let the threads go, once the loop has ended."""
        self._threads.shutdown(wait=False, cancel_futures=True)

"""The pool: a few workers, one of them always warm, so that a job need not wait for a process to start."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench.base.errors import Unavailable
from workbench.base.probe import probe
from workbench.blocks.context import WorkerJob
from workbench.engine.workers.worker import Stale, Worker

JOBS_PER_WORKER = 200
WARM_AFTER_S = 1.0
"""After the start: until then what was open when the last process ended has the processors."""
BURIAL_S = 2.0
"""So long a cancelled job waits until all of its process is gone; a process in the kernel's hands may take longer."""


class WorkerPool:
    """Runs jobs, at most `size` at a time. Everything happens on the loop that called `start`.

    Code of one `owner` (a workspace) never runs in a process in which another's python code has run: it may have left
    something behind. A process is replaced after `JOBS_PER_WORKER` jobs and after any failure but an ordinary one.
    """

    def __init__(self, size: int | None = None, *, temp: Path | None = None, idle: int = 2) -> None:
        self._size = size or max(2, os.cpu_count() or 1)
        self._idle_most = idle
        self._temp_root = temp
        self._temp: Path | None = None
        self._slots = asyncio.Semaphore(self._size)
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._warming: asyncio.Task[Worker] | None = None
        self._first: asyncio.TimerHandle | None = None
        self._spawning: set[asyncio.Task[Worker]] = set()
        self._burials: set[asyncio.Task[None]] = set()
        self._is_open = False
        self.failure: str | None = None
        """Why the last process that was to be kept ready could not be started; a job tries again."""

    async def start(self) -> None:
        """Make the private folder; a first worker is warmed a little later, once open runs have gone on."""
        self._temp = Path(tempfile.mkdtemp(prefix="workbench-", dir=self._temp_root))
        self._is_open = True
        self._first = asyncio.get_running_loop().call_later(WARM_AFTER_S, self._warm)

    async def run(self, job: WorkerJob, on_log: Callable[[str], None] | None = None, *, owner: str = "") -> Any:
        """The value of `job`; `on_log` gets each line that it prints. Cancelling kills the process.

        Raises BlockFailed: CODE (with `line` and `source` in its data), TIMEOUT, MEMORY, OUTPUT_LIMIT, WORKER_DIED.
        """
        if not self._is_open:
            raise Unavailable("The worker processes are stopped.")
        async with self._slots:
            while True:
                worker = await self._take(owner)
                self._busy.add(worker)
                probe("workers.before_job")
                try:
                    if job.language == "python":
                        worker.owner = owner
                    return await worker.run(job, on_log or _ignore)
                except Stale:
                    continue
                except asyncio.CancelledError:
                    await self._end(worker)
                    raise
                finally:
                    if worker in self._busy:
                        self._busy.discard(worker)
                        self._give_back(worker)

    async def _end(self, worker: Worker) -> None:
        """Kill a worker whose job is cancelled: when this returns nothing of it runs any more."""
        self._busy.discard(worker)
        burial = self._bury(worker)
        with suppress(TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(burial), BURIAL_S)

    def figures(self) -> dict[str, int]:
        """How many processes are busy, idle, being started, and how many jobs may run at once."""
        return {"busy": len(self._busy), "idle": len(self._idle), "starting": len(self._spawning), "limit": self._size}

    async def stop(self) -> None:
        """Kill every process and remove the folder."""
        self._is_open = False
        if self._first is not None:
            self._first.cancel()
        for spawning in self._spawning:
            spawning.cancel()
        await asyncio.gather(*self._spawning, return_exceptions=True)
        for worker in [*self._idle, *self._busy]:
            self._bury(worker)
        self._idle.clear()
        while self._burials:
            await asyncio.gather(*self._burials)
        if self._temp is not None:
            await asyncio.to_thread(shutil.rmtree, self._temp, ignore_errors=True)

    async def _take(self, owner: str) -> Worker:
        """One that this owner used before, else a fresh one."""
        for wanted in (owner, None):
            for worker in [w for w in self._idle if w.owner == wanted]:
                self._idle.remove(worker)
                if worker.is_alive:
                    self._warm()
                    return worker
                self._bury(worker)
        warming, self._warming = self._warming or self._spawn(), None
        try:
            worker = await asyncio.shield(warming)
        except asyncio.CancelledError:
            warming.add_done_callback(self._keep_late)
            raise
        self._warm()
        return worker

    def _keep_late(self, warming: asyncio.Task[Worker]) -> None:
        """A worker that became ready after the one who waited for it was cancelled."""
        if not warming.cancelled() and warming.exception() is None:
            self._give_back(warming.result())

    def _warm(self) -> None:
        """Have one fresh worker ready or on its way."""
        if self._is_open and self._warming is None and not any(w.owner is None for w in self._idle):
            self._warming = self._spawn()
            self._warming.add_done_callback(self._warmed)

    def _warmed(self, warming: asyncio.Task[Worker]) -> None:
        """Keep the fresh worker, unless someone waits for it already."""
        if self._warming is not warming:
            return
        self._warming = None
        if warming.cancelled():
            return
        error = warming.exception()
        self.failure = f"No process could be started: {error}" if error is not None else None
        if error is None:
            self._give_back(warming.result())

    def _spawn(self) -> asyncio.Task[Worker]:
        assert self._temp is not None
        spawning = asyncio.create_task(Worker.spawn(self._temp))
        self._spawning.add(spawning)
        spawning.add_done_callback(self._spawning.discard)
        return spawning

    def _give_back(self, worker: Worker) -> None:
        if not self._is_open or not worker.is_alive or worker.jobs >= JOBS_PER_WORKER:
            self._bury(worker)
            return
        self._idle.append(worker)
        while len(self._idle) > self._idle_most:
            self._bury(self._idle.pop(0))

    def _bury(self, worker: Worker) -> asyncio.Task[None]:
        worker.kill()
        burial = asyncio.create_task(worker.bury())
        self._burials.add(burial)
        burial.add_done_callback(self._burials.discard)
        return burial


def _ignore(line: str) -> None:
    del line

"""A process that runs one case over a home until it is done, or until it is killed. It can be started again.

It appends lines to ``{home}/told``: what it was acknowledged and how the case ended; the judges read them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import ssl
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from tests.faults.busy import FLOWS, Busy
from tests.faults.flows import AGAIN, HELD, PYTHON, called, failing_line, flows, held_line, python_line
from workbench.access.facts import FACT_TYPES as ACCESS_FACTS
from workbench.base.clock import SystemClock
from workbench.base.ids import RandomIds
from workbench.base.logs import configure
from workbench.base.probe import listen
from workbench.blocks.registry import BlockRegistry
from workbench.editing.fact_types import register as register_editing
from workbench.engine import again
from workbench.engine.engine import Engine
from workbench.engine.fact_types import register as register_engine
from workbench.engine.forking import origin
from workbench.engine.interfaces import Services
from workbench.engine.journal_forks import find_run_row, last_seq
from workbench.engine.journal_runs import read_stored
from workbench.engine.outbound import OutboundHttp
from workbench.engine.queue import Entry
from workbench.engine.records import Breakpoint, ForkOf, RunRequest, RunRow
from workbench.engine.recovery import find_open_runs
from workbench.engine.signals import SignalDesk
from workbench.engine.workers.pool import WorkerPool
from workbench.flow.model import Flow
from workbench.storage.disk import OpenFile, SystemDisk
from workbench.storage.facts import FactRegistry
from workbench.storage.migrations.runner import load_migrations
from workbench.storage.store import Store

WORKSPACE = str(UUID(int=1))
FUNCTION = str(UUID(int=1000))
SEGMENT_BYTES = 256 * 1024
TORN = "torn write"
TERMINAL = frozenset({"completed", "failed", "cancelled", "timed_out", "dead_letter"})


@dataclass(frozen=True)
class Case:
    """What one process does. It ends itself at the `nth` pass of `point`, or after `seconds`."""

    home: str
    flow: str
    url: str
    point: str | None = None
    nth: int = 0
    seconds: float | None = None
    busy: bool = False
    """Other things go on beside the run; see `Busy`."""


def die() -> None:
    """The process ends now, as by the system's hand."""
    os.kill(os.getpid(), signal.SIGKILL)


class TornDisk(SystemDisk):
    """Its n-th durable write is cut short, and the process dies in it."""

    def __init__(self, nth: int) -> None:
        self.left = nth
        self.passes = 0

    def open(self, path: Path, *, create: bool = False) -> OpenFile:
        return _TornFile(self, super().open(path, create=create))


class _TornFile:
    def __init__(self, disk: TornDisk, file: OpenFile) -> None:
        self._disk = disk
        self._file = file

    def write_durably(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        disk = self._disk
        disk.left -= 1
        disk.passes += 1
        if disk.left == 0:
            self._file.write_durably(bytes(data)[: random.randint(0, len(data))], offset)
            die()
        self._file.write_durably(data, offset)

    def write(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        self._file.write(data, offset)

    def sync(self) -> None:
        self._file.sync()

    def read(self, offset: int = 0, count: int = -1) -> bytes:
        return self._file.read(offset, count)

    def size(self) -> int:
        return self._file.size()

    def close(self) -> None:
        self._file.close()


class Child:
    """One life of a case."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.home = Path(case.home)
        self.told = self.home / "told"
        self.passes: Counter[str] = Counter()
        self.disk = TornDisk(case.nth if case.point == TORN else 0)
        named = {
            **flows(case.url),
            AGAIN: failing_line(case.url),
            HELD: held_line(case.url),
            PYTHON: python_line(case.url, case.home),
        }
        self.flow = named[case.flow]
        self.called = called(case.url) if case.flow == "calls" else {}
        self.workers = WorkerPool(1, temp=self.home / "temp", idle=1)

    def hook(self, name: str) -> None:
        """Hear a probe."""
        self.passes[name] += 1
        if name == self.case.point and self.passes[name] == self.case.nth:
            die()

    def tell(self, **what: Any) -> None:
        """A line that outlives the process."""
        with self.told.open("ab") as file:
            file.write(msgspec.json.encode(what) + b"\n")

    async def run(self) -> None:
        """Take up the case where it is."""
        listen(self.hook)
        if self.case.seconds is not None:
            timer = threading.Timer(self.case.seconds, die)
            timer.daemon = True
            timer.start()
        registry = FactRegistry()
        registry.add(*ACCESS_FACTS)
        register_editing(registry)
        register_engine(registry)
        clock = SystemClock()
        store = self.store = Store.open(
            self.home / "store", registry, load_migrations(), clock, segment_bytes=SEGMENT_BYTES, disk=self.disk
        )
        store.attach_loop(asyncio.get_running_loop())
        threads = ThreadPoolExecutor(2)
        outbound = OutboundHttp(["127.0.0.1"], ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        files = self.home / "files"
        files.mkdir(exist_ok=True)
        services = Services(clock, self.workers, outbound, threads, files)
        if self.case.flow == PYTHON:
            (self.home / "temp").mkdir(exist_ok=True)
            await self.workers.start()
        engine = self.engine = Engine(store, BlockRegistry.standard(), services, RandomIds())
        await engine.start(lambda engine: find_open_runs(engine, self._load))
        beside = Busy(store, engine, WORKSPACE, self.tell)
        busy = asyncio.ensure_future(beside.run()) if self.case.busy else None
        await self._play()
        if busy is not None:
            busy.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await busy
        broken = engine.broken() + store.health()["reasons"]
        canvases = await store.read(lambda c: c.execute("SELECT id::VARCHAR, name FROM canvases").fetchall())
        functions = await store.read(lambda c: c.execute("SELECT id::VARCHAR, version FROM functions").fetchall())
        await engine.stop()
        if self.case.flow == PYTHON:
            await self.workers.stop()
        await outbound.close()
        threads.shutdown()
        store.close()
        self.passes[TORN] = self.disk.passes
        told = {"canvases": dict(canvases), "functions": dict(functions)}
        self.tell(done=True, passes=dict(self.passes), broken=broken, **told)

    async def _load(self, function_id: str, version: int) -> tuple[Flow, tuple[Breakpoint, ...]] | None:
        if function_id in self.called:
            return self.called[function_id], ()
        return (self.flow if function_id == FUNCTION else FLOWS[version - 1]), ()

    def _request(self, **more: Any) -> RunRequest:
        pins = {f"{function}@1": 1 for function in self.called}
        inner = {(function, 1): made for function, made in self.called.items()}
        return RunRequest(WORKSPACE, FUNCTION, "f", 1, self.flow, {}, pins=pins, called=inner, **more)

    async def _play(self) -> None:
        """Every act is acknowledged to the judges after it was acknowledged to us."""
        first = await self._first()
        await self._to_end(first)
        if self.case.flow != AGAIN:
            return
        row = await self._row(first)
        if row.status.value == "failed":
            await again.retry(self.engine, Entry(row, self.flow))
            self.tell(retried=first)
            await self._to_end(first)
        forks = [run for run in await self._runs() if run != first]
        if forks:
            fork = forks[0]
        else:
            up_to = await self.store.read(lambda c: last_seq(c, first))
            request = self._request(fork=ForkOf(first, up_to or 0, origin(first, up_to or 0)))
            fork = (await self.engine.submit(request)).id
            self.tell(acknowledged=fork)
        await self._to_end(fork)

    async def _first(self) -> str:
        runs = await self._runs()
        if runs:
            return runs[0]
        row = await self.engine.submit(self._request())
        self.tell(acknowledged=row.id)
        return row.id

    async def _to_end(self, run: str) -> None:
        sending = asyncio.ensure_future(self._send(run)) if self.case.flow == "waits" else None
        while await self.engine.wait(run, 20) is None:
            is_known = self.engine.find(run) is not None
            if (await self._row(run)).status.value in TERMINAL:
                break
            assert is_known
        if sending is not None:
            sending.cancel()
        await self._tell_end(run)

    async def _send(self, run: str) -> None:
        """The signal is sent once: when it is durable, nobody sends it again."""
        sent = await self.store.read(lambda c: c.execute("SELECT count(*) FROM signals").fetchone()[0])
        if not sent:
            await SignalDesk(self.engine).send(run, "go", "gone", None)

    async def _runs(self) -> list[str]:
        query = "SELECT id::VARCHAR FROM runs WHERE function_id = ?::UUID ORDER BY created_at, id"
        return [run for (run,) in await self.store.read(lambda c: c.execute(query, [FUNCTION]).fetchall())]

    async def _row(self, run: str) -> RunRow:
        found = await self.store.read(lambda c: find_run_row(c, WORKSPACE, run))
        assert found is not None, f"run {run} is gone"
        return found[0]

    async def _tell_end(self, run: str) -> None:
        def query(cursor: Any) -> tuple[Any, list[Any]]:
            row = cursor.execute(
                "SELECT status, output, error, recoveries FROM runs WHERE id = ?::UUID", [run]
            ).fetchone()
            journal = cursor.execute(
                "SELECT path, attempt, status, port, block_type FROM checkpoints WHERE run_id = ?::UUID ORDER BY seq",
                [run],
            ).fetchall()
            return row, journal

        (status, output, error, recoveries), journal = await self.store.read(query)
        stored = read_stored(output)
        value = self.store.values.load(stored) if stored is not None else None
        self.tell(ended=run, status=status, output=value, error=error, recoveries=recoveries, journal=journal)


def main(case: Mapping[str, Any]) -> None:
    """One life."""
    configure("error")
    asyncio.run(Child(Case(**case)).run())

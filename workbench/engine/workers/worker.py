"""One worker process seen from the server: it is started, given a job at a time, and killed."""

from __future__ import annotations

import asyncio
import io
import re
import secrets
import shutil
from asyncio.subprocess import PIPE, Process, SubprocessStreamProtocol
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from msgspec import DecodeError

from workbench.base.errors import BlockFailed
from workbench.blocks.context import WorkerJob
from workbench.engine.workers import failures, processes
from workbench.engine.workers.child import framing
from workbench.engine.workers.lines import MOST_BYTES, LogLines

_OUTPUT_NAME = re.compile(r"out-\d{1,9}\.arrow")
_FAULT_LINE = re.compile(r'File "<block>", line (\d+)')
WATCH_SECONDS = 0.25
OnLog = Callable[[str], None]


class Stale(Exception):
    """This process cannot serve the job (an earlier one's limits are in the way); another must."""


class _Pipes(SubprocessStreamProtocol):
    """Tells when the process has ended, even while something that it started holds its pipes open."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=1 << 16, loop=loop)
        self.on_exit: Callable[[], None] = lambda: None
        self.has_exited = False

    def process_exited(self) -> None:
        super().process_exited()
        self.has_exited = True
        self.on_exit()


class Worker:
    """A spawned process and its private folder."""

    def __init__(self, process: Process, pipes: _Pipes, folder: Path, token: str) -> None:
        self._process = process
        self._pipes = pipes
        self._folder = folder
        self._token = token
        self._bounds_memory = True
        self._killed = False
        self._log: LogLines | None = None
        self._log_ended = asyncio.Event()
        self._reader = asyncio.create_task(self._read_log())
        self._sweep: asyncio.Task[None] | None = None
        pipes.on_exit = self._swept
        self.jobs = 0
        self.owner: str | None = None
        """Whose python code has run here; no other's job may."""

    @classmethod
    async def spawn(cls, temp: Path) -> Worker:
        """Start a process in a new folder under `temp` and wait until it is ready. Raises BlockFailed WORKER_DIED."""
        token = secrets.token_hex(8)
        folder = temp / token
        folder.mkdir(mode=0o700)
        loop = asyncio.get_running_loop()
        transport, pipes = await loop.subprocess_exec(
            lambda: _Pipes(loop),
            *processes.command(),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd=folder,
            env=processes.environment(folder, token),
            **processes.options(),
        )
        worker = cls(Process(transport, pipes, loop), pipes, folder, token)
        worker._log = LogLines(b"\0", lambda _: None)
        try:
            ready = await worker._receive(1 << 20)
        except BaseException as error:
            worker.kill()
            await worker.bury()
            if isinstance(error, BlockFailed):
                raise BlockFailed(
                    f"A worker process could not start: {worker._log.tail.strip()[-500:] or error.message}",
                    kind="WORKER_DIED",
                ) from None
            raise
        worker._bounds_memory = bool(ready.get("boundsMemory"))
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return not self._killed and not self._pipes.has_exited

    def kill(self) -> None:
        """Kill it and its group. At once, without waiting; what left the group is swept up when it has ended."""
        if not self._killed:
            self._killed = True
            processes.kill_group(self._process.pid)

    def _swept(self) -> None:
        """Once it has ended: kill what it left running, so that its pipes close."""
        self._killed = True
        processes.kill_group(self._process.pid)
        self._sweep = asyncio.ensure_future(asyncio.to_thread(processes.kill_marked, self._token))

    async def bury(self) -> None:
        """Wait until the killed process and all that it started are gone, and remove its folder."""
        self.kill()
        await self._process.wait()
        await self._reader
        if self._sweep is not None:
            await self._sweep
        transport = getattr(self._process, "_transport", None)
        if transport is not None:
            transport.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def run(self, job: WorkerJob, on_log: OnLog) -> Any:
        """The value of the job. Whatever goes wrong here leaves the process killed, but for an ordinary failure.

        Raises BlockFailed, Stale.
        """
        self.jobs += 1
        if job.language == "python":
            self.owner = self.owner or ""
        end = f"\n\0end {secrets.token_hex(8)}\0".encode()
        self._log, self._log_ended = LogLines(end, on_log), asyncio.Event()
        frame = await self._frame(job, end)
        is_clean = False
        try:
            async with asyncio.timeout(job.timeout_ms / 1000):
                answer = await self._exchange(job, frame)
            is_clean = not answer.get("dirty") and not answer.get("stale")
            if answer.get("stale"):
                raise Stale
            return await self._value(job, answer)
        except TimeoutError:
            raise failures.timed_out(job, self._fault_line()) from None
        finally:
            if not is_clean:
                self.kill()

    async def _exchange(self, job: WorkerJob, frame: bytes) -> dict[str, Any]:
        stdin = self._process.stdin
        assert stdin is not None
        waiting = asyncio.create_task(self._receive(job.output_bytes + (1 << 20), job))
        watch = None if self._bounds_memory else asyncio.create_task(self._watch_memory(job, waiting))
        try:
            try:
                stdin.write(frame)
                await stdin.drain()
            except (BrokenPipeError, ConnectionResetError):
                pass  # it died; what it left tells more
            answer = await waiting
            if not answer.get("stale"):
                await self._log_ended.wait()
        finally:
            waiting.cancel()
            if watch is not None:
                watch.cancel()
        return answer

    async def _watch_memory(self, job: WorkerJob, waiting: asyncio.Task[Any]) -> None:
        """Where the system cannot bound memory: look at it, and stop the process when it has grown too far."""
        most = processes.memory_of(self.pid) + job.memory_mb * 1_000_000
        while not waiting.done():
            if processes.memory_of(self.pid) > most:
                assert self._log is not None
                self._log.tail += "memory allocation failed"
                self.kill()
                return
            await asyncio.sleep(WATCH_SECONDS)

    async def _frame(self, job: WorkerJob, end: bytes) -> bytes:
        tables: list[tuple[Path, pl.DataFrame]] = []

        def put(table: pl.DataFrame) -> str:
            name = f"in-{len(tables)}.arrow"
            tables.append((self._folder / name, table))
            return name

        try:
            names = framing.encode(dict(job.names), put, lambda v: isinstance(v, pl.DataFrame))
            if tables:
                await asyncio.to_thread(_write_tables, tables)
        except framing.Unstorable as error:
            raise BlockFailed(f"A value cannot be sent to the worker: {error}.", kind="CONFIG") from None
        except (pl.exceptions.PolarsError, OSError) as error:
            raise BlockFailed(f"A table cannot be sent to the worker: {error}.", kind="TABLE") from None
        return framing.pack(
            {
                "language": job.language,
                "code": job.code,
                "names": names,
                "memory": job.memory_mb * 1_000_000,
                "output": job.output_bytes,
                "timeout": job.timeout_ms / 1000,
                "end": end,
            }
        )

    async def _receive(self, most: int, job: WorkerJob | None = None) -> dict[str, Any]:
        stdout = self._process.stdout
        assert stdout is not None
        try:
            header = await stdout.readexactly(framing.HEADER.size)
            (size,) = framing.HEADER.unpack(header)
            if size > most:
                raise BlockFailed(f"The value has {size / 1e6:,.1f} MB, more than allowed.", kind="OUTPUT_LIMIT")
            return framing.unpack(await stdout.readexactly(size))
        except asyncio.IncompleteReadError:
            code = await self._process.wait()
            await self._reader
            raise self._died(code, job) from None
        except DecodeError:
            raise BlockFailed("The worker process answered nonsense.", kind="WORKER_DIED", unknown=True) from None

    def _died(self, code: int, job: WorkerJob | None) -> BlockFailed:
        assert self._log is not None
        return failures.died(code, job, self._log, self._fault_line())

    def _fault_line(self) -> int | None:
        """Where the code was when its process was stopped or crashed, from the trace that it left."""
        try:
            with (self._folder / "faults.txt").open(encoding="utf-8", errors="replace") as file:
                found = _FAULT_LINE.search(file.read(65_536))
        except OSError:
            return None
        return int(found[1]) if found else None

    async def _value(self, job: WorkerJob, answer: Mapping[str, Any]) -> Any:
        error = answer.get("error")
        if error is not None:
            raise failures.of_code(job, error)
        data = answer.get("value")
        if not isinstance(data, bytes):
            raise BlockFailed("The worker process answered nonsense.", kind="WORKER_DIED", unknown=True)
        names: list[str] = []
        try:
            framing.decode(data, names.append)
            tables = {name: await asyncio.to_thread(self._read_table, name, job.output_bytes) for name in names}
            return framing.decode(data, tables.__getitem__)
        except BlockFailed:
            raise
        except Exception as error:  # noqa: BLE001 - the bytes are the code's to forge; any fault in them is its failure
            raise BlockFailed(
                f"The worker's answer cannot be read: {error}.", kind="WORKER_DIED", unknown=True
            ) from None

    def _read_table(self, name: str, most: int) -> pl.DataFrame:
        """The table, read into memory: a mapped file could be cut short by what the code left running."""
        path = self._folder / name
        if _OUTPUT_NAME.fullmatch(name) is None or path.is_symlink() or path.stat().st_size > most * 2 + 65_536:
            raise BlockFailed("The worker process answered nonsense.", kind="WORKER_DIED", unknown=True)
        raw = path.read_bytes()
        path.unlink()
        return pl.read_ipc(io.BytesIO(raw))

    async def _read_log(self) -> None:
        """Take what the process prints, for as long as it lives."""
        stderr = self._process.stderr
        assert stderr is not None
        while data := await stderr.read(65_536):
            if self._log is None:
                continue
            self._log.feed(data)
            if self._log.is_ended:
                self._log_ended.set()
            elif self._log.total > MOST_BYTES:
                self.kill()
        if self._log is not None:
            self._log.finish()
        self._log_ended.set()


def _write_tables(tables: list[tuple[Path, pl.DataFrame]]) -> None:
    for path, table in tables:
        path.unlink(missing_ok=True)
        table.write_ipc(path, compression="uncompressed")

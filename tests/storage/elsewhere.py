"""A disk in memory, and work that runs in the thread of the loop: the store without files and threads."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from workbench.storage.running import ENDED, Step

T = TypeVar("T")


class MemoryFile:
    def __init__(self, data: bytearray) -> None:
        self.data = data

    def write(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        if offset > len(self.data):
            self.data.extend(bytes(offset - len(self.data)))
        self.data[offset : offset + len(data)] = data

    def write_durably(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        self.write(data, offset)

    def sync(self) -> None: ...

    def read(self, offset: int = 0, count: int = -1) -> bytes:
        return bytes(self.data[offset:] if count < 0 else self.data[offset : offset + count])

    def size(self) -> int:
        return len(self.data)

    def close(self) -> None: ...


class _Stream(io.BytesIO):
    def __init__(self, files: dict[Path, bytearray], path: Path) -> None:
        super().__init__()
        self._files, self._path = files, path

    def close(self) -> None:
        if not self.closed:
            self._files[self._path] = bytearray(self.getvalue())
        super().close()


class MemoryDisk:
    """Files by path; `left` bytes are free."""

    def __init__(self) -> None:
        self.files: dict[Path, bytearray] = {}
        self.left = 1 << 40
        self._held: set[Path] = set()
        self._tokens = 0

    def open(self, path: Path, *, create: bool = False) -> MemoryFile:
        if create:
            self.files[path] = bytearray()
        elif path not in self.files:
            raise FileNotFoundError(path)
        return MemoryFile(self.files[path])

    def stream(self, path: Path) -> BinaryIO:
        return _Stream(self.files, path)

    def map(self, path: Path) -> Any:
        return self.read(path)

    def read(self, path: Path) -> bytes:
        return self.open(path).read()

    def list(self, folder: Path) -> list[Path]:
        depth = len(folder.parts)
        return sorted({folder / p.parts[depth] for p in self.files if folder in p.parents})

    def exists(self, path: Path) -> bool:
        return path in self.files or any(path in p.parents for p in self.files)

    def size(self, path: Path) -> int:
        return self.open(path).size()

    def modified_us(self, path: Path) -> int:
        return 0

    def make_folder(self, path: Path) -> None: ...

    def rename(self, old: Path, new: Path) -> None:
        self.files[new] = self.files.pop(old)

    def unlink(self, path: Path) -> None:
        self.files.pop(path, None)

    def sync_folder(self, folder: Path) -> None: ...

    def free_bytes(self, folder: Path) -> int:
        return self.left

    def token(self, count: int) -> bytes:
        self._tokens += 1
        return self._tokens.to_bytes(count, "big")

    def lock(self, path: Path) -> Callable[[], None] | None:
        if path in self._held:
            return None
        self._held.add(path)
        return lambda: self._held.discard(path)


class LoopRunner:
    """Calls every step on the loop, one at a time; nothing runs beside it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.is_dead = False
        """Set to let the process of this runner crash: nothing of it runs any more."""

    def start(self, name: str, step: Step) -> LoopWork:
        return LoopWork(self, step)

    def now(self) -> float:
        return self.loop.time()

    async def read(self, query: Callable[[], T]) -> T:
        return query()

    def close(self, interrupt: Callable[[], None]) -> None: ...


class LoopWork:
    def __init__(self, runner: LoopRunner, step: Step) -> None:
        self._runner = runner
        self._step = step
        self.is_alive = True
        self._next: asyncio.Handle | None = None
        self.wake()

    def wake(self) -> None:
        if isinstance(self._next, asyncio.TimerHandle):
            self._next.cancel()
            self._next = None
        if self._next is None:
            self._next = self._runner.loop.call_soon(self._run)

    def finish(self) -> None:
        while self.is_alive:
            self._run()

    def _run(self) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = None
        if not self.is_alive or self._runner.is_dead:
            return
        delay = self._step()
        if delay == ENDED:
            self.is_alive = False
        elif delay is not None and self._next is None:
            loop = self._runner.loop
            self._next = loop.call_later(delay, self._run) if delay else loop.call_soon(self._run)

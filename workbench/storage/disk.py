"""The disk as the store sees it: all its file work but DuckDB's own. A simulation puts another one in its place."""

from __future__ import annotations

import mmap
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from filelock import FileLock, Timeout

from workbench.storage import platform


class OpenFile(Protocol):
    """One file open for reading and writing. Every method raises OSError when the disk refuses."""

    def write(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        """Write all of `data` at `offset`; not durable yet."""
        ...

    def write_durably(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        """Write all of `data` at `offset` and return when it is durable. When it raises, nothing is known."""
        ...

    def sync(self) -> None:
        """Make durable what was written."""
        ...

    def read(self, offset: int = 0, count: int = -1) -> bytes:
        """At most `count` bytes from `offset` on; -1 is all."""
        ...

    def size(self) -> int:
        """Bytes."""
        ...

    def close(self) -> None:
        """Close the file, once; nothing becomes durable by it."""
        ...


class Disk(Protocol):
    """Files by path. A name made by `open`, `stream` or `rename` is durable after `sync_folder`, its bytes after
    `sync`. Raises FileNotFoundError, other OSError when the disk refuses.
    """

    def open(self, path: Path, *, create: bool = False) -> OpenFile:
        """Open for reading and writing; with `create` made anew and empty, readable by this user only."""
        ...

    def stream(self, path: Path) -> BinaryIO:
        """A new file to be written from front to back and closed; not durable."""
        ...

    def map(self, path: Path) -> Any:
        """The file's bytes as a buffer, not read before they are looked at; it lives as long as it is referenced."""
        ...

    def read(self, path: Path) -> bytes:
        """All bytes of a file."""
        ...

    def list(self, folder: Path) -> list[Path]:
        """What is in a folder, files and folders, by name; nothing when it does not exist."""
        ...

    def exists(self, path: Path) -> bool:
        """Whether a file or folder stands there."""
        ...

    def size(self, path: Path) -> int:
        """Bytes of a file."""
        ...

    def modified_us(self, path: Path) -> int:
        """When a file was written last, in microseconds since 1970."""
        ...

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it, where they are missing."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Give a closed file another name, in place of what stood there."""
        ...

    def unlink(self, path: Path) -> None:
        """Take a file away; nothing happens when it is not there."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """Make the names in a folder durable."""
        ...

    def free_bytes(self, folder: Path) -> int:
        """How much more may be written."""
        ...

    def token(self, count: int) -> bytes:
        """Random bytes for names and salts."""
        ...

    def lock(self, path: Path) -> Callable[[], None] | None:
        """Hold `path` for this process alone; answers how to let go, or None when another one has it."""
        ...


class SystemFile:
    """An `OpenFile` of this machine."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def write(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        platform.write_at(self._fd, data, offset)

    def write_durably(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        platform.write_durably(self._fd, data, offset)

    def sync(self) -> None:
        platform.sync(self._fd)

    def read(self, offset: int = 0, count: int = -1) -> bytes:
        return platform.read_at(self._fd, offset, self.size() - offset if count < 0 else count)

    def size(self) -> int:
        return os.fstat(self._fd).st_size

    def close(self) -> None:
        fd, self._fd = self._fd, -1  # closed twice it must not close another one's file
        if fd >= 0:
            os.close(fd)


class SystemDisk:
    """The `Disk` of this machine."""

    def open(self, path: Path, *, create: bool = False) -> OpenFile:
        return SystemFile(platform.open_binary(path, os.O_RDWR | (os.O_CREAT | os.O_TRUNC if create else 0)))

    def stream(self, path: Path) -> BinaryIO:
        return path.open("wb")

    def map(self, path: Path) -> Any:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                return b""
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def read(self, path: Path) -> bytes:
        return path.read_bytes()

    def list(self, folder: Path) -> list[Path]:
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def exists(self, path: Path) -> bool:
        return path.exists()

    def size(self, path: Path) -> int:
        return path.stat().st_size

    def modified_us(self, path: Path) -> int:
        return path.stat().st_mtime_ns // 1000

    def make_folder(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)

    def rename(self, old: Path, new: Path) -> None:
        old.replace(new)

    def unlink(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        platform.sync_folder(folder)

    def free_bytes(self, folder: Path) -> int:
        return shutil.disk_usage(folder).free

    def token(self, count: int) -> bytes:
        return os.urandom(count)

    def lock(self, path: Path) -> Callable[[], None] | None:
        lock = FileLock(path, timeout=0, thread_local=False, is_singleton=False)
        try:
            lock.acquire()
        except Timeout:
            return None
        return lock.release

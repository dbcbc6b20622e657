"""What differs between operating systems when bytes must reach the disk. Only this module asks which."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_DSYNC = getattr(os, "RWF_DSYNC", 0) if hasattr(os, "pwritev") else 0
_F_FULLFSYNC = 51
"""macOS: `fsync` alone leaves bytes in the drive's cache."""


def write_durably(fd: int, data: bytes | bytearray | memoryview, offset: int) -> None:
    """Write all of `data` at `offset` and return when it is on the disk. Raises OSError; then nothing is known."""
    view = memoryview(data)
    if _DSYNC:
        while view:
            done = os.pwritev(fd, [view], offset, _DSYNC)
            view, offset = view[done:], offset + done
        return
    write_at(fd, view, offset)
    sync(fd)


def write_at(fd: int, data: bytes | bytearray | memoryview, offset: int) -> None:
    """Write all of `data` at `offset`; not durable yet."""
    view = memoryview(data)
    if hasattr(os, "pwrite"):
        while view:
            done = os.pwrite(fd, view, offset)
            view, offset = view[done:], offset + done
        return
    os.lseek(fd, offset, os.SEEK_SET)
    while view:
        view = view[os.write(fd, view) :]


def read_at(fd: int, offset: int, count: int) -> bytes:
    """Up to `count` bytes from `offset` on, fewer at the file's end."""
    parts: list[bytes] = []
    if not hasattr(os, "pread"):
        os.lseek(fd, offset, os.SEEK_SET)
    while count > 0:
        part = os.pread(fd, count, offset) if hasattr(os, "pread") else os.read(fd, count)
        if not part:
            break
        parts.append(part)
        offset, count = offset + len(part), count - len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def sync(fd: int) -> None:
    """Make what was written to `fd` durable."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(fd, _F_FULLFSYNC)
    elif hasattr(os, "fdatasync"):
        os.fdatasync(fd)
    else:
        os.fsync(fd)


def sync_folder(folder: Path) -> None:
    """Make names in `folder` durable. Windows has no such call and keeps names in order by itself."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def open_binary(path: Path, flags: int) -> int:
    """`os.open` without newline translation, not inherited by child processes."""
    return os.open(path, flags | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0), 0o600)

"""A disk in memory that keeps what was synced, and at a crash loses, tears and reorders what was not.

`Platter` outlives the processes; each process gets a `SimDisk` of its own, which is dead after its crash.
"""

from __future__ import annotations

import errno
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

SECTOR = 512


class Gone(OSError):
    """The process that asks is dead."""


@dataclass(eq=False)
class Inode:
    """One file's bytes: what a reader sees, and what is on the platter."""

    seen: bytearray = field(default_factory=bytearray)
    kept: bytearray = field(default_factory=bytearray)
    unsynced: list[tuple[int, bytes]] = field(default_factory=list)

    def write(self, data: bytes, offset: int) -> None:
        _put(self.seen, data, offset)
        self.unsynced.append((offset, data))

    def sync(self) -> None:
        for offset, data in self.unsynced:
            _put(self.kept, data, offset)
        self.unsynced.clear()


def _put(target: bytearray, data: bytes, offset: int) -> None:
    if len(target) < offset:
        target.extend(bytes(offset - len(target)))
    target[offset : offset + len(data)] = data


@dataclass
class Faults:
    """How bad the disk is: chances per operation, and room."""

    fail_sync: float = 0.0
    """A sync answers EIO; what it should have kept is lost or not, and never written again."""
    room: int | None = None
    """Bytes that fit; more is refused with ENOSPC."""
    crash_at: int | None = None
    """The process ends in the middle of its n-th writing operation."""


class Platter:
    """What the machine's disk holds, through all crashes. Folders need no making; names are full paths."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.names: dict[str, Inode] = {}
        """As readers see them."""
        self.kept: dict[str, Inode] = {}
        """As they are on the platter."""
        self.moves: list[tuple[str, Callable[[dict[str, Inode]], object]]] = []
        """Changes of names that no folder's sync has made durable: by folder, in order."""
        self.counts: Counter[str] = Counter()

    def used(self) -> int:
        """Bytes of all files."""
        return sum(len(inode.seen) for inode in self.names.values())

    def rename_in(self, folder: str, change: Callable[[dict[str, Inode]], object]) -> None:
        """Change a name, not durably yet."""
        change(self.names)
        self.moves.append((folder, change))

    def sync_folder(self, folder: str) -> None:
        """Make the names of a folder durable; names made before in other folders need not be."""
        left: list[tuple[str, Callable[[dict[str, Inode]], object]]] = []
        for where, change in self.moves:
            if where == folder:
                change(self.kept)
            else:
                left.append((where, change))
        self.moves = left

    def crash(self) -> None:
        """Lose power: a part of what was not synced is there afterwards, whole, torn, in any order."""
        rng = self.rng
        keeps_names = rng.choice(("all", "none", "first", "any"))
        upto = rng.randint(0, len(self.moves))
        for at, (_, change) in enumerate(self.moves):
            if (
                keeps_names == "all"
                or (keeps_names == "first" and at < upto)
                or (keeps_names == "any" and rng.random() < 0.5)
            ):
                change(self.kept)
        self.moves.clear()
        self.names = dict(self.kept)
        for inode in dict.fromkeys(self.names.values()):
            if inode.unsynced:
                self._settle(inode)
            inode.seen = bytearray(inode.kept)

    def _settle(self, inode: Inode) -> None:
        rng = self.rng
        how = rng.choice(("none", "all", "first", "sectors", "sectors"))
        writes = inode.unsynced
        if how == "first":
            writes = writes[: rng.randint(0, len(writes))]
        if how == "sectors":
            self._tear(inode)
        elif how != "none":
            for offset, data in writes:
                _put(inode.kept, data, offset)
            if how == "first" and writes and rng.random() < 0.7:
                self.counts["torn"] += 1
                offset, data = inode.unsynced[len(writes) - 1]
                cut = rng.randint(0, len(data))
                _put(inode.kept, data[:cut], offset)
        inode.unsynced.clear()

    def _tear(self, inode: Inode) -> None:
        """Each sector that was written to is there as any of its writes left it, or as it was before."""
        self.counts["torn"] += 1
        pieces: list[tuple[int, bytes]] = []
        for offset, data in inode.unsynced:
            at = 0
            while at < len(data):
                step = SECTOR - (offset + at) % SECTOR
                pieces.append((offset + at, data[at : at + step]))
                at += step
        chance = self.rng.random()
        pieces = [piece for piece in pieces if self.rng.random() < chance]
        self.rng.shuffle(pieces)
        for offset, data in pieces:
            _put(inode.kept, data, offset)


class SimDisk:
    """The disk as one process has it. `on_crash` is called in the middle of the writing operation that kills it."""

    def __init__(self, platter: Platter, faults: Faults, on_crash: Callable[[], None]) -> None:
        self.platter = platter
        self.faults = faults
        self.on_crash = on_crash
        self.is_dead = False
        self.operations = 0
        self.was_ill = faults.room is not None
        """Whether it has refused anything yet, or says that it soon will."""

    def heal(self) -> None:
        """Somebody makes room and changes the cable."""
        self.faults.room, self.faults.fail_sync = None, 0.0

    # What every operation asks first

    def alive(self) -> None:
        """Raises Gone when the process is dead."""
        if self.is_dead:
            raise Gone(errno.EIO, "the process is dead")

    def writing(self, inode: Inode | None = None, offset: int = 0, data: bytes = b"") -> None:
        """Count a writing operation; the fated one is done by half, and the process ends in it."""
        self.alive()
        self.operations += 1
        faults = self.faults
        if faults.room is not None and inode is not None:
            grows = max(0, offset + len(data) - len(inode.seen))
            if grows and self.platter.used() + grows > faults.room:
                self.platter.counts["full"] += 1
                self.was_ill = True
                raise OSError(errno.ENOSPC, "No space left on device")
        if self.operations == faults.crash_at:
            if inode is not None and data:
                inode.write(data[: self.platter.rng.randint(0, len(data))], offset)
            self.die()
            raise Gone(errno.EIO, "the process is dead")

    def die(self) -> None:
        """The process ends."""
        if not self.is_dead:
            self.is_dead = True
            self.on_crash()

    def inode(self, path: Path) -> Inode:
        self.alive()
        found = self.platter.names.get(str(path))
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "No such file", str(path))
        return found

    # The disk's protocol

    def open(self, path: Path, *, create: bool = False) -> SimFile:
        if not create:
            return SimFile(self, self.inode(path))
        self.writing()
        inode = Inode()
        self.platter.rename_in(str(path.parent), lambda names: names.__setitem__(str(path), inode))
        return SimFile(self, inode)

    def stream(self, path: Path) -> Any:
        return _Stream(self.open(path, create=True))

    def map(self, path: Path) -> Any:
        return self.read(path)

    def read(self, path: Path) -> bytes:
        return bytes(self.inode(path).seen)

    def list(self, folder: Path) -> list[Path]:
        self.alive()
        start = f"{folder}/"
        inside = {name[len(start) :].partition("/")[0] for name in self.platter.names if name.startswith(start)}
        return [folder / name for name in sorted(inside)]

    def exists(self, path: Path) -> bool:
        self.alive()
        return str(path) in self.platter.names or bool(self.list(path))

    def size(self, path: Path) -> int:
        return len(self.inode(path).seen)

    def modified_us(self, path: Path) -> int:
        """Never long ago: how old a file is follows no virtual clock."""
        self.inode(path)
        return 1 << 62

    def make_folder(self, path: Path) -> None:
        self.alive()

    def rename(self, old: Path, new: Path) -> None:
        inode = self.inode(old)
        self.writing()

        def change(names: dict[str, Inode]) -> None:
            names.pop(str(old), None)
            names[str(new)] = inode

        self.platter.rename_in(str(new.parent), change)

    def unlink(self, path: Path) -> None:
        self.alive()
        if str(path) in self.platter.names:
            self.writing()
            self.platter.rename_in(str(path.parent), lambda names: names.pop(str(path), None))

    def sync_folder(self, folder: Path) -> None:
        self.writing()
        self.platter.sync_folder(str(folder))

    def free_bytes(self, folder: Path) -> int:
        self.alive()
        room = self.faults.room
        return 1 << 40 if room is None else max(0, room - self.platter.used())

    def token(self, count: int) -> bytes:
        return self.platter.rng.randbytes(count)

    def lock(self, path: Path) -> Callable[[], None] | None:
        del path
        self.alive()
        return lambda: None


class SimFile:
    """An open file of a `SimDisk`."""

    def __init__(self, disk: SimDisk, inode: Inode) -> None:
        self._disk = disk
        self._inode = inode

    def write(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        raw = bytes(data)
        self._disk.writing(self._inode, offset, raw)
        self._inode.write(raw, offset)

    def write_durably(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        """Only what is written here becomes durable by it, as with a synchronous write."""
        raw = bytes(data)
        self._disk.writing(self._inode, offset, raw)
        before = self._inode.unsynced
        self._inode.unsynced = []
        self._inode.write(raw, offset)
        try:
            self._sync()
        finally:
            self._inode.unsynced = before

    def sync(self) -> None:
        self._disk.writing()
        self._sync()

    def _sync(self) -> None:
        platter, inode = self._disk.platter, self._inode
        if self._disk.faults.fail_sync and platter.rng.random() < self._disk.faults.fail_sync:
            platter.counts["failed sync"] += 1
            self._disk.was_ill = True
            kept = [write for write in inode.unsynced if platter.rng.random() < 0.5]
            for offset, data in kept:
                _put(inode.kept, data[: platter.rng.randint(0, len(data))], offset)
            inode.unsynced.clear()
            raise OSError(errno.EIO, "Input/output error")
        platter.counts["sync"] += 1
        inode.sync()

    def read(self, offset: int = 0, count: int = -1) -> bytes:
        self._disk.alive()
        seen = self._inode.seen
        return bytes(seen[offset:] if count < 0 else seen[offset : offset + count])

    def size(self) -> int:
        self._disk.alive()
        return len(self._inode.seen)

    def close(self) -> None:
        pass


class _Stream(io.RawIOBase):
    """A new file, written from front to back."""

    def __init__(self, file: SimFile) -> None:
        super().__init__()
        self._file = file
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        raw = bytes(data)
        self._file.write(raw, self._at)
        self._at += len(raw)
        return len(raw)

    def tell(self) -> int:
        return self._at

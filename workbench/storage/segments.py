"""Segment files of the log: preallocated, zeroed, filled with frames one after another.

A segment is a 64-byte header (magic, format, index, salt) and then frames. A frame is a 32-byte header and a payload:
magic, CRC-32 over the rest of the header and the payload (seeded with the segment's random salt, so that nothing a
user stores can pass for a frame), payload length, number of facts, first sequence, and the highest sequence that was
durable when the frame was written. Zeros follow the last frame.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from workbench.base.errors import StoreDamaged, StoreTooNew
from workbench.storage.disk import Disk, OpenFile

SEGMENT_BYTES = 64 * 1024 * 1024
FIRST_SEGMENT_BYTES = 8 * 1024 * 1024
"""A fresh store's first segment is small, so that a fresh home opens in milliseconds."""

HEADER_BYTES = 64
FRAME_BYTES = 32
_SEGMENT_MAGIC = b"WBLOG\0\0\0"
_FRAME_MAGIC = b"\xf7WBf"
_SEGMENT = struct.Struct("<8sIIQ")
_FRAME = struct.Struct("<4sI")
_FRAME_REST = struct.Struct("<IIQQ")
_FORMAT = 1
_NAME = re.compile(r"^(\d{10})\.log$")
_ZEROS = bytes(1024 * 1024)


@dataclass(frozen=True, slots=True)
class Frame:
    """One valid frame as read back. `end` is the offset after it."""

    first: int
    count: int
    durable: int
    payload: bytes
    end: int


@dataclass(slots=True)
class Segment:
    """One open segment file and where its next frame goes."""

    path: Path
    index: int
    salt: int
    file: OpenFile
    size: int
    position: int = HEADER_BYTES

    def fits(self, data_bytes: int) -> bool:
        """Whether a group of `data_bytes` fits behind the frames that are here."""
        return self.position + data_bytes <= self.size

    def write(self, data: bytes | bytearray) -> None:
        """Append frames and make them durable with one sync."""
        self.file.write_durably(data, self.position)
        self.position += len(data)

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def frame(salt: int, payload: bytes, count: int, first: int, durable: int) -> tuple[bytes, bytes]:
    """A frame's header and payload, ready to be joined with others."""
    rest = _FRAME_REST.pack(len(payload), count, first, durable)
    return _FRAME.pack(_FRAME_MAGIC, crc32(payload, crc32(rest, salt))) + rest, payload


def create(disk: Disk, folder: Path, index: int, size: int) -> Segment:
    """Make segment `index`: zeros written (not only reserved), synced, then named: a name means a whole file."""
    path, temporary = folder / f"{index:010d}.log", folder / f"{index:010d}.new"
    salt = int.from_bytes(disk.token(4), "little")
    file = disk.open(temporary, create=True)
    try:
        write_zeros(file, 0, size)
        head = _SEGMENT.pack(_SEGMENT_MAGIC, _FORMAT, salt, index)
        file.write(head + struct.pack("<I", crc32(head)), 0)
        file.sync()
        file.close()  # Windows renames no open file
    except BaseException:
        file.close()
        with suppress(OSError):
            disk.unlink(temporary)
        raise
    disk.rename(temporary, path)
    disk.sync_folder(folder)
    return Segment(path, index, salt, disk.open(path), size)


def open_segment(disk: Disk, path: Path) -> Segment:
    """Open a segment that exists. Raises StoreDamaged or StoreTooNew when its header cannot be used."""
    found = _NAME.match(path.name)
    file = disk.open(path)
    head, size = file.read(0, HEADER_BYTES), file.size()
    try:
        magic, version, salt, index = _SEGMENT.unpack_from(head)
        (crc,) = struct.unpack_from("<I", head, _SEGMENT.size)
        whole = magic == _SEGMENT_MAGIC and crc == crc32(head[: _SEGMENT.size])
    except struct.error:
        whole, version, salt, index = False, 0, 0, 0
    if not whole or found is None or index != int(found[1]):
        file.close()
        raise StoreDamaged(f"The log segment {path.name} has a broken header.", hint=f"Restore {path} from a backup.")
    if version > _FORMAT:
        file.close()
        raise StoreTooNew(
            f"The log segment {path.name} has format {version}; this workbench reads formats up to {_FORMAT}.",
            hint="Install the newer workbench that wrote this store.",
        )
    return Segment(path, index, salt, file, size)


def write_zeros(file: OpenFile, start: int, end: int) -> None:
    """Fill a stretch of a file with zeros; not durable yet."""
    while start < end:
        step = min(len(_ZEROS), end - start)
        file.write(_ZEROS[:step], start)
        start += step


def list_segments(disk: Disk, folder: Path) -> list[Path]:
    """Segment files by index."""
    return sorted(p for p in disk.list(folder) if _NAME.match(p.name))


def frame_at(data: bytes, position: int, salt: int) -> Frame | None:
    """The valid frame at `position`, or None."""
    body = position + FRAME_BYTES
    if data[position : position + 4] != _FRAME_MAGIC or body > len(data):
        return None
    _, crc = _FRAME.unpack_from(data, position)
    length, count, first, durable = _FRAME_REST.unpack_from(data, position + _FRAME.size)
    if body + length > len(data):
        return None
    payload = data[body : body + length]
    if crc32(payload, crc32(data[position + _FRAME.size : body], salt)) != crc:
        return None
    return Frame(first, count, durable, payload, body + length)


def frames_anywhere(data: bytes, position: int, salt: int) -> Iterable[Frame]:
    """Every valid frame from `position` on, whatever lies between them."""
    while (position := data.find(_FRAME_MAGIC, position)) >= 0:
        found = frame_at(data, position, salt)
        if found is not None:
            yield found
        position = found.end if found is not None else position + 1


def is_zero(data: bytes, position: int) -> bool:
    """Whether nothing but zeros stands from `position` on."""
    return all(
        data[at : at + len(_ZEROS)] == _ZEROS[: min(len(_ZEROS), len(data) - at)]
        for at in range(position, len(data), len(_ZEROS))
    )

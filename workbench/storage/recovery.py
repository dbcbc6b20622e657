"""Reading the log at start: which frames count, where the next one goes, and torn tail against damage.

At the first place without a valid frame the reading looks on, into later segments too. A valid frame there whose
header calls the gap durable means that acknowledged facts are gone: damage. Otherwise the rest was never
acknowledged: a torn tail, which is zeroed and synced, so that stale frames cannot come back to life.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from workbench.base.errors import StoreDamaged
from workbench.storage.disk import Disk
from workbench.storage.segments import (
    HEADER_BYTES,
    Frame,
    Segment,
    frame_at,
    frames_anywhere,
    is_zero,
    list_segments,
    open_segment,
    write_zeros,
)


@dataclass(slots=True)
class Tail:
    """Where a log ends. `spare` is the prepared next segment, if there is one."""

    segment: Segment | None
    spare: Segment | None
    next_seq: int
    torn_bytes: int = 0
    damage: str | None = None


def recover(disk: Disk, folder: Path, applied: int, take: Callable[[Frame], None]) -> Tail:
    """Read the frames that hold facts after sequence `applied`, oldest first, give each to `take`, mend a torn tail.

    Damage is told in the answer, after all frames before it; nothing is written then. Raises StoreDamaged when not
    even a segment's header can be read.
    """
    for path in disk.list(folder):
        if path.suffix == ".new":
            disk.unlink(path)
    segments = [open_segment(disk, path) for path in list_segments(disk, folder)]
    try:
        # Frames whose sync was never answered count too: they must be on the disk before DuckDB commits them.
        for segment in segments:
            segment.file.sync()
        tail = _read(segments, applied, take)
    except BaseException:
        for segment in segments:
            segment.close()
        raise
    for segment in segments:
        if segment is not tail.segment and segment is not tail.spare:
            segment.close()
    return tail


def _read(segments: list[Segment], applied: int, take: Callable[[Frame], None]) -> Tail:
    if not segments:
        return Tail(None, None, 1, damage=_beyond(applied, 1))
    for before, after in pairwise(segments):
        if after.index != before.index + 1:
            damage = f"Log segments between {before.path.name} and {after.path.name} are missing."
            return Tail(None, None, applied + 1, damage=damage)
    at, expected = _first_needed(segments, applied)
    if expected > applied + 1:
        damage = f"The log begins at sequence {expected}, but the database holds facts up to {applied} only."
        return Tail(None, None, applied + 1, damage=damage)
    while True:
        segment = segments[at]
        data = segment.file.read()
        position = HEADER_BYTES
        while (found := frame_at(data, position, segment.salt)) is not None and found.first == expected:
            expected += found.count
            position = found.end
            if expected - 1 > applied and found.count:
                take(found)
        segment.position = position
        if at + 1 < len(segments) and _first_sequence(segments[at + 1]) == expected:
            at += 1
            continue
        return _end(segments, at, data, expected, applied)


def _first_needed(segments: list[Segment], applied: int) -> tuple[int, int]:
    """The index of the segment to begin with, and the sequence of its first fact."""
    at, expected = 0, _first_sequence(segments[0])
    for index, segment in enumerate(segments):
        first = _first_sequence(segment)
        if first is not None and first <= applied + 1:
            at, expected = index, first
    return at, 1 if expected is None else expected


def _first_sequence(segment: Segment) -> int | None:
    """The sequence of a segment's first frame; None when it holds none."""
    head = segment.file.read(0, HEADER_BYTES + 64 * 1024)
    found = frame_at(head, HEADER_BYTES, segment.salt)
    if found is None and head[HEADER_BYTES : HEADER_BYTES + 4] != b"\0\0\0\0":
        found = frame_at(segment.file.read(), HEADER_BYTES, segment.salt)
    return None if found is None else found.first


def _end(segments: list[Segment], at: int, data: bytes, expected: int, applied: int) -> Tail:
    segment = segments[at]
    rest = [(segment, data, segment.position)]
    rest += [(later, later.file.read(), HEADER_BYTES) for later in segments[at + 1 :]]
    for where, bytes_, position in rest:
        for found in frames_anywhere(bytes_, position, where.salt):
            if found.durable >= expected:
                damage = f"Facts from sequence {expected} on cannot be read, though they were durable ({segment.path})."
                return Tail(segment, None, expected, damage=damage)
    if (damage := _beyond(applied, expected)) is not None:
        return Tail(segment, None, expected, damage=damage)
    torn = 0
    for where, bytes_, position in rest:
        if not is_zero(bytes_, position):
            torn += len(bytes_) - position
            write_zeros(where.file, position, len(bytes_))
            where.file.sync()
    return Tail(segment, segments[at + 1] if at + 1 < len(segments) else None, expected, torn)


def _beyond(applied: int, next_seq: int) -> str | None:
    if applied >= next_seq:
        return f"The database holds facts up to sequence {applied}, but the log ends at {next_seq - 1}."
    return None


def refuse(damage: str, home: Path) -> StoreDamaged:
    """The error for a damaged store: what is wrong, that nothing was changed, and what to do."""
    return StoreDamaged(
        f"The store in {home} is damaged. {damage} The log was not changed.",
        hint="Copy the whole folder away first; then open it read-only (`allow_damaged=True`) to read what is there.",
    )

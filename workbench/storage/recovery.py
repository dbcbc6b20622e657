"""Reading the log at start: which frames count, where the next one goes, and torn tail against damage.

At the first place without a valid frame the reading looks on, into later segments too. A valid frame there whose
header calls the gap durable means that acknowledged facts are gone: damage. Otherwise the rest was never
acknowledged: a torn tail, which is zeroed and synced, so that stale frames cannot come back to life.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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
    firsts: dict[int, int] = field(default_factory=dict)
    """The first sequence of each segment, by index."""


def recover(disk: Disk, folder: Path, applied: int, take: Callable[[Frame], None], floor: int = 0) -> Tail:
    """Read the frames that hold facts after sequence `applied`, oldest first, give each to `take`, mend a torn tail.

    The log must begin at `floor` + 1 or before: what is older may have been dropped. Damage is told in the answer,
    after all frames before it; nothing is written then.
    """
    for path in disk.list(folder):
        if path.suffix == ".new":
            disk.unlink(path)
    segments, damage = _open_all(disk, folder)
    try:
        firsts = {s.index: first for s in segments if (first := _first_sequence(s)) is not None}
        begins = firsts.get(segments[0].index, 1) if segments else 1
        if damage is None and begins > floor + 1:
            damage = f"The log begins at sequence {begins}; the segments from sequence {floor + 1} on are missing."
        # Frames whose sync was never answered count too: they must be on the disk before DuckDB commits them.
        for segment in segments:
            segment.file.sync()
        tail = _read(segments, applied, take, damage)
    except BaseException:
        _close_all(segments)
        raise
    for segment in segments:
        if segment is not tail.segment and segment is not tail.spare:
            segment.close()
    tail.firsts = firsts
    return tail


def _open_all(disk: Disk, folder: Path) -> tuple[list[Segment], str | None]:
    """The segments up to the first one that is missing or has a broken header, and what is wrong there."""
    segments: list[Segment] = []
    try:
        for path in list_segments(disk, folder):
            if segments and int(path.stem) != segments[-1].index + 1:
                return segments, f"Log segments between {segments[-1].path.name} and {path.name} are missing."
            segments.append(open_segment(disk, path))
    except StoreDamaged as error:
        return segments, error.message
    except BaseException:
        _close_all(segments)
        raise
    return segments, None


def _close_all(segments: list[Segment]) -> None:
    for segment in segments:
        segment.close()


def first_sequence(disk: Disk, folder: Path) -> int:
    """Where the log begins; 0 when it is empty, 1 when nobody can say."""
    paths = list_segments(disk, folder)
    for path in paths:
        try:
            segment = open_segment(disk, path)
        except StoreDamaged:
            return 1
        try:
            first = _first_sequence(segment)
        finally:
            segment.close()
        if first is not None:
            return first if path == paths[0] else 1
    return 0


def _read(segments: list[Segment], applied: int, take: Callable[[Frame], None], damage: str | None) -> Tail:
    if not segments:
        return Tail(None, None, applied + 1 if damage else 1, damage=damage or _beyond(applied, 1))
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
        if damage is not None:
            return Tail(segment, None, max(expected, applied + 1), damage=damage)
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
                damage = (
                    f"Facts from sequence {expected} on cannot be read, though they were durable ({segment.path.name})."
                )
                return Tail(segment, None, max(expected, applied + 1), damage=damage)
    if (damage := _beyond(applied, expected)) is not None:
        return Tail(segment, None, applied + 1, damage=damage)
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
        hint="Copy the whole folder away first. `workbench serve` and JupyterLab open it read-only, so that it can be "
        "read and exported; `workbench restore` brings a backup back.",
    )

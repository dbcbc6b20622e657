"""The log's end after trouble: torn tails are mended, damage is told. Torn by hand: a kill never tears one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storage.conftest import Opener
from tests.storage.notes import LINE_TEXTS, LineAdded, open_store
from workbench.base.errors import StoreDamaged, Unavailable
from workbench.storage.disk import SystemDisk
from workbench.storage.segments import (
    HEADER_BYTES,
    Frame,
    frame,
    frame_at,
    is_zero,
    list_segments,
    open_segment,
)
from workbench.storage.store import Store

Damage = Callable[[bytearray, list[Frame]], None]


def texts(store: Store) -> list[str]:
    """All lines."""
    return asyncio.run(store.read(LINE_TEXTS))


def filled(home: Path, lines: int = 10) -> None:
    """A closed store with `lines` lines, one a frame, whose database knows nothing of them."""
    store = open_store(home)
    database = home / "workbench.duckdb"
    empty = database.read_bytes()
    journal = database.with_name("workbench.duckdb.wal")
    empty_journal = journal.read_bytes() if journal.exists() else None
    for i in range(lines):
        store.append([LineAdded(f"line {i}")]).result(10)
    store.close()
    database.write_bytes(empty)
    if empty_journal is not None:
        journal.write_bytes(empty_journal)


def change(home: Path, how: Damage, *, sealed: bool = False) -> None:
    """Change the bytes of the last segment that holds frames; without the closing seal unless `sealed`."""
    for path in reversed(list_segments(SystemDisk(), home / "log")):
        segment = open_segment(SystemDisk(), path)
        data = bytearray(path.read_bytes())
        frames: list[Frame] = []
        position = HEADER_BYTES
        while (found := frame_at(bytes(data), position, segment.salt)) is not None:
            frames.append(found)
            position = found.end
        segment.close()
        if not frames:
            continue
        if frames[-1].count == 0 and not sealed:
            seal = frames.pop()
            data[frames[-1].end : seal.end] = bytes(seal.end - frames[-1].end)
        how(data, frames)
        path.write_bytes(data)
        return


def flip(frame_index: int, offset_from_end: int = 3) -> Damage:
    """Flip one bit inside a frame."""

    def how(data: bytearray, frames: list[Frame]) -> None:
        data[frames[frame_index].end - offset_from_end] ^= 0x10

    return how


def cut(data: bytearray, frames: list[Frame]) -> None:
    start, end = frames[-2].end, frames[-1].end
    data[(start + end) // 2 :] = bytes(len(data) - (start + end) // 2)


def cut_header(data: bytearray, frames: list[Frame]) -> None:
    data[frames[-2].end + 9 :] = bytes(len(data) - frames[-2].end - 9)


def truncate(data: bytearray, frames: list[Frame]) -> None:
    del data[frames[-1].end - 5 :]


def garbage(data: bytearray, frames: list[Frame]) -> None:
    data[frames[-2].end : frames[-1].end] = b"\xa5" * (frames[-1].end - frames[-2].end)


def huge_length(data: bytearray, frames: list[Frame]) -> None:
    data[frames[-2].end + 8 : frames[-2].end + 12] = b"\xff\xff\xff\x7f"


@pytest.mark.parametrize("how", [cut, cut_header, truncate, garbage, huge_length, flip(-1), flip(-1, 25)])
def test_a_torn_last_frame_is_dropped_and_the_log_goes_on(home: Path, opened: Opener, how: Damage) -> None:
    filled(home)
    change(home, how)
    store = opened()
    assert texts(store) == [f"line {i}" for i in range(9)]
    assert store.health()["tornBytes"] > 0
    assert store.append([LineAdded("new")]).result(10) == 10
    store.close()
    assert texts(opened()) == [*(f"line {i}" for i in range(9)), "new"]


def test_a_torn_tail_is_zero_to_the_segments_end_before_the_next_append(home: Path, opened: Opener) -> None:
    filled(home)

    def how(data: bytearray, frames: list[Frame]) -> None:
        data[frames[-1].end - 2] ^= 1
        data[-100:] = b"\x77" * 100

    ends: list[int] = []
    change(home, how)
    change(home, lambda _data, frames: ends.append(frames[-1].end))
    opened()
    assert is_zero(list_segments(SystemDisk(), home / "log")[0].read_bytes(), ends[0])


def test_stale_frames_behind_a_torn_one_do_not_come_back_to_life(home: Path, opened: Opener) -> None:
    """Two frames of one group, never acknowledged; the first is torn. The second must never return."""
    filled(home)

    def how(data: bytearray, frames: list[Frame]) -> None:
        segment = open_segment(SystemDisk(), list_segments(SystemDisk(), home / "log")[0])
        payload = frames[-1].payload.replace(b"line 9", b"ghost!")
        at = frames[-1].end
        lost = b"".join(frame(segment.salt, payload, 1, 11, 10))
        ghost = b"".join(frame(segment.salt, payload, 1, 12, 10))
        segment.close()
        data[at : at + len(lost) + len(ghost)] = lost[:-1] + b"\0" + ghost

    change(home, how)
    store = opened()
    assert len(texts(store)) == 10
    store.append([LineAdded("line X")]).result(10)
    store.close()
    assert texts(opened())[-1] == "line X"


@pytest.mark.parametrize("how", [flip(3), flip(0), flip(-2)])
def test_a_gap_that_a_later_frame_calls_durable_is_damage(home: Path, opened: Opener, how: Damage) -> None:
    filled(home)
    change(home, how)
    before = list_segments(SystemDisk(), home / "log")[0].read_bytes()
    with pytest.raises(StoreDamaged, match="though they were durable"):
        opened()
    assert list_segments(SystemDisk(), home / "log")[0].read_bytes() == before


def test_a_flip_in_the_last_facts_of_a_store_that_was_closed_is_damage(home: Path, opened: Opener) -> None:
    filled(home)
    change(home, flip(-2), sealed=True)
    with pytest.raises(StoreDamaged):
        opened()


def test_damage_is_seen_through_a_later_segment(home: Path, opened: Opener) -> None:
    filled(home)
    store = opened()
    big = "x" * 200_000
    for _ in range(6):
        store.append([LineAdded(big)]).result(10)
    store.close()
    assert len(list_segments(SystemDisk(), home / "log")) > 2
    first = list_segments(SystemDisk(), home / "log")[0]
    data = bytearray(first.read_bytes())
    data[HEADER_BYTES + 40] ^= 1
    first.write_bytes(data)
    (home / "workbench.duckdb").rename(home / "away.duckdb")
    with pytest.raises(StoreDamaged, match="sequence 1 on"):
        opened()


def test_a_damaged_store_opens_read_only_with_what_stands_before_the_damage(home: Path, opened: Opener) -> None:
    filled(home)
    change(home, flip(4))
    store = opened(allow_damaged=True)
    assert texts(store) == [f"line {i}" for i in range(4)]
    assert not store.health()["ok"]
    with pytest.raises(Unavailable, match="though they were durable"):
        store.append([LineAdded("x")])
    store.close()
    with pytest.raises(StoreDamaged):
        opened()


def test_a_database_that_is_ahead_of_the_log_is_damage(home: Path, opened: Opener) -> None:
    store = opened()
    for i in range(5):
        store.append([LineAdded(str(i))]).result(10)
    store.close()
    change(home, garbage)
    with pytest.raises(StoreDamaged, match="up to sequence 5, but the log ends at 4"):
        opened()


def test_a_missing_log_under_a_full_database_is_damage(home: Path, opened: Opener) -> None:
    store = opened()
    store.append([LineAdded("a")]).result(10)
    store.close()
    for path in list_segments(SystemDisk(), home / "log"):
        path.unlink()
    with pytest.raises(StoreDamaged, match="the log ends at 0"):
        opened()


def test_a_missing_segment_in_the_middle_is_damage(home: Path, opened: Opener) -> None:
    store = opened()
    for _ in range(8):
        store.append([LineAdded("x" * 150_000)]).result(10)
    store.close()
    paths = list_segments(SystemDisk(), home / "log")
    assert len(paths) > 3
    paths[1].unlink()
    with pytest.raises(StoreDamaged, match="missing"):
        opened()


def test_a_broken_segment_header_is_damage(home: Path, opened: Opener) -> None:
    filled(home)
    path = list_segments(SystemDisk(), home / "log")[0]
    path.write_bytes(b"\xff" * 16 + path.read_bytes()[16:])
    with pytest.raises(StoreDamaged, match="broken header"):
        opened()


def test_stored_bytes_that_look_like_a_frame_are_not_taken_for_one(home: Path, opened: Opener) -> None:
    """What a user stores may hold a whole frame; without the segment's salt it is only bytes."""
    filled(home)
    forged = b"".join(frame(0, b"\x92\xc0\x90", 1, 99, 98)).decode("latin-1")
    store = opened()
    store.append([LineAdded(forged)]).result(10)
    store.close()
    (home / "workbench.duckdb").rename(home / "away.duckdb")
    change(home, lambda data, frames: data.__setitem__(frames[-1].end - 1, data[frames[-1].end - 1] ^ 1))
    assert len(texts(opened())) == 10


def test_replay_from_an_older_sequence_gives_the_same_rows(home: Path, opened: Opener) -> None:
    store = opened()
    for i in range(4):
        store.append([LineAdded(f"early {i}")]).result(10)
    store.close()
    older = (home / "workbench.duckdb").read_bytes()
    store = opened()
    for i in range(5000):
        store.append([LineAdded(f"late {i}")])
    store.close()
    expected = texts(opened_once := open_store(home))
    opened_once.close()
    (home / "workbench.duckdb").write_bytes(older)
    assert texts(opened()) == expected

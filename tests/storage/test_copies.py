"""The store survives its own database: verified copies, and what happens to files that are damaged or gone."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storage.conftest import Opener
from tests.storage.notes import LINE_TEXTS, LineAdded, run
from workbench.base.errors import StoreDamaged, Unavailable
from workbench.storage import copies
from workbench.storage.copies import list_copies
from workbench.storage.copying import FILE, NOTE
from workbench.storage.store import Store

LINES = 300
Spoil = Callable[[Path], None]


def text(i: int) -> str:
    return f"line {i:04d} " + hashlib.shake_128(str(i).encode()).hexdigest(450)


async def fill(store: Store, begin: int, end: int) -> None:
    for i in range(begin, end):
        await store.append([LineAdded(text(i))])


def written(opened: Opener, *, copies: int = 2) -> None:
    """A store with copies at a third and two thirds of its lines, segments of 64 KiB, closed."""

    async def main(store: Store) -> None:
        for part in range(3):
            await fill(store, part * LINES // 3, (part + 1) * LINES // 3)
            if part < copies:
                await store.upkeep.copy()

    store = opened(segment_bytes=64 * 1024)
    run(store, main)
    store.close()


def whole(opened: Opener, **settings: object) -> Store:
    store = opened(segment_bytes=64 * 1024, **settings)
    assert run(store, lambda s: s.read(LINE_TEXTS)) == [text(i) for i in range(LINES)]
    return store


def test_the_log_behind_the_older_of_two_copies_is_dropped_and_nothing_else(opened: Opener, home: Path) -> None:
    written(opened)
    copies = list_copies(home)
    assert [c.seq for c in copies] == [100, 200]
    assert copies[1].rows["lines"] == 200
    assert all(c.is_whole() for c in copies)
    names = sorted(p.name for p in (home / "log").glob("*.log"))
    assert names[0] != "0000000001.log"
    store = whole(opened)
    assert store.health()["ok"], store.health()["reasons"]
    assert store.health()["copies"] == 2
    assert store.append([LineAdded("one more")]).result(10) == LINES + 1


def test_no_log_is_dropped_behind_a_single_copy(opened: Opener, home: Path) -> None:
    written(opened, copies=1)
    assert (home / "log" / "0000000001.log").exists()
    (home / FILE).unlink()
    shutil.rmtree(home / "copies")
    assert whole(opened).health()["restoredFrom"] == "the whole log"


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data.rstrip(b"\0")) // 2])


def flip(*starts: Callable[[int], int]) -> Spoil:
    """Change 60 bytes at each of these places, told by the size of what is not zeros at the end."""

    def spoil(path: Path) -> None:
        data = bytearray(path.read_bytes())
        used = len(data.rstrip(b"\0"))
        for at in starts:
            for byte in range(at(used), min(at(used) + 60, len(data))):
                data[byte] ^= 0x55
        path.write_bytes(data)

    return spoil


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def garbage(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\xa5garbage" * 5000)


SPOILS: dict[str, Spoil] = {
    "cut": cut,
    "cut to nothing": lambda path: path.write_bytes(b""),
    "first header flipped": flip(lambda _size: 16),
    "both data headers flipped": flip(lambda _: 4096 + 8, lambda _: 8192 + 8),
    "middle flipped": flip(lambda size: size // 2),
    "garbage appended": garbage,
    "zeroed": zero,
    "deleted": Path.unlink,
}


@pytest.mark.parametrize("how", SPOILS)
@pytest.mark.parametrize("copies", [2, 0])
def test_a_spoiled_database_comes_back_whole(opened: Opener, home: Path, how: str, copies: int) -> None:
    written(opened, copies=copies)
    SPOILS[how](home / FILE)
    store = whole(opened)
    health = store.health()
    assert health["ok"], health["reasons"]
    if how not in ("garbage appended", "middle flipped"):
        assert health["restoredFrom"] == ("the verified copy at 200 and the log" if copies else "the whole log")


def crashed(opened: Opener, home: Path) -> Path:
    """The home of a store as a killed process leaves it, its write-ahead log not yet checkpointed."""
    away = home.parent / "crashed"

    async def main(store: Store) -> None:
        await fill(store, 0, 100)
        await store.upkeep.copy()
        await fill(store, 100, 200)
        await store.upkeep.copy()
        await fill(store, 200, LINES)
        await store.barrier()
        shutil.copytree(home, away)

    store = opened(segment_bytes=64 * 1024)
    run(store, main)
    store.close()
    assert (away / f"{FILE}.wal").stat().st_size > 1000
    return away


WAL_SPOILS = {**SPOILS, "untouched": lambda _path: None}


@pytest.mark.parametrize("how", WAL_SPOILS)
def test_a_spoiled_write_ahead_log_of_the_database_loses_nothing(opened: Opener, home: Path, how: str) -> None:
    away = crashed(opened, home)
    WAL_SPOILS[how](away / f"{FILE}.wal")
    store = whole(opened, where=away)
    assert store.health()["ok"], store.health()["reasons"]


@pytest.mark.parametrize("how", ["deleted", "zeroed", "middle flipped"])
def test_a_spoiled_database_is_not_mixed_with_the_write_ahead_log_it_left(opened: Opener, home: Path, how: str) -> None:
    away = crashed(opened, home)
    SPOILS[how](away / FILE)
    assert whole(opened, where=away).health()["ok"]


def test_a_spoiled_newest_copy_is_passed_over(opened: Opener, home: Path) -> None:
    written(opened)
    (home / FILE).unlink()
    flip(lambda size: size // 2)(list_copies(home)[1].file)
    assert whole(opened).health()["restoredFrom"] == "the verified copy at 100 and the log"


def test_without_database_copies_and_first_segments_it_opens_empty_and_read_only(opened: Opener, home: Path) -> None:
    written(opened)
    (home / FILE).unlink()
    for copy in list_copies(home):
        (copy.folder / NOTE).unlink()
    with pytest.raises(StoreDamaged, match="no verified copy opens"):
        opened()
    store = opened(allow_damaged=True)
    assert run(store, lambda s: s.read(LINE_TEXTS)) == []
    assert "no verified copy opens" in store.health()["reasons"][0]
    with pytest.raises(Unavailable):
        store.append([LineAdded("refused")])
    store.close()
    assert not (home / FILE).exists()


LOG_SPOILS: dict[str, Spoil] = {
    "cut": cut,
    "frame flipped": flip(lambda _size: 64 + 50),
    "header flipped": flip(lambda _size: 2),
    "middle flipped": flip(lambda size: size // 2),
    "zeroed": zero,
    "deleted": Path.unlink,
}


SEEN = [
    (how, which)
    for how in LOG_SPOILS
    for which in ("first", "middle", "last")
    # A last segment that is gone leaves no trace without a database that knows more: see the next test.
    if not (which == "last" and how in ("cut", "zeroed", "deleted"))
]


@pytest.mark.parametrize(("how", "which"), SEEN)
def test_a_spoiled_segment_is_damage_and_all_before_it_can_be_read(
    opened: Opener, home: Path, how: str, which: str
) -> None:
    written(opened, copies=0)
    (home / FILE).unlink()
    (home / f"{FILE}.wal").unlink(missing_ok=True)
    segments = [p for p in sorted((home / "log").glob("*.log")) if any(p.read_bytes()[64:])]
    spoiled = {"first": 0, "middle": len(segments) // 2, "last": len(segments) - 1}[which]
    LOG_SPOILS[how](segments[spoiled])
    with pytest.raises(StoreDamaged):
        opened()
    store = opened(allow_damaged=True)
    lines = run(store, lambda s: s.read(LINE_TEXTS))
    assert lines == [text(i) for i in range(len(lines))]
    assert len(lines) < LINES
    if which != "first":
        assert len(lines) > 30, "what stands before the damage is there"
    assert not store.health()["ok"]
    with pytest.raises(Unavailable):
        store.append([LineAdded("refused")])


@pytest.mark.parametrize("how", ["cut", "zeroed", "deleted", "frame flipped", "header flipped"])
def test_a_spoiled_last_segment_is_seen_by_the_database_that_has_more(opened: Opener, home: Path, how: str) -> None:
    written(opened, copies=0)
    segments = [p for p in sorted((home / "log").glob("*.log")) if any(p.read_bytes()[64:])]
    LOG_SPOILS[how](segments[-1])
    with pytest.raises(StoreDamaged):
        opened()
    store = whole(opened, allow_damaged=True)
    assert not store.health()["writable"]


@pytest.mark.parametrize("which", [0, 1])
def test_missing_segments_that_no_copy_covers_are_damage(opened: Opener, home: Path, which: int) -> None:
    written(opened)
    sorted((home / "log").glob("*.log"))[which].unlink()
    with pytest.raises(StoreDamaged, match="missing"):
        opened()
    assert whole(opened, allow_damaged=True).health()["writable"] is False


def test_compact_drops_all_that_lies_behind_at_once(opened: Opener, home: Path) -> None:
    written(opened)

    async def main(store: Store) -> None:
        copy = await store.upkeep.compact()
        assert copy.seq == LINES

    store = opened(segment_bytes=64 * 1024)
    run(store, main)
    assert [c.seq for c in list_copies(home)] == [LINES]
    held = b"".join(p.read_bytes() for p in (home / "log").glob("*.log"))
    assert b"line 0" not in held
    store.close()
    store = whole(opened)
    assert store.append([LineAdded("next")]).result(10) == LINES + 1
    store.close()
    (home / FILE).unlink()
    store = opened()
    assert len(run(store, lambda s: s.read(LINE_TEXTS))) == LINES + 1
    assert store.health()["ok"]


def test_a_copy_is_made_by_itself_when_the_log_outgrows_the_database(
    opened: Opener, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.storage.copies.LEAST_BYTES", 100_000)
    monkeypatch.setattr("workbench.storage.apply.CHECKPOINT_BYTES", 100_000)
    store = opened(segment_bytes=64 * 1024)

    async def main(store: Store) -> None:
        for _ in range(12):
            for _ in range(200):
                store.append([LineAdded("the same again " * 60)])
            await store.barrier()
        await store.upkeep.idle()

    run(store, main)
    health = store.health()
    assert health["copiesMade"] >= 1
    assert health["ok"], health["reasons"]


def test_a_copy_that_fails_is_told_and_nothing_is_dropped(opened: Opener, home: Path) -> None:
    async def main(store: Store) -> None:
        await fill(store, 0, 50)
        (home / "copies").write_text("a file stands in the way")
        with pytest.raises(Unavailable, match="No copy could be made"):
            await store.upkeep.copy()
        assert not store.health()["ok"]
        (home / "copies").unlink()
        await store.upkeep.copy()
        assert store.health()["ok"]

    run(opened(segment_bytes=64 * 1024), main)
    assert (home / "log" / "0000000001.log").exists()


def test_a_copying_process_that_hangs_is_stopped_and_the_copy_is_tried_again(
    opened: Opener, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = opened(segment_bytes=64 * 1024)

    async def main(store: Store) -> str:
        await fill(store, 0, 10)
        monkeypatch.setattr(copies, "LONGEST_S", 0.3)
        monkeypatch.setattr(copies.sys, "executable", str(sleeper))
        with pytest.raises(Unavailable) as caught:
            await store.upkeep.copy()
        monkeypatch.undo()
        assert any("copy" in reason for reason in store.health()["reasons"])
        await store.upkeep.copy()
        assert store.health()["ok"]
        return caught.value.message

    sleeper = tmp_path / "sleeper"
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o755)
    assert "took longer than 0.3 s and was stopped" in run(store, main)

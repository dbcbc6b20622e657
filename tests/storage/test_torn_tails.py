"""Properties of recovery over every byte: what was called durable is kept or missed loudly, the rest ends cleanly."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.storage.disk import SystemDisk
from workbench.storage.recovery import Tail, recover
from workbench.storage.segments import Frame, Segment, create, frame, is_zero, open_segment

SIZE = 2048
payloads = st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=8)


def written(folder: Path, contents: list[bytes], durable: int) -> tuple[Segment, list[int]]:
    """A segment with a frame for each payload, one fact each; and where each frame begins and the last ends.

    Frames up to sequence `durable` were synced one by one; the others were one group after it.
    """
    segment = create(SystemDisk(), folder, 1, SIZE)
    edges = [segment.position]
    for seq, payload in enumerate(contents, 1):
        segment.write(b"".join(frame(segment.salt, payload, 1, seq, min(seq - 1, durable))))
        edges.append(segment.position)
    return segment, edges


def read_back(folder: Path) -> tuple[Tail, list[bytes]]:
    """What recovery finds; its files closed again."""
    found: list[Frame] = []
    tail = recover(SystemDisk(), folder, 0, found.append)
    for segment in (tail.segment, tail.spare):
        if segment is not None:
            segment.close()
    return tail, [f.payload for f in found]


@settings(max_examples=150, deadline=None)
@given(payloads, st.data())
def test_a_tail_cut_anywhere_keeps_every_whole_frame(contents: list[bytes], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        segment, edges = written(folder, contents, len(contents) - 1)
        segment.close()
        at = data.draw(st.integers(edges[0], edges[-1]))
        raw = segment.path.read_bytes()
        segment.path.write_bytes(raw[:at] + bytes(SIZE - at))
        whole = sum(edge <= at for edge in edges[1:])
        # A frame may end in zeros of its own: then the cut changed nothing in it.
        while whole < len(contents) and not raw[at : edges[whole + 1]].strip(b"\0"):
            whole += 1
        tail, found = read_back(folder)
        assert tail.damage is None
        assert found == contents[:whole]
        assert tail.next_seq == whole + 1
        assert is_zero(segment.path.read_bytes(), edges[whole])
        assert read_back(folder)[0].torn_bytes == 0


@settings(max_examples=200, deadline=None)
@given(payloads, st.data())
def test_a_flipped_bit_is_damage_below_what_is_known_durable_and_a_torn_tail_above(
    contents: list[bytes], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        durable = data.draw(st.integers(0, len(contents)))
        segment, edges = written(folder, contents, durable)
        segment.close()
        at = data.draw(st.integers(edges[0], edges[-1] - 1))
        raw = bytearray(segment.path.read_bytes())
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
        segment.path.write_bytes(raw)
        hurt = next(i for i, edge in enumerate(edges[1:]) if at < edge)
        known = max((min(seq - 1, durable) for seq in range(hurt + 2, len(contents) + 1)), default=0)
        tail, found = read_back(folder)
        assert found == contents[:hurt]
        assert (tail.damage is not None) == (known > hurt)
        if tail.damage is None:
            assert is_zero(segment.path.read_bytes(), edges[hurt])
        else:
            assert segment.path.read_bytes() == bytes(raw)


@settings(max_examples=100, deadline=None)
@given(payloads, st.binary(min_size=1, max_size=300))
def test_garbage_behind_the_last_frame_is_a_torn_tail(contents: list[bytes], garbage: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        segment, edges = written(folder, contents, len(contents))
        segment.close()
        raw = bytearray(segment.path.read_bytes())
        raw[edges[-1] : edges[-1] + len(garbage)] = garbage
        segment.path.write_bytes(raw)
        tail, found = read_back(folder)
        assert tail.damage is None
        assert found == contents
        assert (tail.torn_bytes > 0) == bool(garbage.strip(b"\0"))


def test_recovery_begins_at_the_segment_that_holds_what_is_needed(tmp_path: Path) -> None:
    written(tmp_path, [b"1", b"2"], 2)[0].close()
    second = create(SystemDisk(), tmp_path, 2, SIZE)
    second.write(b"".join(frame(second.salt, b"3", 1, 3, 2)))
    second.close()
    raw = bytearray((first := tmp_path / "0000000001.log").read_bytes())
    raw[70] ^= 1
    first.write_bytes(raw)
    found: list[Frame] = []
    tail = recover(SystemDisk(), tmp_path, 2, found.append)
    assert [f.payload for f in found] == [b"3"]
    assert tail.segment is not None
    tail.segment.close()


def test_a_half_made_segment_is_thrown_away(tmp_path: Path) -> None:
    written(tmp_path, [b"1"], 1)[0].close()
    (tmp_path / "0000000002.new").write_bytes(b"half")
    tail, found = read_back(tmp_path)
    assert found == [b"1"]
    assert tail.spare is None
    assert not list(tmp_path.glob("*.new"))


def test_a_prepared_segment_is_used_next(tmp_path: Path) -> None:
    written(tmp_path, [b"1"], 1)[0].close()
    create(SystemDisk(), tmp_path, 2, SIZE).close()
    tail = recover(SystemDisk(), tmp_path, 0, lambda _frame: None)
    assert tail.spare is not None
    assert tail.spare.index == 2
    for segment in (tail.segment, tail.spare):
        assert segment is not None
        segment.close()
    open_segment(SystemDisk(), tmp_path / "0000000002.log").close()

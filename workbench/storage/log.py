"""The log: takes facts from any thread, makes each group of them durable with one sync, then tells those who wait.

Order is the order of `append` calls. Sequences are given when a group is written, because a decision (`transact`) may
hold the log while appends go on to queue up behind it.
"""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

from workbench.base.errors import PayloadTooLarge, StoreDamaged, Unavailable
from workbench.base.probe import probe
from workbench.storage.disk import Disk
from workbench.storage.encoding import Encoding
from workbench.storage.facts import Fact
from workbench.storage.news import News
from workbench.storage.recovery import Tail
from workbench.storage.running import AT_ONCE, ENDED, Runner, Work
from workbench.storage.segments import (
    FIRST_SEGMENT_BYTES,
    FRAME_BYTES,
    HEADER_BYTES,
    SEGMENT_BYTES,
    Segment,
    create,
    frame,
)
from workbench.storage.ticket import Durable, Ticket

GROUP_BYTES = 4 * 1024 * 1024
MAX_FRAME_BYTES = 256 * 1024 * 1024
_logger = structlog.get_logger("workbench.storage")


class Log:
    """One store's log. Its `step` writes what waits; `on_group` gets each durable group in order, from there."""

    def __init__(
        self,
        disk: Disk,
        folder: Path,
        tail: Tail,
        encoding: Encoding,
        on_group: Callable[[list[Ticket]], None],
        *,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self._disk = disk
        self._folder = folder
        self._encoding = encoding
        self._on_group = on_group
        self._segment_bytes = segment_bytes
        self._segment = tail.segment
        self._spare = tail.spare
        self._preparing: Work | None = None
        self.next_seq = tail.next_seq
        self.durable = Durable(tail.next_seq - 1, threading.Condition())
        self.appended = tail.next_seq - 1
        """How many facts there are, those in flight included."""
        self.bytes_written = 0
        self._lock = threading.Lock()
        self._queue: deque[Ticket] = deque()
        self._awake = True
        """Whether a step is running or about to: then nobody needs to wake it."""
        self._gate = threading.Lock()
        self._writing = threading.Lock()
        self._closing = False
        self.news = News(self.durable)
        if tail.damage is not None:
            self.durable.failure = StoreDamaged(tail.damage, hint="The store is read-only; restore it from a copy.")

    def start(self, runner: Runner) -> None:
        """Open the first segment of a fresh store and begin to write."""
        if self._segment is None and self.durable.failure is None:
            self._segment = create(self._disk, self._folder, 1, min(self._segment_bytes, FIRST_SEGMENT_BYTES))
        self._runner = runner
        self._work = runner.start("workbench-log", self.step)

    # --- any thread -------------------------------------------------------------------------------------------------

    def append(self, facts: Sequence[Fact], workspace: str | None) -> Ticket:
        """Queue facts as one atomic frame. Raises Unavailable when the log has failed, TypeError for unknown facts."""
        facts = tuple(facts)  # the caller may use its list again
        payload = self._encoding.encode(facts, workspace)
        if len(payload) > MAX_FRAME_BYTES:
            raise PayloadTooLarge(
                f"One append of {len(payload)} bytes is over the limit of {MAX_FRAME_BYTES}.",
                hint="Append fewer facts at once, and put large values into the value store.",
            )
        ticket = Ticket(self.durable, facts, workspace, payload)
        with self._lock:
            if self.durable.failure is not None:
                raise self.durable.failure
            self.appended += ticket.count
            self._queue.append(ticket)
            if not self._awake:
                self._awake = True
                self._work.wake()
        return ticket

    @contextmanager
    def held(self) -> Generator[None]:
        """Keep the log's thread from writing; appends queue up. The gate stops a busy log from starving us."""
        with self._gate, self._writing:
            yield

    def write_waiting(self) -> None:
        """Write all that was appended before now; only while `held`."""
        while group := self._take():
            self._write(group, self._on_group)

    def write(self, decided: list[tuple[Sequence[Fact], str | None]]) -> list[Ticket]:
        """Write decided facts as one group, before all that waits; only while `held`. Raises Unavailable."""
        if self.durable.failure is not None:
            raise self.durable.failure
        tickets = [Ticket(self.durable, f, w, self._encoding.encode(f, w)) for f, w in decided]
        with self._lock:
            self.appended += sum(t.count for t in tickets)
        self._write(tickets, None)
        if self.durable.failure is not None:
            raise self.durable.failure
        return tickets

    def close(self) -> None:
        """Write all that waits, seal the log's end, stop the thread and close the files."""
        with self._lock:
            self._closing = True
            if not self._awake:
                self._awake = True
                self._work.wake()
        self._work.finish()
        if self._preparing is not None:
            self._preparing.finish()
        if self.durable.failure is None:
            self._seal()
            self._fail(Unavailable("The store is closed.", hint="Open it again."))
        for segment in (self._segment, self._spare):
            if segment is not None:
                segment.close()

    # --- the writer (the log's thread, or the holder) ---------------------------------------------------------------

    def step(self) -> float | None:
        """Write one group of what waits."""
        try:
            with self._gate:
                pass
            with self._writing:
                group = self._take()
                if group:
                    self._write(group, self._on_group)
                    return AT_ONCE
            with self._lock:
                if self._queue:
                    return AT_ONCE
                self._awake = False
                return ENDED if self._closing else None
        except BaseException as error:  # noqa: BLE001 - whatever ends the thread must fail all waiters
            _logger.error("log.thread_died", trace=traceback.format_exc())
            self._fail(Unavailable(f"The log's thread died: {error}", hint="Restart the server."))
            return ENDED

    def _take(self) -> list[Ticket]:
        group: list[Ticket] = []
        size = 0
        with self._lock:
            while self._queue and size < GROUP_BYTES:
                ticket = self._queue.popleft()
                size += len(ticket.payload)
                group.append(ticket)
        return group

    def _write(self, group: list[Ticket], follow: Callable[[list[Ticket]], None] | None) -> None:
        """One group, one sync; then `follow` has it, then it counts as durable.

        A failure closes the log: what was in flight may or may not be on the disk.
        """
        try:
            size = sum(len(t.payload) + FRAME_BYTES for t in group)
            segment = self._segment_for(size)
            parts: list[bytes] = []
            first, known = self.next_seq, self.durable.seq
            for ticket in group:
                ticket.first = first
                if ticket.count:
                    parts += frame(segment.salt, ticket.payload, ticket.count, first, known)
                    first += ticket.count
                ticket.payload = b""
            if parts:
                data = b"".join(parts)
                probe("log.before_sync")
                segment.write(data)
                probe("log.after_sync")
                self.bytes_written += len(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, no waiter may be left waiting
            _logger.error("log.sync_failed", error=str(error))
            self._fail(
                Unavailable(
                    f"The log could not be written ({error}); whether the last facts were kept is unknown.",
                    hint="Check the disk, then restart the server: the log's tail is read again.",
                    data={"outcome": "unknown"},
                ),
                group,
            )
            return
        self.next_seq = first
        if follow is not None:
            follow(group)
        self.durable.seq = first - 1
        self.news.tell(group)
        if self._spare is None and self._preparing is None and segment.position * 2 > segment.size:
            self._preparing = self._runner.start("workbench-log-prepare", self._prepare)

    def _segment_for(self, size: int) -> Segment:
        segment = self._segment
        assert segment is not None
        if segment.fits(size):
            return segment
        if self._preparing is not None:
            self._preparing.finish()
            self._preparing = None
        following = self._spare
        self._spare = None
        if following is None or not following.fits(size):
            if following is not None:
                following.close()
                self._disk.unlink(following.path)
            needed = max(self._segment_bytes, size + HEADER_BYTES)
            following = create(self._disk, self._folder, segment.index + 1, needed)
        segment.close()
        self._segment = following
        probe("log.after_rotation")
        return following

    def _prepare(self) -> float:
        """Make the next segment ready: zeroing it takes 40 to 260 ms."""
        segment = self._segment
        assert segment is not None
        try:
            self._spare = create(self._disk, self._folder, segment.index + 1, self._segment_bytes)
        except OSError as error:
            _logger.warning("log.prepare_failed", error=str(error))
        return ENDED

    def _seal(self) -> None:
        """An empty frame that calls everything before it durable: a later flip in the last facts is seen as damage."""
        segment = self._segment
        if segment is not None and segment.fits(FRAME_BYTES) and self.bytes_written:
            segment.write(b"".join(frame(segment.salt, b"", 0, self.next_seq, self.durable.seq)))

    def _fail(self, error: Unavailable, group: Sequence[Ticket] = ()) -> None:
        with self._lock:
            if self.durable.failure is None:
                self.durable.failure = error
            waiting = [*group, *self._queue]
            self._queue.clear()
        for ticket in waiting:
            ticket.failure = error
        self.news.failed(waiting)

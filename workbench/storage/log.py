"""The log: takes facts from any thread, makes each group of them durable with one sync, then tells those who wait.

Order is the order of `append` calls. Sequences are given when a group is written, because a decision (`transact`) may
hold the log while appends go on to queue up behind it.
"""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from time import perf_counter

from workbench.base.errors import PayloadTooLarge, StoreDamaged, Unavailable
from workbench.base.logs import get_logger
from workbench.base.metrics import SYNC_BUCKETS_S, Histogram
from workbench.base.probe import probe
from workbench.storage.disk import Disk
from workbench.storage.encoding import Encoding
from workbench.storage.facts import Fact
from workbench.storage.mending import cut_back, no_room, unknown
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
RETRY_S = 1.0
LONGEST_RETRY_S = 30.0
MAX_FRAME_BYTES = 256 * 1024 * 1024
_logger = get_logger("workbench.storage")


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
        self._firsts = dict(tail.firsts)
        """The first sequence of each segment that holds frames."""
        self._preparing: Work | None = None
        self.next_seq = tail.next_seq
        self.durable = Durable(tail.next_seq - 1, threading.Condition())
        self.appended = tail.next_seq - 1
        """How many facts there are, those in flight included."""
        self.bytes_written = 0
        self.full: Unavailable | None = None
        """Set while there is no room for the next group: patient facts wait, all others are refused."""
        self._lock = threading.Lock()
        self._queue: deque[Ticket] = deque()
        self._awake = True
        """Whether a step is running or about to: then nobody needs to wake it."""
        self._gate = threading.Lock()
        self._writing = threading.Lock()
        self._closing = False
        self._is_torn = False
        """Whether a write has failed, so that nothing is known about the bytes behind the last acknowledged frame."""
        self._wanted = 0
        """Bytes of the group for which there was no room."""
        self._tries = 0
        """How often writing has failed since it last went well."""
        self.on_writable: Callable[[], None] = lambda: None
        """Called from the log's step when facts can be written again after a failure; what was in flight is gone."""
        self.syncs = 0
        self.sync_times = Histogram(SYNC_BUCKETS_S)
        self.largest_group = 0
        """Facts made durable with one sync, at most."""
        self.reopened = 0
        self.news = News(self.durable)
        if tail.damage is not None:
            self.durable.failure = StoreDamaged(
                f"The store is damaged and read-only. {tail.damage}",
                hint="Copy its whole folder away, then bring a backup back with `workbench restore`.",
            )

    def start(self, runner: Runner) -> None:
        """Open the first segment of a fresh store and begin to write."""
        if self._segment is None and self.durable.failure is None:
            self._segment = create(self._disk, self._folder, 1, min(self._segment_bytes, FIRST_SEGMENT_BYTES))
            self._firsts[1] = 1
        self._runner = runner
        self._work = runner.start("workbench-log", self.step)

    # --- any thread -------------------------------------------------------------------------------------------------

    def append(self, facts: Sequence[Fact], workspace: str | None, patient: bool = False) -> Ticket:
        """Queue facts as one atomic frame. Raises Unavailable when the log has failed, or finds no room on the disk and
        the facts are not `patient`; TypeError for unknown facts.
        """
        facts = tuple(facts)  # the caller may use its list again
        payload = self._encoding.encode(facts, workspace)
        if len(payload) > MAX_FRAME_BYTES:
            raise PayloadTooLarge(
                f"One append of {len(payload)} bytes is over the limit of {MAX_FRAME_BYTES}.",
                hint="Append fewer facts at once, and put large values into the value store.",
            )
        ticket = Ticket(self.durable, facts, workspace, payload, patient)
        with self._lock:
            if self.durable.failure is not None:
                raise self.durable.failure
            if self.full is not None and not patient:
                raise self.full
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
        while self.refusal is None and (group := self._take()):
            self._write(group, self._on_group)

    def write(self, decided: list[tuple[Sequence[Fact], str | None]]) -> list[Ticket]:
        """Write decided facts as one group, before all that waits; only while `held`. Raises Unavailable."""
        if self.refusal is not None:
            raise self.refusal
        tickets = [Ticket(self.durable, f, w, self._encoding.encode(f, w)) for f, w in decided]
        with self._lock:
            self.appended += sum(t.count for t in tickets)
        self._write(tickets, None)
        for ticket in tickets:
            if ticket.failure is not None:
                raise ticket.failure
        return tickets

    @property
    def refusal(self) -> Unavailable | None:
        """Why nothing can be written now; None when all is well."""
        return self.durable.failure or self.full

    def close(self) -> None:
        """Write all that waits, seal the log's end, stop the thread and close the files."""
        with self._lock:
            self._closing = True
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
        group: list[Ticket] = []
        try:
            with self._gate:
                pass
            with self._writing:
                if (refusal := self.refusal) is not None:
                    if not self._closing:
                        return self._go_on()
                    self._fail(refusal)
                    return ENDED
                group = self._take()
                if group:
                    self._write(group, self._on_group)
                    return AT_ONCE if self.refusal is None else self._delay()
            with self._lock:
                if self._queue:
                    return AT_ONCE
                self._awake = False
                return ENDED if self._closing else None
        except BaseException as error:  # noqa: BLE001 - whatever ends the thread must fail all waiters
            _logger.error("log.thread_died", trace=traceback.format_exc())
            self._fail(Unavailable(f"The log's thread died: {error}", hint="Restart the server."), group)
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

        Without room for it nothing is written: patient facts wait, the others are told. Any other failure tears the
        log: what was in flight may or may not be on the disk.
        """
        size = sum(len(t.payload) + FRAME_BYTES for t in group)
        try:
            segment = self._segment_for(size)
        except OSError as error:
            self._stand_still(group, error, size)
            return
        position = segment.position
        try:
            parts: list[bytes] = []
            first, known = self.next_seq, self.durable.seq
            for ticket in group:
                ticket.first = first
                if ticket.count:
                    parts += frame(segment.salt, ticket.payload, ticket.count, first, known)
                    first += ticket.count
            if parts:
                data = b"".join(parts)
                began = perf_counter()
                probe("log.before_sync")
                segment.write(data)
                probe("log.after_sync")
                self.sync_times.observe(perf_counter() - began)
                self.syncs += 1
                self.bytes_written += len(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, no waiter may be left waiting
            segment.position = position
            self._tear(group, error)
            return
        self.largest_group = max(self.largest_group, first - self.next_seq)
        self.next_seq = first
        for ticket in group:
            ticket.payload = b""
        if follow is not None:
            follow(group)
        self.durable.seq = first - 1
        self.news.tell(group)
        if self._tries:
            self._tries = 0
        if self._spare is None and self._preparing is None and segment.position * 2 > segment.size:
            self._preparing = self._runner.start("workbench-log-prepare", self._prepare)

    # --- when the disk refuses --------------------------------------------------------------------------------------

    def _tear(self, group: list[Ticket], error: Exception) -> None:
        _logger.error("log.sync_failed", error=str(error))
        self._is_torn = True
        for ticket in group:
            ticket.first = 0
        self._fail(unknown(error), group)
        self._wake_up()

    def _stand_still(self, group: list[Ticket], error: OSError, size: int) -> None:
        told = no_room(error, self._folder)
        if self.full is None:
            _logger.error("log.no_room", error=str(error))
        with self._lock:
            self.full = told
            self._wanted = size
            waiting = [*group, *self._queue]
            refused = [t for t in waiting if not t.patient]
            self._queue = deque(t for t in waiting if t.patient)
            self.appended -= sum(t.count for t in refused)
        for ticket in refused:
            ticket.failure = told
        self.news.failed(refused)
        self._wake_up()

    def _wake_up(self) -> None:
        with self._lock:
            if not self._awake:
                self._awake = True
                self._work.wake()

    def _delay(self) -> float:
        """At once the first time, then less and less often."""
        tries, self._tries = self._tries, self._tries + 1
        return min(RETRY_S * 2 ** (tries - 1), LONGEST_RETRY_S) if tries else AT_ONCE

    def _go_on(self) -> float | None:
        """Look whether the disk takes writes again."""
        if not self._is_torn and self.full is None:
            return None  # damaged or dead: only a restart helps
        try:
            if self._is_torn and self._segment is not None:
                self._segment = cut_back(self._disk, self._segment, self.next_seq)
            if self.full is not None and self._segment is not None and not self._segment.fits(self._wanted):
                self._make_room()
        except StoreDamaged as error:
            self._is_torn, self.durable.failure = False, error
            return None
        except OSError as error:
            _logger.warning("log.still_refused", error=str(error))
            return self._delay()
        with self._lock:
            self._is_torn, self.full, self.durable.failure = False, None, None
            self.appended = self.durable.seq + sum(t.count for t in self._queue)
            self.reopened += 1
        _logger.info("log.reopened", durable=self.durable.seq)
        self.on_writable()
        return AT_ONCE

    def _segment_for(self, size: int) -> Segment:
        segment = self._segment
        assert segment is not None
        if segment.fits(size):
            return segment
        following = self._spare
        if following is None or self._preparing is not None or not following.fits(size):
            following = self._make_room(size)
        segment.close()
        self._segment, self._spare = following, None
        self._firsts[following.index] = self.next_seq
        probe("log.after_rotation")
        return following

    def _make_room(self, size: int = 0) -> Segment:
        """The next segment, for at least `size` bytes. Raises OSError."""
        segment = self._segment
        assert segment is not None
        size = max(size, self._wanted)
        if self._preparing is not None:
            self._preparing.finish()
            self._preparing = None
        if self._spare is not None and not self._spare.fits(size):
            self._spare.close()
            self._disk.unlink(self._spare.path)
            self._spare = None
        if self._spare is None:
            needed = max(self._segment_bytes, size + HEADER_BYTES)
            self._spare = create(self._disk, self._folder, segment.index + 1, needed)
        self._wanted = 0
        return self._spare

    def rotate(self) -> None:
        """Go on in a new segment, so that all before it can be dropped; only while `held`. Raises Unavailable."""
        if self.refusal is not None:
            raise self.refusal
        segment = self._segment
        assert segment is not None
        try:
            following = self._make_room(FRAME_BYTES)
            # A frame without facts says where the log begins when all before it is gone.
            following.write(b"".join(frame(following.salt, b"", 0, self.next_seq, self.durable.seq)))
        except OSError as error:
            raise no_room(error, self._folder) from error
        segment.close()
        self._segment, self._spare = following, None
        self._firsts[following.index] = self.next_seq

    def drop_behind(self, seq: int) -> int:
        """Take away the segments that hold no fact after `seq`; how many. From any thread."""
        indices = sorted(self._firsts)
        dropped = [i for i, following in pairwise(indices) if self._firsts[following] <= min(seq, self.durable.seq) + 1]
        for index in dropped:
            self._disk.unlink(self._folder / f"{index:010d}.log")
            del self._firsts[index]
        if dropped:
            self._disk.sync_folder(self._folder)
        return len(dropped)

    def bytes_after(self, seq: int) -> int:
        """About how many bytes of log there are after `seq`."""
        segment, indices = self._segment, sorted(self._firsts)
        total = segment.position if segment is not None else 0
        for index, following in pairwise(indices):
            if self._firsts[following] > seq + 1:
                total += self._disk.size(self._folder / f"{index:010d}.log")
        return total

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
            with suppress(OSError):
                segment.write(b"".join(frame(segment.salt, b"", 0, self.next_seq, self.durable.seq)))

    def _fail(self, error: Unavailable, group: Sequence[Ticket] = ()) -> None:
        with self._lock:
            if self.durable.failure is None:
                self.durable.failure = error
            waiting = [*group, *self._queue]
            self._queue.clear()
            self.appended = self.durable.seq
        for ticket in waiting:
            ticket.failure = error
        self.news.failed(waiting)

"""The events hub: per workspace a ring of the last raw facts, converted only when somebody listens.

A listener is a place in its ring, not a queue: a slow one costs no memory, and when the ring has gone past its place it
is told to start anew (`reset`).
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from workbench.base.logs import get_logger
from workbench.rest.events import EventType
from workbench.storage.facts import Fact

log = get_logger()

MAX_BATCH = 1000
"""Facts a listener is given at once, so that one far behind does not hold the loop."""


Entry: TypeAlias = tuple[int, EventType, Any]
"""(sequence, how it looks on the wire, what is kept of the fact)"""


@dataclass(frozen=True, slots=True)
class Message:
    """One event on the wire. Without `id` a listener that stops after it resumes before it."""

    event: str
    data: dict[str, Any]
    id: int | None = None


class Ring:
    """The last `size` facts of one workspace. Places count from 0 and never repeat."""

    __slots__ = ("_start_seq", "count", "entries", "listeners")

    def __init__(self, size: int, start_seq: int) -> None:
        self._start_seq = start_seq
        self.entries: deque[Entry] = deque(maxlen=size)
        self.count = 0
        """How many there ever were: the place of the next one."""
        self.listeners: set[Listener] = set()

    @property
    def floor(self) -> int:
        """The highest sequence that may not be here: an older `Last-Event-ID` cannot be resumed."""
        return self.entries[0][0] - 1 if self.oldest else self._start_seq

    @property
    def oldest(self) -> int:
        """The oldest place still here."""
        return self.count - len(self.entries)

    def seq_at(self, place: int) -> int:
        """The sequence at a place from `oldest` to `count - 1`."""
        return self.entries[place - self.count][0]

    def slice(self, start: int, end: int) -> list[Entry]:
        """What stands from place `start` to before `end`; costs what is asked for and what came after it."""
        newest_first = islice(reversed(self.entries), self.count - end, self.count - start)
        return list(newest_first)[::-1]

    def place_after(self, seq: int) -> int:
        """The first place whose sequence is over `seq`."""
        return bisect_right(range(self.oldest, self.count), seq, key=self.seq_at) + self.oldest


class Listener:
    """One listener's place in its workspace's ring; `run_id` narrows it to one run."""

    def __init__(self, hub: EventsHub, ring: Ring, place: int, run_id: str | None) -> None:
        self._hub = hub
        self._ring = ring
        self._place = place
        self._run_id = run_id
        self._wake = asyncio.Event()
        self.must_reset = False
        ring.listeners.add(self)

    @property
    def seq(self) -> int:
        """The sequence just before what it will be given next: where to resume."""
        ring = self._ring
        return ring.seq_at(self._place) - 1 if ring.oldest <= self._place < ring.count else self._hub.seq

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    async def wait(self, seconds: float) -> bool:
        """Wait for something new; False after `seconds` without."""
        if self._place < self._ring.count or self.must_reset or self._hub.is_closed:
            return True
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    def take(self) -> list[Message]:
        """What has happened since the last call, block events folded; at most `MAX_BATCH` facts of it."""
        if self.must_reset or self._place < self._ring.oldest:
            self.must_reset = False
            self._place = self._ring.count
            return [Message("reset", {"reason": "Events were missed: read again what you show."}, self._hub.seq)]
        end = min(self._ring.count, self._place + MAX_BATCH)
        entries = self._ring.slice(self._place, end)
        self._place = end
        return self._hub.convert(entries, self._run_id)

    def close(self) -> None:
        """Listen no more."""
        self._ring.listeners.discard(self)


class EventsHub:
    """Takes durable facts from the store, on the loop, and serves listeners. Not for other threads."""

    def __init__(self, kept: int = 10_000) -> None:
        self._kept = kept
        self._types: dict[type[Fact], EventType] = {}
        self._rings: dict[str, Ring] = {}
        self._start_seq = 0
        self.seq = 0
        """The highest durable sequence seen."""
        self.is_closed = False
        self.failure: str | None = None
        """Why the last group could not be told; None when it could."""
        self.restarts = 0
        self.block_counts: Callable[[str, Hashable], Mapping[str, Any]] = lambda _run_id, _key: {}
        """Counts since the run's start that are added to a folded item (the engine gives them)."""

    def add(self, *types: EventType) -> None:
        """Let facts of these classes be seen by listeners."""
        for t in types:
            self._types[t.fact] = t

    def start(self, seq: int) -> None:
        """Begin after `seq`, the highest sequence in the log: what is older is not here."""
        self._start_seq = self.seq = seq

    def publish(self, group: Iterable[tuple[int, str | None, Fact]]) -> None:
        """Take a durable group (the store's `on_durable`). After a fault every listener reads anew, and it goes on."""
        try:
            self._publish(group)
        except Exception as error:
            self.failure = repr(error)
            self.restarts += 1
            log.exception("events.publish_failed")
            for ring in self._rings.values():
                for listener in ring.listeners:
                    listener.must_reset = True
                    listener.wake()
        else:
            self.failure = None

    def _publish(self, group: Iterable[tuple[int, str | None, Fact]]) -> None:
        # One of the hottest loops of the engine's thread: it takes every durable fact.
        types, seq, last, ring = self._types, self.seq, None, None
        touched: list[Ring] = []
        for seq, workspace, fact in group:
            kind = types.get(fact.__class__)
            if kind is None or workspace is None:
                continue
            if ring is None or workspace != last:
                last, ring = workspace, self._ring(workspace)
                touched.append(ring)
            ring.entries.append((seq, kind, fact if kind.slim is None else kind.slim(fact)))
            ring.count += 1
        self.seq = seq
        for ring in touched:
            for listener in ring.listeners:
                listener.wake()

    def _ring(self, workspace: str) -> Ring:
        ring = self._rings.get(workspace)
        if ring is None:
            ring = self._rings[workspace] = Ring(self._kept, self._start_seq)
        return ring

    def listen(self, workspace: str, last_id: int | None = None, run_id: str | None = None) -> Listener:
        """Listen from now on, or from after `last_id`; one that cannot be resumed gets `reset` first."""
        ring = self._ring(workspace)
        if last_id is None:
            return Listener(self, ring, ring.count, run_id)
        listener = Listener(self, ring, ring.place_after(last_id), run_id)
        listener.must_reset = last_id < ring.floor or last_id > self.seq
        return listener

    @property
    def listeners(self) -> int:
        """How many streams are open."""
        return sum(len(ring.listeners) for ring in self._rings.values())

    def close(self) -> None:
        """End every listener's stream."""
        self.is_closed = True
        for ring in self._rings.values():
            for listener in ring.listeners:
                listener.wake()

    def convert(self, entries: list[Entry], run_id: str | None) -> list[Message]:
        """Facts as messages. Folded items come first and without id, so that resuming never skips one."""
        folded: dict[str, dict[Hashable, tuple[EventType, Any]]] = {}
        messages: list[Message] = []
        for seq, kind, fact in entries:
            of_run = kind.run_id(fact)
            if run_id is not None and of_run != run_id:
                continue
            if kind.item_key is not None and of_run is not None:
                items = folded.setdefault(of_run, {})
                key = kind.item_key(fact)
                items.pop(key, None)
                items[key] = (kind, fact)
                continue
            data = _converted(kind, fact)
            if data is not None:
                messages.append(Message(kind.event, data, seq))
        blocks = [m for run, items in folded.items() if (m := self._folded(run, items)) is not None]
        messages = [*blocks, *messages]
        if messages:
            last = messages[-1]
            messages[-1] = Message(last.event, last.data, entries[-1][0])
        return messages

    def _folded(self, run_id: str, items: Mapping[Hashable, tuple[EventType, Any]]) -> Message | None:
        made, event, head = [], "block", dict[str, Any]()
        for key, (kind, fact) in items.items():
            item = _converted(kind, fact)
            if item is not None:
                made.append({**item, **self.block_counts(run_id, key)})
                event, head = kind.event, kind.head(fact)
        return Message(event, {**head, "items": made}) if made else None


def _converted(kind: EventType, fact: Any) -> dict[str, Any] | None:
    """A converter that raises costs its own event, never the stream."""
    try:
        return kind.convert(fact)
    except Exception:
        log.exception("events.convert_failed", fact=kind.fact.name)
        return None

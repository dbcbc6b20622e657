"""Keeper of first answers: one effect per idempotency key, whoever asks again, for 24 hours."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TypeAlias

from workbench.access.facts import AnswerKept, AnswersDropped
from workbench.access.store import kept_answers, kept_body
from workbench.base.clock import Clock
from workbench.base.errors import Conflict
from workbench.base.ids import to_bytes
from workbench.rest.once import Claim, FirstAnswer
from workbench.storage.facts import Fact
from workbench.storage.store import Store

KEPT_US = 24 * 3600 * 1_000_000
SWEEP_SLACK_US = 600 * 1_000_000
MAX_BODIES_BYTES = 32 * 1024 * 1024
"""Bodies of recent first answers that stay in memory; older ones are read from DuckDB."""
MAX_RECORD = 1024 * 1024

Slot: TypeAlias = tuple[str, str, str]
"""(workspace, operation, key)"""


class Idempotency:
    """First answers by (workspace, operation, key): an index in memory, the bodies in the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[Slot, tuple[bytes, int]] = {}
        """Fingerprint and time, oldest first."""
        self._bodies: OrderedDict[Slot, FirstAnswer] = OrderedDict()
        self._bodies_bytes = 0
        self._in_flight: dict[Slot, KeyClaim] = {}

    async def start(self) -> None:
        """Load the index."""
        since = self._clock.now_us() - KEPT_US
        for a in await self._store.read(lambda cursor: kept_answers(cursor, since)):
            self._known[a.workspace_id, a.operation, a.key] = (a.fingerprint, a.at)

    async def begin(self, workspace_id: str, operation: str, key: str, fingerprint: bytes) -> FirstAnswer | Claim:
        """The first answer, or the claim to give it; waits while a twin is in flight. Raises `Conflict`."""
        slot = (workspace_id, operation, key)
        while True:
            known = self._known.get(slot)
            if known is not None and known[1] > self._clock.now_us() - KEPT_US:
                _check(known[0], fingerprint)
                answer = self._bodies.get(slot) or await self.stored(slot)
                if answer is not None:
                    return answer
            twin = self._in_flight.get(slot)
            if twin is None:
                claim = self._in_flight[slot] = KeyClaim(self, slot, fingerprint)
                return claim
            _check(twin.fingerprint, fingerprint)
            await twin.finished.wait()

    async def stored(self, slot: Slot) -> FirstAnswer | None:
        """The first answer as DuckDB has it."""
        return await self._store.read(lambda cursor: kept_body(cursor, *slot))

    def fact(self, claim: KeyClaim, status: int, body: bytes) -> AnswerKept:
        """The fact that keeps an answer."""
        workspace, operation, key = claim.slot
        at = self._clock.now_us()
        return AnswerKept(to_bytes(workspace), operation, key, claim.fingerprint, status, body, at)

    async def keep(self, claim: KeyClaim, status: int, body: bytes) -> None:
        """Make an answer that was not recorded with its effect durable."""
        await self._store.append([self.fact(claim, status, body)], claim.slot[0])

    def release(self, claim: KeyClaim, kept: FirstAnswer | None) -> None:
        """End a claim: remember its answer, let its twins go on."""
        if kept is not None:
            self._known.pop(claim.slot, None)
            self._known[claim.slot] = (claim.fingerprint, self._clock.now_us())
            old = self._bodies.pop(claim.slot, None)
            self._bodies[claim.slot] = kept
            self._bodies_bytes += len(kept.body) - (len(old.body) if old else 0)
            while self._bodies_bytes > MAX_BODIES_BYTES:
                self._bodies_bytes -= len(self._bodies.popitem(last=False)[1].body)
        self._in_flight.pop(claim.slot, None)
        claim.finished.set()

    async def sweep(self) -> None:
        """Forget answers older than 24 hours, in memory and in the store; costs what there is to forget.

        `begin` looks at their age itself, so this may be late: it waits until the oldest is `SWEEP_SLACK_US` over.
        """
        before = self._clock.now_us() - KEPT_US
        oldest = next(iter(self._known.values()), None)
        if oldest is None or oldest[1] >= before - SWEEP_SLACK_US:
            return
        for slot in [s for s, _ in takewhile(lambda known: known[1][1] < before, self._known.items())]:
            del self._known[slot]
            answer = self._bodies.pop(slot, None)
            self._bodies_bytes -= len(answer.body) if answer else 0
        await self._store.append([AnswersDropped(before)])


@dataclass(slots=True, eq=False)
class KeyClaim:
    """A claim on one slot; see `workbench.rest.once.Claim`."""

    keeper: Idempotency
    slot: Slot
    fingerprint: bytes
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    recorded: tuple[int, bytes] | None = None

    def record(self, status: int, body: bytes) -> list[Fact]:
        """The facts for the effect's group; called again (a decision that is run twice), the last answer counts."""
        if len(body) > MAX_RECORD:
            return []
        self.recorded = (status, body)
        return [self.keeper.fact(self, status, body)]

    async def finish(self, status: int, body: bytes | None) -> None:
        """Keep the answer if its effect's group did not, and let the twins go on."""
        kept = None
        try:
            if body is not None:
                if self.recorded != (status, body):
                    await self.keeper.keep(self, status, body)
                kept = FirstAnswer(status, body)
            elif self.recorded is not None:  # the effect may be in, although the request failed after it
                kept = await self.keeper.stored(self.slot)
        finally:
            self.keeper.release(self, kept)


def _check(first: bytes, now: bytes) -> None:
    if first != now:
        raise Conflict(
            "This Idempotency-Key was used with another request.",
            hint="Use a new key for a new request; repeat a request with exactly its first path and body.",
        )

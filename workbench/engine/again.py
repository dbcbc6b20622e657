"""Takes runs in that do not begin at the beginning: another attempt of a run, and a fork of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from workbench.base.errors import InvalidState, Unavailable
from workbench.base.ids import Ids
from workbench.base.probe import probe
from workbench.blocks.registry import BlockRegistry
from workbench.engine.forking import forked, read_past, retried
from workbench.engine.interfaces import Services
from workbench.engine.queue import Entry
from workbench.engine.records import RunRequest, RunRow
from workbench.engine.requests import created, new_row
from workbench.engine.states import Actor, RunStatus
from workbench.storage.facts import Fact
from workbench.storage.store import Store

With = Callable[[RunRow], Sequence[Fact]]
"""Gives facts that join the group in which a run is taken in."""


class Queueing(Protocol):
    """Where runs wait for a slot."""

    on_row: Callable[[RunRow], None]

    def require_open(self) -> None: ...

    def enqueue(self, entry: Entry) -> None: ...

    def withdraw(self, run_id: str) -> Entry | None: ...


class Taking(Protocol):
    """The engine, as it takes runs in."""

    store: Store
    registry: BlockRegistry
    services: Services
    ids: Ids

    @property
    def intake(self) -> Queueing: ...

    def find(self, run_id: str) -> RunRow | None: ...

    def move(self, row: RunRow, status: RunStatus, actor: Actor) -> bool: ...


async def retry(engine: Taking, entry: Entry, with_it: With = lambda _row: ()) -> RunRow:
    """Another attempt of a run that ended without success; it is durable when this returns.

    `entry` has the run as the database has it. Raises InvalidState for a run that completed or is not over,
    Unavailable while the store takes no writes.
    """
    engine.intake.require_open()
    row = entry.row
    past = await read_past(engine.store, row, entry.flow, engine.registry, is_retried=True)
    if engine.find(row.id) is not None or not engine.move(row, RunStatus.QUEUED, "user"):
        raise InvalidState(f"The run is {row.status.value}: there is nothing to try again.")
    facts = retried(row, engine.services.clock.now_us())
    entry.journal, entry.overlay, entry.mailbox = past.journal, past.overlay, past.mailbox
    engine.intake.on_row(row)
    ticket = engine.store.append([*facts, *with_it(row)], row.workspace_id)
    engine.intake.enqueue(entry)
    probe("run.retried")
    try:
        await ticket
    except Unavailable:
        engine.intake.withdraw(row.id)
        raise
    return row


async def fork(engine: Taking, request: RunRequest, with_it: With = lambda _row: ()) -> RunRow:
    """Acknowledge a run that begins from another's journal.

    It is durable first, then it reads what it took over, then it waits for a slot. Raises Unavailable while the store
    takes no writes.
    """
    assert request.fork is not None
    engine.intake.require_open()
    now = engine.services.clock.now_us()
    row = new_row(request, engine.ids.new(), now)
    facts = forked(row, request.fork, now)
    engine.intake.on_row(row)
    await engine.store.append([created(row, request.start_block), *facts, *with_it(row)], row.workspace_id)
    probe("run.forked")
    past = await read_past(engine.store, row, request.flow, engine.registry)
    entry = Entry(row, request.flow, request.breakpoints, request.start_block, past.journal, past.overlay)
    entry.called = request.called
    entry.debug_state = dict(request.fork.stands_at) if request.fork.stands_at is not None else None
    engine.intake.enqueue(entry)
    return row

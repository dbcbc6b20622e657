"""Gathers the facts of all runs and hands them to the log in groups: one append, one ticket, for many runs.

A sheet takes facts until it is handed over: at 256 facts, at the turn's end, or when somebody must know that they last.
New runs have sheets of their own, with all that they do meanwhile: a full disk refuses those, while the facts of runs
that were acknowledged wait for room.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from itertools import groupby
from typing import Any

from workbench.base.errors import Unavailable
from workbench.engine.late_values import LateValues
from workbench.storage.facts import Fact
from workbench.storage.store import Store
from workbench.storage.ticket import Ticket
from workbench.storage.value_files import Stored

FLUSH_AT = 256

Hook = Callable[[Exception | None], None]
"""Hears that facts last, or why nobody can tell."""


class Sheet:
    """Facts of one workspace that go to the log together."""

    __slots__ = ("facts", "failure", "hooks", "ink", "is_open", "is_settled", "patient", "pins", "ticket", "workspace")

    def __init__(self, ink: Ink, workspace: str, *, patient: bool) -> None:
        self.ink = ink
        self.workspace = workspace
        self.patient = patient
        self.facts: list[Fact] = []
        self.pins: list[Stored] = []
        self.hooks: list[tuple[bytes, Hook]] = []
        self.ticket: Ticket | None = None
        self.failure: Exception | None = None
        self.is_open = True
        self.is_settled = False
        """It lasts, or never will."""

    @property
    def is_full(self) -> bool:
        """Whether it is time to hand it over."""
        return len(self.facts) >= FLUSH_AT

    def settle(self, failure: Exception | None) -> None:
        """Tell those who wait for it, and let go of what it held."""
        self.is_settled = True
        self.failure = self.failure or failure
        if self.failure is not None:
            self.ink.lose(self, self.failure)
        hooks, self.hooks, self.facts, self.ticket = self.hooks, [], [], None
        refused = self.ink.refused
        for run, hook in hooks:
            hook(self.failure if not refused else refused.get(run, self.failure))


class Ink:
    """One engine's way to the log. Lives on the engine's loop; a run's facts keep their order."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop, threads: Executor) -> None:
        self.store = store
        self.loop = loop
        self.late = LateValues(loop, threads, store.values.put)
        self.refused: dict[bytes, Exception] = {}
        """By run: why the log did not take its facts; nothing that follows in that run is taken either."""
        self._open: dict[tuple[str, bool], Sheet] = {}
        self._flying: deque[Sheet] = deque()
        self._scheduled = False
        self._reopened = store.reopened

    def sheet(self, workspace: str, *, patient: bool = True) -> Sheet:
        """The sheet that takes facts now; `patient` ones wait for room on a full disk, others are refused then."""
        sheet = self._open.get((workspace, patient))
        if sheet is None:
            sheet = self._open[workspace, patient] = Sheet(self, workspace, patient=patient)
            if not self._scheduled:
                self._scheduled = True
                self.loop.call_soon(self._flush_later)
        return sheet

    def take_in(self, workspace: str, facts: Iterable[Fact]) -> Sheet:
        """Gather the facts of a new run; they stand or fall together."""
        sheet = self.sheet(workspace, patient=False)
        sheet.facts.extend(facts)
        if sheet.is_full:
            self.flush()
        return sheet

    def _flush_later(self) -> None:
        self._scheduled = False
        self.flush()

    def flush(self) -> None:
        """Hand what was gathered to the log."""
        flying = self._flying
        while flying and flying[0].is_settled:
            flying.popleft()
        if flying and (not self.store.is_writable or self.store.reopened != self._reopened):
            self._lose_failed()
        sheets, self._open = self._open, {}
        for sheet in sheets.values():
            self._hand_over(sheet)

    def _lose_failed(self) -> None:
        """What failed and has not been told so yet: nothing may follow it, though the log may take facts again."""
        self._reopened = self.store.reopened
        for before in self._flying:
            if before.ticket is not None and before.ticket.failure is not None:
                self.lose(before, before.ticket.failure)

    def _hand_over(self, sheet: Sheet) -> None:
        sheet.is_open = False
        try:
            if self.refused:
                self._run_by_run(sheet)
            else:
                sheet.ticket = self.store.append(sheet.facts, sheet.workspace, patient=sheet.patient)
        except Unavailable as error:
            sheet.failure = error
        except Exception:  # noqa: BLE001 - one run's fact that cannot be written must not stop the others'
            self._run_by_run(sheet)
        for stored in sheet.pins:
            self.store.values.unpin(stored)
        if sheet.ticket is not None and sheet.failure is None:
            sheet.ticket.call(sheet.settle)
            self._flying.append(sheet)
        else:
            self.loop.call_soon(sheet.settle, sheet.failure)

    def _run_by_run(self, sheet: Sheet) -> None:
        """Give each run's facts to the log by themselves; those that it refuses stand in `refused`."""
        for run, facts in _by_run(sheet.facts):
            if run in self.refused:
                self._refuse(facts, self.refused[run])
                continue
            try:
                sheet.ticket = self.store.append(facts, sheet.workspace, patient=sheet.patient)
            except Unavailable as error:
                sheet.failure = error
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, this run's journal has a gap from here on
                self._refuse(facts, error)

    def lose(self, sheet: Sheet, failure: Exception) -> None:
        """A sheet does not last: its runs have a gap, and the log takes nothing more of them, even once it goes on."""
        self._refuse(sheet.facts, failure)

    def _refuse(self, facts: Iterable[Fact], failure: Exception) -> None:
        for fact in facts:
            run = getattr(fact, "run", None)
            if run is not None:
                self.refused.setdefault(run, failure)

    async def lasts(self, sheet: Sheet, run: bytes) -> Exception | None:
        """Wait until a run's facts on a sheet last; else why nobody can tell. Does not hand it over before its time."""
        if sheet.is_settled:
            return self.refused.get(run, sheet.failure)
        future: asyncio.Future[Exception | None] = self.loop.create_future()

        def settle(failure: Exception | None) -> None:
            if not future.done():
                future.set_result(failure)

        sheet.hooks.append((run, settle))
        return await future

    async def all_lasts(self) -> None:
        """Wait until everything that was ever gathered lasts, or never will."""
        self.flush()
        for sheet in list(self._flying):
            await self.lasts(sheet, b"")


def _by_run(facts: Sequence[Fact]) -> Iterable[tuple[bytes, list[Fact]]]:
    """Facts in order, those in a row of one run together; one that names no run, or that takes in a run which this one
    leaves behind, goes with those before it.
    """
    owner = b""

    def run_of(fact: Any) -> bytes:
        nonlocal owner
        if owner and getattr(fact, "parent", None) == owner:
            return owner
        owner = getattr(fact, "run", owner)
        return owner

    return [(run, list(found)) for run, found in groupby(facts, run_of)]

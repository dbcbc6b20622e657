"""Decisions: the second door into the log. Checks against DuckDB, then writes, with every earlier fact in sight."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

import duckdb

from workbench.base.errors import Unavailable
from workbench.base.logs import get_logger
from workbench.base.probe import probe
from workbench.storage.facts import Fact, FactRegistry
from workbench.storage.log import Log
from workbench.storage.ticket import Ticket
from workbench.storage.writing import Entry, Writer, entries_of

T = TypeVar("T")
Decide = Callable[[Any], tuple[Sequence[Fact], T]]
MAX_REACTIONS = 1_000_000
_logger = get_logger("workbench.storage")


class Request(Generic[T]):
    """One waiting decision and the future of its caller."""

    def __init__(self, decide: Decide[T], workspace: str | None) -> None:
        self.decide = decide
        self.workspace = workspace
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[T] = self.loop.create_future()

    def answer(self, value: T) -> None:
        """Give the caller its answer; from any thread."""
        self._call(lambda: self.future.done() or self.future.set_result(value))

    def fail(self, error: Exception) -> None:
        """Give the caller its error; from any thread."""
        self._call(lambda: self.future.done() or self.future.set_exception(error))

    def _call(self, settle: Callable[[], object]) -> None:
        try:
            self.loop.call_soon_threadsafe(settle)
        except RuntimeError:
            _logger.warning("decide.caller_gone")


class _Refused(Exception):
    """One decision raised; the transaction is rolled back and the others are decided again without it."""

    def __init__(self, request: Request[Any], error: Exception) -> None:
        super().__init__()
        self.request = request
        self.error = error


class Decider:
    """Decides one group of requests while the log is held."""

    def __init__(self, connection: Any, writer: Writer, registry: FactRegistry, log: Log) -> None:
        self._connection = connection
        self._writer = writer
        self._reactions = registry.reactions
        self._together = registry.reactions_together
        self._log = log
        self._seq = 0

    def decide(self, requests: list[Request[Any]]) -> list[Ticket]:
        """Decide, apply, sync, answer, commit. Gives the tickets that are durable but could not be committed."""
        while requests:
            try:
                self._seq = self._log.next_seq
                self._connection.execute("BEGIN")
                decided = [(r, *self._one(r)) for r in requests]
            except _Refused as refused:
                self._writer.roll_back()
                refused.request.fail(refused.error)
                requests = [r for r in requests if r is not refused.request]
            except duckdb.Error as error:
                self._writer.roll_back()
                for request in requests:
                    request.fail(Unavailable(f"The database cannot be written: {error}.", hint="Look at /health."))
                return []
            else:
                return self._commit(decided)
        return []

    def _one(self, request: Request[Any]) -> tuple[list[Fact], Any]:
        try:
            facts, answer = request.decide(self._connection)
            return self._apply(facts, request.workspace), answer
        except Exception as error:
            raise _Refused(request, error) from error

    def _apply(self, asked: Iterable[Fact], workspace: str | None) -> list[Fact]:
        """Apply facts and what they set off, each before the next one's reactions look at the tables."""
        done: list[Fact] = []
        waiting: list[Entry] = []
        stack = list(asked)[::-1]
        while stack:
            fact = stack.pop()
            facts = [fact]
            reactions = self._reactions.get(type(fact), ())
            together = self._together.get(type(fact), ())
            while together and stack and type(stack[-1]) is type(fact):
                facts.append(stack.pop())
            caused: list[Fact] = []
            if reactions or together:
                self._writer.run(waiting)
                waiting.clear()
                for react in reactions:
                    caused += react(fact, self._connection)
                for react in together:
                    caused += react(facts, self._connection)
            waiting += entries_of(self._seq, workspace, facts)
            done += facts
            self._seq += len(facts)
            stack += caused[::-1]
            if len(done) > MAX_REACTIONS:
                raise RecursionError(f"{type(fact).name}: its reactions set each other off without end")
        self._writer.run(waiting)
        return done

    def _commit(self, decided: list[tuple[Request[Any], list[Fact], Any]]) -> list[Ticket]:
        writing: list[tuple[Sequence[Fact], str | None]] = [
            (facts, request.workspace) for request, facts, _ in decided if facts
        ]
        if not writing:
            self._writer.roll_back()
            for request, _, answer in decided:
                request.answer(answer)
            return []
        try:
            self._writer.mark(self._seq - 1)
            tickets = self._log.write(writing)
        except Exception as error:  # noqa: BLE001 - every caller gets it
            self._writer.roll_back()
            for request, _, _ in decided:
                request.fail(error)
            return []
        for request, _, answer in decided:
            request.answer(answer)
        try:
            probe("apply.before_commit")
            self._connection.execute("COMMIT")
            probe("apply.after_commit")
        except duckdb.Error as error:
            self._writer.roll_back()
            _logger.error("decide.commit_failed", error=str(error))
            return tickets
        return []

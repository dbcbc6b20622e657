"""How the engine's facts look to those who listen, and the memory that this needs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any, cast

import msgspec

from workbench.base.clock import Clock
from workbench.base.ids import to_bytes, to_text
from workbench.engine.engine import Engine
from workbench.engine.facts import (
    STEP_STATUSES,
    DebugPaused,
    RunCreated,
    RunFinished,
    RunMoved,
    ScopeProgressed,
    StepDone,
    StepStarted,
    TimerSet,
)
from workbench.engine.facts_forks import CheckpointReused, RunRetried
from workbench.engine.records import RunRow
from workbench.engine.states import TERMINAL, RunStatus
from workbench.rest.events import EventType
from workbench.runs.shaping import chip, ms, run_of_live, waiting_of
from workbench.storage.value_files import Stored

RUNS_KEPT = 20_000
SLIM_BYTES = 1024


class RunEvents:
    """Knows the run of each fact; gives the event types."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._rows: OrderedDict[bytes, RunRow] = OrderedDict()
        engine.on_row(self._remember)

    def _remember(self, row: RunRow) -> None:
        self._rows[to_bytes(row.id)] = row
        while len(self._rows) > RUNS_KEPT:
            self._rows.popitem(last=False)

    def types(self) -> tuple[EventType, ...]:
        """What the hub is given."""
        return (
            EventType(RunCreated, "run", lambda f: self._run(f, RunStatus.QUEUED), _run_id),
            EventType(RunMoved, "run", lambda f: self._run(f, RunStatus(f.status)), _run_id),
            EventType(RunRetried, "run", lambda f: self._run(f, RunStatus.QUEUED), _run_id),
            EventType(RunFinished, "run", lambda f: self._run(f, RunStatus(f.status)), _run_id),
            EventType(StepStarted, "block", self._started, _run_id, _block_key, self._head),
            EventType(StepDone, "block", self._done, _run_id, _block_key, self._head, slim=_slim),
            EventType(CheckpointReused, "block", self._reused, _run_id, _block_key, self._head),
            EventType(TimerSet, "block", self._waiting, _run_id, _waiting_key, self._head),
            EventType(ScopeProgressed, "block", self._progressed, _run_id, _block_key, self._head),
            EventType(DebugPaused, "debug", self._paused, _run_id),
        )

    def counts(self, run_id: str, key: Hashable) -> Mapping[str, Any]:
        """How often a block has ended how since the run's start."""
        known = self._engine.tally(run_id)
        if known is None or not isinstance(key, tuple):
            return {}
        _, block, function = cast("tuple[bytes, str, bytes | None]", key)
        tally = known.of(to_text(function) if function is not None else None)
        if tally is None:
            return {}
        completed, failed, skipped = tally.blocks.get(block, (0, 0, 0))
        counts: dict[str, Any] = {"completed": completed, "failed": failed, "skipped": skipped}
        if block in tally.progress:
            counts["done"], counts["total"] = tally.progress[block]
        return counts

    def _run(self, fact: Any, status: RunStatus) -> dict[str, Any] | None:
        row = self._rows.get(fact.run)
        if row is None:
            return None
        if status in TERMINAL:
            error = msgspec.json.decode(fact.error) if fact.error else None
            shown = self._rows[fact.run] = replace(row, output=None, status=status, finished_at=fact.at, error=error)
        else:  # the row may be further already; an event tells what its own fact says
            shown = replace(row, status=status, finished_at=None, error=None)
        return run_of_live(shown, self._clock.now_us(), with_output=False).to_wire()

    def _head(self, fact: Any) -> dict[str, Any]:
        row = self._rows.get(fact.run)
        return {"runId": to_text(fact.run), "functionId": row.function_id if row else None}

    def _started(self, fact: StepStarted) -> dict[str, Any]:
        return {**_block(fact), "attempt": fact.attempt, "status": "running"}

    def _waiting(self, fact: TimerSet) -> dict[str, Any] | None:
        if not fact.path:  # the run's own deadline
            return None
        path = _step_path(fact)
        about = msgspec.json.decode(fact.about) if fact.about else {}
        waiting = waiting_of(fact.kind, about, fact.due_at, fact.since).to_wire()
        inside = {"functionId": to_text(fact.function)} if fact.function is not None else {}
        return {
            "blockId": _block_at(path),
            **inside,
            "path": path,
            "attempt": 1,
            "status": "waiting",
            "waiting": waiting,
        }

    def _done(self, fact: StepDone) -> dict[str, Any]:
        return {
            **_block(fact),
            "attempt": fact.attempt,
            "status": STEP_STATUSES[fact.status],
            "port": fact.port,
            "summary": chip(fact.output),
            "error": msgspec.json.decode(fact.error) if fact.error else None,
            "runMs": ms(fact.finished_at - fact.started_at - fact.wait_us),
        }

    def _reused(self, fact: CheckpointReused) -> dict[str, Any]:
        return {
            **_block(fact),
            "attempt": fact.attempt,
            "status": STEP_STATUSES[fact.status],
            "port": fact.port,
            "summary": chip(fact.output),
            "flags": [fact.how],
        }

    def _progressed(self, fact: ScopeProgressed) -> dict[str, Any]:
        return {**_block(fact), "attempt": 1, "status": "running"}

    def _paused(self, fact: DebugPaused) -> dict[str, Any]:
        row = self._rows.get(fact.run)
        state = msgspec.json.decode(fact.state)
        return {"runId": to_text(fact.run), "functionId": row.function_id if row else None, "state": state}


def _slim(fact: StepDone) -> StepDone:
    """Without a value that is large for memory: what is shown of it stays."""
    output = fact.output
    if output is None or output.inline is None or len(output.inline) <= SLIM_BYTES:
        return fact
    return msgspec.structs.replace(fact, output=Stored(kind=output.kind, summary={"chip": chip(output)}))


def _block(fact: Any) -> dict[str, Any]:
    """Which block, where; one of a called function says of which."""
    if fact.function is None:
        return {"blockId": fact.block, "path": fact.path}
    return {"blockId": fact.block, "functionId": to_text(fact.function), "path": fact.path}


def _run_id(fact: Any) -> str:
    return to_text(fact.run)


def _block_at(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _step_path(fact: TimerSet) -> str:
    """The path of the step that waits; what follows `#` tells its waits and repeats apart."""
    return fact.path.partition("#")[0]


def _waiting_key(fact: TimerSet) -> Hashable:
    return (fact.run, _block_at(_step_path(fact)), fact.function)


def _block_key(fact: Any) -> Hashable:
    return (fact.run, fact.block, fact.function)

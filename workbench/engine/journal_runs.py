"""The one module that writes runs, beside `journal_forks.py`.

The facts of runs come together, whatever their class: what a run did within one batch becomes one row.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from workbench.engine.facts import RunCreated, RunFinished, RunMoved, RunRecovered, TimerSet
from workbench.engine.journal_waits import apply_timers, end_waits
from workbench.engine.states import RunStatus
from workbench.storage.columns import BIGINT, BLOB, BOOLEAN, TEXT, UUID, Table, execute, insert, last_by_key, rows
from workbench.storage.facts import Batch, FactType
from workbench.storage.value_files import Stored

RUNS = Table(
    "runs",
    {
        "id": UUID,
        "workspace_id": UUID,
        "function_id": UUID,
        "function_name": TEXT,
        "version": BIGINT,
        "status": TEXT,
        "trigger": TEXT,
        "inputs": BLOB,
        "output": BLOB,
        "error": TEXT,
        "priority": BIGINT,
        "debug": BOOLEAN,
        "durability": TEXT,
        "attempt": BIGINT,
        "timeout_ms": BIGINT,
        "parent_run_id": UUID,
        "pins": TEXT,
        "recoveries": BIGINT,
        "created_at": BIGINT,
        "started_at": BIGINT,
        "finished_at": BIGINT,
        "queue_us": BIGINT,
        "run_us": BIGINT,
        "wait_us": BIGINT,
        "steps": BIGINT,
        "pending_reason": TEXT,
    },
)
_stored = msgspec.msgpack.Encoder()
_read_stored = msgspec.msgpack.Decoder(Stored)


class _Fresh:
    """A run that is created in this batch, and what else it says of it."""

    __slots__ = ("created", "finished", "moved")

    def __init__(self, created: RunCreated) -> None:
        self.created = created
        self.moved: RunMoved | None = None
        self.finished: RunFinished | None = None


def _apply_runs(cursor: Any, facts: Batch) -> None:
    """Facts of the classes in `RUN_FACTS`, mixed, in order."""
    fresh: dict[bytes, _Fresh] = {}
    moved: list[RunMoved] = []
    finished: list[RunFinished] = []
    recovered = [f for f in facts if type(f) is RunRecovered]
    plain = frozenset(f.run for f in recovered)
    """Runs whose facts are applied one class after the other, as those of runs that were there before."""
    timers = Batch()
    for fact, seq in zip(facts, facts.seqs, strict=True):
        cls = type(fact)
        row = fresh.get(fact.run) if fact.run not in plain else None
        if cls is RunCreated:
            fresh[fact.run] = _Fresh(fact)
        elif cls is TimerSet:
            timers.append(fact)
            timers.seqs.append(seq)
        elif cls is RunMoved and row is not None:
            row.moved = fact
        elif cls is RunFinished and row is not None:
            row.finished = fact
        elif cls is RunMoved:
            moved.append(fact)
        elif cls is RunFinished:
            finished.append(fact)
    if fresh:
        _create(cursor, fresh.values())
    _change(cursor, timers, recovered, moved, finished)
    if timers:
        waited = {f.run for f in timers}
        over = [run for run, row in fresh.items() if row.finished is not None and run in waited]
        with rows(cursor, RUNS, {"id": over}) as ended:
            end_waits(cursor, ended)


def _change(
    cursor: Any,
    timers: Batch,
    recovered: Sequence[RunRecovered],
    moved: Sequence[RunMoved],
    finished: Sequence[RunFinished],
) -> None:
    """What happened to runs that have their rows: timers come before the ends that clear them."""
    if timers:
        apply_timers(cursor, timers)
    if recovered:
        _recover(cursor, recovered)
    if moved:
        _move(cursor, moved)
    if finished:
        _finish(cursor, finished)


def _create(cursor: Any, fresh: Iterable[_Fresh]) -> None:
    """Rows as they are at the batch's end."""
    made = [row.created for row in fresh]
    ends = [row.finished for row in fresh]
    lasts = [row.finished or row.moved for row in fresh]
    columns: dict[str, list[Any]] = {
        "id": [f.run for f in made],
        "workspace_id": [f.workspace for f in made],
        "function_id": [f.function for f in made],
        "function_name": [f.function_name for f in made],
        "version": [f.version for f in made],
        "status": [f.status if f is not None else RunStatus.QUEUED.value for f in lasts],
        "trigger": [f.trigger for f in made],
        "inputs": [f.inputs for f in made],
        "priority": [f.priority for f in made],
        "debug": [f.debug for f in made],
        "durability": [f.durability for f in made],
        "timeout_ms": [f.timeout_ms for f in made],
        "parent_run_id": [f.parent for f in made],
        "pins": [f.pins for f in made],
        "created_at": [f.at for f in made],
    }
    if any(f is not None for f in lasts):
        columns["started_at"] = [f.started_at if f is not None else None for f in lasts]
        columns["queue_us"] = [f.queue_us if f is not None else None for f in lasts]
        columns["wait_us"] = [f.wait_us if f is not None else None for f in lasts]
        columns["pending_reason"] = [_reason(row.moved) for row in fresh]
    if any(f is not None for f in ends):
        columns["finished_at"] = [f.at if f is not None else None for f in ends]
        columns["output"] = [_output(f) if f is not None else None for f in ends]
        columns["error"] = [f.error if f is not None else None for f in ends]
        columns["run_us"] = [f.run_us if f is not None else None for f in ends]
        columns["steps"] = [f.steps if f is not None else None for f in ends]
    insert(cursor, RUNS, columns)  # `ignore` would cost as much again, and a fact comes once: its sequence says so


def _reason(moved: RunMoved | None) -> str | None:
    return moved.reason if moved is not None and moved.status == RunStatus.PENDING else None


def _output(finished: RunFinished) -> bytes | None:
    return _stored.encode(finished.output) if finished.output is not None else None


def _move(cursor: Any, facts: Sequence[RunMoved]) -> None:
    last = last_by_key(facts, "run")
    columns = {
        "id": [f.run for f in last],
        "status": [f.status for f in last],
        "started_at": [f.started_at for f in last],
        "queue_us": [f.queue_us for f in last],
        "wait_us": [f.wait_us for f in last],
        "pending_reason": [_reason(f) for f in last],
    }
    with rows(cursor, RUNS, columns) as moved:
        execute(
            cursor,
            f"""
            UPDATE runs SET status = m.status, started_at = m.started_at, queue_us = m.queue_us, wait_us = m.wait_us,
                pending_reason = m.pending_reason
            FROM {moved} m
            WHERE runs.id = m.id AND runs.finished_at IS NULL
            """,
        )


def _finish(cursor: Any, facts: Sequence[RunFinished]) -> None:
    last = last_by_key(facts, "run")
    columns = {
        "id": [f.run for f in last],
        "status": [f.status for f in last],
        "finished_at": [f.at for f in last],
        "started_at": [f.started_at for f in last],
        "queue_us": [f.queue_us for f in last],
        "output": [_output(f) for f in last],
        "error": [f.error for f in last],
        "run_us": [f.run_us for f in last],
        "wait_us": [f.wait_us for f in last],
        "steps": [f.steps for f in last],
    }
    with rows(cursor, RUNS, columns) as ended:
        execute(
            cursor,
            f"""
            UPDATE runs SET status = e.status, finished_at = e.finished_at, started_at = e.started_at,
                queue_us = e.queue_us, output = e.output, error = e.error, run_us = e.run_us, wait_us = e.wait_us,
                steps = e.steps
            FROM {ended} e WHERE runs.id = e.id AND runs.finished_at IS NULL
            """,
        )
        end_waits(cursor, ended)
        if any(f.status == RunStatus.COMPLETED for f in last):
            execute(
                cursor,
                f"DELETE FROM inherited USING {ended} e WHERE inherited.run_id = e.id AND e.status = 'completed'",
            )
        execute(cursor, f"DELETE FROM debug_state USING {ended} e WHERE debug_state.run_id = e.id")


def _recover(cursor: Any, facts: Sequence[RunRecovered]) -> None:
    last = last_by_key(facts, "run")
    columns = {"id": [f.run for f in last], "recoveries": [f.recoveries for f in last]}
    with rows(cursor, RUNS, columns) as found:
        execute(
            cursor,
            f"""
            UPDATE runs SET recoveries = f.recoveries, status = 'queued'
            FROM {found} f WHERE runs.id = f.id AND runs.finished_at IS NULL
            """,
        )


RUN_FACTS = (
    FactType(RunFinished, _apply_runs),
    *(FactType(cls, _apply_runs, lead=RunFinished) for cls in (RunCreated, RunMoved, RunRecovered, TimerSet)),
)


def read_stored(raw: bytes | None) -> Stored | None:
    """A run's output as the `runs` table holds it."""
    return _read_stored.decode(raw) if raw else None

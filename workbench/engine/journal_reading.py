"""Reads runs and their journals back: for recovery, for another attempt, for forks and for looking at the past."""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Literal, cast

import msgspec

from workbench.blocks.context import BranchEnd
from workbench.engine.journal import FORCED
from workbench.engine.journal_branches import BRANCH_HAD_ENDED, branch_ends
from workbench.engine.journal_waits import OpenWait, mailboxes, open_waits
from workbench.engine.records import RunRow
from workbench.engine.replay import Inherited, Journal, Kept, is_final, scopes_of
from workbench.engine.signals import Mailbox
from workbench.engine.states import LIVE, RunStatus, StepStatus
from workbench.storage.value_files import Stored, ValueStore
from workbench.storage.values import decode

RUN_FIELDS = """
    id::VARCHAR, workspace_id::VARCHAR, function_id::VARCHAR, function_name, version, status, trigger,
    inputs, priority, debug, durability, timeout_ms, parent_run_id::VARCHAR, created_at, attempt, recoveries,
    started_at, queue_us, wait_us, forked_from, queued_at, pins
"""


def open_runs(cursor: Any) -> list[tuple[RunRow, str | None]]:
    """Every run that is not over, oldest first, with the block that it starts from."""
    found = cursor.execute(
        f"SELECT {RUN_FIELDS} FROM runs WHERE list_contains(?, status) ORDER BY created_at, id",
        [[s.value for s in LIVE]],
    ).fetchall()
    return [run_of_fields(row) for row in found]


def run_of_fields(row: tuple[Any, ...]) -> tuple[RunRow, str | None]:
    """A run from its `RUN_FIELDS`, with the block that it starts from."""
    trigger = msgspec.json.decode(row[6]) if row[6] else {"type": "manual"}
    start_block = trigger.pop("blockId", None)
    run = RunRow(
        id=row[0],
        workspace_id=row[1],
        function_id=row[2],
        function_name=row[3],
        version=row[4],
        status=RunStatus(row[5]),
        trigger=trigger,
        inputs=decode(row[7]) if row[7] else {},
        priority=row[8],
        debug=row[9],
        durability=row[10],
        timeout_ms=row[11],
        parent_run_id=row[12],
        created_at=row[13],
        attempt=row[14],
        recoveries=row[15],
        started_at=row[16],
        queue_us=row[17] or 0,
        wait_us=row[18] or 0,
        forked_from=msgspec.json.decode(row[19]) if row[19] else None,
        queued_at=row[20] or row[13],
        pins=msgspec.json.decode(row[21]) if row[21] else {},
    )
    return run, start_block


@dataclass(slots=True)
class RunJournal:
    """What recovery knows of one run's steps."""

    journal: Journal
    open_attempts: dict[str, list[tuple[str, int]]]
    """By path: block type and start of each attempt of which no end is known, since the run was last retried."""
    mailbox: Mailbox | None = None
    """The signals that came for it."""


_STEP_FIELDS = """
    c.run_id::VARCHAR, coalesce(r.retried_seq, 0), c.seq, c.path, c.attempt, c.block_type, c.status, c.port, c.step_key,
    c.output, c.output_ref, c.output_kind, c.variables, c.error, c.flags, c.started_at
"""


def journals(
    cursor: Any, values: ValueStore, run_id: str | None = None, before: int | None = None, *, is_retried: bool = False
) -> dict[str, RunJournal]:
    """The journal of every run that is not over, or of one run whatever its state, by run id.

    With `before`, only what has a lower sequence than that; `is_retried`: as it counts once the run is retried.
    """
    given = {"live": [s.value for s in LIVE], "run": run_id, "before": before}
    found: dict[str, _Gathered] = defaultdict(_Gathered)
    for table, own in (("inherited", False), ("checkpoints", True)):
        steps = cursor.execute(
            f"""
            SELECT {_STEP_FIELDS} FROM {table} c JOIN runs r ON r.id = c.run_id
            WHERE CASE WHEN $run IS NULL THEN list_contains($live, r.status) ELSE r.id = $run::UUID END
                AND ($before IS NULL OR c.seq < $before OR c.flags = 'kept')
            ORDER BY c.seq
            """,
            given,
        ).fetchall()
        for run, retried_seq, seq, *columns in steps:
            gathered = found[run]
            (gathered if own else gathered.inherited()).add(
                retried_seq if own and not is_retried else seq + 1, seq, *columns
            )
    for run, path, wait in open_waits(cursor, run_id):
        found[run].add_wait(path, wait)
    for run, path, end in branch_ends(cursor, run_id, before):
        found[run].branch_ends.setdefault(path, []).append(end)
    for run, path, end in branch_ends(cursor, run_id, before, BRANCH_HAD_ENDED):
        found[run].inherited().branch_ends.setdefault(path, []).append(end)
    waits = {run: gathered.waits for run, gathered in found.items()}
    boxes = mailboxes(cursor, waits, {run: gathered.ended for run, gathered in found.items()}, run_id)
    return {run: found[run].journal(values, boxes.get(run)) for run in dict.fromkeys([*found, *boxes])}


def inheritance(cursor: Any, run_id: str, up_to: int | None) -> Inherited:
    """What a fork of a run would inherit, up to and with a sequence (None: all), before any rule leaves some of it."""
    steps = cursor.execute(
        f"""
        SELECT {_STEP_FIELDS} FROM checkpoints c JOIN runs r ON r.id = c.run_id
        WHERE c.run_id = $run::UUID AND ($up_to IS NULL OR c.seq <= $up_to OR c.flags = 'kept') ORDER BY c.seq
        """,
        {"run": run_id, "up_to": up_to},
    ).fetchall()
    gathered = _Gathered()
    for _, _, seq, *columns in steps:
        gathered.add(seq + 1, seq, *columns)
    return gathered.for_a_fork()


class _Gathered:
    """One run's checkpoints while they are read, in the log's order."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.starts: dict[str, int] = {}
        self.failures: dict[str, int] = {}
        self.failures_before: dict[str, int] = {}
        self.waits: dict[str, OpenWait] = {}
        self.ended: dict[str, int] = {}
        """By path: where in the log its last attempt came to an end, rather than being cut off."""
        self.retried: dict[str, int] = {}
        """By path of a scope that had another attempt: where the last one before it ended."""
        self.begun: dict[str, int] = {}
        self.branch_ends: dict[str, list[BranchEnd]] = {}
        self.open: dict[str, dict[int, tuple[str, int]]] = defaultdict(dict)
        self.failed: dict[str, tuple[int, Kept]] = {}
        """By path: where an unhandled failure of an earlier attempt stands in the log, and what it was."""
        self.parents: _Gathered | None = None

    def inherited(self) -> _Gathered:
        """What the run may take over from the one that it was forked from."""
        if self.parents is None:
            self.parents = _Gathered()
        return self.parents

    def add(
        self,
        retried_seq: int,
        seq: int,
        path: str,
        attempt: int,
        block_type: str,
        status: str,
        port: str | None,
        key: bytes | None,
        output: bytes | None,
        ref: bytes | None,
        kind: str | None,
        variables: bytes | None,
        error: str | None,
        flags: str | None,
        started_at: int,
    ) -> None:
        """Take in one row; of those before `retried_seq` an undecided failure is no end."""
        stored = _stored(output, ref, kind)
        if flags == "kept":
            self._add_value(path, attempt, key or b"", stored)
            return
        if status != "skipped":
            self.starts[path] = max(attempt, self.starts.get(path, 0))
            self.begun.setdefault(path, seq)
        is_old = seq < retried_seq
        if status == "running":
            if not is_old:
                self.open[path][attempt] = (block_type, started_at)
            return
        self.open[path].pop(attempt, None)
        if status in ("completed", "failed") or error:
            self.ended[path] = seq
        if status == "failed":
            self.failures[path] = self.failures.get(path, 0) + 1
            if is_old:
                self.failures_before[path] = self.failures[path]
        if flags == "retried":
            self.retried[f"{path}["] = seq
            for inner in [p for p in self.kept if p.startswith(f"{path}[")]:
                del self.kept[inner]
        failure = msgspec.json.decode(error) if error else None
        kept = Kept(
            block_type,
            StepStatus(status),
            port,
            key or b"",
            stored,
            variables,
            failure,
            attempt,
            flags == "retried",
            self.begun.get(path, seq),
        )
        self.failed.pop(path, None)
        if is_old and port is None and status != "completed":
            self.kept.pop(path, None)
            if is_final(kept):
                self.failed[path] = (seq, kept)
            return
        self.kept[path] = kept

    def _add_value(self, path: str, attempt: int, key: bytes, stored: Stored | None) -> None:
        """The large value of a checkpoint that was written before is stored now."""
        before = self.kept.get(path)
        if before is not None and before.attempt == attempt and before.key == key:
            before.output = stored

    def for_a_fork(self) -> Inherited:
        """What was gathered, as the run that is forked from it may use it."""
        last: dict[str, int] = {}
        for path, seq in self.begun.items():
            for scope in scopes_of(path):
                last[scope] = max(seq, last.get(scope, 0))
        borne = {p: kept for p, (seq, kept) in self.failed.items() if last.get(next(scopes_of(p), ""), 0) > seq}
        return Inherited(self.kept, self.begun, borne, ended=self.ended, branch_ends=self.branch_ends)

    def add_wait(self, path: str, wait: OpenWait) -> None:
        """Take in a due row, unless what waited has ended, or the scope around it was tried again, since."""
        is_over = wait.seq and wait.seq < self.ended.get(path.partition("#")[0], 0)
        if not is_over and not any(path.startswith(scope) and wait.seq < seq for scope, seq in self.retried.items()):
            self.waits[path] = wait

    def journal(self, values: ValueStore, mailbox: Mailbox | None) -> RunJournal:
        """What was gathered."""
        still_open = {path: list(attempts.values()) for path, attempts in self.open.items() if attempts}
        inherited = self.parents.for_a_fork() if self.parents is not None else None
        dues = {path: wait.due_us for path, wait in self.waits.items()}
        journal = Journal(self.kept, self.starts, dues, values, self.failures, self.failures_before, inherited)
        journal.begun = self.begun
        journal.branch_ends = self.branch_ends
        journal.ended = self.ended
        journal.sinces = {path: wait.since_us for path, wait in self.waits.items()}
        return RunJournal(journal, still_open, mailbox)


def paused_at(cursor: Any) -> dict[str, dict[str, Any]]:
    """The DebugState of every run that stands still, by run id."""
    found = cursor.execute("SELECT run_id::VARCHAR, state FROM debug_state").fetchall()
    return {run: msgspec.json.decode(state) for run, state in found}


def forced_variables(cursor: Any, run_id: str | None = None) -> dict[str, list[tuple[int, dict[str, Any]]]]:
    """What was set from outside, with the sequence at which it was, by run that is not over (or of one run)."""
    found = cursor.execute(
        """
        SELECT l.run_id::VARCHAR, l.seq, l.data FROM run_logs l JOIN runs r ON r.id = l.run_id
        WHERE CASE WHEN $run IS NULL THEN r.finished_at IS NULL ELSE r.id = $run::UUID END AND l.message = $forced
        ORDER BY l.seq
        """,
        {"run": run_id, "forced": FORCED},
    ).fetchall()
    overlays: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for run, seq, data in found:
        overlays[run].append((seq, decode(bytes.fromhex(data))))
    return overlays


def _stored(output: bytes | None, ref: bytes | None, kind: str | None) -> Stored | None:
    if not kind or kind == "none":
        return None
    return Stored(output, ref, cast("Literal['json', 'table', 'pending']", kind))

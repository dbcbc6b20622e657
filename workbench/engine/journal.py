"""The one module that writes checkpoints, run_logs and debug_state, beside `journal_forks.py` and `journal_runs.py`."""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import msgspec

from workbench.engine.facts import (
    FLAG_KEPT,
    FLAG_RETRIED,
    STEP_STATUSES,
    BranchEnded,
    DebugPaused,
    DebugResumed,
    LogWritten,
    RunsDeleted,
    ScopeProgressed,
    StepDone,
    StepStarted,
    VariablesForced,
)
from workbench.engine.facts_queue import RunsRemoved, ValuesReleased
from workbench.engine.journal_branches import BRANCH_ENDED
from workbench.engine.journal_runs import RUN_FACTS, RUNS
from workbench.engine.journal_waits import WAIT_FACTS, delete_waits
from workbench.storage.columns import BIGINT, BLOB, TEXT, UUID, Table, execute, insert, last_by_key, rows
from workbench.storage.facts import Batch, FactType
from workbench.storage.value_files import Stored

CHECKPOINTS = Table(
    "checkpoints",
    {
        "run_id": UUID,
        "path": TEXT,
        "attempt": BIGINT,
        "block_id": TEXT,
        "block_type": TEXT,
        "function_id": UUID,
        "status": TEXT,
        "port": TEXT,
        "step_key": BLOB,
        "output": BLOB,
        "output_ref": BLOB,
        "output_kind": TEXT,
        "output_summary": TEXT,
        "variables": BLOB,
        "names": BLOB,
        "error": TEXT,
        "flags": TEXT,
        "started_at": BIGINT,
        "finished_at": BIGINT,
        "wait_us": BIGINT,
        "seq": BIGINT,
    },
)
RUN_LOGS = Table(
    "run_logs",
    {
        "run_id": UUID,
        "at": BIGINT,
        "level": TEXT,
        "block_id": TEXT,
        "path": TEXT,
        "message": TEXT,
        "data": TEXT,
        "seq": BIGINT,
    },
)
DEBUG_STATE = Table("debug_state", {"run_id": UUID, "state": TEXT}, key=("run_id",))

_json = msgspec.json.Encoder()


def _apply_started(cursor: Any, facts: Batch) -> None:
    columns = {
        "run_id": [f.run for f in facts],
        "path": [f.path for f in facts],
        "attempt": [f.attempt for f in facts],
        "block_id": [f.block for f in facts],
        "block_type": [f.block_type for f in facts],
        "function_id": [f.function for f in facts],
        "status": ["running"] * len(facts),
        "started_at": [f.at for f in facts],
        "seq": facts.seqs,
    }
    insert(cursor, CHECKPOINTS, columns)


def _apply_done(cursor: Any, facts: Batch) -> None:
    outputs = [f.output if f.output is not None else _NOTHING for f in facts]
    columns = {
        "run_id": [f.run for f in facts],
        "path": [f.path for f in facts],
        "attempt": [f.attempt for f in facts],
        "block_id": [f.block for f in facts],
        "block_type": [f.block_type for f in facts],
        "function_id": [f.function for f in facts],
        "status": [STEP_STATUSES[f.status] for f in facts],
        "port": [f.port for f in facts],
        "step_key": [f.key for f in facts],
        "output": [o.inline for o in outputs],
        "output_ref": [o.ref for o in outputs],
        "output_kind": [o.kind for o in outputs],
        "output_summary": [_json.encode(o.summary).decode() if o.summary is not None else None for o in outputs],
        "variables": [f.written for f in facts],
        "names": [f.names for f in facts],
        "error": [f.error for f in facts],
        "flags": [FLAG_WORDS.get(f.flags) for f in facts],
        "started_at": [f.started_at for f in facts],
        "finished_at": [f.finished_at for f in facts],
        "wait_us": [f.wait_us for f in facts],
        "seq": facts.seqs,
    }
    insert(cursor, CHECKPOINTS, columns)


def _apply_log(cursor: Any, facts: Batch) -> None:
    columns = {
        "run_id": [f.run for f in facts],
        "at": [f.at for f in facts],
        "level": [f.level for f in facts],
        "block_id": [f.block for f in facts],
        "path": [f.path for f in facts],
        "message": [f.message for f in facts],
        "data": [f.data for f in facts],
        "seq": facts.seqs,
    }
    insert(cursor, RUN_LOGS, columns)


def _apply_paused(cursor: Any, facts: Batch) -> None:
    last = last_by_key(facts, "run")
    insert(cursor, DEBUG_STATE, {"run_id": [f.run for f in last], "state": [f.state for f in last]}, "replace")


def _apply_resumed(cursor: Any, facts: Batch) -> None:
    with rows(cursor, DEBUG_STATE, {"run_id": [f.run for f in facts]}) as found:
        execute(cursor, f"DELETE FROM debug_state USING {found} f WHERE debug_state.run_id = f.run_id")


def _apply_forced(cursor: Any, facts: Batch) -> None:
    """Kept as log entries: recovery overlays them again, and people see who changed what."""
    columns = {
        "run_id": [f.run for f in facts],
        "at": [f.at for f in facts],
        "level": ["info"] * len(facts),
        "message": [FORCED] * len(facts),
        "data": [f.variables.hex() for f in facts],
        "seq": facts.seqs,
    }
    insert(cursor, RUN_LOGS, columns)


def _apply_branch_ended(cursor: Any, facts: Batch) -> None:
    """Kept as log entries, which recovery reads."""
    columns = {
        "run_id": [f.run for f in facts],
        "at": [f.at for f in facts],
        "level": ["debug"] * len(facts),
        "block_id": [f.block for f in facts],
        "path": [f.path for f in facts],
        "message": [BRANCH_ENDED] * len(facts),
        "data": [
            _json.encode({"port": f.port, "status": f.status, "durationUs": f.duration_us}).decode() for f in facts
        ],
        "seq": facts.seqs,
    }
    insert(cursor, RUN_LOGS, columns)


def _delete_runs(cursor: Any, facts: Batch) -> None:
    with rows(cursor, RUNS, {"function_id": [f.function for f in facts]}) as gone:
        delete_waits(cursor, gone)
        for table in ("checkpoints", "inherited", "run_logs", "debug_state"):
            execute(
                cursor, f"DELETE FROM {table} WHERE run_id IN (SELECT r.id FROM runs r JOIN {gone} USING (function_id))"
            )
        execute(cursor, f"DELETE FROM runs USING {gone} g WHERE runs.function_id = g.function_id")


def _remove_runs(cursor: Any, facts: Batch) -> None:
    with rows(cursor, RUNS, {"id": [run for f in facts for run in f.runs]}) as gone:
        for table in ("checkpoints", "run_logs", "timers", "signals", "inherited", "debug_state"):
            execute(cursor, f"DELETE FROM {table} USING {gone} g WHERE {table}.run_id = g.id")
        execute(cursor, f"DELETE FROM runs USING {gone} g WHERE runs.id = g.id AND runs.finished_at IS NOT NULL")


def _release_values(cursor: Any, facts: Batch) -> None:
    """What only pure blocks gave was said to be pending first; that stands again."""
    with rows(cursor, RUNS, {"id": [run for f in facts for run in f.runs]}) as found:
        execute(
            cursor,
            f"""
            DELETE FROM checkpoints USING {found} f
            WHERE checkpoints.run_id = f.id AND checkpoints.flags = 'kept' AND checkpoints.output_ref IS NOT NULL
            """,
        )


def _apply_nothing(cursor: Any, facts: Batch) -> None:
    del cursor, facts


_NOTHING = Stored()
FLAG_WORDS = {FLAG_KEPT: "kept", FLAG_RETRIED: "retried"}
FORCED = "Variables were set in the debugger."

FACT_TYPES = (
    *RUN_FACTS,
    FactType(StepStarted, _apply_started),
    FactType(StepDone, _apply_done),
    FactType(BranchEnded, _apply_branch_ended),
    FactType(LogWritten, _apply_log),
    FactType(DebugPaused, _apply_paused, keeps_place=True),
    FactType(DebugResumed, _apply_resumed, keeps_place=True),
    FactType(VariablesForced, _apply_forced),
    FactType(ScopeProgressed, _apply_nothing),
    FactType(RunsDeleted, _delete_runs, keeps_place=True, in_a_row=True),
    FactType(RunsRemoved, _remove_runs, keeps_place=True),
    FactType(ValuesReleased, _release_values, keeps_place=True),
    *WAIT_FACTS,
)

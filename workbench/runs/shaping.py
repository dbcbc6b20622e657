"""Rows and live records as wire shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import polars as pl

from workbench.engine.checkpoints import checkpoint_id
from workbench.engine.journal_runs import read_stored
from workbench.engine.records import RunRow
from workbench.engine.states import TERMINAL, RunStatus
from workbench.runs.models import BlockState, Checkpoint, OpenWait, Progress, Run, Waiting
from workbench.storage.value_files import Stored
from workbench.storage.values import decode, to_json

CHIP_TEXT = 40


LARGE_INPUTS = 64 * 1024


def run_of_row(row: tuple[Any, ...], checkpoint_count: int | None = None, *, is_brief: bool = False) -> Run:
    """A run as its row tells it; times of day are microseconds. Brief, in lists, it leaves large inputs out."""
    steps = row[21] or 0
    return Run(
        id=row[0],
        function_id=row[1],
        function_name=row[2],
        version=row[3],
        status=RunStatus(row[4]),
        trigger=_trigger(row[5]),
        inputs=_inputs(row[6], is_brief=is_brief),
        output=shown(read_stored(row[7])),
        error=msgspec.json.decode(row[8]) if row[8] else None,
        priority=row[9],
        debug=row[10],
        durability=row[11],
        attempt=row[12],
        checkpoint_count=steps if checkpoint_count is None else checkpoint_count,
        parent_run_id=row[13],
        forked_from=msgspec.json.decode(row[14]) if row[14] else None,
        created_at=row[15],
        started_at=row[16],
        finished_at=row[17],
        queue_ms=ms(row[18]),
        run_ms=ms(row[19]),
        wait_ms=ms(row[20]),
        progress=Progress(done=steps, total=steps if row[17] else None),
        pending_reason=row[22] if row[4] == RunStatus.PENDING else None,
    )


def _inputs(stored: bytes | None, *, is_brief: bool) -> Any:
    if not stored:
        return {}
    if is_brief and len(stored) > LARGE_INPUTS:
        return {"$value": {"hash": None, "bytes": len(stored), "preview": None}}
    return to_json(decode(stored))


def run_of_live(row: RunRow, now_us: int, *, with_output: bool = True) -> Run:
    """A run as the engine knows it now."""
    until = row.finished_at or now_us
    waited = row.wait_us + (until - row.resting_since if row.resting_since else 0)
    return Run(
        id=row.id,
        function_id=row.function_id,
        function_name=row.function_name,
        version=row.version,
        status=row.status,
        trigger=row.trigger,
        inputs=to_json(row.inputs),
        output=to_json(row.output) if with_output else None,
        error=row.error,
        priority=row.priority,
        debug=row.debug,
        durability=row.durability,
        attempt=row.attempt,
        checkpoint_count=row.steps,
        parent_run_id=row.parent_run_id,
        forked_from=row.forked_from,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        queue_ms=ms(row.queue_us if row.started_at is not None else until - (row.queued_at or row.created_at)),
        run_ms=ms(until - row.started_at - waited) if row.started_at is not None else None,
        wait_ms=ms(waited),
        progress=Progress(done=row.steps, total=row.steps if row.status in TERMINAL else None),
        pending_reason=row.pending_reason if row.status is RunStatus.PENDING else None,
    )


def _trigger(text: str | None) -> dict[str, Any]:
    trigger = msgspec.json.decode(text) if text else {"type": "manual"}
    trigger.pop("blockId", None)
    return trigger


def checkpoint_of_row(run: Run, row: tuple[Any, ...], block_name: str, given: Any) -> Checkpoint:
    """A checkpoint; `given` is its input, JSON-ready."""
    started, finished, wait_us = row[12], row[13], row[15]
    return Checkpoint(
        id=checkpoint_id(row[0], row[1]),
        run_id=run.id,
        function_id=row[20] or run.function_id,
        block_id=row[2],
        block_name=block_name,
        block_type=row[3],
        path=row[0],
        attempt=row[1],
        status=row[4],
        port=row[5],
        input=given,
        output=shown(stored_of(row[6], row[7], row[8], row[9])),
        error=msgspec.json.decode(row[11]) if row[11] else None,
        started_at=started,
        finished_at=finished,
        queue_ms=ms(row[14]),
        run_ms=ms(finished - started - (wait_us or 0)) if started is not None and finished is not None else None,
        wait_ms=ms(wait_us),
        flags=_flags(row),
    )


def _flags(row: tuple[Any, ...]) -> tuple[str, ...]:
    origin, flags, is_earlier = row[17:20]
    reused = _taken_over(origin, is_earlier, row[4])
    return tuple(flag for flag in (reused, "retried" if flags == "retried" else None) if flag is not None)


def _taken_over(origin: str | None, is_earlier: bool, status: str) -> str | None:
    """`reused` or `kept` for what an earlier run or attempt has done."""
    return origin or ("reused" if is_earlier and status == "completed" else None)


def waiting_of(kind: str, about: Mapping[str, Any], due_at: int, since: int | None) -> Waiting:
    """What a block waits for, as its due row tells it."""
    return Waiting.model_validate({"kind": kind, "dueAt": due_at, "since": since, **about})


def wait_of_row(row: tuple[str, str, dict[str, Any], int, int | None]) -> OpenWait:
    """One wait of a run; the block's name is its id until somebody knows better."""
    path, kind, about, due_at, since = row
    path = path.partition("#")[0]
    block = path.rpartition("/")[2]
    wait = waiting_of(kind, about, due_at, since)
    fields = {name: getattr(wait, name) for name in Waiting.model_fields}
    return OpenWait(**fields, path=path, block_id=block, block_name=block)


def with_wait(state: BlockState, waits: Mapping[str, OpenWait]) -> BlockState:
    """A block's state with what it waits for, where it waits at its last path."""
    wait = waits.get(state.last_path)
    if wait is None or state.status not in ("running", "failed"):
        return state
    return state.model_copy(update={"status": "waiting", "waiting": as_waiting(wait)})


def checkpoint_with_wait(checkpoint: Checkpoint, waits: Mapping[str, OpenWait]) -> Checkpoint:
    """A checkpoint with what it waits for, where it has begun and waits."""
    wait = waits.get(checkpoint.path)
    if wait is None or checkpoint.status != "running":
        return checkpoint
    return checkpoint.model_copy(update={"status": "waiting", "waiting": as_waiting(wait)})


def as_waiting(wait: OpenWait) -> Waiting:
    """The wait without where it is."""
    return Waiting(**{name: getattr(wait, name) for name in Waiting.model_fields})


def block_state_of_row(row: tuple[Any, ...], function_id: str) -> BlockState:
    """Where a block is, as the rows of its executions tell it; `function_id` is the run's own function."""
    return BlockState(
        function_id=row[15] or function_id,
        block_id=row[0],
        status=row[1],
        completed=row[2],
        failed=row[3],
        skipped=row[4],
        last_path=row[5],
        last_attempt=row[6],
        port=row[7],
        summary=chip(stored_of(row[8], None, row[9], row[10])),
        error=msgspec.json.decode(row[11]) if row[11] else None,
        run_ms=ms(row[12]),
        flags=tuple(flag for flag in (_taken_over(row[13], row[14], row[1]),) if flag is not None),
    )


def not_yet(function_id: str, block_id: str) -> BlockState:
    """The state of a block that has not run."""
    return BlockState(
        function_id=function_id,
        block_id=block_id,
        status="queued",
        completed=0,
        failed=0,
        skipped=0,
        last_path=block_id,
        last_attempt=1,
        port=None,
        summary=None,
        error=None,
        run_ms=None,
    )


def stored_of(inline: Any, ref: Any, kind: str | None, summary: str | None) -> Stored | None:
    """A value's columns as it was stored; None for no value."""
    if kind is None or kind == "none":
        return None
    data = msgspec.json.decode(summary) if summary else None
    return Stored(
        bytes(inline) if inline is not None else None,
        bytes(ref) if ref is not None else None,
        kind,  # type: ignore[arg-type]
        len(inline) if inline is not None else 0,
        data,
    )


def shown(stored: Stored | None) -> Any:
    """A stored value as it goes on the wire: itself, or a preview of what is large."""
    if stored is None:
        return None
    summary = stored.summary or {}
    if "columns" in summary:
        columns = [{"name": name, "type": kind} for name, kind in summary["columns"]]
        return {"$table": {"rows": summary["rows"], "columns": columns, "preview": summary.get("preview", [])}}
    if stored.inline is not None:
        return to_json(decode(stored.inline))
    digest = stored.ref.hex() if stored.ref is not None else None
    return {"$value": {"hash": digest, "bytes": stored.bytes, "preview": summary.get("preview")}}


def chip(stored: Stored | None) -> dict[str, Any] | None:
    """What stands on a wire: rows and columns, or a short text."""
    if stored is None:
        return None
    summary = stored.summary or {}
    if "chip" in summary:
        return summary["chip"]
    if "columns" in summary:
        return {"kind": "table", "rows": summary["rows"], "columns": len(summary["columns"])}
    value = summary.get("preview") if stored.inline is None else decode(stored.inline)
    table = _table_inside(value)
    if table is not None:
        return {"kind": "table", "rows": table[0], "columns": table[1]}
    return {"kind": "value", "text": _short(value)}


def _table_inside(value: Any) -> tuple[int, int] | None:
    """Rows and columns of the one table that an object is about, as filter's `data`."""
    inner = value.get("data") if isinstance(value, dict) else value
    if isinstance(inner, pl.DataFrame):
        return inner.height, inner.width
    if isinstance(inner, dict) and "$table" in inner:
        return inner["$table"]["rows"], len(inner["$table"]["columns"])
    return None


def _short(value: Any) -> str:
    match value:
        case pl.DataFrame():
            return f"{value.height:,} × {value.width}"
        case dict():
            text = f"{{{', '.join(list(value)[:4])}{', …' if len(value) > 4 else ''}}}"
        case list():
            text = f"{len(value):,} item{'' if len(value) == 1 else 's'}"
        case _:
            text = msgspec.json.encode(to_json(value)).decode()
    return text if len(text) <= CHIP_TEXT else text[: CHIP_TEXT - 1] + "…"


def ms(us: int | None) -> float | None:
    """Microseconds as milliseconds."""
    return us / 1000 if us is not None else None

"""How a job failed, as `BlockFailed` with the line of the code and the next act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from workbench.base.errors import BlockFailed
from workbench.blocks.context import WorkerJob
from workbench.engine.workers.lines import MOST_BYTES, LogLines
from workbench.engine.workers.processes import how_it_ended

_OUT_OF_MEMORY = ("memory allocation", "bad_alloc", "MemoryError", "Cannot allocate memory")
_LESS = "Raise memoryMb, or work on less at a time."


def timed_out(job: WorkerJob, line: int | None) -> BlockFailed:
    """It was stopped at its time limit."""
    return BlockFailed(
        f"The {job.language} code took longer than {job.timeout_ms:,} ms{_at(line)} and was stopped.",
        kind="TIMEOUT",
        hint="Raise timeoutMs, or make it do less.",
        unknown=job.language == "python",
        data={"line": line} if line else {},
    )


def died(code: int, job: WorkerJob | None, log: LogLines, line: int | None) -> BlockFailed:
    """The process ended without an answer; what it printed tells why."""
    unknown = job is not None and job.language == "python"
    data: dict[str, object] = {"line": line} if line else {}
    if log.total > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        text = f"The code printed more than {most} MB and was stopped."
        return BlockFailed(text, kind="OUTPUT_LIMIT", hint="Print less.", unknown=unknown)
    if any(sign in log.tail for sign in _OUT_OF_MEMORY):
        most_mb = f" ({job.memory_mb:,} MB)" if job else ""
        text = f"The code needs more memory than it may have{most_mb}{_at(line)}."
        return BlockFailed(text, kind="MEMORY", hint=_LESS, unknown=unknown, data=data)
    return BlockFailed(
        f"The code's process {how_it_ended(code)}{_at(line)}.", kind="WORKER_DIED", unknown=unknown, data=data
    )


def of_code(job: WorkerJob, error: Mapping[str, Any]) -> BlockFailed:
    """What the worker says of a failure that it has caught."""
    kind, text, line = str(error.get("kind")), str(error.get("message", "")), error.get("line")
    data: dict[str, object] = {}
    if isinstance(line, int):
        data["line"] = line
        lines = job.code.splitlines()
        if 0 < line <= len(lines):
            data["source"] = lines[line - 1].strip()[:200]
    place = f"Line {line}: " if isinstance(line, int) else ""
    if kind == "MEMORY":
        detail = f" ({text})" if text else ""
        return BlockFailed(
            f"{place}the code needs more memory than it may have ({job.memory_mb:,} MB){detail}.",
            kind=kind,
            hint=_LESS,
            data=data,
        )
    if kind == "OUTPUT_LIMIT":
        return BlockFailed(f"{text[:1].upper()}{text[1:]}.", kind=kind, hint="Answer less: filter, aggregate or limit.")
    hint = "Answer a table, a list, an object, text, a number or a date." if error.get("unstorable") else None
    return BlockFailed(f"{place}{text}", kind="CODE", hint=hint or _sql_hint(job, text), data=data)


def _at(line: int | None) -> str:
    return f" (at line {line})" if line else ""


def _sql_hint(job: WorkerJob, text: str) -> str | None:
    if job.language != "sql":
        return None
    if "does not exist" in text and "Table" in text:
        tables = [name for name, value in job.names.items() if isinstance(value, pl.DataFrame)]
        return (
            f"It sees the tables {', '.join(tables)}." if tables else "It sees no table: wire a block that makes one."
        )
    if "disabled" in text or "external access" in text.lower():
        return "SQL here reads upstream tables only; use read_table for files."
    return None

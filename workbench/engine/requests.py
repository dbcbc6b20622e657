"""What a request for a run becomes: the run as the engine knows it, and the fact that it was taken in."""

from __future__ import annotations

import msgspec

from workbench.base.ids import to_bytes
from workbench.engine.facts import RunCreated
from workbench.engine.records import RunRequest, RunRow
from workbench.engine.states import RunStatus
from workbench.storage.values import encode


def new_row(request: RunRequest, run_id: str, now_us: int) -> RunRow:
    """A run that waits for a slot."""
    return RunRow(
        id=run_id,
        workspace_id=request.workspace_id,
        function_id=request.function_id,
        function_name=request.function_name,
        version=request.version,
        status=RunStatus.QUEUED,
        trigger=request.trigger,
        inputs=request.inputs,
        priority=request.priority,
        debug=request.debug,
        durability=request.durability,
        timeout_ms=request.timeout_ms,
        parent_run_id=request.parent_run_id,
        pins=request.pins,
        created_at=now_us,
    )


def created(row: RunRow, start_block: str | None) -> RunCreated:
    """The fact; the block that the run starts from stands in its trigger. Raises BlockFailed for no wire values."""
    trigger = {**row.trigger, "blockId": start_block} if start_block else row.trigger
    return RunCreated(
        to_bytes(row.id),
        to_bytes(row.workspace_id),
        to_bytes(row.function_id),
        row.function_name,
        row.version,
        msgspec.json.encode(trigger).decode(),
        encode(row.inputs),
        row.priority,
        row.debug,
        row.durability,
        row.timeout_ms,
        to_bytes(row.parent_run_id) if row.parent_run_id else None,
        row.created_at,
        msgspec.json.encode(row.pins).decode() if row.pins else None,
    )

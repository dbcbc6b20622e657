"""Reads from the run's log which branches had ended, for a replay to decide by. `journal.py` writes them."""

from __future__ import annotations

from typing import Any

import msgspec

from workbench.blocks.context import BranchEnd
from workbench.engine.states import LIVE

BRANCH_ENDED = "A branch ended."
BRANCH_HAD_ENDED = "A branch had ended in the run that this one was forked from."


def branch_ends(
    cursor: Any, run_id: str | None, before: int | None, message: str = BRANCH_ENDED
) -> list[tuple[str, str, BranchEnd]]:
    """Run, path of the scope, and end of each branch, in the log's order; see `journal_reading.journals`."""
    found = cursor.execute(
        """
        SELECT l.run_id::VARCHAR, l.path, l.data FROM run_logs l JOIN runs r ON r.id = l.run_id
        WHERE CASE WHEN $run IS NULL THEN list_contains($live, r.status) ELSE r.id = $run::UUID END
            AND ($before IS NULL OR l.seq < $before) AND l.message = $message AND l.level = 'debug'
        ORDER BY l.seq
        """,
        {"live": [s.value for s in LIVE], "run": run_id, "before": before, "message": message},
    ).fetchall()
    ends: list[tuple[str, str, BranchEnd]] = []
    for run, path, data in found:
        end = msgspec.json.decode(data)
        ends.append((run, path, BranchEnd(end["port"], end["status"], duration_us=end["durationUs"])))
    return ends

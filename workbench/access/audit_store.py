"""The SQL that reads the audit log. Its writing stands in `audit_facts.py`."""

from __future__ import annotations

from typing import Any

from workbench.access.models import AuditEntry


def audit_cuts(cursor: Any, before: int, most: int) -> list[tuple[str, int]]:
    """By workspace that has something to drop: the time before which its entries are too old, or (not 0) too many.

    Entries of one moment stay or go together, so a few more than `most` may stay.
    """
    rows = cursor.execute(
        """
        WITH newest AS (
            SELECT workspace_id, "at",
                row_number() OVER (PARTITION BY workspace_id ORDER BY "at" DESC, id DESC) AS place
            FROM audit
        )
        SELECT workspace_id::VARCHAR,
            greatest($before, coalesce(max("at") FILTER ($most > 0 AND place = $most), 0)) AS cut
        FROM newest GROUP BY workspace_id
        HAVING min("at") < cut
        """,
        {"before": before, "most": most},
    ).fetchall()
    return [(workspace, cut) for workspace, cut in rows]


def list_audit(
    cursor: Any, workspace_id: str, action: str | None, after: tuple[int, str] | None, limit: int
) -> tuple[list[AuditEntry], int]:
    """A page of a workspace's entries, newest first, and how many there are."""
    wanted = {"workspace": workspace_id, "action": action}
    matching = "workspace_id = $workspace AND ($action IS NULL OR action = $action)"
    total = cursor.execute(f"SELECT count(*) FROM audit WHERE {matching}", wanted).fetchone()[0]
    rows = cursor.execute(
        f"""
        SELECT id::VARCHAR, "at", action, actor, subject, detail, times FROM audit
        WHERE {matching} AND ($at IS NULL OR ("at", id) < ($at, $id::UUID))
        ORDER BY "at" DESC, id DESC LIMIT $limit
        """,
        {**wanted, "at": after[0] if after else None, "id": after[1] if after else None, "limit": limit},
    ).fetchall()
    names = ("id", "at", "action", "actor", "subject", "detail", "times")
    return [AuditEntry(**dict(zip(names, row, strict=True))) for row in rows], total

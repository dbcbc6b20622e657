"""What is noted of changes to keys and of refused calls, and how it is written to DuckDB. Codes 16 and 38."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from workbench.storage.columns import BIGINT, TEXT, UUID, Table, insert
from workbench.storage.facts import Fact, FactType


class Audited(Fact, frozen=True, tag=1601):
    """Something that whoever answers for a workspace may want to know; `times` where the same was gathered."""

    name: ClassVar[str] = "audit.noted"
    id: bytes
    workspace: bytes
    at: int
    action: str
    actor: str
    subject: str
    detail: str | None
    times: int = 1


class AuditDropped(Fact, frozen=True, tag=3801):
    """Entries from before a time are kept no longer: (workspace, time)."""

    name: ClassVar[str] = "audit.dropped"
    before: tuple[tuple[bytes, int], ...]


AUDIT = Table(
    "audit",
    {
        "id": UUID,
        "workspace_id": UUID,
        "at": BIGINT,
        "action": TEXT,
        "actor": TEXT,
        "subject": TEXT,
        "detail": TEXT,
        "times": BIGINT,
    },
)


def apply_audited(cursor: Any, facts: Sequence[Audited]) -> None:
    """Write entries."""
    columns = {
        "id": [f.id for f in facts],
        "workspace_id": [f.workspace for f in facts],
        "at": [f.at for f in facts],
        "action": [f.action for f in facts],
        "actor": [f.actor for f in facts],
        "subject": [f.subject for f in facts],
        "detail": [f.detail for f in facts],
        "times": [f.times for f in facts],
    }
    insert(cursor, AUDIT, columns)


def apply_dropped(cursor: Any, facts: Sequence[AuditDropped]) -> None:
    """Delete entries that are kept no longer."""
    for workspace, before in {pair: None for fact in facts for pair in fact.before}:
        cursor.execute('DELETE FROM audit WHERE workspace_id = ?::BLOB::UUID AND "at" < ?', [workspace, before])


FACT_TYPES: tuple[FactType, ...] = (
    FactType(Audited, apply_audited),
    FactType(AuditDropped, apply_dropped, keeps_place=True),
)

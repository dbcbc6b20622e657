"""The SQL that reads secrets. Their writing stands in `facts.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A secret as it is kept: its value encrypted. Times are microseconds since 1970 UTC."""

    workspace_id: str
    name: str
    version: int
    box: bytes
    description: str | None
    created_at: int
    value_at: int
    """When its value was last set."""
    updated_at: int
    updated_by: str
    last_used_at: int | None = None


def all_secrets(cursor: Any) -> list[SecretRow]:
    """Every secret of every workspace, for the memory that blocks read from."""
    rows = cursor.execute(
        """
        SELECT workspace_id::VARCHAR, name, version, box, description, created_at, value_at, updated_at, updated_by,
               last_used_at
        FROM secrets
        """
    ).fetchall()
    return [SecretRow(*row) for row in rows]

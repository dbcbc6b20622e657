"""What happens to secrets, and how it is written to DuckDB: only what is encrypted. Codes 34 to 37."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from workbench.storage.columns import BIGINT, BLOB, TEXT, UUID, Table, delete, insert, last_by_key, update
from workbench.storage.facts import Fact, FactType


class SecretSet(Fact, frozen=True, tag=3401):
    """A secret as it is from now on; `box` is its value, encrypted (see `sealing`)."""

    name: ClassVar[str] = "secret.set"
    workspace: bytes
    title: str
    version: int
    box: bytes
    description: str | None
    created_at: int
    value_at: int
    at: int
    author: str


class SecretDeleted(Fact, frozen=True, tag=3501):
    """A secret is gone."""

    name: ClassVar[str] = "secret.deleted"
    workspace: bytes
    title: str
    at: int


class SecretsSealed(Fact, frozen=True, tag=3601):
    """The same values, encrypted with another key: (workspace, name, box)."""

    name: ClassVar[str] = "secret.sealed"
    boxes: tuple[tuple[bytes, str, bytes], ...]


class SecretsUsed(Fact, frozen=True, tag=3701):
    """When blocks last read secrets: (workspace, name, time), gathered over a while."""

    name: ClassVar[str] = "secret.used"
    uses: tuple[tuple[bytes, str, int], ...]


SECRETS = Table(
    "secrets",
    {
        "workspace_id": UUID,
        "name": TEXT,
        "version": BIGINT,
        "box": BLOB,
        "description": TEXT,
        "created_at": BIGINT,
        "value_at": BIGINT,
        "updated_at": BIGINT,
        "updated_by": TEXT,
        "last_used_at": BIGINT,
    },
    key=("workspace_id", "name"),
)


def apply_set(cursor: Any, facts: Sequence[SecretSet]) -> None:
    """Write secrets; when one was last used stays."""
    last = last_by_key(facts, "workspace", "title")
    columns = {
        "workspace_id": [f.workspace for f in last],
        "name": [f.title for f in last],
        "version": [f.version for f in last],
        "box": [f.box for f in last],
        "description": [f.description for f in last],
        "created_at": [f.created_at for f in last],
        "value_at": [f.value_at for f in last],
        "updated_at": [f.at for f in last],
        "updated_by": [f.author for f in last],
    }
    insert(cursor, SECRETS, columns, "ignore")
    update(cursor, SECRETS, columns)


def apply_deleted(cursor: Any, facts: Sequence[SecretDeleted]) -> None:
    """Delete rows."""
    last = last_by_key(facts, "workspace", "title")
    delete(cursor, SECRETS, {"workspace_id": [f.workspace for f in last], "name": [f.title for f in last]})


def apply_sealed(cursor: Any, facts: Sequence[SecretsSealed]) -> None:
    """Write boxes over those that were made with another key."""
    last = {(workspace, name): box for f in facts for workspace, name, box in f.boxes}
    _write(cursor, "box", last)


def apply_used(cursor: Any, facts: Sequence[SecretsUsed]) -> None:
    """Write when secrets were last used."""
    last = {(workspace, name): at for f in facts for workspace, name, at in f.uses}
    _write(cursor, "last_used_at", last)


def _write(cursor: Any, column: str, values: Mapping[tuple[bytes, str], Any]) -> None:
    """Write one column of secrets, by workspace and name."""
    columns = {
        "workspace_id": [workspace for workspace, _ in values],
        "name": [name for _, name in values],
        column: list(values.values()),
    }
    update(cursor, SECRETS, columns)


FACT_TYPES: tuple[FactType, ...] = (
    FactType(SecretSet, apply_set, keeps_place=True),
    FactType(SecretDeleted, apply_deleted, keeps_place=True),
    FactType(SecretsSealed, apply_sealed, keeps_place=True),
    FactType(SecretsUsed, apply_used),
)

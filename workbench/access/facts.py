"""What happens to workspaces, keys and first answers, and how it is written to DuckDB. Codes 10 to 19."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from workbench.storage.columns import BIGINT, BLOB, TEXT, UUID, Table, insert, last_by_key, update
from workbench.storage.facts import Fact, FactType


class WorkspaceCreated(Fact, frozen=True, tag=1001):
    """A tenant came to be."""

    name: ClassVar[str] = "workspace.created"
    id: bytes
    title: str
    at: int


class KeyCreated(Fact, frozen=True, tag=1101):
    """An API key was made; `hash` is the SHA-256 of the whole key, `prefix` its findable beginning."""

    name: ClassVar[str] = "key.created"
    id: bytes
    workspace: bytes
    title: str
    prefix: str
    hash: bytes
    scopes: tuple[str, ...]
    expires_at: int | None
    at: int


class KeyRevoked(Fact, frozen=True, tag=1201):
    """An API key is good no more."""

    name: ClassVar[str] = "key.revoked"
    workspace: bytes
    id: bytes
    at: int


class KeysUsed(Fact, frozen=True, tag=1301):
    """When keys were last used: (workspace, key, time), gathered over a while."""

    name: ClassVar[str] = "key.used"
    uses: tuple[tuple[bytes, bytes, int], ...]


class AnswerKept(Fact, frozen=True, tag=1401):
    """The first answer of an operation for an idempotency key."""

    name: ClassVar[str] = "answer.kept"
    workspace: bytes
    operation: str
    key: str
    fingerprint: bytes
    status: int
    body: bytes
    at: int


class AnswersDropped(Fact, frozen=True, tag=1501):
    """First answers from before `before` are forgotten."""

    name: ClassVar[str] = "answer.dropped"
    before: int


WORKSPACES = Table("workspaces", {"id": UUID, "name": TEXT, "created_at": BIGINT})
KEYS = Table(
    "api_keys",
    {
        "id": UUID,
        "workspace_id": UUID,
        "name": TEXT,
        "prefix": TEXT,
        "hash": BLOB,
        "scopes": TEXT,
        "expires_at": BIGINT,
        "last_used_at": BIGINT,
        "created_at": BIGINT,
        "revoked_at": BIGINT,
    },
    key=("workspace_id", "id"),
)
ANSWERS = Table(
    "idempotency",
    {
        "workspace_id": UUID,
        "operation": TEXT,
        "key": TEXT,
        "body_hash": BLOB,
        "status": BIGINT,
        "body": BLOB,
        "at": BIGINT,
    },
    key=("workspace_id", "operation", "key"),
)


def apply_workspaces(cursor: Any, facts: Sequence[WorkspaceCreated]) -> None:
    """Write workspaces."""
    last = last_by_key(facts, "id")
    columns = {"id": [f.id for f in last], "name": [f.title for f in last], "created_at": [f.at for f in last]}
    insert(cursor, WORKSPACES, columns, "replace")


def apply_keys(cursor: Any, facts: Sequence[KeyCreated]) -> None:
    """Write new keys."""
    last = last_by_key(facts, "id")
    columns = {
        "id": [f.id for f in last],
        "workspace_id": [f.workspace for f in last],
        "name": [f.title for f in last],
        "prefix": [f.prefix for f in last],
        "hash": [f.hash for f in last],
        "scopes": [" ".join(f.scopes) for f in last],
        "expires_at": [f.expires_at for f in last],
        "created_at": [f.at for f in last],
    }
    insert(cursor, KEYS, columns, "ignore")


def apply_revocations(cursor: Any, facts: Sequence[KeyRevoked]) -> None:
    """Mark revoked keys."""
    last = last_by_key(facts, "workspace", "id")
    columns = {
        "workspace_id": [f.workspace for f in last],
        "id": [f.id for f in last],
        "revoked_at": [f.at for f in last],
    }
    update(cursor, KEYS, columns)


def apply_uses(cursor: Any, facts: Sequence[KeysUsed]) -> None:
    """Write when keys were last used."""
    last = {(workspace, key): at for fact in facts for workspace, key, at in fact.uses}
    columns = {
        "workspace_id": [workspace for workspace, _ in last],
        "id": [key for _, key in last],
        "last_used_at": list(last.values()),
    }
    update(cursor, KEYS, columns)


def apply_answers(cursor: Any, facts: Sequence[AnswerKept]) -> None:
    """Write first answers; the last one for a key wins."""
    last = last_by_key(facts, "workspace", "operation", "key")
    columns = {
        "workspace_id": [f.workspace for f in last],
        "operation": [f.operation for f in last],
        "key": [f.key for f in last],
        "body_hash": [f.fingerprint for f in last],
        "status": [f.status for f in last],
        "body": [f.body for f in last],
        "at": [f.at for f in last],
    }
    insert(cursor, ANSWERS, columns, "replace")


def apply_drops(cursor: Any, facts: Sequence[AnswersDropped]) -> None:
    """Delete old first answers."""
    cursor.execute('DELETE FROM idempotency WHERE "at" < ?', [max(f.before for f in facts)])


FACT_TYPES: tuple[FactType, ...] = (
    FactType(WorkspaceCreated, apply_workspaces),
    FactType(KeyCreated, apply_keys),
    FactType(KeyRevoked, apply_revocations),
    FactType(KeysUsed, apply_uses),
    FactType(AnswerKept, apply_answers),
    FactType(AnswersDropped, apply_drops),
)

"""The rules of snapshots: named, tagged copies of a function's flow that can be made its newest version again."""

from __future__ import annotations

from typing import Any

import msgspec

from workbench.base.clock import Clock
from workbench.base.ids import Ids, to_bytes
from workbench.editing import snapshot_store as sql
from workbench.editing.functions import Functions
from workbench.editing.history import History
from workbench.editing.models import FunctionWithFlow, NewSnapshot, RestoreVersion, Snapshot, SnapshotWithFlow
from workbench.editing.snapshot_facts import SnapshotCreated, SnapshotMarked, SnapshotsDeleted
from workbench.editing.store import find_function
from workbench.rest import once
from workbench.rest.caller import Caller, id_bytes, missing
from workbench.rest.deleted import Deleted
from workbench.rest.paging import Page, Paged
from workbench.storage.facts import Fact
from workbench.storage.store import Store

Decision = tuple[list[Fact], Any]


class Snapshots:
    """Kept states of functions."""

    def __init__(self, store: Store, functions: Functions, history: History, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._functions = functions
        self._history = history
        self._clock = clock
        self._ids = ids

    async def create(self, caller: Caller, function_id: str, new: NewSnapshot) -> Snapshot:
        """Keep the function's newest version under a name. Raises NotFound."""
        head = self._functions.head(caller, function_id)
        flow = await self._functions.flow(caller, head, head.version)
        fact = SnapshotCreated(
            to_bytes(self._ids.new()),
            caller.workspace,
            to_bytes(head.id),
            new.name,
            new.description,
            msgspec.json.encode(list(dict.fromkeys(new.tags))).decode(),
            head.version,
            flow.model_dump_json(by_alias=True),
            caller.author,
            self._clock.now_us(),
        )
        answer = sql.created(fact)

        def decide(cursor: Any) -> Decision:
            if find_function(cursor, caller.workspace_id, head.id) is None:
                raise missing("function", head.id)
            return [fact], answer

        return await once.transact(self._store, decide, caller.workspace_id)

    async def list(
        self, caller: Caller, function_id: str, page: Page, *, favorite: bool | None, tag: str | None
    ) -> Paged[Snapshot]:
        """A page of a function's snapshots, newest first. Raises NotFound."""
        head = self._functions.head(caller, function_id)
        after: Any = page.after(int, str)
        rows, total = await self._store.read(
            lambda c: sql.snapshots_of(c, caller.workspace_id, head.id, favorite, tag, after, page.fetch)
        )
        return page.cut(rows, lambda s: (s.created_at, s.id), total)

    async def get(self, caller: Caller, snapshot_id: str) -> SnapshotWithFlow:
        """One snapshot with its flow. Raises NotFound."""
        id_bytes("snapshot", snapshot_id)
        found = await self._store.read(lambda c: sql.find_snapshot(c, caller.workspace_id, snapshot_id))
        if found is None:
            raise missing("snapshot", snapshot_id)
        return found

    async def delete(self, caller: Caller, snapshot_id: str) -> Deleted:
        """Delete one. Raises NotFound."""
        return await self._change(
            caller,
            snapshot_id,
            lambda s: (
                SnapshotsDeleted(to_bytes(s.id), caller.workspace, to_bytes(s.function_id)),
                Deleted(id=s.id, counts={"snapshots": 1}),
            ),
        )

    async def set_tags(self, caller: Caller, snapshot_id: str, tags: tuple[str, ...]) -> Snapshot:
        """Replace the tags. Raises NotFound."""
        kept = tuple(dict.fromkeys(tags))
        return await self._change(caller, snapshot_id, lambda s: _marked(caller, s, kept, is_favorite=s.is_favorite))

    async def set_favorite(self, caller: Caller, snapshot_id: str, wanted: bool | None) -> Snapshot:
        """Make it a favourite or not; without a wish, what it was not. Raises NotFound."""
        return await self._change(
            caller,
            snapshot_id,
            lambda s: _marked(caller, s, s.tags, is_favorite=not s.is_favorite if wanted is None else wanted),
        )

    async def restore(self, caller: Caller, snapshot_id: str, asked: RestoreVersion) -> FunctionWithFlow:
        """Make its flow the function's newest version. Raises NotFound, VersionConflict."""
        found = await self.get(caller, snapshot_id)
        label = f"Restore of “{found.name}”"
        return await self._history.put_flow(
            caller, found.function_id, found.flow, "restore", label, asked.message, asked.expected_version
        )

    async def _change(self, caller: Caller, snapshot_id: str, change: Any) -> Any:
        id_bytes("snapshot", snapshot_id)

        def decide(cursor: Any) -> Decision:
            found = sql.find_snapshot(cursor, caller.workspace_id, snapshot_id)
            if found is None:
                raise missing("snapshot", snapshot_id)
            fact, answer = change(Snapshot(**{name: getattr(found, name) for name in Snapshot.model_fields}))
            return [fact], answer

        return await once.transact(self._store, decide, caller.workspace_id)


def _marked(
    caller: Caller, snapshot: Snapshot, tags: tuple[str, ...], *, is_favorite: bool
) -> tuple[SnapshotMarked, Snapshot]:
    fact = SnapshotMarked(
        to_bytes(snapshot.id),
        caller.workspace,
        to_bytes(snapshot.function_id),
        msgspec.json.encode(tags).decode(),
        is_favorite,
    )
    return fact, snapshot.model_copy(update={"tags": tags, "is_favorite": is_favorite})

"""What only the owner of a store can do to it: a verified copy, and dropping the history behind it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from workbench.base.wire import Wire
from workbench.rest.answers import ok
from workbench.rest.dependencies import CallerDep
from workbench.rest.operation import Operations
from workbench.storage.copies import Copy
from workbench.storage.store import Store


class StoreCopy(Wire):
    """A verified copy of the tables: the last fact in it, its size, its rows by table."""

    seq: int
    bytes: int
    rows: dict[str, int]
    made_at: int


def routes(store: Store) -> APIRouter:
    """The operations."""
    api = Operations("System")

    @api.post("/system/copies", "createStoreCopy", scope="execute", for_operator=True, answers=StoreCopy, status=201)
    async def create_copy(_caller: CallerDep) -> Response:
        """Make a verified copy of the tables as they are now: `workbench backup` takes it from there."""
        return ok(_shown(await store.upkeep.copy()))

    @api.post("/system/compact", "compactStore", scope="execute", for_operator=True, answers=StoreCopy)
    async def compact(_caller: CallerDep) -> Response:
        """Drop the log and the copies behind a new verified copy now, so that what was deleted is gone."""
        return ok(_shown(await store.upkeep.compact()))

    return api.router


def _shown(copy: Copy) -> StoreCopy:
    return StoreCopy(seq=copy.seq, bytes=copy.bytes, rows=copy.rows, made_at=copy.made_at)

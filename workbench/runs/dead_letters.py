"""The dead letter: runs that were given up. They are tried again, or taken off the list; their history stays."""

from __future__ import annotations

from typing import Any

import msgspec

from workbench.base.clock import Clock
from workbench.base.errors import InvalidState, NotFound
from workbench.base.ids import to_bytes
from workbench.editing.functions import Functions
from workbench.engine.facts_forks import RunDiscarded
from workbench.rest import once
from workbench.rest.caller import Caller, id_bytes, missing
from workbench.rest.paging import Page, Paged
from workbench.runs import store as sql
from workbench.runs.models import DeadLetter, Discarded
from workbench.storage.store import Store


class DeadLetters:
    """What was given up in a workspace."""

    def __init__(self, store: Store, functions: Functions, clock: Clock) -> None:
        self._store = store
        self._functions = functions
        self._clock = clock

    async def list(self, caller: Caller, page: Page) -> Paged[DeadLetter]:
        """A page of the list, the last given up first."""
        after: Any = page.after(int, str)
        rows, total = await self._store.read(lambda c: sql.dead_letters(c, caller.workspace_id, after, page.fetch))
        paged = page.cut(rows, lambda row: (row[9], row[0]), total)
        shown = [_letter(row, await self._block_name(caller, row)) for row in paged.items]
        return Paged(shown, paged.total, paged.limit, paged.next_cursor)

    async def _block_name(self, caller: Caller, row: tuple[Any, ...]) -> str | None:
        block_id = _error(row).get("blockId")
        try:
            flow = await self._functions.flow(caller, self._functions.head(caller, row[1]), row[3])
        except NotFound:
            return block_id
        return next((block.name for block in flow.blocks if block.id == block_id), block_id)

    async def require(self, caller: Caller, run_id: str) -> None:
        """Raise NotFound for no run, InvalidState for one that is not on the list."""
        id_bytes("run", run_id)

        def look(cursor: Any) -> tuple[bool, bool]:
            known = sql.has_run(cursor, caller.workspace_id, run_id)
            return known, sql.is_dead_letter(cursor, caller.workspace_id, run_id)

        known, is_listed = await self._store.read(look)
        if not known:
            raise missing("run", run_id)
        if not is_listed:
            raise InvalidState("The run is not in the dead letter.", hint="GET /dead-letter lists those that are.")

    async def discard(self, caller: Caller, run_id: str) -> Discarded:
        """Take a run off the list. Raises NotFound, InvalidState."""
        await self.require(caller, run_id)
        answer = Discarded(
            run_id=run_id.lower(),
            message="The run is off the list. Its history, checkpoints and logs stay; R/retry still tries it again.",
        )
        facts = once.answer_facts()(answer)
        await self._store.append(
            [RunDiscarded(to_bytes(run_id.lower()), self._clock.now_us()), *facts], caller.workspace_id
        )
        return answer


def _error(row: tuple[Any, ...]) -> dict[str, Any]:
    return msgspec.json.decode(row[4]) if row[4] else {}


def _letter(row: tuple[Any, ...], block_name: str | None) -> DeadLetter:
    error = _error(row)
    return DeadLetter(
        run_id=row[0],
        function_id=row[1],
        function_name=row[2],
        version=row[3],
        cause=error.get("message") or "No cause is known.",
        block_id=error.get("blockId"),
        block_name=block_name,
        path=error.get("path"),
        attempt=row[5],
        recoveries=row[6],
        created_at=row[7],
        started_at=row[8],
        finished_at=row[9],
    )

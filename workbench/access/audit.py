"""The audit log: changes to keys and workspaces as they happen, refused calls gathered over a while."""

from __future__ import annotations

import contextlib

from workbench.access.audit_facts import Audited
from workbench.access.audit_store import list_audit
from workbench.access.models import AuditAction, AuditEntry
from workbench.base.clock import Clock
from workbench.base.errors import WorkbenchError
from workbench.base.ids import Ids, to_bytes
from workbench.rest.caller import Caller
from workbench.rest.paging import Page, Paged
from workbench.storage.facts import Fact
from workbench.storage.store import Store

MOST_GATHERED = 200
"""Different refusals that are kept apart between two flushes; a flood of more is one entry."""
MOST_TEXT = 200
REFUSED: AuditAction = "call.refused"


class Audit:
    """Notes, and reads what was noted. A key itself is never in it, only its findable beginning."""

    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._refused: dict[tuple[str, str, str, str], tuple[int, int]] = {}
        """(workspace, actor, subject, detail) → (last time, how often)."""

    def note(self, workspace_id: str, action: AuditAction, actor: str, subject: str, detail: str | None = None) -> Fact:
        """The fact of a change, for the group of the change."""
        now = self._clock.now_us()
        return Audited(to_bytes(self._ids.new()), to_bytes(workspace_id), now, action, actor, subject, detail)

    def refused(self, workspace_id: str, actor: str, call: str, why: str) -> None:
        """A call was refused; written with the others at the next flush."""
        key = (workspace_id, actor[:MOST_TEXT], call[:MOST_TEXT], why)
        if key not in self._refused and len(self._refused) >= MOST_GATHERED:
            key = (workspace_id, "several", "several calls", why)
        self._refused[key] = (self._clock.now_us(), self._refused.get(key, (0, 0))[1] + 1)

    async def flush(self) -> None:
        """Write the refusals gathered since the last flush; each workspace's in its own group."""
        gathered, self._refused = self._refused, {}
        by_workspace: dict[str, list[Fact]] = {}
        for (workspace, actor, subject, why), (at, times) in gathered.items():
            raw = to_bytes(self._ids.new())
            fact = Audited(raw, to_bytes(workspace), at, REFUSED, actor, subject, why, times)
            by_workspace.setdefault(workspace, []).append(fact)
        for workspace, facts in by_workspace.items():
            await self._store.append(facts, workspace)

    async def list(self, caller: Caller, page: Page, action: AuditAction | None) -> Paged[AuditEntry]:
        """A page of the workspace's entries, newest first, those just gathered among them."""
        after = page.after(int, str)
        if self._store.is_writable:
            with contextlib.suppress(WorkbenchError):  # the disk is full: what is written can still be read
                await self.flush()
        rows, total = await self._store.read(
            lambda c: list_audit(c, caller.workspace_id, action, after, page.fetch)  # type: ignore[arg-type]
        )
        return page.cut(rows, lambda e: (e.at, e.id), total)

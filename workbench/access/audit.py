"""The audit log: changes to keys and workspaces as they happen, refused calls gathered over a while."""

from __future__ import annotations

import contextlib
from typing import TypeAlias

from workbench.access.audit_facts import AuditDropped, Audited
from workbench.access.audit_store import audit_cuts, list_audit
from workbench.access.models import AuditAction, AuditEntry
from workbench.base.clock import Clock
from workbench.base.errors import Unavailable, WorkbenchError
from workbench.base.ids import Ids, to_bytes
from workbench.rest.caller import Caller
from workbench.rest.paging import Page, Paged
from workbench.storage.facts import Fact
from workbench.storage.store import Store

MOST_GATHERED = 200
"""Different refusals that are kept apart between two flushes; a flood of more is one entry."""
MOST_TEXT = 200
REFUSED: AuditAction = "call.refused"
DAY_US = 24 * 3600 * 1_000_000
SWEEP_EVERY_US = 3600 * 1_000_000

Refusal: TypeAlias = tuple[str, str, str, str]
"""Workspace, actor, subject, detail."""


class Audit:
    """Notes, and reads what was noted. A key itself is never in it, only its findable beginning."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, *, kept_days: float = 0, kept_entries: int = 0) -> None:
        """Entries are kept for `kept_days`, the newest `kept_entries` of each workspace; 0 keeps all."""
        self._store = store
        self._clock = clock
        self._ids = ids
        self._kept_days = kept_days
        self._kept_entries = kept_entries
        self._next_sweep = 0
        self._refused: dict[Refusal, tuple[int, int]] = {}
        """With the last time, and how often."""

    def note(self, workspace_id: str, action: AuditAction, actor: str, subject: str, detail: str | None = None) -> Fact:
        """The fact of a change, for the group of the change."""
        now = self._clock.now_us()
        return Audited(to_bytes(self._ids.new()), to_bytes(workspace_id), now, action, actor, subject, detail)

    def refused(self, workspace_id: str, actor: str, call: str, why: str) -> None:
        """A call was refused; written with the others at the next flush."""
        self._gather((workspace_id, actor[:MOST_TEXT], call[:MOST_TEXT], why), self._clock.now_us(), 1)

    def _gather(self, key: Refusal, at: int, times: int) -> None:
        if key not in self._refused and len(self._refused) >= MOST_GATHERED:
            key = (key[0], "several", "several calls", key[3])
        last, before = self._refused.get(key, (0, 0))
        self._refused[key] = (max(last, at), before + times)

    async def flush(self) -> None:
        """Write the refusals gathered since the last flush; each workspace's in its own group.

        Those that cannot be written are gathered again, with those that came meanwhile. Raises Unavailable.
        """
        gathered, self._refused = self._refused, {}
        by_workspace: dict[str, list[tuple[Refusal, tuple[int, int]]]] = {}
        for key, told in gathered.items():
            by_workspace.setdefault(key[0], []).append((key, told))
        failure: Unavailable | None = None
        for workspace, entries in by_workspace.items():
            raw = to_bytes(workspace)
            facts = [
                Audited(to_bytes(self._ids.new()), raw, at, REFUSED, actor, subject, why, times)
                for (_, actor, subject, why), (at, times) in entries
            ]
            try:
                await self._store.append(facts, workspace)
            except Unavailable as error:
                failure = error
                for key, (at, times) in entries:
                    self._gather(key, at, times)
        if failure is not None:
            raise failure

    async def sweep(self) -> None:
        """Let go of entries that are too old, and of the oldest where a workspace has too many; looks once an hour."""
        now = self._clock.now_us()
        if now < self._next_sweep:
            return
        self._next_sweep = now + SWEEP_EVERY_US
        before = now - int(self._kept_days * DAY_US) if self._kept_days else 0
        cuts = await self._store.read(lambda c: audit_cuts(c, before, self._kept_entries))
        if cuts:
            await self._store.append([AuditDropped(tuple((to_bytes(w), at) for w, at in cuts))])

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

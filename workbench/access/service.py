"""Workspaces and keys: their rules, and the memory that authentication reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from workbench.access.audit import Audit
from workbench.access.facts import KeyCreated, KeyRevoked, KeysUsed, WorkspaceCreated
from workbench.access.idempotency import Idempotency
from workbench.access.identity import (
    DEFAULT_WORKSPACE,
    Directory,
    hash_of,
    is_like_a_key,
    new_key,
    prefix_of,
    resolve,
)
from workbench.access.models import Key, NewKey, NewlyMadeKey, NewWorkspace, Workspace
from workbench.access.store import KeyRow, all_workspaces, list_keys, list_workspaces, living_keys
from workbench.base.clock import Clock
from workbench.base.errors import InvalidInput, Issue, NotAllowed, WorkbenchError
from workbench.base.ids import Ids, to_bytes, to_text
from workbench.base.logs import get_logger
from workbench.base.settings import Settings
from workbench.rest import once
from workbench.rest.caller import Caller, id_bytes, missing
from workbench.rest.paging import Page, Paged
from workbench.storage.facts import Fact
from workbench.storage.store import Store

log = get_logger()

FLUSH_SECONDS = 30.0
"""How often last-used times are written and old first answers forgotten."""


class Access:
    """Who may come in, and where to."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, settings: Settings) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._directory = Directory()
        self._used: dict[str, tuple[str, int]] = {}
        self.idempotency = Idempotency(store, clock)
        self.audit = Audit(store, clock, ids, kept_days=settings.audit_days, kept_entries=settings.audit_entries)
        self.also_flush: list[Callable[[], Awaitable[None]]] = []
        """What others have to write every `FLUSH_SECONDS` and at the end."""

    async def start(self) -> None:
        """Load the memory; make the default workspace at the first start."""
        workspaces, keys = await self._store.read(lambda c: (all_workspaces(c), living_keys(c)))
        for workspace in workspaces:
            self._directory.workspaces[workspace.id] = workspace
        for row in keys:
            self._directory.add_key(row)
        if DEFAULT_WORKSPACE not in self._directory.workspaces:
            fact = WorkspaceCreated(to_bytes(DEFAULT_WORKSPACE), "Default", self._clock.now_us())
            if self._store.is_writable:  # else a damaged store, which is only read
                await self._store.append([fact], DEFAULT_WORKSPACE)
            self._take(fact)
        await self.idempotency.start()

    async def stop(self) -> None:
        """Write what is still only in memory."""
        try:
            await self.flush()
        except WorkbenchError as e:
            log.warning("access.last_use_lost", error=str(e))

    async def keep_up(self) -> None:
        """Write last uses and forget old first answers, for ever."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
                await self.idempotency.sweep()
                await self.audit.sweep()
            except WorkbenchError as e:
                log.warning("access.upkeep_failed", error=str(e))

    def _take(self, fact: Fact) -> None:
        """Keep the memory in step with a durable fact."""
        match fact:
            case WorkspaceCreated():
                workspace = Workspace(id=to_text(fact.id), name=fact.title, created_at=fact.at)
                self._directory.workspaces[workspace.id] = workspace
            case KeyCreated():
                self._directory.add_key(KeyRow(_key(fact), fact.hash))
            case KeyRevoked():
                self._directory.drop_key(to_text(fact.id))

    # Identity

    def identify(self, headers: Mapping[str, str], identity: Mapping[str, Any] | None) -> Caller:
        """The caller of a request; see `identity.resolve`."""
        return resolve(self._directory, headers, identity, self._clock.now_us(), self._note_use)

    def note_refusal(self, headers: Mapping[str, str], caller: Caller | None, call: str, why: str) -> None:
        """Note a call that was refused: 401, 403 or 429. Who came with a key that is none is told by its beginning."""
        if caller is not None:
            self.audit.refused(caller.workspace_id, caller.author, call, why)
            return
        key = headers.get("x-api-key")
        found = self._directory.find(key) if key is not None else None
        workspace = found.key.workspace_id if isinstance(found, KeyRow) else DEFAULT_WORKSPACE
        actor = f"key:{found.key.name}" if isinstance(found, KeyRow) else _unknown(key)
        self.audit.refused(workspace, actor, call, why)

    def is_valid(self, caller: Caller) -> bool:
        """Whether a caller that came in by key would still come in now (for streams that stay open)."""
        if caller.key_id is None:
            return True
        row = self._directory.rows.get(caller.key_id)
        return row is not None and (row.key.expires_at is None or row.key.expires_at > self._clock.now_us())

    def add_kernel_key(self, key: str | None = None, *, author: str = "kernel", origin: str = "kernel") -> str:
        """A key for the default workspace that lives in memory only, never expires and has no rate limit."""
        key = key or new_key()
        scopes = frozenset(("read", "write", "execute"))
        caller = Caller(DEFAULT_WORKSPACE, author, scopes, origin=origin, is_operator=True)  # type: ignore[arg-type]
        self._directory.kernel_keys[hash_of(key)] = caller
        return key

    def has_workspace(self, workspace_id: str) -> bool:
        """Whether there is such a workspace."""
        return workspace_id in self._directory.workspaces

    def _note_use(self, key: Key) -> None:
        self._used[key.id] = (key.workspace_id, self._clock.now_us())

    async def flush(self) -> None:
        """Write the last-used times and the refused calls gathered since the last flush."""
        await self.audit.flush()
        used, self._used = self._used, {}
        if used:
            uses = tuple((to_bytes(w), to_bytes(k), at) for k, (w, at) in used.items())
            await self._store.append([KeysUsed(uses)])
        for flush in self.also_flush:
            await flush()

    # Workspaces

    async def create_workspace(self, caller: Caller, new: NewWorkspace) -> Workspace:
        """Make a workspace."""
        fact = WorkspaceCreated(to_bytes(self._ids.new()), new.name, self._clock.now_us())
        workspace = Workspace(id=to_text(fact.id), name=fact.title, created_at=fact.at)
        note = self.audit.note(caller.workspace_id, "workspace.created", caller.author, f"{new.name} ({workspace.id})")
        await self._store.append([fact, note, *once.answer_facts()(workspace)], caller.workspace_id)
        self._take(fact)
        return workspace

    async def list_workspaces(self, caller: Caller, page: Page) -> Paged[Workspace]:
        """All workspaces for an operator, otherwise the caller's own."""
        after = page.after(int, str)
        only = None if caller.is_operator else caller.workspace_id
        rows, total = await self._store.read(lambda c: list_workspaces(c, only, after, page.fetch))  # type: ignore[arg-type]
        return page.cut(rows, lambda w: (w.created_at, w.id), total)

    # Keys

    async def create_key(self, caller: Caller, new: NewKey) -> NewlyMadeKey:
        """Make a key; the answer is the only place where it is shown."""
        workspace_id = self._workspace_for_key(caller, new.workspace_id)
        now = self._clock.now_us()
        if new.expires_at is not None and new.expires_at <= now:
            raise InvalidInput("The key would have expired already.", details=[Issue("expiresAt", "is in the past")])
        return await self.make_key(workspace_id, new, caller.author)

    async def make_key(self, workspace_id: str, new: NewKey, author: str = "console") -> NewlyMadeKey:
        """Make a key without a caller: the first one, from the console command."""
        secret = new_key()
        fact = KeyCreated(
            to_bytes(self._ids.new()),
            to_bytes(workspace_id),
            new.name,
            prefix_of(secret),
            hash_of(secret),
            tuple(dict.fromkeys(new.scopes)),
            new.expires_at,
            self._clock.now_us(),
        )
        note = self.audit.note(workspace_id, "key.created", author, _named(_key(fact)), " ".join(fact.scopes))
        await self._store.append([fact, note], workspace_id)
        self._take(fact)
        return NewlyMadeKey(**_key(fact).model_dump(), key=secret)

    def _workspace_for_key(self, caller: Caller, asked: str | None) -> str:
        workspace_id = (asked or caller.workspace_id).lower()
        if workspace_id != caller.workspace_id:
            if not caller.is_operator:
                raise NotAllowed("A key can make keys for its own workspace only.", hint="Leave workspaceId out.")
            if not self.has_workspace(workspace_id):
                raise missing("workspace", workspace_id)
        return workspace_id

    async def list_keys(self, caller: Caller, page: Page) -> Paged[Key]:
        """The workspace's keys that are not revoked, newest first."""
        after = page.after(int, str)
        rows, total = await self._store.read(lambda c: list_keys(c, caller.workspace_id, after, page.fetch))  # type: ignore[arg-type]
        rows = [r.model_copy(update={"last_used_at": self._last_used(r)}) for r in rows]
        return page.cut(rows, lambda k: (k.created_at, k.id), total)

    def _last_used(self, key: Key) -> int | None:
        return self._used[key.id][1] if key.id in self._used else key.last_used_at

    async def revoke_key(self, caller: Caller, key_id: str) -> None:
        """End a key at once. Raises `NotFound`."""
        raw = id_bytes("API key", key_id)
        row = self._directory.rows.get(to_text(raw))
        if row is None or row.key.workspace_id != caller.workspace_id:
            raise missing("API key", key_id)
        fact = KeyRevoked(caller.workspace, raw, self._clock.now_us())
        note = self.audit.note(caller.workspace_id, "key.revoked", caller.author, _named(row.key))
        await self._store.append([fact, note], caller.workspace_id)
        self._take(fact)


def _named(key: Key) -> str:
    return f"{key.name} ({key.prefix}…)"


def _unknown(key: str | None) -> str:
    if key is None:
        return "nobody"
    return f"unknown key {prefix_of(key)}…" if is_like_a_key(key) else "unknown key"


def _key(fact: KeyCreated) -> Key:
    return Key(
        id=to_text(fact.id),
        name=fact.title,
        prefix=fact.prefix,
        workspace_id=to_text(fact.workspace),
        scopes=fact.scopes,  # type: ignore[arg-type]
        expires_at=fact.expires_at,
        last_used_at=None,
        created_at=fact.at,
    )

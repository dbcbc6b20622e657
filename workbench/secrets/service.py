"""The rules of secrets: who sets them, how they are kept, and how blocks get at their values."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from workbench.access.service import Access
from workbench.base.clock import Clock
from workbench.base.errors import BlockFailed, Conflict, NotFound, Unavailable, VersionConflict
from workbench.base.ids import to_bytes
from workbench.base.settings import Settings
from workbench.rest import once
from workbench.rest.caller import Caller
from workbench.rest.deleted import Deleted
from workbench.rest.paging import Page, Paged
from workbench.secrets.facts import SecretDeleted, SecretSet, SecretsSealed, SecretsUsed
from workbench.secrets.keyring import VARIABLE, Keyring
from workbench.secrets.models import MOST_SECRETS, Rotated, Rotation, Secret, SecretChange, SecretUse
from workbench.secrets.sealing import Unreadable, key_id_of, seal, unseal
from workbench.secrets.store import SecretRow, all_secrets
from workbench.storage.store import Store

Uses = Callable[[str], Awaitable[Mapping[str, Sequence[SecretUse]]]]
"""``await uses(workspace_id)``: by the name of a secret, the functions that name it."""


class Secrets:
    """Every secret in memory, encrypted. Lives on the workbench's loop; fulfils `ReadsSecrets` for the engine."""

    def __init__(self, store: Store, access: Access, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._keyring = Keyring(settings.home, settings.secret_key())
        self._audit = access.audit
        access.also_flush.append(self.flush)
        self._clock = clock
        self._rows: dict[str, dict[str, SecretRow]] = {}
        self._used: dict[tuple[str, str], int] = {}
        self._writing = asyncio.Lock()
        self.uses: Uses | None = None
        """Set by who knows functions, a floor above."""

    async def start(self) -> None:
        """Load the memory."""
        for row in await self._store.read(all_secrets):
            self._rows.setdefault(row.workspace_id, {})[row.name] = row

    async def flush(self) -> None:
        """Write when secrets were last used, since the last flush."""
        used = {key: at for key, at in self._used.items() if key[1] in self._rows.get(key[0], {})}
        self._used = {}
        if used:
            fact = SecretsUsed(tuple((to_bytes(w), name, at) for (w, name), at in used.items()))
            try:
                await self._store.append([fact])
            except Unavailable:
                self._used = {**used, **self._used}
                raise
            for (workspace_id, name), at in used.items():
                row = self._rows.get(workspace_id, {}).get(name)
                if row is not None:
                    self._rows[workspace_id][name] = replace(row, last_used_at=at)

    # What blocks and validation ask

    def names(self, workspace_id: str) -> frozenset[str]:
        """Which secrets a workspace has."""
        return frozenset(self._rows.get(workspace_id, ()))

    def read(self, workspace_id: str, names: Iterable[str]) -> dict[str, str]:
        """The values of those that exist. Raises BlockFailed of kind SECRET for one that cannot be decrypted."""
        values: dict[str, str] = {}
        for name in names:
            row = self._rows.get(workspace_id, {}).get(name)
            if row is None:
                continue
            try:
                values[name] = self._open(row)
            except Unavailable as error:
                raise BlockFailed(
                    f"The secret `{name}` cannot be read. {error.message}", kind="SECRET", hint=error.hint
                ) from None
            except Unreadable as error:
                raise BlockFailed(
                    f"The secret `{name}` cannot be read: {error}.", kind="SECRET", hint=self._remedy(name)
                ) from None
            self._used[workspace_id, name] = self._clock.now_us()
        return values

    def _open(self, row: SecretRow) -> str:
        return unseal(self._keyring, to_bytes(row.workspace_id), row.name, row.value_at, row.box)

    def _remedy(self, name: str) -> str:
        return (
            f"Bring back the key file {self._keyring.path} (or {VARIABLE}) of the workbench that set it; "
            f"or set its value anew: workbench secrets set {name}."
        )

    # What people ask

    async def list(self, caller: Caller, page: Page) -> Paged[Secret]:
        """A page of the workspace's secrets, by name."""
        after = page.after(str)
        rows = self._rows.get(caller.workspace_id, {})
        wanted = sorted(name for name in rows if after is None or name > after[0])[: page.fetch]
        uses = await self._uses(caller)
        return page.cut([self._told(rows[n], uses) for n in wanted if n in rows], lambda s: (s.name,), len(rows))

    async def get(self, caller: Caller, name: str) -> Secret:
        """One secret, without its value. Raises NotFound."""
        self._row(caller, name)
        uses = await self._uses(caller)
        return self._told(self._row(caller, name), uses)

    async def exists(self, caller: Caller, name: str) -> None:
        """Raise NotFound unless the workspace has it."""
        self._row(caller, name)

    async def put(self, caller: Caller, name: str, change: SecretChange) -> Secret:
        """Make a secret, or change its value or description.

        Raises NotFound (no value for a new one), VersionConflict, Conflict (too many), Unavailable (no key).
        """
        async with self._writing:
            rows = self._rows.get(caller.workspace_id, {})
            old = rows.get(name)
            _check(change, name, old, len(rows))
            now = self._clock.now_us()
            value_at, box = (old.value_at, old.box) if old is not None else (now, b"")
            if change.value is not None:
                value_at = now
                box = seal(self._keyring.first(), caller.workspace, name, now, change.value)
            has_description = "description" in change.model_fields_set
            row = SecretRow(
                caller.workspace_id,
                name,
                old.version + 1 if old is not None else 1,
                box,
                change.description if has_description or old is None else old.description,
                old.created_at if old is not None else now,
                value_at,
                now,
                caller.author,
                old.last_used_at if old is not None else None,
            )
            what = ["value"] * (change.value is not None) + ["description"] * has_description
            action = "secret.created" if old is None else "secret.changed"
            note = self._audit.note(caller.workspace_id, action, caller.author, name, " and ".join(what) or "nothing")
            await self._store.append([_fact(row), note], caller.workspace_id)
            self._rows.setdefault(caller.workspace_id, {})[name] = row
        return self._told(row, await self._uses(caller))

    async def delete(self, caller: Caller, name: str) -> Deleted:
        """Delete a secret; functions that name it fail from now on. Raises NotFound."""
        async with self._writing:
            self._row(caller, name)
            note = self._audit.note(caller.workspace_id, "secret.deleted", caller.author, name)
            gone = SecretDeleted(caller.workspace, name, self._clock.now_us())
            await self._store.append([gone, note], caller.workspace_id)
            del self._rows[caller.workspace_id][name]
            self._used.pop((caller.workspace_id, name), None)
        return Deleted(id=name)

    async def rotate(self, caller: Caller, asked: Rotation) -> Rotated:
        """Encrypt every secret of every workspace with a new key, and throw the old ones away.

        What still lies encrypted in the log, in copies and backups, deleted secrets too, can then never be read again.
        A secret that no key here can read stays as it is.
        """
        async with self._writing:
            values: list[tuple[SecretRow, str]] = []
            unreadable: list[str] = []
            for row in [row for rows in self._rows.values() for row in rows.values()]:
                try:
                    values.append((row, self._open(row)))
                except Unreadable:
                    unreadable.append(row.name)
            key = self._keyring.turn()
            renewed = [
                replace(row, box=seal(key, to_bytes(row.workspace_id), row.name, row.value_at, value))
                for row, value in values
            ]
            boxes = tuple((to_bytes(row.workspace_id), row.name, row.box) for row in renewed)
            told = f"{len(renewed)} secrets" + (f", {len(unreadable)} could not be read" if unreadable else "")
            note = self._audit.note(caller.workspace_id, "secrets.rotated", caller.author, f"key {key.id.hex()}", told)
            rotated = Rotated(
                rotated=len(renewed), unreadable=tuple(sorted(unreadable)), old_keys_kept=asked.keep_old_keys
            )
            await self._store.append([SecretsSealed(boxes), note, *once.answer_facts()(rotated)], caller.workspace_id)
            for row in renewed:
                self._rows[row.workspace_id][row.name] = row
            if not asked.keep_old_keys:
                self._keyring.forget_others()
        return rotated

    def _row(self, caller: Caller, name: str) -> SecretRow:
        row = self._rows.get(caller.workspace_id, {}).get(name)
        if row is None:
            raise _missing(name)
        return row

    async def _uses(self, caller: Caller) -> Mapping[str, Sequence[SecretUse]]:
        return await self.uses(caller.workspace_id) if self.uses is not None else {}

    def _told(self, row: SecretRow, uses: Mapping[str, Sequence[SecretUse]]) -> Secret:
        used = self._used.get((row.workspace_id, row.name))
        return Secret(
            name=row.name,
            description=row.description,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            updated_by=row.updated_by,
            value_updated_at=row.value_at,
            last_used_at=used if used is not None else row.last_used_at,
            problem=self._problem(row),
            used_by=tuple(uses.get(row.name, ())),
        )

    def _problem(self, row: SecretRow) -> str | None:
        try:
            if self._keyring.find(key_id_of(row.box)) is not None:
                return None
        except Unavailable as error:
            return f"{error.message} {error.hint}"
        return f"The key that it was encrypted with is not here. {self._remedy(row.name)}"


def _check(change: SecretChange, name: str, old: SecretRow | None, count: int) -> None:
    """Refuse a change that cannot be made."""
    version = old.version if old is not None else 0
    if old is None and change.value is None:
        raise _missing(name, hint="Send `value` to make it.")
    if change.expected_version is not None and change.expected_version != version:
        raise VersionConflict(
            f"The secret `{name}` is at version {version}, not {change.expected_version}.",
            hint="Read it again, and send the change with its version now.",
            data={"currentVersion": version},
        )
    if old is None and count >= MOST_SECRETS:
        raise Conflict(
            f"The workspace has {MOST_SECRETS:,} secrets, which is the most.", hint="Delete one that nobody uses."
        )


def _missing(name: str, hint: str | None = None) -> NotFound:
    return NotFound(f"There is no secret '{name[:80]}' in this workspace.", hint=hint)


def _fact(row: SecretRow) -> SecretSet:
    return SecretSet(
        to_bytes(row.workspace_id),
        row.name,
        row.version,
        row.box,
        row.description,
        row.created_at,
        row.value_at,
        row.updated_at,
        row.updated_by,
    )

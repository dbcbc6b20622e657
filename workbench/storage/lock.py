"""Who owns a store: an exclusive lock on a side file, and a note that tells others where the owner listens."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from workbench.base.errors import StoreHeld
from workbench.storage.disk import Disk


class Owner(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `owner.json` says; `key` opens the owner's API for this machine's user only (mode 0600)."""

    pid: int
    address: str | None = None
    key: str | None = None


def owner_of(home: Path) -> Owner | None:
    """The note that the present or last owner left, or None. It says nothing about whether that process lives."""
    try:
        return msgspec.json.decode((home / "owner.json").read_bytes(), type=Owner)
    except (OSError, msgspec.MsgspecError):
        return None


class StoreLock:
    """The lock of one home, held from construction until `release`. Raises StoreHeld when another process has it."""

    def __init__(self, disk: Disk, home: Path) -> None:
        self._disk = disk
        self._home = home
        release = disk.lock(home / "store.lock")
        if release is None:
            raise _held(home)
        self._release = release
        self._write(Owner(os.getpid()))

    def announce(self, address: str, key: str) -> None:
        """Tell other processes where this store's API is and with which key."""
        self._write(Owner(os.getpid(), address, key))

    def release(self) -> None:
        """Take the note away and let the next one in."""
        self._disk.unlink(self._home / "owner.json")
        self._release()

    def _write(self, owner: Owner) -> None:
        temporary = self._home / f"owner.{os.getpid()}.new"
        file = self._disk.open(temporary, create=True)
        try:
            file.write(msgspec.json.encode(owner), 0)
        finally:
            file.close()
        self._disk.rename(temporary, self._home / "owner.json")


def _held(home: Path) -> StoreHeld:
    owner = owner_of(home)
    who = f"process {owner.pid}" if owner is not None else "another process"
    where = f", which answers at {owner.address}" if owner is not None and owner.address else ""
    return StoreHeld(
        f"The store in {home} is held by {who}{where}.",
        hint="Use workbench.connect(), which speaks to its owner, or end that process, or set WORKBENCH_HOME.",
        data={"pid": owner.pid if owner else None, "address": owner.address if owner else None},
    )

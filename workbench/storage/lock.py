"""Who owns a store: an exclusive lock on a side file, and a note that tells others where the owner listens."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from workbench.base.errors import StoreHeld


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

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = FileLock(home / "store.lock", timeout=0, thread_local=False, is_singleton=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise _held(home) from None
        self._write(Owner(os.getpid()))

    def announce(self, address: str, key: str) -> None:
        """Tell other processes where this store's API is and with which key."""
        self._write(Owner(os.getpid(), address, key))

    def release(self) -> None:
        """Take the note away and let the next one in."""
        (self._home / "owner.json").unlink(missing_ok=True)
        self._lock.release()

    def _write(self, owner: Owner) -> None:
        temporary = self._home / f"owner.{os.getpid()}.new"
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(msgspec.json.encode(owner))
        temporary.replace(self._home / "owner.json")


def _held(home: Path) -> StoreHeld:
    owner = owner_of(home)
    who = f"process {owner.pid}" if owner is not None else "another process"
    where = f", which answers at {owner.address}" if owner is not None and owner.address else ""
    return StoreHeld(
        f"The store in {home} is held by {who}{where}.",
        hint="Use workbench.connect(), which speaks to its owner, or end that process, or set WORKBENCH_HOME.",
        data={"pid": owner.pid if owner else None, "address": owner.address if owner else None},
    )

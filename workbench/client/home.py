"""The in-process home: a store whose owner is this process, or the process that came first."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.base.ending import at_end
from workbench.base.errors import StoreHeld
from workbench.base.settings import Settings
from workbench.client.address import Address
from workbench.client.errors import short
from workbench.client.servers import is_well
from workbench.storage.lock import owner_of

OWNER_STARTS_SECONDS = 20.0
"""How long the owner may take from locking the store to answering."""


@dataclass(slots=True)
class _Hosted:
    workbench: Any
    address: Address
    pid: int
    users: int = 0


@dataclass(slots=True)
class _Hosting:
    """The assemblies of this process: one a home, because a store has one owner."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    by_home: dict[Path, _Hosted] = field(default_factory=dict)
    is_bound: bool = False


_HOSTING = _Hosting()


class HomePlace:
    """Speaks to the owner of a store; becomes it where there is none."""

    def __init__(self, settings: Settings, workspace: str | None = None) -> None:
        self._settings = settings
        self._home = settings.home
        self._workspace = workspace
        self._is_user = False
        with _HOSTING.lock:
            if not _HOSTING.is_bound:  # before whoever uses it: what is registered last happens first
                at_end(_close_all)
                _HOSTING.is_bound = True

    def find(self) -> Address:
        """The owner's address. Raises StoreHeld when the owner does not tell one, and what opening a store raises."""
        deadline = time.monotonic() + OWNER_STARTS_SECONDS
        pause = threading.Event()
        while True:
            try:
                return self._with_workspace(self._host())
            except StoreHeld as held:
                owner = owner_of(self._home)
                if owner is not None and owner.address and owner.key:
                    address = Address(owner.address.rstrip("/"), owner.key)
                    if is_well(address):
                        return self._with_workspace(address)
                if time.monotonic() > deadline:
                    raise short(held) from None
            pause.wait(0.05)

    def find_again(self, lost: Address) -> Address | None:
        found = self.find()
        return None if found == lost else found

    def leave(self) -> None:
        with _HOSTING.lock:
            hosted = _HOSTING.by_home.get(self._home)
            if not self._is_user or hosted is None:
                return
            self._is_user = False
            hosted.users -= 1
            if hosted.users <= 0:
                del _HOSTING.by_home[self._home]
                hosted.workbench.stop()

    def describe(self) -> str:
        hosted = _HOSTING.by_home.get(self._home)
        return f"{self._home}, in this process" if hosted and hosted.pid == os.getpid() else str(self._home)

    def _host(self) -> Address:
        """Be the owner, or go on being it. Raises StoreHeld."""
        with _HOSTING.lock:
            hosted = _HOSTING.by_home.get(self._home)
            if hosted is None or hosted.pid != os.getpid():
                hosted = _open(self._settings)
                _HOSTING.by_home[self._home] = hosted
            if not self._is_user:
                hosted.users += 1
                self._is_user = True
            return hosted.address

    def _with_workspace(self, address: Address) -> Address:
        return Address(address.url, address.key, workspace=self._workspace)


def _open(settings: Settings) -> _Hosted:
    from workbench.assembly import open_workbench

    workbench = open_workbench(settings)
    workbench.start()
    try:
        address = Address(workbench.serve(), workbench.access.add_kernel_key())
        workbench.store.announce(address.url, address.key or "")
    except BaseException:
        workbench.stop()
        raise
    return _Hosted(workbench, address, os.getpid())


def _close_all() -> None:
    with _HOSTING.lock:
        hosted, _HOSTING.by_home = list(_HOSTING.by_home.values()), {}
    for each in hosted:
        if each.pid == os.getpid():
            each.workbench.stop()

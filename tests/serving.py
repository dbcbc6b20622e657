"""A real workbench behind a real server on loopback, for tests of the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from workbench.access.identity import DEFAULT_WORKSPACE
from workbench.access.models import NewKey
from workbench.api.app import create_app
from workbench.assembly import Workbench, open_workbench
from workbench.base.clock import Clock
from workbench.base.settings import Settings

BASE = "/api/v1/workflow"


class MovableClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now_us: int = 1_800_000_000_000_000) -> None:
        self.us = now_us

    def now_us(self) -> int:
        return self.us

    def monotonic(self) -> float:
        return self.us / 1_000_000

    def move(self, seconds: float) -> None:
        self.us += int(seconds * 1_000_000)


class Bench:
    """A started workbench, its address, and clients for it."""

    def __init__(self, workbench: Workbench, address: str) -> None:
        self.workbench = workbench
        self.address = address
        self.clients: list[httpx.Client] = []
        self.admin_key = self.make_key("admin", "read", "write", "execute", "admin")

    def make_key(self, name: str, *scopes: str, workspace: str = DEFAULT_WORKSPACE) -> str:
        new = NewKey(name=name, scopes=scopes)  # type: ignore[arg-type]
        return self.workbench.run(self.workbench.access.make_key(workspace, new)).key

    def client(self, key: str | None = None, **headers: str) -> httpx.Client:
        """A client with this key (default: one with every scope); an empty key sends none."""
        key = self.admin_key if key is None else key
        named = {"X-API-Key": key} if key else {}
        client = httpx.Client(base_url=self.address + BASE, headers={**named, **headers}, timeout=20, trust_env=False)
        self.clients.append(client)
        return client


@contextmanager
def running(
    home: Path, clock: Clock | None = None, *, routers: Any = (), mount: Any = None, **settings: Any
) -> Iterator[Bench]:
    """Start a workbench over `home`; `routers` are mounted besides its own, `mount(workbench)` may make them."""
    workbench = open_workbench(Settings.load(environ={}, home=home, **settings), clock)
    workbench.start()
    bench: Bench | None = None
    try:
        more = mount(workbench) if mount else routers
        if more:
            services = replace(workbench.services, routers=(*workbench.services.routers, *more))
            workbench.app = create_app(services)
        bench = Bench(workbench, workbench.serve())
        yield bench
    finally:
        for client in bench.clients if bench else ():
            client.close()
        workbench.stop()

"""Where the API of a store is: at the process that owns it, or, where nobody does, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from workbench.assembly import open_workbench
from workbench.base.errors import Unavailable, WorkbenchError
from workbench.base.settings import Settings
from workbench.storage.lock import owner_of

PREFIX = "/api/v1/workflow"


class Api:
    """The REST API of one store."""

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self.key = key
        self._http = httpx.Client(
            base_url=address.rstrip("/") + PREFIX, headers={"X-API-Key": key}, timeout=60, trust_env=False
        )

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One call's `data`. Raises the error that the answer tells, or Unavailable when none comes."""
        try:
            answer = self._http.request(method, path, json=body, params=query or None)
            told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"{self.address} does not answer as it should: {error}") from None
        if told.get("success"):
            return told["data"]
        error = told["error"]
        lines = [error["message"], *(f"{d['field']}: {d['issue']}" for d in error.get("details", ()) if "field" in d)]
        raise WorkbenchError("\n  ".join(lines), hint=error.get("hint"))

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


@contextmanager
def open_api(home: Path | None = None) -> Iterator[Api]:
    """The API of the store in `home` (default: the setting HOME) for as long as the block runs."""
    settings = Settings.load(home=home)
    owner = owner_of(settings.home)
    if owner is not None and owner.address and owner.key and psutil.pid_exists(owner.pid):
        api = Api(owner.address, owner.key)
        try:
            yield api
        finally:
            api.close()
        return
    bench = open_workbench(settings)
    bench.start()
    try:
        api = Api(bench.serve(), bench.access.add_kernel_key())
        bench.store.announce(api.address, api.key)  # the file that is run may connect() to it
        try:
            yield api
        finally:
            api.close()
    finally:
        bench.stop()

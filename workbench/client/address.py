"""Where an API is and what opens it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

PREFIX = "/api/v1/workflow"


@dataclass(frozen=True, slots=True)
class Address:
    """A server's root without a last slash; a key, or a Jupyter server's token; a workspace where one is asked for."""

    url: str
    key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    workspace: str | None = None

    def headers(self) -> dict[str, str]:
        """What every request carries."""
        headers: dict[str, str] = {}
        if self.key:
            headers["X-API-Key"] = self.key
        elif self.token:
            headers["Authorization"] = f"token {self.token}"
        if self.workspace:
            headers["X-Workspace-Id"] = self.workspace
        return headers


class Place(Protocol):
    """What can tell an address now, and another one when that does not answer any more."""

    def find(self) -> Address:
        """The address. Raises WorkbenchError when there is none."""
        ...

    def find_again(self, lost: Address) -> Address | None:
        """Another address than the one that was lost, or None."""
        ...

    def leave(self) -> None:
        """Say that it is not needed any more."""
        ...

    def describe(self) -> str:
        """In a few words, for people."""
        ...


class FixedPlace:
    """A server that was named."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def find(self) -> Address:
        return self._address

    def find_again(self, lost: Address) -> Address | None:
        del lost
        return None

    def leave(self) -> None:
        pass

    def describe(self) -> str:
        return self._address.url

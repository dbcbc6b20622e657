"""`bench.secrets`: set, look at and delete secrets by name. Their values go in and never come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from html import escape
from typing import Any

from workbench.base.errors import InvalidInput, NotFound, WorkbenchError
from workbench.client.api import Api
from workbench.client.errors import short
from workbench.client.times import minute_of


class Secret:
    """A secret as one may see it: its name, dates, and who uses it. Its value stays on the server."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told

    @property
    def name(self) -> str:
        """Expressions read it as ``{{ secrets.name }}``."""
        return self._told["name"]

    @property
    def description(self) -> str | None:
        """What it is for."""
        return self._told["description"]

    @property
    def created_at(self) -> str:
        """RFC 3339, as are the other times."""
        return self._told["createdAt"]

    @property
    def updated_at(self) -> str:
        """When its value was last set."""
        return self._told["valueUpdatedAt"]

    @property
    def updated_by(self) -> str:
        """Who changed it last."""
        return self._told["updatedBy"]

    @property
    def last_used_at(self) -> str | None:
        """When a block last read it."""
        return self._told["lastUsedAt"]

    @property
    def used_by(self) -> list[str]:
        """Names of the functions whose latest version names it."""
        return [use["functionName"] for use in self._told["usedBy"]]

    @property
    def problem(self) -> str | None:
        """Why its value cannot be read here; None when all is well."""
        return self._told["problem"]

    def __repr__(self) -> str:
        used = f", used {minute_of(self.last_used_at)}" if self.last_used_at else ", never used"
        trouble = f"; {self.problem}" if self.problem else ""
        return f"secrets.{self.name} (set {minute_of(self.updated_at)} by {self.updated_by}{used}{trouble})"

    def _repr_html_(self) -> str:
        return f"<code>secrets.{escape(self.name)}</code> {escape(repr(self).partition(' ')[2])}"


class Secrets(MutableMapping[str, Any]):
    """The workspace's secrets by name: ``secrets[name] = value``, ``secrets[name]`` to look, ``del secrets[name]``.

    Raises NotFound (which is a KeyError too) for one that is not there, NotAllowed without the scope `admin`.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def __getitem__(self, name: str) -> Secret:
        try:
            return Secret(self._api.get(f"/secrets/{_path(name)}"))
        except NotFound as error:
            raise _missing(name, error) from None

    def __setitem__(self, name: str, value: str) -> None:
        self.set(name, value)

    def set(self, name: str, value: str, description: str | None = None) -> Secret:
        """Make a secret or give it a new value; a description that is left out stays as it is."""
        if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance] - notebooks check no types
            raise short(InvalidInput(f"A secret is text, not {type(value).__name__}.", hint="Give it as a str."))
        body = {"value": value, **({"description": description} if description is not None else {})}
        return Secret(self._api.put(f"/secrets/{_path(name)}", body))

    def __delitem__(self, name: str) -> None:
        try:
            self._api.delete(f"/secrets/{_path(name)}")
        except NotFound as error:
            raise _missing(name, error) from None

    def __iter__(self) -> Iterator[str]:
        return (told["name"] for told in self._api.pages("/secrets"))

    def __len__(self) -> int:
        return self._api.answer("GET", "/secrets", query={"limit": 1})["meta"]["total"]

    def list(self) -> list[Secret]:
        """All of them with their dates, by name."""
        from workbench.client.showing.tables import Listed

        columns = {
            "name": lambda s: s.name,
            "description": lambda s: s.description or "",
            "set": lambda s: f"{minute_of(s.updated_at)} by {s.updated_by}",
            "last used": lambda s: minute_of(s.last_used_at) if s.last_used_at else "never",
            "used by": lambda s: ", ".join(s.used_by),
        }
        found = [Secret(told) for told in self._api.pages("/secrets")]
        return Listed(found, columns, 'bench.secrets["name"] = getpass() sets one')

    def rotate(self, *, keep_old_keys: bool = False) -> int:
        """Encrypt every secret of the server with a new key and throw the old one away; how many there are."""
        return self._api.post("/secrets/rotate", {"keepOldKeys": keep_old_keys})["rotated"]

    def __repr__(self) -> str:
        return repr(self.list())

    def _repr_html_(self) -> str:
        return self.list()._repr_html_()  # type: ignore[attr-defined]


class MissingSecret(NotFound, KeyError):
    """There is no secret of that name."""

    def __str__(self) -> str:
        return NotFound.__str__(self)


def _missing(name: str, error: NotFound) -> WorkbenchError:
    return short(MissingSecret(error.message, hint=f'Set it: bench.secrets["{name}"] = getpass()'))


def _path(name: str) -> str:
    from urllib.parse import quote

    return quote(str(name), safe="") or "%20"

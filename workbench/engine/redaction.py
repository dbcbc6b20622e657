"""Secrets in use by one attempt of a block: given to its expressions, taken out of all that it leaves behind.

What leaves an attempt (its result, its failure, its log entries) passes here before anything is written or shown, so
that a server which sends a secret back does not put it into a journal.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol, cast
from urllib.parse import quote, quote_plus

import polars as pl

from workbench.base.errors import Issue, WorkbenchError
from workbench.blocks.context import HttpRequest
from workbench.blocks.kind import Fired

MASK = "***"
LEAST_CHARACTERS = 6
"""A shorter value is not looked for: it stands in too many texts by chance."""
_CUT = "…"
LEAST_BASE64 = 16
_WHOLE = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_RUN = re.compile(r"[A-Za-z0-9+/_-]+=*")


class ReadsSecrets(Protocol):
    """Where values of secrets come from."""

    def read(self, workspace_id: str, names: Iterable[str]) -> dict[str, str]:
        """The values by name as they are now; a name that does not exist is left out.

        Raises BlockFailed of kind SECRET for a value that cannot be decrypted.
        """
        ...


class NoSecrets:
    """A place without secrets."""

    def read(self, workspace_id: str, names: Iterable[str]) -> dict[str, str]:
        del workspace_id, names
        return {}


class Redactor:
    """Takes the given values, and their usual encodings, out of whatever passes."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._plain: list[str] = []
        """Spellings, longest first."""
        self._encoded: set[str] = set()
        """What base64 of anything with a value in it has in it."""

    def add(self, value: str) -> None:
        """Take this value out from now on."""
        for text in {value, value.strip()}:
            if len(text) >= LEAST_CHARACTERS and text not in self._values:
                self._values.add(text)
                self._plain = sorted({*self._plain, *_spellings(text)}, key=len, reverse=True)
                self._encoded |= _base64(text)

    def finds(self, text: str) -> bool:
        """Whether a value stands in a text, in whatever spelling."""
        return any(s in text for s in self._plain) or any(core in text for core in self._encoded)

    def text(self, text: str) -> str:
        """The text without the values; one that is base64 as a whole (a file, an image) is looked into."""
        if len(text) >= LEAST_BASE64 and len(text) % 4 == 0 and _WHOLE.fullmatch(text):
            inner = _decoded(text)
            redacted = self._plain_text(inner)
            if redacted != inner:
                return base64.b64encode(redacted.encode("utf-8", "surrogateescape")).decode()
        return self._plain_text(text)

    def _plain_text(self, text: str) -> str:
        for spelling in self._plain:
            if spelling in text:
                text = text.replace(spelling, MASK)
        if any(core in text for core in self._encoded):
            text = _RUN.sub(lambda run: MASK if any(core in run[0] for core in self._encoded) else run[0], text)
        return text

    def message(self, text: str) -> str:
        """A sentence without the values, nor the beginning of one where it was cut short."""
        text = self.text(text)
        at = text.find(_CUT)
        while at >= 0:
            for spelling in self._plain:
                kept = next((n for n in range(min(len(spelling), at), 2, -1) if text.endswith(spelling[:n], 0, at)), 0)
                if kept:
                    text = text[: at - kept] + MASK + text[at:]
                    at += len(MASK) - kept
                    break
            at = text.find(_CUT, at + 1)
        return text

    def value(self, value: Any) -> Any:
        """A value on a wire without the values: JSON, or the text columns of a table."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(k): self.value(v) for k, v in cast("dict[str, Any]", value).items()}
        if isinstance(value, list | tuple):
            return [self.value(v) for v in cast("list[Any]", value)]
        if isinstance(value, pl.DataFrame):
            return self._table(value)
        return value

    def _table(self, table: pl.DataFrame) -> pl.DataFrame:
        for spelling in (*self._plain, *self._encoded):
            table = table.with_columns(pl.col(pl.String).str.replace_all(spelling, MASK, literal=True))
        return table

    def fired(self, fired: Fired) -> Fired:
        """A block's result without the values."""
        variables = self.value(dict(fired.variables)) if fired.variables is not None else None
        return Fired(self.value(fired.output), fired.port, variables)

    def failure(self, error: WorkbenchError) -> WorkbenchError:
        """A failure without the values."""
        error.message = self.message(error.message)
        error.args = (error.message,)
        error.hint = self.message(error.hint) if error.hint else error.hint
        error.details = [Issue(self.message(d.field), self.message(d.issue)) for d in error.details]
        error.data = self.value(error.data)
        error.__cause__ = error.__context__ = None
        return error

    def request(self, request: HttpRequest) -> HttpRequest:
        """A call that says which of its headers, and whether its body, must stay with its origin."""
        headers = {name.lower() for name, value in request.headers.items() if self.finds(value)}
        has_secret_body = request.body is not None and self.finds(request.body.decode("utf-8", "replace"))
        return replace(request, secret_headers=request.secret_headers | headers, has_secret_body=has_secret_body)


class SecretsInUse(Redactor):
    """The secrets that one attempt reads, by what it may read them with."""

    def __init__(self, source: ReadsSecrets, workspace_id: str) -> None:
        super().__init__()
        self._source = source
        self._workspace_id = workspace_id

    def read(self, names: Iterable[str]) -> Mapping[str, str]:
        """The values of these secrets that exist, which are taken out of what the attempt leaves behind from now on."""
        values = self._source.read(self._workspace_id, names)
        for value in values.values():
            self.add(value)
        return values

    def derived(self, value: Any) -> None:
        """An expression made this of a secret: a part or another spelling of it is no less secret."""
        if isinstance(value, str) and not any(known in value for known in self._values):
            self.add(value)


def _spellings(value: str) -> set[str]:
    """How texts usually write a value: as it is, in JSON, Python, an address, HTML."""
    found = {value, html.escape(value), repr(value)[1:-1]}
    found |= {json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    for encode in (quote, quote_plus):
        for safe in ("", "/"):
            coded = encode(value.encode("utf-8", "replace"), safe=safe)
            found |= {coded, re.sub(r"%[0-9A-F]{2}", lambda m: m[0].lower(), coded)}
    return found


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode("utf-8", "surrogateescape")


def _base64(value: str) -> set[str]:
    """What base64 of any text with this value in it has in it: one for each of the three places in a group.

    `Authorization: Basic` holds a password like this, and so does a body that is shown as base64.
    """
    raw = value.encode("utf-8", "replace")
    found: set[str] = set()
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        whole = (before + len(raw)) * 8 // 6
        core = coded[(before * 8 + 5) // 6 : whole]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return found

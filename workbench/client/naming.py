"""Blocks by the names that people give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.base.errors import InvalidInput, NotFound
from workbench.client.api import Api
from workbench.client.errors import short
from workbench.client.plain import plain
from workbench.flow.handles import handle
from workbench.flow.model import MOST_NAME
from workbench.flow.nearest import Nearest


def find_block(flow: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    """The block of this name, handle or id. Raises NotFound with the names that there are and the nearest."""
    for block in flow["blocks"]:
        if name in (block["name"], block["id"]) or handle(block["name"]) == name:
            return block
    names = [b["name"] for b in flow["blocks"]]
    near = Nearest().find(str(name), names)
    raise short(
        NotFound(
            f"{where} has no block “{name}”; it has {', '.join(names) or 'none'}.",
            hint=f"Did you mean “{near}”?" if near else None,
        )
    )


def find_named(api: Api, path: str, name: str, **query: Any) -> Iterator[dict[str, Any]]:
    """The items of a list that are called just so. Raises InvalidInput for a name that cannot be one."""
    if not isinstance(name, str):
        raise short(InvalidInput(f"{name!r} is no name.", hint="A name is text."))
    wanted = name.strip()
    if 0 < len(wanted) <= MOST_NAME:  # making one with any other name says what is wrong with it
        yield from (told for told in api.pages(path, q=plain(wanted), **query) if told["name"] == wanted)


def id_of(value: Any, what: str) -> str:
    """The id of a function or canvas that was given. Raises InvalidInput for what has none, such as a name."""
    found = getattr(value, "id", None)
    if not isinstance(found, str):
        raise short(InvalidInput(f"{value!r} is no {what}.", hint=_MAKES[what]))
    return found


_MAKES = {"function": "Write bench.canvas(name).function(name).", "canvas": "Write bench.canvas(name)."}


def file_name(name: str) -> str:
    """A file's name, without a suffix, for what is called so."""
    return "".join(c for c in handle(name).lower() if c.isascii()).strip("_")[:80] or "function"

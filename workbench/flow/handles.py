"""Handles: the identifiers by which expressions name blocks, made from the names that people see."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache

from workbench.flow.expressions import RESERVED
from workbench.flow.model import Block

_ASCII_REST = re.compile(r"[^A-Za-z0-9_]+")
_TRAILING_NUMBER = re.compile(r"^(.*?)[ _]?(\d{1,6})$", re.DOTALL)
_NAME_LIMIT = 200


@lru_cache(maxsize=16384)
def handle(name: str) -> str:
    """The identifier for `name`: ``worst of day`` → ``worst_of_day``, ``3 days`` → ``_3_days``.

    Every run of characters other than letters, digits and ``_`` becomes ``_``. Letters may be of any script; the text
    is NFKC-normalised first because Python's parser does that to identifiers
    (https://docs.python.org/3/reference/lexical_analysis.html#identifiers).
    """
    text = _ASCII_REST.sub("_", name) if name.isascii() else _from_unicode(unicodedata.normalize("NFKC", name))
    return text if text[:1].isidentifier() else "_" + text


def _from_unicode(text: str) -> str:
    pieces: list[str] = []
    in_gap = False
    for character in text:
        is_part = ("a" + character).isidentifier()
        if is_part or not in_gap:
            pieces.append(character if is_part else "_")
        in_gap = not is_part
    return unicodedata.normalize("NFKC", "".join(pieces))


def handles_of(blocks: Iterable[Block]) -> dict[str, str]:
    """Block ids by handle; of blocks with one handle the first counts."""
    found: dict[str, str] = {}
    for block in blocks:
        found.setdefault(handle(block.name), block.id)
    return found


def is_reserved(text: str) -> bool:
    """Whether no block may have this handle: a Python keyword or a name that the expression language uses."""
    return keyword.iskeyword(text) or text in RESERVED


def free_name(name: str, taken: Collection[str]) -> str:
    """The name nearest to `name` whose handle is neither reserved nor among the handles `taken`.

    ``fetch`` → ``fetch 2`` → ``fetch 3``; a reserved name gets the word “block”: ``input`` → ``input block``.
    """
    name = name.strip()[:_NAME_LIMIT] or "block"
    if is_reserved(handle(name)):
        name = f"{name[: _NAME_LIMIT - 6]} block"
    if _is_free(name, taken):
        return name
    match = _TRAILING_NUMBER.match(name)
    stem, number = (match[1], int(match[2]) + 1) if match and match[1] else (name, 2)
    joint = "_" if "_" in stem and " " not in stem else " "
    stem = stem[: _NAME_LIMIT - 8]
    while not _is_free(f"{stem}{joint}{number}", taken):
        number += 1
    return f"{stem}{joint}{number}"


def _is_free(name: str, used: Collection[str]) -> bool:
    text = handle(name)
    return text not in used and not is_reserved(text)

"""Replacing one value in a block's config, which stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def replaced_at(config: Any, keys: Sequence[str | int], value: Any) -> Any:
    """A copy of `config` with `value` at `keys` (dict keys and list indexes); what they do not touch is shared.

    Raises LookupError when there is no such place, for an empty `keys` too.
    """
    if not keys:
        raise LookupError("no keys")
    key, rest = keys[0], keys[1:]
    copy: Any = config.copy()
    copy[key] = replaced_at(copy[key], rest, value) if rest else value
    return copy

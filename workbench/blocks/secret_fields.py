"""Where a block's config holds a secret as it stands, by the marks of its schema: what never leaves in a bundle.

A field says ``x-secret: true``, or ``x-secret: "names"`` for an object whose keys tell (headers, query), or
``x-secret: "named"`` where nothing is a secret as it stands. In all of them expressions may name secrets, if the block
is not pure. A text with an expression in it (``{{ secrets.token }}``) is no secret itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

SECRET: dict[str, Any] = {"x-secret": True}
SECRET_BY_NAME: dict[str, Any] = {"x-secret": "names"}
TAKES_SECRETS: dict[str, Any] = {"x-secret": "named"}
_WORDS = ("authorization", "cookie", "password", "passwd", "secret", "token", "api-key", "api_key", "apikey")

KeyPath = tuple[str | int, ...]


def secret_paths(schema: Mapping[str, Any] | None, config: Mapping[str, Any]) -> list[KeyPath]:
    """Key paths of the secrets in a config; without a schema (an unknown type) every key that sounds like one."""
    if schema is None:
        return list(_named(config, (), deep=True))
    return list(_marked(schema, schema.get("$defs", {}), config, ()))


def secret_field_paths(schema: Mapping[str, Any]) -> list[str]:
    """The fields of a schema that are marked, as ``auth.token``; in their order."""
    return list(_marked_fields(schema, schema.get("$defs", {}), ""))


def _marked_fields(schema: Mapping[str, Any], defs: Mapping[str, Any], path: str) -> Iterator[str]:
    for branch in _branches(schema, defs):
        if "x-secret" in branch:
            yield path
            return
        for name, inner in branch.get("properties", {}).items():
            yield from _marked_fields(inner, defs, f"{path}.{name}" if path else name)


def sounds_secret(name: str) -> bool:
    """Whether a header or field of this name usually holds a secret."""
    return any(word in name.lower() for word in _WORDS)


def _marked(schema: Mapping[str, Any], defs: Mapping[str, Any], value: Any, keys: KeyPath) -> Iterator[KeyPath]:
    for branch in _branches(schema, defs):
        mark = branch.get("x-secret")
        if mark is True and _is_plain(value):
            yield keys
        elif mark == "names":
            yield from _named(value, keys)
        elif isinstance(value, Mapping):
            pairs = cast("Mapping[str, Any]", value)
            for name, inner in branch.get("properties", {}).items():
                if name in pairs:
                    yield from _marked(inner, defs, pairs[name], (*keys, name))
        elif isinstance(value, list) and isinstance(branch.get("items"), Mapping):
            for at, inner in enumerate(cast("list[Any]", value)):
                yield from _marked(branch["items"], defs, inner, (*keys, at))


def _branches(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schema and those that it refers to, as one each."""
    if "$ref" in schema:
        yield from _branches(defs.get(schema["$ref"].rpartition("/")[2], {}), defs)
    mark = {"x-secret": schema["x-secret"]} if "x-secret" in schema else {}
    choices = [c for word in ("anyOf", "oneOf", "allOf") for c in schema.get(word, ())]
    if mark or not choices:
        yield schema
        return
    for choice in choices:
        yield from _branches(choice, defs)


def _named(value: Any, keys: KeyPath, *, deep: bool = False) -> Iterator[KeyPath]:
    if isinstance(value, Mapping):
        for name, inner in cast("Mapping[str, Any]", value).items():
            if sounds_secret(name) and _is_plain(inner):
                yield (*keys, name)
            elif deep:
                yield from _named(inner, (*keys, name), deep=True)
    elif deep and isinstance(value, list):
        for at, inner in enumerate(cast("list[Any]", value)):
            yield from _named(inner, (*keys, at), deep=True)


def _is_plain(value: Any) -> bool:
    """Whether a value is a secret as it stands: text without an expression, and not empty."""
    return isinstance(value, str) and bool(value) and "{{" not in value

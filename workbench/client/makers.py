"""A builder's method for each block type, with signature and docstring from the type's JSON Schema."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from workbench.base.errors import InvalidInput
from workbench.client.block import Block
from workbench.client.catalogue import BlockCatalogue, resolved
from workbench.client.errors import short
from workbench.client.faces import FunctionFace
from workbench.client.plain import plain
from workbench.flow.nearest import Nearest

_KINDS: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "array": list,
    "object": dict,
}


class BlockMaker:
    """``f.filter``: called, it puts a block of this type into the function and answers it."""

    def __init__(self, function: FunctionFace, entry: Mapping[str, Any]) -> None:
        self._function = function
        self._type = entry["type"]
        self.__name__ = self._type
        self.__doc__ = doc_of(entry)
        self.__signature__ = signature_of(entry)

    def __call__(self, name: str | None = None, id: str | None = None, /, **config: Any) -> Block:
        return self._function.block(self._type, name, id, **config)

    def __repr__(self) -> str:
        return f"{self._type}{self.__signature__}"


def signature_of(entry: Mapping[str, Any]) -> inspect.Signature:
    """``(name=None, /, *, path, limit=None)``: needed fields first, as the schema says."""
    schema = entry["configSchema"]
    needed = set(schema.get("required", ()))
    found = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_ONLY, default=None) for n in ("name", "id")]
    fields = sorted(schema.get("properties", {}).items(), key=lambda item: item[0] not in needed)
    for wire, field in fields:
        shape = resolved(field, schema.get("$defs", {}))
        found.append(
            inspect.Parameter(
                python_name(wire),
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if wire in needed else field.get("default"),
                annotation=_KINDS.get(shape.get("type", ""), inspect.Parameter.empty),
            )
        )
    return inspect.Signature(found)


def doc_of(entry: Mapping[str, Any]) -> str:
    """The type's sentence, its fields and its ports."""
    schema = entry["configSchema"]
    lines = [entry["summary"]]
    if entry.get("disabledReason"):
        lines += ["", f"Not usable here: {entry['disabledReason']}."]
    lines += ["", "Args:", "    name: what people see; its handle is what expressions use."]
    lines.append("    id: of a new block; made of its name unless said.")
    for wire, field in schema.get("properties", {}).items():
        shape = resolved(field, schema.get("$defs", {}))
        words = [field.get("description") or f"{field.get('title', '')}."]
        if "enum" in shape:
            words.append(f"One of {', '.join(map(str, shape['enum']))}.")
        if shape.get("x-expression"):
            words.append("Takes {{ … }}.")
        lines.append(f"    {python_name(wire)}: {' '.join(filter(None, words))}")
    lines += ["", f"Ports: {', '.join(p['name'] for p in entry['outputs'])}."]
    return "\n".join(lines)


def wire_config(catalogue: BlockCatalogue, type: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """A config with the names and values of the wire. Raises InvalidInput for a field that the type has not.

    A type that is unknown here is passed on as it is: validation will tell.
    """
    entry = catalogue.entries.get(type)
    if entry is None:
        return {name: plain(value) for name, value in config.items()}
    schema = entry["configSchema"]
    fields = schema.get("properties", {})
    found: dict[str, Any] = {}
    for name, value in config.items():
        wire = wire_name(name, fields)
        if wire is None:
            names = [python_name(f) for f in fields]
            near = Nearest().find(name, names)
            raise short(
                InvalidInput(
                    f"A {type} block has no field `{name}`; it has {', '.join(names)}.",
                    hint=f"Did you mean `{near}`?" if near else None,
                )
            )
        found[wire] = _inner(plain(value), fields[wire], schema.get("$defs", {}))
    return found


def _inner(value: Any, schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Any:
    """Objects inside a config with the names of the wire, where the schema knows them."""
    schema = resolved(schema, defs)
    if isinstance(value, dict) and "properties" in schema:
        fields = schema["properties"]
        wired = {wire_name(name, fields) or name: inner for name, inner in value.items()}
        return {name: _inner(inner, fields.get(name, {}), defs) for name, inner in wired.items()}
    if isinstance(value, list):
        return [_inner(inner, schema.get("items") or {}, defs) for inner in value]
    return value


def wire_name(name: str, fields: Mapping[str, Any]) -> str | None:
    """The wire's spelling of a Python name: ``group_by`` → ``groupBy``, ``as_`` → ``as``."""
    camel = re.sub(r"_([a-z0-9])", lambda m: m[1].upper(), name.rstrip("_"))
    return next((spelling for spelling in (name, name.rstrip("_"), camel) if spelling in fields), None)


def python_name(wire: str) -> str:
    """Python's spelling of a name on the wire."""
    return re.sub(r"([A-Z])", lambda m: f"_{m[1].lower()}", wire)

"""The block types of the workbench that is spoken to, as the language's floor wants them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.flow.catalogue import ConfigIssue, ExpressionField, PortShape, Shape

ANY_PORT = {"type": "any", "needed": True, "region": False}


class BlockCatalogue:
    """What GET /blocks told. Fulfils `workbench.flow.catalogue.Catalogue`, except that it checks no config.

    Ports that a config decides come from the server's cards; see `learn`.
    """

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self.entries = {entry["type"]: entry for entry in entries}
        self._ports: dict[str, tuple[dict[str, Any], ...]] = {}

    def learn(self, function: Mapping[str, Any]) -> None:
        """Remember the ports of a function's blocks, as its cards tell them."""
        cards = function.get("cards") or {}
        for block in function["flow"]["blocks"]:
            card = cards.get(block["id"])
            if card is not None:
                self._ports[_key(block["type"], block["config"])] = tuple(card["outputs"])

    def types(self) -> tuple[str, ...]:
        """Every type."""
        return tuple(self.entries)

    def inputs(self, type: str) -> tuple[str, ...]:
        """Names of a type's input ports."""
        entry = self.entries.get(type)
        return tuple(p["name"] for p in entry["inputs"]) if entry else ("in",)

    def outputs(self, type: str, config: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        """Output ports with this config, `error` left out."""
        known = self._ports.get(_key(type, config))
        if known is None:
            entry = self.entries.get(type)
            known = tuple(_branches(config)) if type == "condition" else tuple(entry["outputs"]) if entry else ()
        return tuple(p for p in known if p["name"] != "error")

    def shape(self, type: str, config: Mapping[str, Any]) -> Shape | None:
        """As the Protocol says."""
        entry = self.entries.get(type)
        if entry is None:
            return None
        return Shape(
            type=type,
            inputs=tuple(_shape(p) for p in entry["inputs"]),
            outputs=tuple(_shape(p) for p in self.outputs(type, config)),
            is_trigger=entry["isTrigger"],
            is_scope=entry["isScope"],
            ends_function=type == "return",
            region_names=tuple(entry["regionNames"]),
            disabled_reason=entry["disabledReason"],
        )

    def expressions(self, type: str, config: Mapping[str, Any]) -> list[ExpressionField]:
        """As the Protocol says, read off the config's JSON Schema."""
        entry = self.entries.get(type)
        if entry is None:
            return []
        schema = entry["configSchema"]
        return list(_marked(schema, schema.get("$defs", {}), config, config, ()))

    def secret_fields(self, type: str, config: Mapping[str, Any]) -> list[str]:
        """None: the server checks."""
        del type, config
        return []

    def check_config(self, type: str, config: Mapping[str, Any]) -> list[ConfigIssue]:
        """Nothing: the server checks."""
        del type, config
        return []


def _key(type: str, config: Mapping[str, Any]) -> str:
    return f"{type} {json.dumps(config, sort_keys=True, default=str)}"


def _shape(port: Mapping[str, Any]) -> PortShape:
    return PortShape(port["name"], port.get("type", "any"), bool(port.get("needed")), bool(port.get("region")))


def _branches(config: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A condition's ports before it is saved."""
    if not config.get("multiBranch"):
        yield from ({"name": name, **ANY_PORT} for name in ("true", "false"))
        return
    for branch in config.get("branches") or ():
        if isinstance(branch, Mapping) and isinstance(branch.get("name"), str):
            yield {"name": branch["name"], **ANY_PORT}
    other = config.get("defaultBranch")
    if other:
        yield {"name": other if isinstance(other, str) else "default", **ANY_PORT}


def resolved(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema with its reference followed; of a choice with null, the other one."""
    while True:
        if "$ref" in schema:
            schema = {
                **defs.get(schema["$ref"].rpartition("/")[2], {}),
                **{k: v for k, v in schema.items() if k != "$ref"},
            }
            continue
        choices = [c for c in schema.get("anyOf", ()) if c.get("type") != "null"]
        if len(choices) != 1:
            return schema
        schema = {**choices[0], **{k: v for k, v in schema.items() if k != "anyOf"}}


def _marked(
    schema: Mapping[str, Any],
    defs: Mapping[str, Any],
    value: Any,
    config: Mapping[str, Any],
    keys: tuple[str | int, ...],
) -> Iterator[ExpressionField]:
    schema = resolved(schema, defs)
    mode = schema.get("x-expression")
    if "x-codeFrom" in schema or "x-code" in schema:
        said = schema.get("x-code") or config.get(schema["x-codeFrom"], "expression")
        mode = "code" if said in ("expression", "mapping") else None
        if mode is None:
            return
    if mode is not None:
        yield from _texts(value, mode, keys)
    elif isinstance(value, Mapping):
        for name, inner in (schema.get("properties") or {}).items():
            if name in value:
                yield from _marked(inner, defs, value[name], config, (*keys, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _marked(schema.get("items") or {}, defs, each, config, (*keys, index))


def _texts(value: Any, mode: Any, keys: tuple[str | int, ...]) -> Iterator[ExpressionField]:
    if isinstance(value, str):
        path = "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in keys).lstrip(".")
        yield ExpressionField(path, mode, value, keys)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, mode, (*keys, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _texts(each, mode, (*keys, index))

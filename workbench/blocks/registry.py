"""The block types that exist here: found once, then asked for shapes, expressions, checks and parsed configs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Any

from pydantic import TypeAdapter, ValidationError

from workbench.base.errors import BlockFailed
from workbench.blocks.builtin import BUILTIN
from workbench.blocks.fields import expression_fields, issues_of, order_properties
from workbench.blocks.kind import (
    DURABILITY,
    ERROR,
    SCOPE_DURABILITY,
    BlockConfig,
    BlockType,
    Effect,
    Port,
    ScopeType,
)
from workbench.blocks.secret_fields import KeyPath, secret_field_paths, secret_paths
from workbench.flow.catalogue import ConfigIssue, ExpressionField, PortShape, Shape

ENTRY_POINTS = "workbench.blocks"


class BlockRegistry:
    """Holds one instance of each type; fulfils `workbench.flow.catalogue.Catalogue`."""

    def __init__(self, types: Iterable[BlockType[Any]]) -> None:
        self._types = {block.type: block for block in types}
        self._validators = {name: block.Config.__pydantic_validator__ for name, block in self._types.items()}
        self._switched_off: dict[str, str] = {}
        self._secret_schemas: dict[str, dict[str, Any]] = {}

    @classmethod
    def standard(cls, more: Iterable[BlockType[Any]] = ()) -> BlockRegistry:
        """The built-in types, those of installed packages (entry points ``workbench.blocks``), and `more`.

        A package that cannot be loaded does not stop the workbench: its type is listed as disabled with the reason.
        """
        types: list[BlockType[Any]] = [make() for make in BUILTIN]
        broken: dict[str, str] = {}
        for point in entry_points(group=ENTRY_POINTS):
            try:
                types.append(point.load()())
            except Exception as error:  # noqa: BLE001 - any fault of foreign code becomes its type's disabled reason
                broken[point.name] = f"{point.value} could not be loaded: {error}"
        registry = cls([*types, *more])
        registry._switched_off.update(broken)
        return registry

    def switch_off(self, type: str, reason: str) -> None:
        """Disable a type, as an administrator's setting does; flows that use it do not validate."""
        self._switched_off[type] = reason

    def find(self, type: str) -> BlockType[Any] | None:
        """The type's instance, or None."""
        return self._types.get(type)

    def get(self, type: str) -> BlockType[Any]:
        """The type's instance; raises BlockFailed of kind CONFIG when it is unknown or disabled."""
        block = self._types.get(type)
        if block is None:
            raise BlockFailed(f"There is no block type `{type}` here.", kind="CONFIG", hint="See GET /blocks.")
        reason = self.disabled_reason(type)
        if reason is not None:
            raise BlockFailed(f"The block type `{type}` is disabled: {reason}.", kind="CONFIG")
        return block

    def parse(self, type: str, resolved: Mapping[str, Any]) -> BlockConfig:
        """The config model of `resolved` (expressions already replaced by values).

        Raises BlockFailed of kind CONFIG that names block field and value. Where a config has no expressions the
        answer may be kept and used again: it is frozen.
        """
        try:
            return self._validators[type].validate_python(resolved)
        except ValidationError as error:
            issues = issues_of(error, resolved)
            first = issues[0]
            more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
            raise BlockFailed(
                f"`{first.field}` of this {type} block {first.message}{more}.",
                kind="CONFIG",
                data={"fields": [{"field": i.field, "issue": i.message} for i in issues]},
            ) from None

    # The catalogue that validation reads.

    def types(self) -> tuple[str, ...]:
        return tuple(self._types)

    def shape(self, type: str, config: Mapping[str, Any]) -> Shape | None:
        block = self._types.get(type)
        if block is None:
            return None
        return Shape(
            type=type,
            inputs=tuple(_port_shape(p) for p in block.inputs),
            outputs=tuple(_port_shape(p) for p in block.ports(config)),
            is_trigger=block.is_trigger,
            is_scope=block.is_scope,
            ends_function=block.ends_function,
            region_names=block.region_names(config) if isinstance(block, ScopeType) else (),
            own_names=block.own_names(config),
            disabled_reason=self.disabled_reason(type),
        )

    def expressions(self, type: str, config: Mapping[str, Any]) -> list[ExpressionField]:
        block = self._types.get(type)
        if block is None:
            return []
        found = expression_fields(block.Config, config)
        if any(field.takes_secrets for field in found) and block.effect_of(config) is Effect.PURE:
            found = [replace(field, takes_secrets=False) for field in found]
        for path, text in block.code_expressions(config).items():
            head, dot, tail = path.partition(".")
            found.append(ExpressionField(path, "code", text, (head, tail) if dot else (head,)))
        return found

    def secret_fields(self, type: str, config: Mapping[str, Any]) -> list[str]:
        block = self._types.get(type)
        if block is None or block.effect_of(config) is Effect.PURE:
            return []
        return secret_field_paths(self._secret_schema(type))

    def check_config(self, type: str, config: Mapping[str, Any]) -> list[ConfigIssue]:
        block = self._types.get(type)
        if block is None:
            return []
        try:
            parsed = self._validators[type].validate_python(config)
        except ValidationError as error:
            unknown_yet = {
                field.keys
                for field in expression_fields(block.Config, config)
                if field.mode in ("template", "expression")
            }
            return [
                ConfigIssue(i.field, i.message)
                for i in issues_of(error, config)
                if not any(i.keys[: len(keys)] == keys for keys in unknown_yet)
            ]
        return [ConfigIssue(field, message) for field, message in block.check(parsed)]

    # What the engine and the palette ask.

    def secrets(self, type: str, config: Mapping[str, Any]) -> list[KeyPath]:
        """Key paths of what is secret in a raw config; see `secret_fields`."""
        if type not in self._types:
            return secret_paths(None, config)
        schema = self._secret_schema(type)
        return secret_paths(schema, config) if schema else []

    def _secret_schema(self, type: str) -> dict[str, Any]:
        """A type's JSON Schema; empty where nothing in it is marked as secret."""
        if type not in self._secret_schemas:
            schema = self._types[type].Config.model_json_schema(by_alias=True)
            self._secret_schemas[type] = schema if '"x-secret"' in json.dumps(schema) else {}
        return self._secret_schemas[type]

    def effect_of(self, type: str, config: Mapping[str, Any]) -> Effect:
        """The effect class of a block with this raw config."""
        return self.get(type).effect_of(config)

    def describe(self, type: str, config: Mapping[str, Any]) -> str:
        """The one line on the block's card; empty for an unknown type or a config that says nothing."""
        block = self._types.get(type)
        return block.describe(config) if block else ""

    def disabled_reason(self, type: str) -> str | None:
        """Why the type cannot be used here, or None."""
        if type in self._switched_off:
            return self._switched_off[type]
        block = self._types.get(type)
        return block.disabled_reason() if block else None

    def disabled(self) -> dict[str, str]:
        """Reasons by type, for GET /blocks/disabled."""
        names = [*self._types, *(t for t in self._switched_off if t not in self._types)]
        return {name: reason for name in names if (reason := self.disabled_reason(name))}

    def entries(self) -> list[dict[str, Any]]:
        """Every type as GET /blocks shows it, JSON-ready with wire names."""
        return [self.entry(name) for name in self._types]

    def entry(self, type: str) -> dict[str, Any]:
        """One type as GET /blocks shows it."""
        block = self._types[type]
        return {
            "type": block.type,
            "title": block.title,
            "category": block.category,
            "summary": block.summary,
            "icon": block.icon,
            "effect": block.effect.value,
            "durability": SCOPE_DURABILITY if block.is_scope else DURABILITY[block.effect],
            "isTrigger": block.is_trigger,
            "isScope": block.is_scope,
            "inputs": [_port_entry(p) for p in block.inputs],
            "outputs": [_port_entry(p) for p in (*block.ports(block.example), ERROR)],
            "configSchema": order_properties(block.Config.model_json_schema(by_alias=True)),
            "outputSchema": {} if block.Output is Any else TypeAdapter(block.Output).json_schema(by_alias=True),
            "example": block.example,
            "regionNames": list(block.region_names(block.example)) if isinstance(block, ScopeType) else [],
            "disabledReason": self.disabled_reason(type),
        }


def _port_shape(port: Port) -> PortShape:
    return PortShape(port.name, port.type, port.needed, port.region)


def _port_entry(port: Port) -> dict[str, Any]:
    return {
        "name": port.name,
        "type": port.type,
        "label": port.label or port.name,
        "needed": port.needed,
        "region": port.region,
    }

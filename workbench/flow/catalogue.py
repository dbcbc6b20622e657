"""What the language needs to know of block types, as a Protocol that the blocks floor fulfils."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class PortShape:
    """One port as the language sees it."""

    name: str
    type: str
    needed: bool
    region: bool


@dataclass(frozen=True, slots=True)
class ExpressionField:
    """A place in a config that holds an expression.

    `path` is the field's path in wire names with indexes (``conditions[0].value``). `mode` is as in
    `workbench.blocks.kind.Marker`; `text` is the string that stands there.
    """

    path: str
    mode: Literal["template", "expression", "deferred", "code"]
    text: str
    keys: tuple[str | int, ...] = ()
    """The same path as dict keys and list indexes, for reading and writing the place in the raw config."""
    takes_secrets: bool = False
    """Whether `secrets` may be named here: a secret field of a block that is not pure."""


@dataclass(frozen=True, slots=True)
class ConfigIssue:
    """One thing wrong with one config field; `field` is relative to the config: ``conditions[0].field``."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A block type with one config, as the language sees it."""

    type: str
    inputs: tuple[PortShape, ...]
    outputs: tuple[PortShape, ...]
    """Without the `error` port, which every block has."""
    is_trigger: bool
    is_scope: bool
    ends_function: bool
    region_names: tuple[str, ...]
    """Names that expressions in this scope's region see besides the usual: ``item``, ``index``, ``last``…"""
    disabled_reason: str | None
    own_names: tuple[str, ...] = ()
    """Names that the block's own ``deferred`` and ``code`` fields see besides the usual."""


class Catalogue(Protocol):
    """The block types that exist here."""

    def types(self) -> tuple[str, ...]:
        """Every known type, for "did you mean"."""
        ...

    def shape(self, type: str, config: Mapping[str, Any]) -> Shape | None:
        """The type's shape with this config; None when the type is unknown. Bears any config."""
        ...

    def expressions(self, type: str, config: Mapping[str, Any]) -> list[ExpressionField]:
        """Every place in this config that holds an expression; only ``expression`` language code."""
        ...

    def secret_fields(self, type: str, config: Mapping[str, Any]) -> list[str]:
        """Paths of the fields of this type in which `secrets` may be named; none for a pure block."""
        ...

    def check_config(self, type: str, config: Mapping[str, Any]) -> list[ConfigIssue]:
        """What is wrong with this config, field by field.

        Fields whose text holds an expression are not checked for their type (their value is not known yet); their
        syntax is checked by validation.
        """
        ...

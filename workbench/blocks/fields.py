"""Walking a raw config along its model: where expressions stand, and which field a pydantic error means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from workbench.base.sentences import sentence
from workbench.blocks.kind import Marker
from workbench.flow.catalogue import ExpressionField

Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class FieldIssue:
    """One thing wrong at one place of a raw config."""

    field: str
    message: str
    keys: Keys


def field_path(keys: Sequence[str | int]) -> str:
    """``conditions[0].value`` from ``("conditions", 0, "value")``."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text


def expression_fields(model: type[BaseModel], config: Mapping[str, Any]) -> list[ExpressionField]:
    """Every string of `config` that a marker of `model` says is an expression. Bears any config."""
    found: dict[Keys, ExpressionField] = {}
    for marker, keys, text, is_secret in _of_model(model, config, (), is_secret=False):
        takes_secrets = is_secret and marker.mode in ("template", "expression")
        found.setdefault(keys, ExpressionField(field_path(keys), marker.mode, text, keys, takes_secrets))
    return list(found.values())


_Found: TypeAlias = tuple[Marker, Keys, str, bool]
"""A marked text, where it stands, and whether the field or one around it is marked ``x-secret``."""


def _of_model(model: type[BaseModel], value: Mapping[str, Any], keys: Keys, *, is_secret: bool) -> Iterator[_Found]:
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra
        is_marked = is_secret or (isinstance(extra, dict) and "x-secret" in extra)
        for key in {field.alias or name, name} & value.keys():
            yield from _of(field.annotation, field.metadata, value[key], (*keys, key), is_secret=is_marked)


def _of(annotation: Any, metadata: Sequence[Any], value: Any, keys: Keys, *, is_secret: bool) -> Iterator[_Found]:
    marker = next((m for m in metadata if isinstance(m, Marker)), None)
    if marker is not None:
        if marker.mode == "template":
            yield from ((marker, k, text, is_secret) for k, text in _texts(value, keys) if "{{" in text)
        elif marker.mode != "code" and isinstance(value, str):
            yield marker, keys, value, is_secret
        return
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _of(args[0], args[1:], value, keys, is_secret=is_secret)
    elif origin in (Union, UnionType):
        for arg in args:
            yield from _of(arg, (), value, keys, is_secret=is_secret)
    elif origin in (list, tuple) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _of(args[0], (), item, (*keys, index), is_secret=is_secret)
    elif origin is dict and isinstance(value, dict):
        for key, item in value.items():
            yield from _of(args[1], (), item, (*keys, key), is_secret=is_secret)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel) and isinstance(value, Mapping):
        yield from _of_model(annotation, value, keys, is_secret=is_secret)


def _texts(value: Any, keys: Keys) -> Iterator[tuple[Keys, str]]:
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*keys, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*keys, index))


def issues_of(error: ValidationError, config: Any) -> list[FieldIssue]:
    """A pydantic error as fields of `config` in wire names, each with a sentence's end that follows the field."""
    issues: dict[tuple[str, str], FieldIssue] = {}
    for entry in error.errors(include_url=False):
        keys = _keys_in(config, entry["loc"])
        message = _sentence(entry)
        issues.setdefault((field_path(keys), message), FieldIssue(field_path(keys), message, keys))
    return list(issues.values())


def _keys_in(config: Any, loc: Sequence[str | int]) -> Keys:
    """`loc` without the tags of unions, which are no keys of the config."""
    keys: list[str | int] = []
    here: Any = config
    for position, part in enumerate(loc):
        known = (isinstance(here, Mapping) and part in here) or (
            isinstance(here, list | tuple) and isinstance(part, int) and part < len(here)
        )
        if known:
            here = here[part]  # pyright: ignore[reportCallIssue, reportArgumentType] - `known` says it holds `part`
        elif position != len(loc) - 1 or not isinstance(here, Mapping):
            continue
        keys.append(part)
    return tuple(keys)


_MESSAGES = {
    "missing": "is needed",
    "extra_forbidden": "is not a field of this block",
}


def _sentence(entry: Any) -> str:
    kind = entry["type"]
    if kind in _MESSAGES:
        return _MESSAGES[kind]
    message = sentence(entry)
    if kind in {"value_error", "too_short", "too_long"}:
        return message
    given = repr(entry["input"])
    return f"{message}, not {given if len(given) <= 60 else given[:57] + '…'}"


def order_properties(schema: dict[str, Any]) -> dict[str, Any]:
    """Give each property of each object in a JSON Schema its place in the form as ``x-order``, in declared order."""
    for part in [schema, *schema.get("$defs", {}).values()]:
        for place, field in enumerate(part.get("properties", {}).values()):
            field.setdefault("x-order", place)
    return schema

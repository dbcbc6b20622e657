"""`start`: where a run begins by hand; checks the inputs against a JSON Schema and fills its defaults."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks.context import BlockContext
from workbench.blocks.kind import BlockConfig, BlockType, Fired, Marker, Port


class StartConfig(BlockConfig):
    description: str = Field(default="", title="Description", description="What starts here, for people.")
    input_schema: Annotated[dict[str, Any] | None, Marker("code", "json")] = Field(
        default=None, title="Inputs", description="JSON Schema that the run's inputs must fit; its defaults are filled."
    )


class Start(BlockType[StartConfig]):
    """Answers the run's inputs, checked; no schema lets everything through."""

    type = "start"
    title = "Start"
    category = "triggers"
    summary = "Begins a run with its inputs."
    icon = "play"
    Config = StartConfig
    Output = dict[str, Any]
    inputs = ()
    outputs = (Port("out", "object"),)
    is_trigger = True
    example: ClassVar[dict[str, Any]] = {
        "description": "Which day to look at",
        "inputSchema": {"type": "object", "properties": {"day": {"type": "string", "default": "2013-01-01"}}},
    }

    def describe(self, config: Mapping[str, Any]) -> str:
        schema = config.get("inputSchema")
        properties = schema.get("properties") if isinstance(schema, Mapping) else None
        return ", ".join(properties) if isinstance(properties, Mapping) else ""

    def check(self, config: StartConfig) -> list[tuple[str, str]]:
        if config.input_schema is None:
            return []
        from jsonschema import Draft202012Validator  # slow to import, and few functions need it
        from jsonschema.exceptions import SchemaError

        try:
            Draft202012Validator.check_schema(config.input_schema)
        except SchemaError as error:
            place = "".join(f".{part}" for part in error.absolute_path)
            return [(f"inputSchema{place}", f"is not valid JSON Schema: {error.message}")]
        return []

    def run(self, config: StartConfig, ctx: BlockContext) -> Fired:
        inputs = dict(ctx.run_inputs)
        if config.input_schema is None:
            return Fired(inputs)
        from jsonschema.exceptions import best_match

        validator = _validator(json.dumps(config.input_schema, sort_keys=True))
        _fill_defaults(config.input_schema, inputs)
        error = best_match(validator.iter_errors(inputs))
        if error is not None:
            raise BlockFailed(
                _sentence(error), kind="CONFIG", hint="Start the run with inputs that fit the block's inputSchema."
            )
        return Fired(inputs)


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # An empty registry: a `$ref` to another place is an error instead of a request from this server.
    return Draft202012Validator(json.loads(schema), registry=Registry())


def _fill_defaults(schema: Mapping[str, Any], value: Any) -> None:
    if not isinstance(value, dict):
        return
    for name, part in (schema.get("properties") or {}).items():
        if not isinstance(part, Mapping):
            continue
        if name not in value and "default" in part:
            value[name] = copy.deepcopy(part["default"])
        if isinstance(value.get(name), dict):
            value[name] = dict(value[name])
            _fill_defaults(part, value[name])


def _sentence(error: Any) -> str:
    place = ".".join(str(part) for part in error.absolute_path)
    message = error.message if len(error.message) <= 300 else error.message[:299] + "…"
    return (
        f"The run's input `{place}` does not fit: {message}." if place else f"The run's inputs do not fit: {message}."
    )

"""Whether the inputs that a call gives fit what the called function asks for, as far as that is known before a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from workbench.flow.model import Flow


def input_problems(called: Flow, inputs: Any) -> list[str]:
    """What does not fit, a sentence's text each; nothing where the inputs are an expression as a whole."""
    schema = next((b.config.get("inputSchema") for b in called.blocks if b.type == "start"), None)
    given: Any = {} if inputs is None else inputs
    if not isinstance(schema, Mapping) or not isinstance(given, Mapping):
        return []
    wanted, values = cast("Mapping[str, Any]", schema), cast("Mapping[str, Any]", given)
    properties: Any = wanted.get("properties")
    known: Mapping[str, Any] = properties if isinstance(properties, Mapping) else {}
    needed: Any = wanted.get("required")
    found = [
        f"the function needs the input `{name}`"
        for name in (needed if isinstance(needed, list) else [])
        if name not in values and "default" not in _schema(known.get(name))
    ]
    for name, value in values.items():
        if name not in known:
            if wanted.get("additionalProperties") is False:
                found.append(f"the function has no input `{name}`")
        elif not _has_expression(value):
            problem = _misfit(_schema(known[name]), value)
            found += [f"the input `{name}` does not fit: {problem}"] if problem else []
    return found


def _schema(part: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", part) if isinstance(part, Mapping) else {}


def _has_expression(value: Any) -> bool:
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, Mapping):
        return any(_has_expression(inner) for inner in cast("Mapping[str, Any]", value).values())
    return isinstance(value, list) and any(_has_expression(inner) for inner in cast("list[Any]", value))


def _misfit(schema: Mapping[str, Any], value: Any) -> str | None:
    from jsonschema import Draft202012Validator  # slow to import, and few functions need it
    from jsonschema.exceptions import SchemaError, best_match
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        Draft202012Validator.check_schema(dict(schema))
        error = best_match(Draft202012Validator(dict(schema), registry=Registry()).iter_errors(value))
    except (SchemaError, Unresolvable):
        return None  # the function's own validation tells
    return error.message if error is not None else None

"""What pydantic says of a wrong field, as the end of a sentence that follows the field's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KINDS = {
    "missing": "is required",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a whole number that is not so large",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "extra_forbidden": "is not a known field",
    "union_tag_not_found": "is required",
}
_PATTERNS = {
    "^[A-Za-z0-9_-]{1,64}$": "must be 1 to 64 letters (a to z), digits, _ or -",
    r"^(\$\d{1,4}|[A-Za-z0-9_-]{1,64})$": "must be 1 to 64 letters (a to z), digits, _ or -, or $ and a number",
    "^[A-Za-z_][A-Za-z0-9_]{0,63}$": "must be 1 to 64 letters (a to z), digits or _, no digit first",
}


def sentence(entry: Mapping[str, Any]) -> str:
    """One entry of a pydantic error as a sentence's end: ``must be text``, ``is required``."""
    kind = str(entry["type"])
    told: Mapping[str, Any] = entry.get("ctx") or {}
    if kind in _KINDS:
        return _KINDS[kind]
    if kind in {"too_short", "too_long"}:
        bound, length = ("least", "min_length") if kind == "too_short" else ("most", "max_length")
        count = told[length]
        return f"must have at {bound} {count} item{'' if count == 1 else 's'}"
    if kind == "string_pattern_mismatch" and told["pattern"] in _PATTERNS:
        return _PATTERNS[told["pattern"]]
    if kind == "union_tag_invalid":
        return f"must be one of {told['expected_tags']}"
    if kind == "string_too_short" and told["min_length"] == 1:
        return "must not be empty"
    text = str(entry["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    text = text.removeprefix("Input ").removeprefix("String ").replace("should ", "must ")
    return text.replace("match pattern", "match the pattern").rstrip(".")

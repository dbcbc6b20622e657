"""What `workbench run FILE` runs: a flow from JSON, or a function that a Python file builds; and its inputs."""

from __future__ import annotations

import json
import runpy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.base.errors import InvalidInput
from workbench.client.function import Function


@dataclass(frozen=True, slots=True)
class Source:
    """A function to run: one that is saved (`function_id`), or a flow to save first."""

    name: str
    flow: dict[str, Any] | None = None
    function_id: str | None = None


def read_source(file: Path, name: str | None = None) -> Source:
    """Read a ``.flow.json`` or run a ``.py``. Raises InvalidInput."""
    if not file.is_file():
        raise InvalidInput(f"There is no file {file}.")
    if file.suffix == ".json":
        return _from_json(file)
    if file.suffix == ".py":
        return _from_python(file, name)
    raise InvalidInput(
        f"{file.name} is neither a .flow.json nor a .py.", hint="Export the function, or build it in Python."
    )


def read_inputs(pairs: Sequence[str]) -> dict[str, Any]:
    """``NAME=VALUE`` pairs; a value is JSON where it parses, else text. ``NAME=@file`` reads JSON from a file."""
    inputs: dict[str, Any] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise InvalidInput(f"'{pair}' is not an input.", hint="Write --input NAME=VALUE.")
        if value.startswith("@"):
            value = _text(Path(value[1:]))
        try:
            inputs[name] = json.loads(value)
        except ValueError:
            inputs[name] = value
    return inputs


def _from_json(file: Path) -> Source:
    try:
        told = json.loads(_text(file))
    except ValueError as error:
        raise InvalidInput(f"{file} is not JSON: {error}.") from None
    title = file.name.removesuffix(".json").removesuffix(".flow")
    if isinstance(told, dict) and isinstance(told.get("flow"), dict):
        return Source(str(told.get("name") or title), told["flow"])
    if isinstance(told, dict) and isinstance(told.get("blocks"), list):
        return Source(title, told)
    raise InvalidInput(f"{file} holds no flow.", hint='A flow is {"blocks": […], "edges": […]}.')


def _from_python(file: Path, name: str | None) -> Source:
    names = runpy.run_path(str(file), run_name="__workbench__")
    found: dict[str, Source] = {}
    for variable, value in names.items():
        if variable.startswith("_") or isinstance(value, type):
            continue
        if isinstance(value, dict) and isinstance(value.get("blocks"), list):
            found[variable] = Source(variable, value)
        elif isinstance(value, Function):
            value.save()
            found[variable] = Source(value.name, function_id=value.id)
    chosen = found.get(name) if name else next(iter(found.values()), None) if len(found) == 1 else None
    if chosen is not None:
        return chosen
    if not found:
        raise InvalidInput(f"{file} builds no function.", hint="Leave it in a variable at the file's top level.")
    raise InvalidInput(f"{file} builds {', '.join(sorted(found))}.", hint="Say which: --name NAME.")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"Cannot read {file}: {error}.") from None

"""What `workbench run FILE` runs: a flow or a bundle from JSON, or what a Python file builds; and its inputs."""

from __future__ import annotations

import contextlib
import json
import os
import runpy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.base.errors import InvalidInput
from workbench.client.address import Address
from workbench.client.function import Function
from workbench.flow.bundles.files import from_text
from workbench.flow.bundles.form import FORMAT

MOST_NAMES = 10
"""So many functions of a bundle are listed."""


@dataclass(frozen=True, slots=True)
class Source:
    """A function to run: one that is saved (`function_id`), or a flow or a bundle to save first."""

    name: str
    flow: dict[str, Any] | None = None
    function_id: str | None = None
    bundle: dict[str, Any] | None = None


def read_source(file: Path, name: str | None = None) -> Source:
    """Read a ``.flow.json`` or run a ``.py``. Raises InvalidInput."""
    if not file.is_file():
        raise InvalidInput(f"There is no file {file}.")
    if file.suffix == ".json":
        return _from_json(file, name)
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


def _from_json(file: Path, name: str | None) -> Source:
    try:
        told = from_text(_text(file))
    except ValueError as error:
        raise InvalidInput(f"{file} is not JSON: {error}.") from None
    if isinstance(told, dict) and told.get("format") == FORMAT:
        return Source(_chosen(told, name), bundle=told)
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


def _chosen(bundle: dict[str, Any], name: str | None) -> str:
    """The name of the function of a bundle that is to run."""
    functions = bundle.get("functions")
    names = [f.get("name") for f in functions if isinstance(f, dict)] if isinstance(functions, list) else []
    found = [str(n) for n in names if name in (None, n)]
    if len(found) == 1:
        return found[0]
    if name is not None and found:
        raise InvalidInput(
            f"{len(found)} functions of the bundle are called “{name}”.",
            hint="Import it, and export the one that you mean: workbench export FILE NAME --canvas CANVAS",
        )
    told = [f"“{n}”" for n in dict.fromkeys(map(str, names))]
    more = f" and {len(told) - MOST_NAMES} more" if len(told) > MOST_NAMES else ""
    raise InvalidInput(
        f"The bundle holds {', '.join(told[:MOST_NAMES]) or 'no function'}{more}.", hint="Say which: --name NAME."
    )


@contextlib.contextmanager
def connecting_to(address: Address) -> Iterator[None]:
    """While a script runs, `workbench.connect()` in it connects to this address."""
    told = {"WORKBENCH_URL": address.url, "WORKBENCH_API_KEY": address.key, "WORKBENCH_WORKSPACE": address.workspace}
    told = told if address.key else {}  # with a Jupyter token it looks for the same server itself
    before = {name: os.environ.get(name) for name in told}
    os.environ.update({name: value for name, value in told.items() if value})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"Cannot read {file}: {error}.") from None

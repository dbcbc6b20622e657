"""Functions of a running workbench, as the REST API makes them, but in process."""

from __future__ import annotations

from typing import Any

from workbench.access.identity import DEFAULT_WORKSPACE
from workbench.editing.models import NewFunction
from workbench.flow.model import Flow
from workbench.rest.caller import ALL_SCOPES, Caller

CALLER = Caller(DEFAULT_WORKSPACE, "benchmark", ALL_SCOPES)


async def make(workbench: Any, flow: Flow) -> str:
    """A new function's id."""
    new = NewFunction.model_validate({"name": "benchmark", "flow": flow.to_wire()})
    return (await workbench.editing.functions.create(CALLER, new)).id

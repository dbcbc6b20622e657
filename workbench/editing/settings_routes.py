"""A function's settings over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from starlette.responses import Response

from workbench.editing.settings import FunctionSettings, Settings
from workbench.rest.answers import ok
from workbench.rest.dependencies import CallerDep
from workbench.rest.operation import Operations

FunctionId = Annotated[str, Path(alias="functionId")]


def settings_routes(api: Operations, settings: Settings, exists: Any) -> None:
    """Declare the operations."""
    path = "/functions/{functionId}/settings"

    @api.get(path, "getFunctionSettings", answers=FunctionSettings)
    async def get_settings(caller: CallerDep, function_id: FunctionId) -> Response:
        """A function's time limit, concurrency, retention and failure handler."""
        return ok(settings.get(caller, function_id))

    @api.put(path, "setFunctionSettings", answers=FunctionSettings, exists=exists)
    async def set_settings(caller: CallerDep, function_id: FunctionId, body: FunctionSettings) -> Response:
        """Change what is sent; null clears. Settings are outside of versions and undo."""
        return ok(await settings.put(caller, function_id, body))

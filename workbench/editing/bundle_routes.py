"""Export and import over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Path
from starlette.responses import Response

from workbench.editing.bundle_models import ImportPreview, ImportResult, ToExport, ToImport
from workbench.editing.bundles import Bundles
from workbench.rest.answers import ok
from workbench.rest.dependencies import CallerDep
from workbench.rest.operation import Operations
from workbench.rest.progress import STREAM, told_as_it_goes, wants_progress

FunctionId = Annotated[str, Path(alias="functionId")]


def bundle_routes(api: Operations, bundles: Bundles, function_exists: Any) -> None:
    """Functions as one JSON document, out and in."""

    @api.post("/export", "exportWorkflows", scope="read", answers=dict[str, Any])
    async def export_functions(caller: CallerDep, body: ToExport) -> Response:
        """A bundle of functions, or of a canvas with all of its functions: without secrets, the same bytes for the
        same content.
        """
        return ok(await bundles.export(caller, body))

    @api.get("/export/{functionId}", "exportWorkflow", answers=dict[str, Any], exists=function_exists)
    async def export_function(caller: CallerDep, function_id: FunctionId) -> Response:
        """A bundle of one function."""
        return ok(await bundles.export(caller, ToExport(function_ids=(function_id,))))

    @api.post("/import/preview", "previewImport", scope="read", answers=ImportPreview)
    async def preview_import(caller: CallerDep, body: ToImport) -> Response:
        """What an import would do with each item, and what would differ; nothing is written."""
        return ok(await bundles.preview(caller, body))

    @api.post("/import", "importWorkflow", answers=ImportResult, media=STREAM)
    async def import_bundle(
        caller: CallerDep, body: ToImport, accept: Annotated[str | None, Header(include_in_schema=False)] = None
    ) -> Response:
        """Make or change the canvases and functions of a bundle, all or none; one undo takes the changes back. With
        `Accept: text/event-stream` the answer tells its progress.
        """
        if wants_progress(accept):
            return told_as_it_goes(lambda tell: bundles.import_(caller, body, tell))
        return ok(await bundles.import_(caller, body))

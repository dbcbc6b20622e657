"""Operations of the app itself: health, the OpenAPI document, the widgets' bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from workbench.base.errors import NotFound, Unavailable
from workbench.rest.answers import failure, ok


def routes(health: Any, static_dir: Path | None, version: str) -> APIRouter:
    """Routes that need no caller."""
    router = APIRouter()

    @router.get("/health", operation_id="getHealth", tags=["System"])
    async def get_health() -> Response:
        """Whether the workbench can take work."""
        parts = health()
        bad = sorted(name for name, part in parts.items() if not part.get("ok", False))
        data = {"status": "red" if bad else "ok", "version": version, "parts": parts}
        if bad:
            return failure(Unavailable(f"Not well: {', '.join(bad)}.", data={"health": data}))
        return ok(data)

    @router.get("/openapi.json", operation_id="getOpenApi", tags=["System"])
    async def get_openapi(request: Request) -> Response:
        """This document."""
        return Response(json.dumps(request.app.openapi()), media_type="application/json")

    @router.get("/static/{name}", operation_id="getStatic", tags=["System"])
    async def get_static(name: str) -> Response:
        """A file of the widgets' bundle; its name holds the hash of its content."""
        if static_dir is None or name not in _listed(static_dir):
            raise NotFound(f"There is no bundle file '{name[:80]}'.")
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        media = "text/javascript" if name.endswith((".js", ".mjs")) else None
        return FileResponse(static_dir / name, media_type=media, headers=headers)

    return router


def _listed(folder: Path) -> set[str]:
    """The plain file names that the manifest holds, anywhere in it."""
    try:
        todo: list[Any] = [json.loads((folder / "manifest.json").read_bytes())]
    except (OSError, ValueError):
        return set()
    names: set[str] = set()
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            todo.extend(node.values())
        elif isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, str) and Path(node).name == node and (folder / node).is_file():
            names.add(node)
    return names - {"manifest.json"}


def bundle_folder() -> Path | None:
    """Where the installed widgets keep their bundle; None where they are not installed."""
    try:
        import workbench_widgets
    except ImportError:
        return None
    return Path(workbench_widgets.__file__).parent / "static"
